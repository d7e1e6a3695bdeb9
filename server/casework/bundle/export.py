"""Makes a case's bundle: gathers, writes the papers, binds them into the custody log, then streams.

Order matters: the event ``exported`` names the hash of SHA256SUMS, is committed and under a signed checkpoint before
the first byte leaves; so whoever changes, adds or drops a file afterwards contradicts the log. The log's records in
log.json prove themselves, which is why that file alone is not in SHA256SUMS.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session
from zipstream import ZIP_STORED, ZipStream

from photo_store.blobs import BlobStore
from server.casework.bundle.documents import Export, Maker, case_document, item_document, keys_document, written
from server.casework.bundle.gathering import Gathered, gather
from server.casework.bundle.inbox import inbox
from server.casework.bundle.log_document import log_document
from server.casework.bundle.originals import Original, blocks, look_up
from server.casework.bundle.sheet import sheet
from server.clock import now
from server.current import blobs, settings
from server.db import read, transact
from server.ledger.custody.checkpoints import sign_checkpoint
from server.ledger.custody.sequencer import sequence
from server.ledger.operations import Doer, record
from server.progress import Told, silent

HERE = Path(__file__).parent
EVERYWHERE = ("",)
_STATIC = ("README.txt", "verify.py")


@dataclass(frozen=True)
class Bundle:
    """A bundle that is ready to leave: its name, its exact size in bytes, and its bytes, read as they are sent."""

    name: str
    size: int
    photos: int
    chunks: Iterator[bytes]


def prepare(case_id: UUID, scope: tuple[str, ...], maker: Maker, told: Told = silent) -> Bundle:
    """Return the bundle of a case, recorded in the log as exported.

    Raises not-found, BlobUnavailable, FontMissing, LogUnsigned, LogKeyError, NodeMissing: all before a byte leaves.
    """
    sequence()
    found = read(gather, inbox(), scope, case_id)
    store, made_at = blobs(), now()
    originals = look_up(found.page.evidence, found.photos, store, told)
    export = Export(found, originals, maker, made_at)
    papers = _papers(export, store, told)
    sums = _sums(papers, originals)
    digest = hashlib.sha256(sums).hexdigest()
    present = [original for original in originals.values() if original.file is not None]
    facts = {
        "sha256sums": digest,
        "files": len(papers) + len(present),
        "bytes": sum(map(len, papers.values())) + sum(original.size for original in present),
        "by": maker.name,
    }
    transact(_record, found, maker, facts)
    _seal()
    told("custody log", 1, 1)
    log = written(read(log_document, found.events, case_id, digest))
    return _streamed(found, {**papers, "SHA256SUMS": sums, "log.json": log}, present, store, told)


def _papers(export: Export, store: BlobStore, told: Told) -> dict[str, bytes]:
    """Return all files but the originals and what is made of these papers."""
    found = export.found
    papers = {name: (HERE / name).read_bytes() for name in _STATIC}
    papers["sheet.pdf"] = sheet(export, ZoneInfo(settings().timezone), store, told)
    papers["case.json"] = written(case_document(export))
    papers["keys.json"] = written(keys_document(found))
    for item in found.items:
        path = f"items/{item.install_id}/{item.item_id}"
        papers[f"{path}.json"] = written(item_document(item, whole=True))
        if item.body:
            papers[f"{path}.body"] = item.body
    for head in found.heads:
        papers[f"items/{head.install_id}/{head.item_id}.json"] = written(item_document(head, whole=False))
    return dict(sorted(papers.items()))


def _sums(papers: Mapping[str, bytes], originals: Mapping[str, Original]) -> bytes:
    """Return SHA256SUMS, as `sha256sum -c` reads it."""
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in papers.items()}
    digests |= {original.file: sha256 for sha256, original in originals.items() if original.file is not None}
    return "".join(f"{digests[name]}  {name}\n" for name in sorted(digests)).encode()


def _record(session: Session, found: Gathered, maker: Maker, facts: Mapping[str, object]) -> None:
    case = found.page.case
    record(session, "exported", ("case", str(case.id)), Doer(case.agency_id, maker.officer_id), facts)


def _seal() -> None:
    """Bring what was just committed under a signed checkpoint, and under a time token if an authority is configured."""
    sequence()
    sign_checkpoint()
    if settings().time_authority_url:
        # The authority's client costs every web process half a second to load.
        from server.ledger.custody.timestamps import stamp_latest  # noqa: PLC0415

        stamp_latest()


def _streamed(
    found: Gathered, papers: Mapping[str, bytes], present: list[Original], store: BlobStore, told: Told
) -> Bundle:
    """Return the ZIP: stored, not packed (photographs are), so that its size is known before it is made."""
    case = found.page.case
    stream = ZipStream(sized=True, compress_type=ZIP_STORED)
    for name, content in papers.items():
        stream.add(content, name)
    for number, original in enumerate(present, 1):
        stream.add(_counted(store, original, number, len(present), told), str(original.file), size=original.size)
    return Bundle(f"{case.case_no or case.id}.zip", len(stream), len(present), iter(stream))


def _counted(store: BlobStore, original: Original, number: int, total: int, told: Told) -> Iterator[bytes]:
    yield from blocks(store, original.sha256)
    told("originals packed", number, total)
