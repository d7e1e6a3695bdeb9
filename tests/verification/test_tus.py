"""Row `tus` in small: five hundred random lives of uploads."""

from pathlib import Path

import pytest
from verification.place import opened
from verification.rows.tus import run_in

from server.config import Settings

LIVES = 500


@pytest.mark.timeout(300)
def test_no_life_of_an_upload_ends_in_other_bytes_than_were_sent(tmp_path: Path) -> None:
    with opened("sqlite", tmp_path) as settings:
        assert run_in(settings, LIVES).failures == ()


def test_some_lives_of_uploads_on_every_database(settings: Settings) -> None:
    assert run_in(settings, 40, start=10_000).failures == ()
