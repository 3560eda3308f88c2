"""A bundle by its parts, and what of it comes back without the rest.

Guarantee: pure. Units of one line are alike: of several bundles none is broken where what comes back and what stays can
both be put together to whole ones. What was never whole, or is not any more, breaks nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PartOf:
    """The bundle that units of a line are a part of. `per`: how many of the line are in one bundle."""

    bundle_id: str
    sku: str
    title: str
    per: int

    @property
    def code(self) -> str:
        """What policies know it by."""
        return self.sku or self.bundle_id

    @property
    def name(self) -> str:
        """What people know it by."""
        return self.title or self.code


@dataclass(frozen=True, slots=True)
class Part:
    """The units of one line: those that come back, and those that stay."""

    per: int
    back: Sequence[str]
    stay: Sequence[str]

    @property
    def all(self) -> int:
        return len(self.back) + len(self.stay)


@dataclass(frozen=True, slots=True)
class Broken:
    """Units that come back without the rest of their bundle, and the rest."""

    alone: tuple[str, ...]
    missing: tuple[str, ...]


def broken(parts: Sequence[Part]) -> Broken:
    """What comes back of bundles that were whole before, and would not be any more; of units alike the last ones."""
    if not parts:
        return Broken((), ())
    before = min(part.all // part.per for part in parts)
    whole = min(len(part.back) // part.per for part in parts)
    loose = [part.all - before * part.per for part in parts]  # belongs to no whole bundle, and goes where it wants
    alone = [max(0, len(part.back) - whole * part.per - free) for part, free in zip(parts, loose, strict=True)]
    touched = whole + max(-(-n // part.per) for part, n in zip(parts, alone, strict=True))
    missing = [
        max(0, touched * part.per + (free if n else 0) - len(part.back))
        for part, free, n in zip(parts, loose, alone, strict=True)
    ]
    return Broken(
        tuple(unit for part, n in zip(parts, alone, strict=True) for unit in (part.back[-n:] if n else ())),
        tuple(unit for part, n in zip(parts, missing, strict=True) for unit in part.stay[:n]),
    )
