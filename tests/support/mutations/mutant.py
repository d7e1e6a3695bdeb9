"""One mutated image, and what must become of it. The expectation belongs to the mutation, never to the outcome."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """``refused``: a pattern of the reason for which receiving refuses it, None if it is accepted as evidence.

    ``shown``: whether an accepted one has renditions; None where the damage lies in the coded pixels and a decoder
    may well make a picture of it. ``refused`` is ``any`` where damage at a random place of the header decides.
    """

    name: str
    content: bytes
    refused: str | None = None
    shown: bool | None = None


ANY = "any"
