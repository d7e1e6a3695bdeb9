"""Mutants of backups and of what must differ between two histories."""

from mutants.mutant import Change, Mutant

_BACKUP = "server/safekeeping/backup.py"
_TESTS = "tests/fault/test_other_history.py"

MUTANTS = (
    Mutant(
        "backup_by_time",
        "A backup promises what had arrived when it began, instead of what its copy holds.",
        (
            Change(
                _BACKUP,
                "installs={str(install): last for install, last in held(session, begun).items()},",
                "installs=_arrived_until(begun),",
            ),
            Change(
                _BACKUP,
                "def _promise(manifest: Manifest) -> None:",
                """\
def _arrived_until(moment):
    from sqlalchemy import func, select

    from server.db import read
    from server.gateway.models import InboxItem

    newest = select(InboxItem.install_id, func.max(InboxItem.n)).where(InboxItem.received_at <= moment)
    found = read(lambda session: session.execute(newest.group_by(InboxItem.install_id)).all())
    return {str(install): last for install, last in found}


def _promise(manifest: Manifest) -> None:""",
            ),
        ),
        (f"{_TESTS}::test_what_arrived_before_a_snapshot_and_was_stored_after_it_is_not_promised[sqlite]",),
    ),
    Mutant(
        "version_counter",
        "Versions of a case count up, so a restored server gives those of its lost history once more.",
        (
            Change(
                "server/casework/operations/traces.py",
                "    case.version = new_tag()\n",
                '    case.version = f"{(int(case.version, 16) + 1) % 2**64:016x}"\n',
            ),
            Change(
                "server/casework/models/case.py",
                "lambda _version: new_tag()",
                'lambda version: f"{(int(version or new_tag(), 16) + 1) % 2**64:016x}"',
            ),
        ),
        (f"{_TESTS}::test_a_restored_server_gives_no_version_that_its_lost_history_gave[sqlite]",),
    ),
)
