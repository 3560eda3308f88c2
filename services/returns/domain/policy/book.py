"""All versions of one shop's policy, in one place.

Guarantee: a version is stored before the first decision that rests on it, is never changed, and two
processes never decide one order by different ones, because the book is part of what they decided on.
"""

from datetime import datetime

from chassis.domain import Aggregate, Invalid, applies
from services.returns.domain.identity import policy_id_of
from services.returns.domain.policy.events import PolicyAdopted, PolicyBookOpened
from services.returns.domain.policy.values import Policy


class PolicyBook(Aggregate, topic="returns.PolicyBook"):
    """The policies of one shop by version."""

    def __init__(self) -> None:
        self.shop_id = ""
        self.versions: list[tuple[datetime | None, Policy]] = []

    @classmethod
    def open(cls, shop_id: str, first: Policy, *, by: str, at: datetime) -> "PolicyBook":
        """Start with a policy that governs every order, however old."""
        book = cls.start(PolicyBookOpened, id=policy_id_of(shop_id), at=at, shop_id=shop_id)
        book.record(PolicyAdopted, at=at, policy=first, active_from=None, by=by)
        return book

    def adopt(self, policy: Policy, *, active_from: datetime, by: str, at: datetime) -> None:
        """A new version, for orders placed from an instant that has not passed."""
        if any(known.version == policy.version for _, known in self.versions):
            raise Invalid("version", f"version {policy.version} is there already, and is never edited")
        if active_from < at:
            raise Invalid("active_from", f"{active_from.isoformat()} has passed")
        self.record(PolicyAdopted, at=at, policy=policy, active_from=active_from, by=by)

    def governing(self, placed_at: datetime) -> Policy:
        """The version in force when an order was placed."""
        found = self.versions[0][1]
        for active_from, policy in self.versions[1:]:
            if active_from is not None and active_from <= placed_at:
                found = policy
        return found

    @applies(PolicyBookOpened)
    def _on_opened(self, event: PolicyBookOpened) -> None:
        self.shop_id = event.shop_id

    @applies(PolicyAdopted)
    def _on_adopted(self, event: PolicyAdopted) -> None:
        self.versions.append((event.active_from, event.policy))
        self.versions.sort(key=lambda version: (version[0] is not None, version[0] or event.timestamp))
