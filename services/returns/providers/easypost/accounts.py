"""The EasyPost accounts of the shops whose labels are bought there, and what may be bought.

Guarantee: a file that is not whole is refused by the name of what is missing, and no key is ever shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chassis.domain import Money
from chassis.settings import BadSettings
from services.returns.domain.labels import PostalAddress
from services.returns.providers.tables import by_shop

SETTING = "AFTERCARE_EASYPOST_ACCOUNTS"


@dataclass(frozen=True, slots=True)
class Account:
    """One shop's key, where its goods go back to, and what a label may be: of these carriers' services (all, where
    none is named), for at most so much."""

    key: str = field(repr=False)
    warehouse: PostalAddress
    weight_ounces: float
    most: Money
    carriers: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()

    def allows(self, cost: Money) -> bool:
        """Whether the shop pays so much, in its currency."""
        return cost.currency == self.most.currency and cost <= self.most


def load_accounts(path: Path | None) -> Mapping[str, Account]:
    """Accounts by shop, from the table that docs/labels.md shows; none without a file."""
    return by_shop(path, SETTING, _account)


def _account(shop: str, entry: object) -> Account:
    if not isinstance(entry, dict):
        raise BadSettings([f"{SETTING}: shop {shop} is no table"])
    missing = [name for name in ("key", "warehouse", "weight_ounces", "most") if not entry.get(name)]
    if missing:
        raise BadSettings([f"{SETTING}: shop {shop} has no {name}" for name in missing])
    try:
        return Account(
            str(entry["key"]),
            _address(entry["warehouse"]),
            float(entry["weight_ounces"]),
            Money(int(entry["most"]["minor"]), str(entry["most"]["currency"])),
            frozenset(map(str, entry.get("carriers") or ())),
            frozenset(map(str, entry.get("services") or ())),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BadSettings([f"{SETTING}: shop {shop}: {error}"]) from None


def _address(data: Mapping[str, Any]) -> PostalAddress:
    return PostalAddress(
        str(data["recipient"]),
        tuple(map(str, data["lines"])),
        str(data["city"]),
        str(data.get("postal_code", "")),
        str(data.get("region", "")),
        str(data["country"]),
    ).checked()
