"""Row `tus`: random lives of uploads at the HTTP door against a model of their bytes.

A trial is the life of one upload: created, asked, appended to at right and wrong offsets, by bodies that end early,
break off, come in chunks, are empty, hurt or too long, by two clients at once, now and then terminated and begun anew,
and at last finished. The model knows
which bytes were sent; the server may know fewer, never more and never others.
"""

import base64
import io
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import world
from support.field import OFFSET_STREAM, UPLOADS, FieldHandset, handset_of
from support.forced_points import at_once
from verification.pictures import SIDES, Shot, shot
from verification.place import application, database_of, opened
from verification.rows.result import Result
from werkzeug.test import TestResponse

from photo_store.blobs import BlobMissing, original_key
from photo_store.disk import DiskBlobs
from server.config import Settings

ROW = "tus"
_MOST_STEPS = 7
_MOST_ROUNDS = 8
_HURT = 460


class Breaking(io.RawIOBase):
    """A request body whose socket dies after its bytes, or that ends as if it were whole."""

    def __init__(self, content: bytes, *, raises: bool) -> None:
        self._content = io.BytesIO(content)
        self._raises = raises

    def readable(self) -> bool:
        """Say that it is one to be read."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 (any writable buffer)
        """Give bytes, then the break."""
        piece = self._content.read(len(buffer))
        buffer[: len(piece)] = piece
        if not piece and self._raises:
            raise ConnectionResetError("the handset went out of range")
        return len(piece)


class Wrong(Exception):
    """The door said or kept something that the model excludes."""


@dataclass
class Life:
    """One upload: what is known of it for sure. ``told``: the last offset that nothing can have moved since."""

    handset: FieldHandset
    dice: random.Random
    taken: Shot
    content: bytes
    declares: bool = True
    path: str = ""
    told: int = 0
    is_over: bool = False

    def live(self) -> None:
        """Create, do random things, finish."""
        self.create()
        deeds: tuple[Callable[[], None], ...] = (
            self.ask, self.append, self.append, self.append_cut, self.append_cut, self.append_elsewhere,
            self.append_nothing, self.append_too_much, self.append_hurt, self.append_twice, self.ask_while_appending,
            self.ask_nonsense, self.terminate, self.terminate_while_appending,
        )  # fmt: skip
        for _ in range(self.dice.randint(1, _MOST_STEPS)):
            if not self.is_over:
                self.dice.choice(deeds)()
        self.finish()

    def open(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        **options: Any,  # noqa: ANN401 (the client's own)
    ) -> TestResponse:
        """Send one tus request; a stock client that cannot PATCH or DELETE sends POST with the override."""
        headers = {"Tus-Resumable": "1.0.0", **self.handset.headers, **(headers or {})}
        if method in {"PATCH", "DELETE"} and self.dice.random() < 0.1:
            headers, method = {**headers, "X-HTTP-Method-Override": method}, "POST"
        return self.handset.client.open(path, method=method, headers=headers, **options)

    def create(self) -> None:
        """Open the upload, now and then with its first bytes."""
        headers = {"Upload-Length": str(len(self.content))}
        if self.declares:
            headers["Upload-Metadata"] = f"sha256 {base64.b64encode(self.taken.sha256.encode()).decode()}"
        first = b""
        if self.dice.random() < 0.3:
            first = self.content[: self.dice.randint(0, len(self.content))]
            headers["Content-Type"] = OFFSET_STREAM
        made = self.open("POST", UPLOADS, data=first, headers=headers)
        self.demand(made, 201)
        self.path = made.headers["Location"]
        self.learn(int(made.headers["Upload-Offset"]), 0, len(first))

    def ask(self) -> None:
        """HEAD: the offset that the last answers led to."""
        answer = self.open("HEAD", self.path)
        self.demand(answer, 200)
        facts = (answer.headers["Upload-Length"], answer.headers.get("Cache-Control"))
        if facts != (str(len(self.content)), "no-store"):
            raise Wrong(f"HEAD told {facts}")
        self.learn(int(answer.headers["Upload-Offset"]), self.told, self.told)

    def append(self) -> None:
        """Send bytes from the right offset on, with a length or in chunks."""
        piece = self.some()
        options = {"data": piece} if self.dice.random() < 0.7 else self.stream(piece, None, raises=False)
        self.appended(self.patch(self.told, **options), piece)

    def append_nothing(self) -> None:
        """Send an empty PATCH at the right offset: 204, nothing changes."""
        self.appended(self.patch(self.told, data=b""), b"")

    def append_cut(self) -> None:
        """Promise more than comes: what came may be kept, the answer must not be 204."""
        piece = self.some()
        promised = len(piece) + self.dice.randint(1, 1000)
        answer = self.patch(self.told, **self.stream(piece, promised, raises=self.dice.random() < 0.5))
        if answer.status_code == 204 and self.told + len(piece) < len(self.content):
            raise Wrong("a cut PATCH was answered 204")
        self.look(self.told, self.told + len(piece))

    def append_elsewhere(self) -> None:
        """Send at a wrong offset: 409, nothing changes."""
        offset = self.dice.choice([self.told + 1, self.told - 1, len(self.content) + 1, 0, 10**17])
        if offset in {self.told, -1}:
            return
        answer = self.patch(offset, data=b"x")
        self.demand(answer, 409)
        self.ask()

    def append_too_much(self) -> None:
        """Send more than the upload's length: refused; what fits may be kept."""
        answer = self.patch(self.told, data=self.content[self.told :] + b"more")
        if answer.status_code == 204:
            raise Wrong("too many bytes were answered 204")
        self.look(self.told, len(self.content))

    def append_hurt(self) -> None:
        """Send all the rest with one wrong bit: never complete, and the upload is gone."""
        if not self.declares or self.told >= len(self.content):
            return
        rest = bytearray(self.content[self.told :])
        rest[self.dice.randrange(len(rest))] ^= 1 << self.dice.randrange(8)
        answer = self.patch(self.told, data=bytes(rest))
        self.demand(answer, _HURT)
        self.demand(self.open("HEAD", self.path), 404)
        self.told, self.path = 0, ""
        self.create()

    def append_twice(self) -> None:
        """Two clients at the same offset with the same bytes: both may be heard, none may disturb the bytes."""
        piece = self.some()
        at_once(lambda _: self.patch(self.told, data=piece).status_code, 2)
        self.look(self.told, self.told + len(piece))

    def ask_while_appending(self) -> None:
        """Send a HEAD beside a PATCH: its offset stays reachable whatever the PATCH did."""
        piece = self.some()
        works = (lambda: self.patch(self.told, data=piece), lambda: self.open("HEAD", self.path))
        answers = at_once(lambda number: works[number](), 2)
        told = int(answers[1].headers.get("Upload-Offset", self.told))
        self.look(max(self.told, told), self.told + len(piece))

    def ask_nonsense(self) -> None:
        """Send what is no request: refused without 429, 410, Location or effect."""
        method = self.dice.choice(["GET", "PUT", "PATCH", "POST"])
        headers = {"Upload-Offset": self.dice.choice(["-1", "x", "9" * 400, "١", ""]), "Content-Type": OFFSET_STREAM}
        answer = self.open(method, self.path, data=b"x", headers=headers)
        if answer.status_code not in {400, 404, 405} or "Location" in answer.headers:
            raise Wrong(f"{method} with {headers['Upload-Offset'][:9]!r} was answered {answer.status_code}")

    def terminate(self) -> None:
        """DELETE: nothing is left, and the client begins anew; what is complete is not taken back."""
        answer = self.open("DELETE", self.path)
        if self.told == len(self.content):
            self.demand(answer, 403)
            return
        self.demand(answer, 204)
        self.begin_anew()

    def terminate_while_appending(self) -> None:
        """DELETE beside the PATCH of all the rest: one of the two has happened, not half of each."""
        offset, rest = self.told, self.content[self.told :]
        works = (lambda: self.patch(offset, data=rest), lambda: self.open("DELETE", self.path))
        sent, ended = at_once(lambda number: works[number](), 2)
        if ended.status_code == 204:
            if sent.status_code == 204 and rest:
                raise Wrong("a PATCH of the last byte was answered 204, and the upload was terminated after it")
            self.begin_anew()
        else:
            self.demand(ended, 403)
            self.look(len(self.content), len(self.content))

    def begin_anew(self) -> None:
        """Demand that the upload is unknown, then create another one."""
        self.demand(self.open("HEAD", self.path), 404)
        self.demand(self.open("DELETE", self.path), 404)
        self.told, self.path = 0, ""
        self.create()

    def finish(self) -> None:
        """Ask and append until it is whole."""
        for _ in range(_MOST_ROUNDS):
            answer = self.open("HEAD", self.path)
            self.demand(answer, 200)
            self.told = int(answer.headers["Upload-Offset"])
            if self.told == len(self.content):
                return
            self.patch(self.told, data=self.content[self.told :])
        raise Wrong("the upload could not be finished")

    def patch(self, offset: int, **options: Any) -> TestResponse:  # noqa: ANN401 (the client's own options)
        """Send a PATCH."""
        headers = {"Upload-Offset": str(offset), "Content-Type": OFFSET_STREAM}
        answer = self.open("PATCH", self.path, headers=headers, **options)
        if answer.status_code in {410, 429, 500}:
            raise Wrong(f"PATCH was answered {answer.status_code}: {answer.text[:300]}")
        return answer

    def stream(self, piece: bytes, promised: int | None, *, raises: bool) -> dict[str, Any]:
        """Return the options of a body that is read from a socket: chunked when nothing is promised."""
        stream = io.BufferedReader(Breaking(piece, raises=raises))
        over = {"wsgi.input": stream, "wsgi.input_terminated": True, "CONTENT_LENGTH": str(promised or "")}
        return {"environ_overrides": over | ({"HTTP_TRANSFER_ENCODING": "chunked"} if promised is None else {})}

    def some(self) -> bytes:
        """Return some of the bytes that are still to be sent, often all or all but one."""
        rest = self.content[self.told :]
        return rest[: self.dice.choice([len(rest), max(0, len(rest) - 1), self.dice.randint(0, len(rest))])]

    def appended(self, answer: TestResponse, piece: bytes) -> None:
        """Keep what a whole PATCH led to."""
        self.demand(answer, 204)
        self.learn(int(answer.headers["Upload-Offset"]), self.told + len(piece), self.told + len(piece))

    def look(self, least: int, most: int) -> None:
        """Ask for the offset, which must lie within what can have arrived."""
        answer = self.open("HEAD", self.path)
        if answer.status_code == 503:
            return
        self.demand(answer, 200)
        self.learn(int(answer.headers["Upload-Offset"]), least, most)

    def learn(self, offset: int, least: int, most: int) -> None:
        """Take an offset that the door named."""
        if not least <= offset <= most:
            raise Wrong(f"offset {offset} where {least} to {most} bytes can be there")
        self.told = offset
        self.is_over = offset == len(self.content)

    def demand(self, answer: TestResponse, status: int) -> None:
        """Demand a status."""
        if answer.status_code != status:
            raise Wrong(
                f"{answer.request.method} was answered {answer.status_code} instead of {status}: {answer.text[:300]}"
            )


def run(count: int, start: int = 0, database: str = "sqlite") -> Result:
    """Live ``count`` lives."""
    with opened(database) as settings:
        return run_in(settings, count, start)


def run_in(settings: Settings, count: int, start: int = 0) -> Result:
    """Live ``count`` lives on the migrated, empty database of ``settings``."""
    began, failures = time.monotonic(), list[str]()
    with application(settings) as app:
        handset = handset_of(app, people := world.city(app), people.collector)
        for seed in range(start, start + count):
            dice = random.Random(seed)  # noqa: S311 (a seeded trace)
            taken = shot(seed, dice.choices(SIDES, (90, 9, 1))[0])
            life = Life(handset, dice, taken, taken.content, declares=dice.random() < 0.8)
            try:
                life.live()
                _demand_kept(settings, life)
            except Exception as error:  # noqa: BLE001 (the other lives go on)
                failures.append(f"seed {seed}: {type(error).__name__}: {error}")
    return Result(ROW, database_of(settings), start, count, tuple(failures), time.monotonic() - began)


def _demand_kept(settings: Settings, life: Life) -> None:
    try:
        with DiskBlobs(Path(settings.blob_dir)).open(original_key(life.taken.sha256)) as original:
            if original.read() != life.content:
                raise Wrong("the stored bytes are others")
    except BlobMissing as error:
        raise Wrong("a complete upload is not in the store") from error
