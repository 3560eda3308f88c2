"""What each role may grant: cumulative, per order and per agent and day.

Guarantee: a grant that passes keeps both sums within the limit of the best of the agent's roles, whether it is given or
approved; what is refused names the limit, what was given before and what is left.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from casework.amounts import spoken, written
from casework.approval_events import (
    AgentDayStarted,
    AgentGranted,
    OrderApprovalGranted,
    OrderApprovalsStarted,
    OrderApprovalUsed,
)
from casework.errors import AboveLimit
from chassis.domain import Aggregate, Money, applies, derived_id


@dataclass(frozen=True, slots=True)
class Limit:
    """How much of one action a role may grant in one order, and in one day."""

    per_order: Money
    per_day: Money


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits by (role, action, currency). A role without an entry may grant nothing."""

    version: str
    entries: Mapping[tuple[str, str, str], Limit]

    def of(self, roles: Iterable[str], action: str, currency: str) -> Limit:
        """The widest limit among `roles`; zero where none has one."""
        found = [entry for role in roles if (entry := self.entries.get((role, action, currency))) is not None]
        zero = Money.zero(currency)
        return max(found, key=lambda limit: limit.per_order.minor, default=Limit(zero, zero))

    def check(
        self,
        roles: Iterable[str],
        action: str,
        amount: Money,
        *,
        order_so_far: Money,
        day_so_far: Money,
        beyond: str = "a second person may approve it",
    ) -> Limit:
        """Pass, or raise `AboveLimit` naming the limit, what was given so far, what is left and what is done beyond."""
        limit = self.of(roles, action, amount.currency)
        for span, allowed, given in (
            ("order", limit.per_order, order_so_far),
            ("day", limit.per_day, day_so_far),
        ):
            if given + amount > allowed:
                left = Money(max(allowed.minor - given.minor, 0), amount.currency)
                raise AboveLimit(
                    f"{action} of {spoken(amount)} is above the limit of {spoken(allowed)} per {span}: "
                    f"{spoken(given)} given so far, {spoken(left)} left; {beyond}",
                    action=action,
                    amount=written(amount),
                    limit=written(allowed),
                    per=span,
                    given=written(given),
                    left=written(left),
                    limits_version=self.version,
                )
        return limit


def limits_from(version: str, table: Mapping[str, Mapping[str, Mapping[str, Mapping[str, int]]]]) -> Limits:
    """Limits from plain data: role -> action -> currency -> {order: minor units, day: minor units}."""
    return Limits(
        version,
        {
            (role, action, currency): Limit(Money(spans["order"], currency), Money(spans["day"], currency))
            for role, actions in table.items()
            for action, currencies in actions.items()
            for currency, spans in currencies.items()
        },
    )


class AgentDay(Aggregate, topic="casework.AgentDay"):
    """What one agent granted on one day, by giving it or by approving it. Its id is computed from agent and day, so two
    racers meet in it."""

    def __init__(self) -> None:
        self.agent = ""
        self.day = ""
        self.granted: dict[str, tuple[str, Money]] = {}

    @staticmethod
    def id_of(agent: str, day: str) -> UUID:
        """Where the sums of `agent` on `day` (ISO date) are kept."""
        return derived_id("casework.agent_day", agent, day)

    @classmethod
    def begin(cls, agent: str, day: str, *, at: datetime) -> "AgentDay":
        """Nothing granted yet."""
        return cls.start(AgentDayStarted, id=cls.id_of(agent, day), at=at, agent=agent, day=day)

    def so_far(self, action: str, currency: str) -> Money:
        """What was granted of one action."""
        parts = [money.minor for name, money in self.granted.values() if (name, money.currency) == (action, currency)]
        return Money(sum(parts), currency)

    def grant(self, key: str, action: str, amount: Money, *, at: datetime) -> None:
        """Count one grant; the same key counts once."""
        if key not in self.granted:
            self.record(AgentGranted, at=at, key=key, action=action, amount=amount)

    @applies(AgentDayStarted)
    def _on_started(self, event: AgentDayStarted) -> None:
        self.agent, self.day = event.agent, event.day

    @applies(AgentGranted)
    def _on_granted(self, event: AgentGranted) -> None:
        self.granted[event.key] = (event.action, event.amount)


@dataclass(frozen=True, slots=True)
class OpenApproval:
    """What was granted and not used yet."""

    action: str
    amount: Money
    expires_at: datetime


class OrderApprovals(Aggregate, topic="casework.OrderApprovals"):
    """What was approved on one order and not used yet, in whichever of its cases. Its id is computed from the order."""

    def __init__(self) -> None:
        self.open: dict[UUID, OpenApproval] = {}

    @staticmethod
    def id_of(shop_id: str, order_id: str) -> UUID:
        """Where the open approvals of an order are kept."""
        return derived_id("casework.order_approvals", shop_id, order_id)

    @classmethod
    def begin(cls, shop_id: str, order_id: str, *, at: datetime) -> "OrderApprovals":
        """Nothing approved yet."""
        id = cls.id_of(shop_id, order_id)
        return cls.start(OrderApprovalsStarted, id=id, at=at, shop_id=shop_id, order_id=order_id)

    def waiting(self, action: str, currency: str, *, at: datetime) -> Money:
        """What may still be given of one action by what was approved."""
        found = [
            o.amount.minor
            for o in self.open.values()
            if (o.action, o.amount.currency) == (action, currency) and at < o.expires_at
        ]
        return Money(sum(found), currency)

    def grant(self, approval_id: UUID, action: str, amount: Money, expires_at: datetime, *, at: datetime) -> None:
        """Count one approval; the same id counts once."""
        if approval_id not in self.open:
            self.record(
                OrderApprovalGranted,
                at=at,
                approval_id=approval_id,
                action=action,
                amount=amount,
                expires_at=expires_at,
            )

    def use(self, approval_id: UUID, *, at: datetime) -> None:
        """What is given with it counts by itself from now on."""
        if approval_id in self.open:
            self.record(OrderApprovalUsed, at=at, approval_id=approval_id)

    @applies(OrderApprovalsStarted)
    def _on_started(self, event: OrderApprovalsStarted) -> None:
        """Nothing is open."""

    @applies(OrderApprovalGranted)
    def _on_granted(self, event: OrderApprovalGranted) -> None:
        self.open[event.approval_id] = OpenApproval(event.action, event.amount, event.expires_at)

    @applies(OrderApprovalUsed)
    def _on_used(self, event: OrderApprovalUsed) -> None:
        del self.open[event.approval_id]
