"""The notice of a withdrawal: what of it the law gives, what becomes of the rest, and which units it takes.

Guarantee: a notice is never refused for what the shop wants. What the law does not give becomes a request of the shop's
goodwill in the same unit, with the rule and its source. A unit is withdrawn from once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.domain import Invalid
from chassis.work import Work
from services.returns.application.deciding import Asking, Item, unit_facts
from services.returns.application.following import Following
from services.returns.application.repaying import Repaying, is_whole
from services.returns.application.ruling import excepted_goods, where_is
from services.returns.application.stopping import Stopping
from services.returns.application.withdrawn_places import left_of
from services.returns.domain.case import Authorisation, Goods, ReturnCase
from services.returns.domain.conformity import Conformity
from services.returns.domain.errors import AlreadyWithdrawn
from services.returns.domain.identity import unit_id_of
from services.returns.domain.law import Deadline, Ruling
from services.returns.domain.order import Order, OrderSnapshot, SoldUnit
from services.returns.domain.order.way import whole_possession
from services.returns.domain.policy import Ground, Policy
from services.returns.domain.withdrawal import Dates, RuledUnit, Withdrawal, WithdrawnUnit
from services.returns.domain.withdrawal.law import EFFECTIVE, NOTHING_OWED


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """Units of one line that somebody withdraws from; without numbers the lowest that nobody withdrew from."""

    line_id: str
    quantity: int
    numbers: tuple[int, ...] = ()
    stated_condition: str = ""


class Noticing(Stopping, Following, Repaying):
    """Base of the use cases of the withdrawal."""

    async def order_withdrawn(self, work: Work, known: Withdrawal) -> tuple[Order, OrderSnapshot]:
        """The order of a withdrawal."""
        return await self.order_named(work, known.shop_id, known.order_id)

    async def declared(
        self, work: Work, shop_id: str, order_id: str, items: Sequence[Withdrawn], statement: str, channel: str
    ) -> Withdrawal:
        """What somebody wants to withdraw from, written down; nothing is effective yet."""
        order, snapshot = await self.order_named(work, shop_id, order_id)
        return work.add(
            Withdrawal.declare(
                work.new_id(),
                shop_id=shop_id,
                order_id=order_id,
                customer_id=snapshot.customer_id,
                units=tuple(_withdrawn(unit, condition) for unit, condition in _chosen(order, items)),
                statement=statement,
                channel=channel,
                by=work.actor.id,
                at=work.now,
            )
        )

    async def notice(self, work: Work, known: Withdrawal, noticed_at: datetime) -> None:
        """The notice, in one decision with the ruling on each unit and what follows for the order."""
        if known.noticed_at is not None:
            return
        order, snapshot = await self.order_withdrawn(work, known)
        if noticed_at < snapshot.placed_at:
            raise Invalid("noticed_at", f"{noticed_at.isoformat()} is before the order")
        policy = await self.policy_of(work, known.shop_id, snapshot)
        ruled = await self._ruled(work, known, order, snapshot, policy, noticed_at)
        effective = tuple(one.unit_id for one in ruled if one.ruling.rule == EFFECTIVE)
        await self._give_way(work, order, effective)
        await self.changes_give_way(work, order, effective, str(known.id))
        order.withdraw_units(str(known.id), effective, at=work.now)
        free = tuple(unit_id for unit_id in effective if unit_id not in order.units_in_returns)
        order.take_units(str(known.id), free, at=work.now)
        known.give_notice(
            ruled,
            self._dates(order, snapshot, noticed_at),
            self.law,
            whole=is_whole(order),
            noticed_at=noticed_at,
            by=work.actor.id,
            at=work.now,
        )
        rest = [one.unit_id for one in ruled if one.ruling.rule not in (EFFECTIVE, NOTHING_OWED)]
        if asked := [unit_id for unit_id in rest if unit_id not in order.units_in_returns]:
            receipt, _ = await self.request(
                work,
                known.shop_id,
                known.order_id,
                _items(order, known, asked, policy),
                channel=known.channel,
                asked_at=noticed_at,
            )
            known.goodwill_opened(receipt.id, asked, at=work.now)
        await self.repay_by_itself(work, known)
        await self.stop_goods(work, order)

    async def _ruled(
        self,
        work: Work,
        known: Withdrawal,
        order: Order,
        snapshot: OrderSnapshot,
        policy: Policy,
        noticed_at: datetime,
    ) -> tuple[RuledUnit, ...]:
        places = await self.places_of(work, known, order)
        ledger = places[0].ledger
        sold = {unit.unit_id: unit for unit in order.units()}
        possession = whole_possession(order)
        place = self.place_of(snapshot.country, snapshot.time_zone, noticed_at)
        found = []
        for unit_id, unit in known.units.items():
            condition = unit.asked.stated_condition
            holder = order.units_in_returns.get(unit_id)
            case = await self.goods_case(work, UUID(holder)) if holder and unit_id not in order.withdrawn else None
            if unit_id not in sold or unit_id in order.withdrawn:
                why = "withdrawn from before" if unit_id in order.withdrawn else "not sold any more"
                ruling = Ruling(NOTHING_OWED, f"It was {why}.", self.law.sources["notice"])
            elif unit.asked.paid.minor and ledger.knows_order and not left_of(places, unit_id):
                ruling = Ruling(NOTHING_OWED, "All that was paid for it was given back.", self.law.sources["repay"])
            else:
                item = Item(unit.asked.line_id, 1, "", stated_condition=condition)
                (facts,) = unit_facts(
                    policy, order, snapshot, [(sold[unit_id], item)], Asking(noticed_at, self.legal_days)
                )
                excepted = excepted_goods(self.law, policy, facts)
                ruling = self.law.rule(noticed_at, possession, place, excepted)
            found.append(RuledUnit(unit_id, ruling, where_is(order, unit.asked.line_id, unit_id, case)))
        return tuple(found)

    def _dates(self, order: Order, snapshot: OrderSnapshot, noticed_at: datetime) -> Dates:
        place = self.place_of(snapshot.country, snapshot.time_zone, noticed_at)
        possession = whole_possession(order)
        period: Deadline | None = self.law.period(possession, place) if possession else None
        return Dates(period, self.law.send_back_by(noticed_at, place), self.law.repay_by(noticed_at, place))

    async def _give_way(self, work: Work, order: Order, units: Sequence[str]) -> None:
        """A return in which nothing has moved lets go of the units; one whose goods are on their way keeps them."""
        for unit_id in units:
            holder = order.units_in_returns.get(unit_id)
            case = await self.goods_case(work, UUID(holder)) if holder else None
            if isinstance(case, Conformity) and case.gives_way:
                case.drop("withdrawn", by=work.actor.id, at=work.now)  # the contract ends: nobody puts right
                order.free_units(str(case.id), (unit_id,), at=work.now)
                await self.void_useless(work, case, "withdrawn")
            if not isinstance(case, ReturnCase) or not case.is_open:
                continue
            unit = case.unit(unit_id)
            waits = unit.authorisation in (Authorisation.REQUESTED, Authorisation.AUTHORISED)
            if waits and unit.goods is Goods.WITH_CUSTOMER and not case.money_of(unit_id):
                case.cancel((unit_id,), "withdrawn", by=work.actor.id, at=work.now)
                order.free_units(str(case.id), (unit_id,), at=work.now)
                await self.void_useless(work, case, "withdrawn")


def _chosen(order: Order, items: Sequence[Withdrawn]) -> list[tuple[SoldUnit, str]]:
    chosen: dict[str, tuple[SoldUnit, str]] = {}
    if not items:
        chosen = {unit.unit_id: (unit, "") for unit in order.units() if unit.unit_id not in order.withdrawn}
    for item in items:
        of_line = [unit.unit_id for unit in order.units() if unit.line.line_id == item.line_id]
        left = [u for u in of_line if u not in order.withdrawn and u not in chosen]
        left.sort(key=lambda u: u in order.units_in_returns)  # what is in no return first, else lowest number first
        named = [unit_id_of(item.line_id, n) for n in item.numbers] or left[: item.quantity]
        if len(named) < item.quantity <= len(of_line):
            raise AlreadyWithdrawn(
                f"{item.quantity} of line {item.line_id} were named; {len(left)} were not withdrawn from before",
                line=item.line_id,
                left=len(left),
            )
        if len(named) < item.quantity:
            raise Invalid("items.quantity", f"{len(of_line)} of line {item.line_id} were sold, not {item.quantity}")
        for unit_id in named:
            chosen[unit_id] = order.unit(unit_id), item.stated_condition
    if not chosen:
        raise AlreadyWithdrawn(f"the contract about order {order.order_id} was withdrawn from before")
    return list(chosen.values())


def _withdrawn(unit: SoldUnit, condition: str) -> WithdrawnUnit:
    line = unit.line
    return WithdrawnUnit(
        unit.unit_id, line.line_id, unit.number, line.sku, line.title, unit.price.paid, stated_condition=condition
    )


def _items(order: Order, known: Withdrawal, units: Sequence[str], policy: Policy) -> list[Item]:
    reason = next(r.code for r in policy.reasons if r.ground is Ground.REMORSE)
    asked = [known.units[unit_id].asked for unit_id in units]
    return [Item(a.line_id, 1, reason, (a.number,), a.stated_condition) for a in asked]
