"""Mutants of uploads and originals."""

from mutants.mutant import Change, Mutant

_SYNCED = "tests/fault/test_acknowledgement.py"
_SEGMENT = f"{_SYNCED}::test_bytes_of_an_upload_are_on_disk_before_their_offset_is_committed[sqlite]"
_ORIGINAL = f"{_SYNCED}::test_an_original_is_on_disk_before_its_photo_is_committed[sqlite]"

MUTANTS = (
    Mutant(
        "no_fsync",
        "The bytes of a segment are not synced before its offset is committed.",
        (Change("photo_store/durable.py", "            os.fsync(file.fileno())\n", ""),),
        (_SEGMENT,),
    ),
    Mutant(
        "no_fsync_of_folders",
        "Folders are not synced, so a file may be nameless after a power cut.",
        (Change("photo_store/durable.py", "        os.fsync(handle)\n", "        pass\n"),),
        (_SEGMENT, _ORIGINAL),
    ),
    Mutant(
        "no_fsync_of_originals",
        "The bytes of an original are not synced before its photo is committed.",
        (Change("photo_store/disk.py", "                os.fsync(sink.fileno())\n", ""),),
        (_ORIGINAL,),
    ),
    Mutant(
        "append_no_fence",
        "A writer that another request has taken over from may still add its segment.",
        (
            Change(
                "server/evidence/uploads.py",
                "Upload.offset_ == start, Upload.fence == fence)\n        .where(",
                "Upload.offset_ == start)\n        .where(",
            ),
        ),
        ("tests/api/test_upload_ledger.py::TestDatabaseUploadLedger::test_a_fenced_writer_adds_nothing[sqlite]",),
    ),
    Mutant(
        "head_complete_early",
        "The offset reaches the length before the photo is hashed, linked and recorded.",
        (Change("photo_store/writer.py", "recorded = len(self._pending) - last", "recorded = len(self._pending)"),),
        ("tests/unit/test_upload_engine.py::test_a_full_upload_is_never_shown_full_before_it_is_finished",),
    ),
)
