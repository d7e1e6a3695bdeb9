"""The story of one seed, as lines that are the same every time the seed runs.

Ids and hashes are written as ordinals in the order of their first appearance, so that two runs compare as text.
"""

import re

_NAMES = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64}")
_HEX_LENGTH = 64


class Trace:
    """Lines of a story."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._ordinals: dict[str, int] = {}

    def note(self, who: str, what: str) -> None:
        """Add one line; ids in it become ``#1``, hashes ``@1``."""
        self.lines.append(f"{len(self.lines) + 1:04} {who}: {self.canonical(what)}")

    def canonical(self, text: str) -> str:
        """Return ``text`` with every id and hash replaced by its ordinal."""
        return _NAMES.sub(lambda found: self._name(found[0]), text)

    def _name(self, text: str) -> str:
        sign = "@" if len(text) == _HEX_LENGTH else "#"
        return f"{sign}{self._ordinals.setdefault(text, len(self._ordinals) + 1)}"
