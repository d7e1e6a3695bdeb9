"""Which required photographs of an owner are here, on their way, or lacking. Pure: a case's rules decide by it.

They block closing, never uploading: whatever an officer has photographed is taken.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from server.standards.rules import Shot


@dataclass(frozen=True)
class Declared:
    """What is looked at in a declared photograph; ``is_here``: its bytes are."""

    stage: str
    role: str
    sha256: str
    install_id: UUID
    is_here: bool


@dataclass(frozen=True)
class ShotStanding:
    """How one required shot stands: ``count`` needed, ``present`` here, ``on_the_way`` as (hash, install)."""

    stage: str
    role: str
    count: int
    present: int
    on_the_way: tuple[tuple[str, UUID], ...]

    @property
    def lacking(self) -> int:
        """Return how many more would have to be photographed."""
        return max(0, self.count - self.present - len(self.on_the_way))

    @property
    def complete(self) -> bool:
        """Tell whether enough are here and none is on its way: one that was declared may show something else."""
        return self.present >= self.count and not self.on_the_way

    @property
    def missing(self) -> list[dict[str, Any]]:
        """Return the hashes on their way and the handsets that hold them."""
        return [{"sha256": sha256, "install_id": str(install_id)} for sha256, install_id in self.on_the_way]

    def as_json(self) -> dict[str, Any]:
        """Return what a refusal says of it."""
        return {
            "stage": self.stage,
            "role": self.role,
            "count": self.count,
            "present": self.present,
            "lacking": self.lacking,
            "missing": self.missing,
        }


def standing(shots: Iterable[Shot], photos: Iterable[Declared]) -> tuple[ShotStanding, ...]:
    """Return how each of ``shots`` stands by the declared ``photos`` that count for the owner now."""
    known = list(photos)
    return tuple(_standing(shot, known) for shot in shots)


def _standing(shot: Shot, known: list[Declared]) -> ShotStanding:
    photos = [photo for photo in known if (photo.stage, photo.role) == (shot.stage, shot.role)]
    return ShotStanding(
        shot.stage,
        shot.role,
        shot.count,
        present=sum(photo.is_here for photo in photos),
        on_the_way=tuple((photo.sha256, photo.install_id) for photo in photos if not photo.is_here),
    )
