"""Reads a request's body in pieces that suit the line it comes over.

The web server returns from a read only when all of the piece is there. So a piece must be short on a slow line, or
what has arrived of it lies in memory only, for many seconds; and long on a fast one, where each read costs its share.
"""

import time
from collections.abc import Callable, Iterator

_FIRST, _LEAST, _MOST = 16 * 1024, 4 * 1024, 256 * 1024
_QUICK_S, _SLOW_S = 0.1, 0.5


def pieces(read: Callable[[int], bytes], clock: Callable[[], float] = time.monotonic) -> Iterator[bytes]:
    """Yield a body in pieces of 4 to 256 KB, after the first few what the line brings in a tenth to half a second.

    ``read`` waits for so many bytes or the end, and returns none at the end.
    """
    size, begun = _FIRST, clock()
    while piece := read(size):
        took = clock() - begun
        yield piece
        if took < _QUICK_S:
            size = min(2 * size, _MOST)
        elif took > _SLOW_S:
            size = max(size // 2, _LEAST)
        begun = clock()
