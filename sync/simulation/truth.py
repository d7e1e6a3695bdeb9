"""What really happened in a story, written down beside both sides and compared with them at the end.

The handsets' own files and the server's tables are judged by this, never by each other.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class MadeItem:
    """One item that an officer recorded. ``photos`` are the SHA-256 its payload declares."""

    install_id: str
    officer_id: str
    id: str
    fingerprint: str
    kind: str
    photos: tuple[str, ...]


@dataclass(frozen=True)
class Finding:
    """One breach of a promise (``P1`` … ``P8``, or ``server`` for an error of its own)."""

    promise: str
    what: str

    def __str__(self) -> str:
        """Return the finding as one line."""
        return f"{self.promise}: {self.what}"


@dataclass
class Truth:
    """The books of one story."""

    items: list[MadeItem] = field(default_factory=list)
    edited: set[tuple[str, str]] = field(default_factory=set)
    moved: set[str] = field(default_factory=set)
    revoked: dict[str, int] = field(default_factory=dict)
    acknowledged: dict[str, set[str]] = field(default_factory=dict)
    restores: int = 0
    copied_back: int = 0
    kills: int = 0
    findings: list[Finding] = field(default_factory=list)

    def breach(self, promise: str, what: str) -> None:
        """Write down a breach once."""
        finding = Finding(promise, what)
        if finding not in self.findings:
            self.findings.append(finding)

    def of_install(self, install_id: str) -> list[MadeItem]:
        """Return what was recorded on an install, in order."""
        return [item for item in self.items if item.install_id == install_id]

    def hashes(self) -> set[str]:
        """Return every photograph that was declared."""
        return {sha256 for item in self.items for sha256 in item.photos}

    def check_acknowledged(self, install_id: str, acked: Iterable[MadeItem], stored: Iterable[tuple[str, str]]) -> None:
        """Check that what a handset believes stored is stored (P1): at once after the answer that said so.

        Only items that it had not believed before: a restore may take away what was acknowledged earlier.
        """
        known = self.acknowledged.setdefault(install_id, set())
        there = set(stored)
        for item in acked:
            if item.id not in known and (item.id, item.fingerprint) not in there:
                self.breach("P1", f"{item.kind} {item.id} was acknowledged and is not in the store")
            known.add(item.id)
