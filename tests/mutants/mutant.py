"""What a mutant is: one protection taken out of the source text, and the test that must notice."""

import ast
from dataclasses import dataclass
from pathlib import Path


class Rotten(Exception):
    """A declaration does not fit the source any more: bring it up to date with what it mutates."""


@dataclass(frozen=True)
class Change:
    """One substitution: ``old`` stands in ``file`` (relative to the repository) exactly once."""

    file: str
    old: str
    new: str

    def applied(self, root: Path) -> str:
        """Return the file's text with the substitution. Raises Rotten."""
        text = (root / self.file).read_text(encoding="utf-8")
        if text.count(self.old) != 1:
            msg = f"{self.file}: the text to replace stands there {text.count(self.old)} times: {self.old!r}"
            raise Rotten(msg)
        return text.replace(self.old, self.new)


@dataclass(frozen=True)
class Mutant:
    """``removes`` says in one sentence which protection is gone; each of ``caught_by`` (pytest node ids) must fail."""

    name: str
    removes: str
    changes: tuple[Change, ...]
    caught_by: tuple[str, ...]

    @property
    def files(self) -> list[str]:
        """Return the changed files, each once."""
        return list(dict.fromkeys(change.file for change in self.changes))

    def put_into(self, root: Path) -> None:
        """Write the mutated files below ``root``. Raises Rotten, also where the result is no Python."""
        for change in self.changes:
            text = change.applied(root)
            (root / change.file).write_text(text, encoding="utf-8")
        for file in self.files:
            try:
                ast.parse((root / file).read_text(encoding="utf-8"))
            except SyntaxError as error:
                msg = f"{self.name} makes no Python of {file}: {error}"
                raise Rotten(msg) from error
