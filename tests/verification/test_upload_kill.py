"""Row `upload_kill` in small, on disk (once on PostgreSQL) and on S3. Longer runs are the runner's."""

from pathlib import Path

import pytest
from support.object_store import ObjectStore
from verification.place import database_of, opened
from verification.rows.upload_kill import run_in
from verification.rows.upload_kill_s3 import stored_at

from server.config import Settings

ON_DISK, ON_S3 = {"sqlite": 2, "postgresql": 1}, 2


@pytest.mark.timeout(300)
def test_a_server_that_is_killed_during_uploads_leaves_no_half_photograph_and_loses_none(settings: Settings) -> None:
    cycles = ON_DISK[database_of(settings)]
    result = run_in(settings, cycles)
    assert (result.count, result.failures) == (cycles, ())


@pytest.mark.timeout(300)
def test_a_server_that_is_killed_while_it_stores_on_s3_leaves_no_half_photograph_and_loses_none(
    object_store: ObjectStore, tmp_path: Path
) -> None:
    with opened("sqlite", tmp_path) as settings:
        result = run_in(stored_at(settings, object_store), ON_S3)
    assert (result.count, result.failures) == (ON_S3, ())
