"""SIGKILL in the middle of storing: nothing half-written, nothing acknowledged is lost."""

import hashlib
import json
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from photo_store.blobs import original_key
from photo_store.disk import DiskBlobs
from photo_store.inspect_image import ImageFacts, ImageLimits
from photo_store.memory import MemoryLedger
from photo_store.uploads import UploadEngine

ROOT = Path(__file__).resolve().parents[2]
CYCLES = 10

PUT_FOR_EVER = """
import hashlib, io, os, sys
from pathlib import Path
from photo_store.blobs import original_key
from photo_store.disk import DiskBlobs

store = DiskBlobs(Path(sys.argv[1]))
while True:
    content = os.urandom(300_000)
    sha256 = hashlib.sha256(content).hexdigest()
    store.put(original_key(sha256), io.BytesIO(content), sha256=sha256)
    print(sha256, flush=True)
"""

# The pipe is this ledger's disk: what was written to it survives the process, as a commit would.
APPEND_FOR_EVER = """
import json, sys
from pathlib import Path
from photo_store.disk import DiskBlobs
from photo_store.inspect_image import ImageLimits
from photo_store.memory import MemoryLedger
from photo_store.uploads import UploadEngine

root, photo = Path(sys.argv[1]), Path(sys.argv[2]).read_bytes()

class Journal(MemoryLedger):
    def add_segment(self, upload_id, **facts):
        print(json.dumps(["add_segment", upload_id, facts]), flush=True)
        return super().add_segment(upload_id, **facts)

    def complete(self, upload_id, *, image, **facts):
        print(json.dumps(["complete", upload_id, {**facts, "image": image.as_json()}]), flush=True)
        return super().complete(upload_id, image=image, **facts)

ledger = Journal()
engine = UploadEngine(ledger, DiskBlobs(root / "blobs"), root / "spool", limits=ImageLimits())
while True:
    upload_id = ledger.create(length=len(photo))
    print(json.dumps(["create", upload_id, {"length": len(photo)}]), flush=True)
    offset = 0
    while offset < len(photo):
        part = photo[offset : offset + 150_000]
        offset = engine.append(upload_id, offset, [part[at : at + 7000] for at in range(0, len(part), 7000)]).offset
"""


def killed(program: str, *arguments: Path, after_lines: int, then_s: float) -> list[str]:
    """Run a program, kill it some time after its n-th line, return every whole line that it got out."""
    with subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)], stdout=subprocess.PIPE, cwd=ROOT, text=True
    ) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(after_lines)]
        time.sleep(then_s)
        child.kill()
        lines += child.stdout.readlines()
    assert child.returncode == -9
    return [line for line in lines if line.endswith("\n")]


class Replayed(MemoryLedger):
    """The ledger of a killed process, rebuilt from its journal."""

    def __init__(self, journal: list[str]) -> None:
        super().__init__()
        self._own_ids: dict[str, str] = {}
        for line in journal:
            call, upload_id, facts = json.loads(line)
            self.replay(call, upload_id, facts)

    def replay(self, call: str, upload_id: str, facts: dict[str, Any]) -> None:
        if call == "create":
            self._own_ids[upload_id] = self.create(length=facts["length"])
            return
        own = self._own_ids[upload_id]
        while self.state(own).fence < facts["fence"]:
            self.raise_fence(own, at_offset=None)
        if call == "complete":
            facts["image"] = ImageFacts(**facts["image"])
        assert getattr(self, call)(own, **facts)

    @property
    def uploads(self) -> list[str]:
        return list(self._own_ids.values())


@pytest.mark.parametrize("cycle", range(CYCLES))
def test_a_killed_put_leaves_whole_blobs_or_none(tmp_path: Path, cycle: int) -> None:
    dice = random.Random(cycle)  # noqa: S311  # a seeded trace, no secret
    acknowledged = killed(PUT_FOR_EVER, tmp_path, after_lines=1 + cycle, then_s=dice.uniform(0, 0.01))
    store = DiskBlobs(tmp_path)
    stored = list(store.keys())
    for key in stored:
        with store.open(key) as blob:
            assert key == original_key(hashlib.sha256(blob.read()).hexdigest())
    assert {original_key(line.strip()) for line in acknowledged} <= set(stored)
    assert len(stored) <= len(acknowledged) + 1
    store.sweep(older_than_s=-1)
    assert list((tmp_path / ".tmp").iterdir()) == []


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bytes that the engine accepts as a JPEG: a true header, then noise that no marker interrupts."""
    header = bytes.fromhex("ffd8 ffc0 0011 08 0010 0010 03 011100 021100 031100 ffda 000c 03 0100 0200 0300 003f00")
    noise = random.Random(1).randbytes(900_000).replace(b"\xff", b"\xfe")  # noqa: S311  # filler, no secret
    path = tmp_path_factory.mktemp("photo") / "photo.jpg"
    path.write_bytes(header + noise + b"\xff\xd9")
    return path


@pytest.mark.parametrize("cycle", range(CYCLES))
def test_after_a_kill_every_acknowledged_byte_is_there_and_the_photo_can_be_finished(
    tmp_path: Path, photo: Path, cycle: int
) -> None:
    dice = random.Random(cycle)  # noqa: S311  # a seeded trace, no secret
    journal = killed(APPEND_FOR_EVER, tmp_path, photo, after_lines=2 + 3 * cycle, then_s=dice.uniform(0, 0.02))
    content = photo.read_bytes()
    ledger = Replayed(journal)
    blobs = DiskBlobs(tmp_path / "blobs")
    engine = UploadEngine(ledger, blobs, tmp_path / "spool", limits=ImageLimits())
    for upload_id in ledger.uploads:
        committed = ledger.state(upload_id).offset
        offset = engine.head(upload_id).offset
        assert offset >= committed
        assert engine.append(upload_id, offset, [content[offset:]]).status == "complete"
    with blobs.open(original_key(hashlib.sha256(content).hexdigest())) as blob:
        assert blob.read() == content
    assert len(list(blobs.keys())) == 1
