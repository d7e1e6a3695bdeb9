"""Blob stores: the contract for disk and memory, and what only a disk can get wrong."""

import io
import os
import shutil
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from photo_store.blobs import BlobUnavailable, original_key, rendition_key
from photo_store.contract import BlobStoreContract
from photo_store.disk import DiskBlobs
from photo_store.memory import MemoryBlobs

SHA256 = "ab" * 32


class TestDiskBlobs(BlobStoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> DiskBlobs:
        return DiskBlobs(tmp_path / "blobs")

    @pytest.fixture
    def take_down(self, tmp_path: Path) -> Callable[[], object]:
        return lambda: shutil.rmtree(tmp_path / "blobs")


class TestMemoryBlobs(BlobStoreContract):
    @pytest.fixture
    def store(self) -> MemoryBlobs:
        return MemoryBlobs()

    @pytest.fixture
    def take_down(self, store: MemoryBlobs) -> Callable[[], object]:
        return lambda: setattr(store, "available", False)


def synced_path(handle: int) -> str:
    return str(Path(f"/proc/self/fd/{handle}").readlink())


def temporary_files(root: Path) -> list[str]:
    return [entry.name for entry in (root / ".tmp").iterdir()]


def test_keys_are_fanned_out_by_hash() -> None:
    assert original_key(SHA256) == f"original/ab/ab/{SHA256}"
    assert rendition_key(SHA256, "preview", "r1") == f"rendition/r1/preview/ab/ab/{SHA256}"


@pytest.mark.parametrize("sha256", ["", "AB" * 32, "ab" * 31, "../" + "a" * 61])
def test_a_key_is_made_of_a_hash_and_nothing_else(sha256: str) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        original_key(sha256)


def test_a_blob_on_disk_can_only_be_read(tmp_path: Path) -> None:
    DiskBlobs(tmp_path).put("a/b", io.BytesIO(b"x"))
    assert stat.S_IMODE((tmp_path / "a/b").stat().st_mode) == 0o440


def test_no_temporary_file_outlives_a_put(tmp_path: Path) -> None:
    store = DiskBlobs(tmp_path)
    store.put("a/b", io.BytesIO(b"x"))
    store.put("a/b", io.BytesIO(b"x"))
    assert temporary_files(tmp_path) == []


def test_file_and_every_folder_above_it_are_synced_before_put_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    really_sync = os.fsync

    def fsync(handle: int) -> None:
        synced.append(synced_path(handle))
        really_sync(handle)

    store = DiskBlobs(tmp_path)
    monkeypatch.setattr(os, "fsync", fsync)
    store.put("a/b/c", io.BytesIO(b"x"))
    file, *folders = synced
    assert file.startswith(f"{tmp_path}/.tmp/")
    assert set(folders) == {f"{tmp_path}/a/b", f"{tmp_path}/a", str(tmp_path)}


def test_a_hurried_store_goes_to_the_disk_at_the_end_and_waits_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda _handle: synced.append("one"))
    monkeypatch.setattr(os, "sync", lambda: synced.append("all"))
    store = DiskBlobs(tmp_path)
    with store.hurried():
        store.put(original_key(SHA256), io.BytesIO(b"bytes"))
        assert synced == []
    assert synced == ["all"]
    with store.open(original_key(SHA256)) as kept:
        assert kept.read() == b"bytes"
    # Its folders as well, though it has put something there before.
    store.put(original_key("ab" * 31 + "cd"), io.BytesIO(b"more"))
    assert synced.count("one") >= 3


def test_the_loser_of_a_race_syncs_the_folder_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    DiskBlobs(tmp_path).put("a/b/c", io.BytesIO(b"x"))
    synced: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(synced_path(handle)))
    assert DiskBlobs(tmp_path).put("a/b/c", io.BytesIO(b"x")) is False
    assert f"{tmp_path}/a/b" in synced


def test_a_full_disk_is_unavailable_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(_: int) -> None:
        raise OSError(28, "No space left on device")

    store = DiskBlobs(tmp_path)
    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(BlobUnavailable, match="No space left"):
        store.put("a/b", io.BytesIO(b"x"))
    assert temporary_files(tmp_path) == []
    assert not store.exists("a/b")


def test_sweep_removes_what_a_killed_put_left_a_day_ago_and_nothing_younger(tmp_path: Path) -> None:
    store = DiskBlobs(tmp_path)
    for name, age_s in (("old", 90_000), ("young", 60)):
        stray = tmp_path / ".tmp" / name
        stray.write_bytes(b"half")
        os.utime(stray, (time.time() - age_s,) * 2)
    assert store.sweep() == 1
    assert temporary_files(tmp_path) == ["young"]
