"""Money in minor units; nothing is ever lost or made by dividing it."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in minor units (cents, pence, yen) of one ISO 4217 currency. May be negative."""

    minor: int
    currency: str

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __mul__(self, times: int) -> "Money":
        return Money(self.minor * times, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.minor <= self._same(other)

    def __gt__(self, other: "Money") -> bool:
        return self.minor > self._same(other)

    def __ge__(self, other: "Money") -> bool:
        return self.minor >= self._same(other)

    def __bool__(self) -> bool:
        return self.minor != 0

    def __str__(self) -> str:
        return f"{self.minor} {self.currency} (minor units)"

    def _same(self, other: "Money") -> int:
        if self.currency != other.currency:
            raise ValueError(f"cannot mix {self.currency} and {other.currency}")
        return other.minor

    @staticmethod
    def zero(currency: str) -> "Money":
        return Money(0, currency)

    def split(self, weights: Sequence[int]) -> tuple["Money", ...]:
        """Divide by weight, to the last minor unit (see `split_by_weight`)."""
        return tuple(Money(part, self.currency) for part in split_by_weight(self.minor, weights))


def split_by_weight(total: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Split `total` minor units in proportion to `weights` by the largest remainder.

    The parts always sum to `total`; among equal remainders the earlier part gets the unit. All-zero
    weights count as equal ones. Raises ValueError for no or negative weights.
    """
    if not weights or any(w < 0 for w in weights):
        raise ValueError("weights must be given and not negative")
    if not any(weights):
        weights = [1] * len(weights)
    sign, amount = (-1, -total) if total < 0 else (1, total)
    whole = sum(weights)
    parts = [amount * w // whole for w in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(amount * weights[i] % whole), i))
    for i in by_remainder[: amount - sum(parts)]:
        parts[i] += 1
    return tuple(sign * part for part in parts)
