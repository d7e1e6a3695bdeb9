"""Mutants of uploads and originals."""

from mutants.mutant import Change, Mutant

_SYNCED = "tests/fault/test_acknowledgement.py"
_SEGMENT = f"{_SYNCED}::test_bytes_of_an_upload_are_on_disk_before_their_offset_is_committed[sqlite]"
_COLLECTOR = "tests/fault/test_race_collector.py"
_QUERY = "tests/api/test_photo_query.py"
_ORIGINAL = f"{_SYNCED}::test_an_original_is_on_disk_before_its_photo_is_committed[sqlite]"

MUTANTS = (
    Mutant(
        "no_fsync",
        "The bytes of a segment are not synced before its offset is committed.",
        (
            Change(
                "photo_store/durable.py",
                "            os.fsync(file.fileno())\n        fsync_folder",
                "        fsync_folder",
            ),
        ),
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
        (Change("photo_store/disk.py", "                    os.fsync(sink.fileno())\n", "                    pass\n"),),
        (_ORIGINAL,),
    ),
    Mutant(
        "hurried_for_ever",
        "A photo store that was filled without waiting for the disk does not wait for it afterwards.",
        (
            Change(
                "photo_store/disk.py", "            self._waits = True\n            os.sync()", "            os.sync()"
            ),
        ),
        ("tests/unit/test_blobs.py::test_a_hurried_store_goes_to_the_disk_at_the_end_and_waits_again",),
    ),
    Mutant(
        "photo_not_awaited",
        "A photograph is acknowledged before the disk has its commit.",
        (
            Change(
                "server/gateway/upload_ledger.py", "import glance, read, transact", "import glance, jot, read, transact"
            ),
            Change("server/gateway/upload_ledger.py", "if not transact(_complete,", "if not jot(_complete,"),
        ),
        (f"{_SYNCED}::test_what_a_creation_with_bytes_promises_was_committed_to_the_disk[sqlite-0]",),
    ),
    Mutant(
        "hasty_for_ever",
        "A connection that did not wait for the disk once does not wait for it afterwards.",
        (Change("server/dialects.py", 'driver.execute(f"PRAGMA synchronous={waited}")', "pass"),),
        ("tests/api/test_transactions.py::test_only_what_is_jotted_does_not_wait_for_the_disk[sqlite]",),
    ),
    Mutant(
        "append_no_fence",
        "A writer that another request has taken over from may still add its segment.",
        (
            Change(
                "server/evidence/upload_statements.py",
                "type_=BigInteger))\n    .where(_upload.fence == _FENCE)",
                "type_=BigInteger))",
            ),
        ),
        ("tests/api/test_upload_ledger.py::TestDatabaseUploadLedger::test_a_fenced_writer_adds_nothing[sqlite]",),
    ),
    Mutant(
        "head_complete_early",
        "The offset reaches the length before the photo is hashed, linked and recorded.",
        (Change("photo_store/writer.py", "recorded = self._pending.tell() - last", "recorded = self._pending.tell()"),),
        ("tests/unit/test_upload_engine.py::test_a_full_upload_is_never_shown_full_before_it_is_finished",),
    ),
    Mutant(
        "gc_without_lock",
        "The collector marks a photograph for deletion without locking its row before it looks who uses it.",
        (
            Change(
                "server/evidence/pool.py",
                "select(Photo.sha256).where(Photo.sha256 == sha256).with_for_update())",
                "select(Photo.sha256).where(Photo.sha256 == sha256))",
            ),
        ),
        (f"{_COLLECTOR}::test_opening_an_upload_of_it[postgresql-collector second]",),
    ),
    Mutant(
        "gc_without_claim",
        "An upload that declared no hash does not name it before its bytes go to the store.",
        (
            Change(
                "server/gateway/upload_ledger.py",
                "if now_known.sha256 != sha256 and not transact(uploads.claim, upload_id, sha256=sha256, fence=fence):",
                "if now_known.sha256 not in {None, sha256}:",
            ),
            Change("server/gateway/upload_ledger.py", "        glance(demand_kept, sha256, lock=False)\n", ""),
        ),
        (f"{_COLLECTOR}::test_finishing_an_upload_that_did_not_name_it_before[postgresql-stored]",),
    ),
    Mutant(
        "query_without_grant",
        "A query tells that a photograph is here to whoever knows its hash.",
        (Change("server/gateway/photo_query.py", ", Upload.install_id.in_(own))", ")"),),
        (f"{_QUERY}::test_what_others_have_sent_or_begun_is_missing[sqlite]",),
    ),
    Mutant(
        "query_keeps_nothing",
        "A query calls a condemned photograph here.",
        (
            Change(
                "server/evidence/pool.py",
                ".where(Photo.sha256.in_(hashes), is_here(moment))",
                ".where(Photo.sha256.in_(hashes))",
            ),
        ),
        (f"{_COLLECTOR}::test_asking_for_it[postgresql-collector first]",),
    ),
)
