"""The Stripe accounts of the shops that are paid back directly.

Guarantee: a file that is not whole is refused by the name of what is missing, and no secret is ever shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from chassis.settings import BadSettings
from services.returns.domain.money_terms import MoneyTerms
from services.returns.providers.tables import by_shop

SETTING = "AFTERCARE_STRIPE_ACCOUNTS"


@dataclass(frozen=True, slots=True)
class Account:
    """One shop's keys. Of webhook secrets there may be two, while one replaces the other."""

    key: str = field(repr=False)
    webhook_secrets: tuple[str, ...] = field(repr=False)


def load_accounts(path: Path | None) -> Mapping[str, Account]:
    """Accounts by shop, from ``{"shop": {"key": "sk_…", "webhook_secrets": ["whsec_…"]}}``; none without a file."""
    return by_shop(path, SETTING, _account)


def require_accounts(terms: MoneyTerms, accounts: Mapping[str, Account]) -> None:
    """Every shop that is to be paid back directly has an account."""
    missing = sorted(terms.direct.get("stripe", frozenset()) - set(accounts))
    if missing:
        raise BadSettings([f"{SETTING}: there is no account of {', '.join(missing)}, paid back by Stripe"])


def _account(shop: str, entry: object) -> Account:
    if not isinstance(entry, dict) or not isinstance(entry.get("key"), str) or not entry["key"]:
        raise BadSettings([f"{SETTING}: shop {shop} has no key"])
    secrets = entry.get("webhook_secrets")
    if not isinstance(secrets, list) or not secrets or not all(isinstance(s, str) and s for s in secrets):
        raise BadSettings([f"{SETTING}: shop {shop} has no webhook_secrets"])
    return Account(entry["key"], tuple(secrets))
