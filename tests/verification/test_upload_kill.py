"""Row `upload_kill` in small, on disk and on S3. The long runs are started by hand or by the runner."""

import pytest
from support.object_store import ObjectStore
from verification.place import opened
from verification.rows.upload_kill import run_in
from verification.rows.upload_kill_s3 import stored_at

from server.config import Settings

ON_DISK, ON_S3 = 2, 2


@pytest.mark.timeout(300)
def test_a_server_that_is_killed_during_uploads_leaves_no_half_photograph_and_loses_none(settings: Settings) -> None:
    result = run_in(settings, ON_DISK)
    assert (result.count, result.failures) == (ON_DISK, ())


@pytest.mark.timeout(300)
def test_a_server_that_is_killed_while_it_stores_on_s3_leaves_no_half_photograph_and_loses_none(
    object_store: ObjectStore,
) -> None:
    with opened("sqlite") as settings:
        result = run_in(stored_at(settings, object_store), ON_S3)
    assert (result.count, result.failures) == (ON_S3, ())
