"""A request's body is read in pieces that suit its line."""

import io

import pytest

from server.gateway.pieces import pieces


class Line:
    """A body that comes at so many bytes a second, by a clock of its own."""

    def __init__(self, body: bytes, rates: list[int]) -> None:
        self._body = io.BytesIO(body)
        self._rates = rates
        self.now = 0.0
        self.asked: list[int] = []

    def read(self, size: int) -> bytes:
        piece = self._body.read(size)
        rate = self._rates[min(len(self.asked), len(self._rates) - 1)]
        self.now += len(piece) / rate
        self.asked.append(size)
        return piece

    def clock(self) -> float:
        return self.now


BODY = bytes(range(256)) * 8192


@pytest.mark.parametrize("rate", [1_000, 30_000, 100_000_000])
@pytest.mark.parametrize("length", [0, 1, 16 * 1024, len(BODY)])
def test_a_body_comes_whole_whatever_the_line(rate: int, length: int) -> None:
    line = Line(BODY[:length], [rate])
    assert b"".join(pieces(line.read, line.clock)) == BODY[:length]


def test_a_fast_line_is_read_in_few_pieces() -> None:
    line = Line(BODY, [100_000_000])
    assert [len(piece) for piece in pieces(line.read, line.clock)][:6] == [16384, 32768, 65536, 131072, 262144, 262144]
    assert max(line.asked) == 256 * 1024


def test_on_a_slow_line_no_more_than_a_second_lies_in_memory_only() -> None:
    line = Line(BODY, [6_000])
    took = []
    for nth, _piece in enumerate(pieces(line.read, line.clock)):
        took.append(line.asked[nth] / 6_000)
    assert max(took[4:]) < 1


def test_a_line_that_becomes_slow_is_read_in_shorter_pieces_again() -> None:
    line = Line(BODY, [100_000_000] * 6 + [50_000])
    list(pieces(line.read, line.clock))
    assert line.asked[5] == 256 * 1024
    assert line.asked[-1] < 64 * 1024


def test_the_time_the_reader_takes_is_not_the_lines() -> None:
    line = Line(BODY, [100_000_000])
    for _piece in pieces(line.read, line.clock):
        line.now += 10
    assert max(line.asked) == 256 * 1024
