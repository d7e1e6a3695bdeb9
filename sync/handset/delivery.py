"""Delivers photographs by tus 1.0, going on from the server's durable offset after every break."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from sync.handset.album import DAMAGED, DONE, REFUSED, Album, KeptPhoto
from sync.handset.line import ROOT, Line, LineBroken, Refused, read_answer
from sync.handset.link import Link
from sync.handset.store import Store

TUS = {"Tus-Resumable": "1.0.0"}
_OFFSET_STREAM = "application/offset+octet-stream"
# One PATCH carries at most this much, so that a 25 MiB photograph never stands in memory as a whole.
PIECE_BYTES = 4 * 1024 * 1024
# A photograph up to this size goes with the creation of its upload: one round trip, and little to send again. Where
# the line breaks under one, uploads are opened first until a whole synchronisation succeeds: from break to break they
# go on, while a creation begins anew each time.
SMALL_BYTES = 64 * 1024
OPEN_FIRST = "open_uploads_first"
_HASH_MISMATCH = 460
_START_OVER = frozenset({httpx.codes.NOT_FOUND, httpx.codes.GONE, _HASH_MISMATCH})
_NOT_THIS_PHOTO = frozenset({httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN})
# Only what the server says of the picture itself is final; any other refusal is tried again.
_FINAL = frozenset({"not-an-image", "photo-too-large"})
_MOST_STEPS = 50
# Asking about all costs one request; opening an upload for each photograph costs one for each.
WORTH_ASKING, _MOST_ASKED = 8, 500


@dataclass
class DeliveryTally:
    """What one round of deliveries did; ``told`` are the sentences an officer should read."""

    done: int = 0
    resumed: int = 0
    told: list[str] = field(default_factory=list)


class Delivery:
    """Carries an album's pending photographs over a line; ``link`` is the same line, trusted by its Answer-MAC."""

    def __init__(self, store: Store, album: Album, line: Line, link: Link) -> None:
        self._store = store
        self._album = album
        self._line = line
        self._link = link

    def deliver_all(self) -> DeliveryTally:
        """Deliver every pending photograph; raises LineBroken at the first break, progress kept."""
        tally = DeliveryTally()
        pending = self._album.pending()
        begun: set[str] = set()
        if len(pending) >= WORTH_ASKING:
            for start in range(0, len(pending), _MOST_ASKED):
                begun |= self._ask_about(pending[start : start + _MOST_ASKED], tally)
            pending = self._album.pending()
        for photo in pending:
            self._deliver(photo, tally, is_asked=photo.sha256 in begun)
        return tally

    def _ask_about(self, photos: Sequence[KeptPhoto], tally: DeliveryTally) -> set[str]:
        """Ask which photographs need not be sent; return those whose offset is known now.

        It only saves requests, so a refusal costs nothing: then each photograph's upload is opened.
        """
        try:
            answer = self._link.ask(
                "POST", "/photos/query", {"hashes": [photo.sha256 for photo in photos]}, members=("photos",)
            )
        except Refused as error:
            if error.status in _NOT_THIS_PHOTO:
                raise
            return set()
        told = answer["photos"] if isinstance(answer["photos"], dict) else {}
        begun = set()
        for photo in photos:
            known = told.get(photo.sha256)
            if not isinstance(known, dict):
                continue
            if known.get("state") == "have":
                self._album.finish(photo.sha256, DONE)
                tally.done += 1
            elif _is_begun(known, photo):
                self._album.progress(photo.sha256, upload_url=known["upload"], sent_bytes=known["offset"])
                begun.add(photo.sha256)
        return begun

    def _deliver(self, photo: KeptPhoto, tally: DeliveryTally, *, is_asked: bool) -> None:
        """Step until the server has the last byte: create, ask or append, whichever the last answer calls for.

        ``is_asked``: the offset was told just now, there is no need to ask once more.
        """
        if not photo.is_whole():
            self._give_up(photo, DAMAGED, "its file is lost or cut short", tally)
            return
        mismatches, why = 0, f"no progress after {_MOST_STEPS} requests"
        ask_first = photo.upload_url is not None and not is_asked
        tally.resumed += is_asked
        for _ in range(_MOST_STEPS):
            response = self._step(photo, ask_first=ask_first)
            tally.resumed += ask_first and response.is_success
            ask_first = response.status_code == httpx.codes.CONFLICT
            mismatches += response.status_code == _HASH_MISMATCH
            if response.status_code in _START_OVER:
                # The bytes may have been hurt on the card, which is final, or on the way: then once more now.
                if not photo.is_intact():
                    self._give_up(photo, DAMAGED, "its bytes no longer fit its hash", tally)
                    return
                photo = self._noted(photo, None, 0)
                if mismatches > 1:
                    why = "its bytes were hurt on the way twice"
                    break
            elif response.is_success:
                photo = self._noted(photo, _address(response, photo), _offset(response, photo))
                if photo.sent_bytes == photo.size:
                    self._album.finish(photo.sha256, DONE)
                    tally.done += 1
                    return
            elif not ask_first:
                refusal = _refusal(response)
                if refusal.slug in _FINAL:
                    self._give_up(photo, REFUSED, f"the server refused it ({refusal})", tally)
                    return
                why = str(refusal)
                break
        tally.told.append(f"Photo {photo.sha256[:8]} waits for the next synchronisation: {why}")

    def _step(self, photo: KeptPhoto, *, ask_first: bool) -> httpx.Response:
        if photo.upload_url is None:
            return self._create(photo)
        if ask_first:
            return self._line.send("HEAD", photo.upload_url, headers=TUS)
        return self._append(photo, photo.upload_url)

    def _create(self, photo: KeptPhoto) -> httpx.Response:
        declared = b64encode(photo.sha256.encode("ascii")).decode("ascii")
        headers = {**TUS, "Upload-Length": str(photo.size), "Upload-Metadata": f"sha256 {declared}"}
        if photo.size > SMALL_BYTES or self._store.note(OPEN_FIRST):
            return self._line.send("POST", "/uploads", headers=headers)
        headers["Content-Type"] = _OFFSET_STREAM
        try:
            return self._line.send("POST", "/uploads", content=photo.read(0, photo.size), headers=headers)
        except LineBroken:
            self._store.write_note(OPEN_FIRST, "1")
            raise

    def _append(self, photo: KeptPhoto, upload_url: str) -> httpx.Response:
        headers = {"Upload-Offset": str(photo.sent_bytes), "Content-Type": _OFFSET_STREAM}
        piece = photo.read(photo.sent_bytes, PIECE_BYTES)
        return self._line.send("PATCH", upload_url, content=piece, headers={**TUS, **headers})

    def _noted(self, photo: KeptPhoto, upload_url: str | None, sent_bytes: int) -> KeptPhoto:
        self._album.progress(photo.sha256, upload_url=upload_url, sent_bytes=sent_bytes)
        return self._album.photo(photo.sha256)

    def _give_up(self, photo: KeptPhoto, state: str, why: str, tally: DeliveryTally) -> None:
        self._album.finish(photo.sha256, state, why)
        tally.told.append(f"Photo {photo.sha256[:8]} was not delivered: {why}. It stays on this handset.")


def _is_begun(known: Mapping[str, Any], photo: KeptPhoto) -> bool:
    """Say whether an answer about a photograph names an upload of ours and an offset that can be."""
    upload, offset = known.get("upload"), known.get("offset")
    is_ours = isinstance(upload, str) and upload.startswith(f"{ROOT}/uploads/")
    return known.get("state") == "partial" and is_ours and type(offset) is int and 0 <= offset < photo.size


def _address(response: httpx.Response, photo: KeptPhoto) -> str:
    """Return the upload's path on our server; of an absolute Location only the path counts."""
    if photo.upload_url is not None:
        return photo.upload_url
    path = httpx.URL(response.headers.get("Location", "")).path
    if not path.startswith(f"{ROOT}/uploads/"):
        raise LineBroken("the upload was created without an address, so this is not our server")
    return path


def _refusal(response: httpx.Response) -> Refused:
    """Return the server's refusal of this request.

    Raises it when the refusal is about the handset, LineBroken when a proxy refused.
    """
    try:
        read_answer(response)
    except Refused as error:
        if error.status in _NOT_THIS_PHOTO:
            raise
        return error
    raise LineBroken(
        f"the answer {response.status_code} to an upload is no problem document, so it is not our server's"
    )


def _offset(response: httpx.Response, photo: KeptPhoto) -> int:
    """Return the durable offset that the server claims; a claim that cannot be true is a broken line.

    Uploads carry no Answer-MAC, so at least they must speak tus.
    """
    if "Tus-Resumable" not in response.headers:
        raise LineBroken("the answer to an upload does not speak tus, so it is not our server's")
    claimed = response.headers.get("Upload-Offset", "")
    if not claimed.isdigit() or int(claimed) > photo.size:
        raise LineBroken("the answer names no possible Upload-Offset, so it is not our server's")
    return int(claimed)
