"""A TCP proxy that plays a bad network: it cuts at a byte, stalls, flips bits, repeats and reorders, plays portal.

It knows no HTTP but the portal's own answer. What happens to a connection is a `Trouble`, chosen by the connection's
number, so that a seeded choice gives the same troubles again. Threads; everything listens on loopback.
"""

import contextlib
import random
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_PIECE = 64 * 1024
_PORTAL = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nUpload-Offset: 1\r\nContent-Length: 38\r\nConnection: close\r\n\r\n"
    b"<html>Please log in to this WiFi</html"
)
_MOST_SECONDS_OF_REPEAT = 5.0
_IDLE_SECONDS = 30


@dataclass(frozen=True)
class Trouble:
    """What happens to one connection. Offsets count the bytes of one direction from the connection's start.

    ``cut_*``: so many bytes pass, then both sides are closed (``resets``: with RST). ``flip_*``: the byte at this
    offset gets one wrong bit. ``stall_*``: from this offset on the direction waits ``seconds``. ``portal``: somebody
    else answers. ``repeats``: the request's bytes arrive once more after the connection; ``late``: only after the
    next connection, so behind what was sent later.
    """

    cut_request: int | None = None
    cut_answer: int | None = None
    flip_request: int | None = None
    flip_answer: int | None = None
    stall_request: int | None = None
    stall_answer: int | None = None
    seconds: float = 0.0
    resets: bool = False
    portal: bool = False
    repeats: bool = False
    late: bool = False


SOUND = Trouble()
Choose = Callable[[int], Trouble]


def seeded(seed: int, *, spared: float = 0.3, reach: int = 6000, seconds: float = 0.2) -> Choose:
    """Return a choice by seed: a share of connections is ``spared``; troubles begin within ``reach`` bytes."""

    def choose(number: int) -> Trouble:
        dice = random.Random(f"{seed} {number}")  # noqa: S311 (a seeded trace)
        if dice.random() < spared:
            return SOUND
        at = int(reach * dice.random() ** 2)
        return dice.choice(
            (
                Trouble(cut_request=at, resets=dice.random() < 0.5),
                Trouble(cut_answer=at % 700, resets=dice.random() < 0.5),
                Trouble(stall_request=at, seconds=seconds),
                Trouble(stall_answer=at % 700, seconds=seconds),
                Trouble(flip_request=at),
                Trouble(flip_answer=at % 700),
                Trouble(repeats=True),
                Trouble(repeats=True, late=True),
                Trouble(cut_answer=0, repeats=True),
                Trouble(portal=True),
            )
        )

    return choose


@dataclass
class _Direction:
    """One direction of a connection: what it has carried and what shall befall it."""

    source: socket.socket
    target: socket.socket
    cut: int | None
    flip: int | None
    stall: int | None
    carried: int = 0
    ended: bool = False
    waits_until: float = 0.0

    def passes(self, seconds: float) -> bytes | None:
        """Carry what is there; returns it, or None when the connection must be cut now."""
        try:
            piece = self.source.recv(_PIECE)
        except OSError:
            piece = b""
        if not piece:
            self.ended = True
            with contextlib.suppress(OSError):
                self.target.shutdown(socket.SHUT_WR)
            return b""
        if self.stall is not None and self.carried + len(piece) > self.stall:
            self.stall = None
            time.sleep(seconds)
        piece = self._flipped(piece)
        kept = piece if self.cut is None else piece[: max(0, self.cut - self.carried)]
        self.carried += len(piece)
        try:
            self.target.sendall(kept)
        except OSError:
            return None
        return None if self.cut is not None and self.carried >= self.cut else kept

    def _flipped(self, piece: bytes) -> bytes:
        if self.flip is None or not self.carried <= self.flip < self.carried + len(piece):
            return piece
        place = self.flip - self.carried
        return piece[:place] + bytes([piece[place] ^ (1 << (self.flip % 8))]) + piece[place + 1 :]


@dataclass
class LossyProxy:
    """A listening proxy in front of ``target``; set `choose` at any time for the connections to come."""

    target: tuple[str, int]
    choose: Choose = lambda _number: SOUND
    connections: int = 0
    carried: tuple[int, int] = (0, 0)  # bytes up and down of the connection that ended last
    _late: list[bytes] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)
    _listener: socket.socket = field(default_factory=socket.socket)

    def open(self) -> None:
        """Listen on a free loopback port."""
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(64)
        self._start(self._accept)

    @property
    def port(self) -> int:
        """Return the port that the proxy listens on."""
        found: int = self._listener.getsockname()[1]
        return found

    def close(self) -> None:
        """Stop listening, and wait for the connections that are open."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)

    def wait(self) -> None:
        """Wait until the connections that are closing have ended."""
        for thread in self._threads[1:]:
            thread.join(10)

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads = [each for each in self._threads if each.is_alive()]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            number = self.connections
            self.connections += 1
            self._start(self._serve, client, self.choose(number))

    def _serve(self, client: socket.socket, trouble: Trouble) -> None:
        sent = b""
        with client:
            if trouble.portal:
                _answer_as_portal(client)
                return
            with contextlib.suppress(OSError), socket.create_connection(self.target, timeout=10) as server:
                sent, self.carried = _carry(client, server, trouble)
        late, self._late = self._late, []
        for request in late:
            self._repeat(request)
        if trouble.repeats and trouble.late:
            self._late.append(sent)
        elif trouble.repeats:
            self._repeat(sent)

    def _repeat(self, request: bytes) -> None:
        """Deliver a request's bytes once more, as a middlebox that tries again; nobody hears the answer."""
        with contextlib.suppress(OSError), socket.create_connection(self.target, timeout=5) as server:
            server.settimeout(0.3)
            server.sendall(request)
            until = time.monotonic() + _MOST_SECONDS_OF_REPEAT
            while time.monotonic() < until and server.recv(_PIECE):
                pass


def _carry(client: socket.socket, server: socket.socket, trouble: Trouble) -> tuple[bytes, tuple[int, int]]:
    """Carry both directions until the answer has ended or one is cut.

    Returns what was sent upwards (if it shall be repeated), and the bytes that came from each side.
    """
    up = _Direction(client, server, trouble.cut_request, trouble.flip_request, trouble.stall_request)
    down = _Direction(server, client, trouble.cut_answer, trouble.flip_answer, trouble.stall_answer)
    sent = bytearray()
    is_cut = trouble.cut_request == 0
    while not is_cut and not down.ended:
        ready, _, _ = select.select([each.source for each in (up, down) if not each.ended], [], [], _IDLE_SECONDS)
        if not ready:
            break
        for each in (up, down):
            passed = each.passes(trouble.seconds) if each.source in ready and not is_cut else b""
            is_cut = is_cut or passed is None
            if each is up and trouble.repeats:
                sent += passed or b""
    if is_cut:
        _close(client, server, resets=trouble.resets)
    return bytes(sent), (up.carried, down.carried)


def _close(*sockets: socket.socket, resets: bool) -> None:
    for each in sockets:
        if resets:
            each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        each.close()


def _answer_as_portal(client: socket.socket) -> None:
    client.settimeout(0.3)
    with contextlib.suppress(OSError):
        client.recv(_PIECE)
        client.sendall(_PORTAL)


@contextmanager
def lossy_proxy(host: str, port: int, choose: Choose | None = None) -> Iterator[LossyProxy]:
    """Run a proxy in front of ``host``:``port``; sound unless a choice is given."""
    proxy = LossyProxy((host, port))
    if choose is not None:
        proxy.choose = choose
    proxy.open()
    try:
        yield proxy
    finally:
        proxy.close()
