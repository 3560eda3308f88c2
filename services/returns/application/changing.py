"""Changes of an order before its parcel leaves: asked, answered, paid, closed.

Guarantee: what policy and the facts do not allow writes nothing; what is asked of the shop has an answer-by time, and
silence is a person's task. A unit is in one change, return or withdrawal at a time, whoever asks at once.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from casework.amounts import written
from chassis.domain import Invalid, Money, NotFound
from chassis.service import EffectChanged, Failed, FiredTimer, Receipt, Succeeded
from chassis.work import Work
from services.returns.application.answered import CHANGE_EFFECTS
from services.returns.application.changeable import (
    Asker,
    Wanted,
    changed_units,
    chosen,
    components_of,
    price_beyond,
    require_tender,
    rule_for,
)
from services.returns.application.following import Following, keep_owed
from services.returns.domain.change import AskedUnder, ChangeKind, OrderChange, Wish
from services.returns.domain.errors import NotChangeable
from services.returns.domain.ledger import Ledger, Way
from services.returns.domain.order import Order, OrderSnapshot, SoldUnit
from services.returns.domain.policy.changing import ChangeRule


class Changing(Following):
    """The use cases of changes before dispatch."""

    async def request_change(
        self, work: Work, shop_id: str, order_id: str, wanted: Wanted, *, channel: str = ""
    ) -> Receipt:
        """Ask the shop for it, where policy and facts let it be asked."""
        order, snapshot = await self.order_named(work, shop_id, order_id)
        ledger = await self.ledger_of(work, shop_id, order_id)
        policy = await self.policy_of(work, shop_id, snapshot)
        units = chosen(order, wanted)
        if wanted.kind is ChangeKind.TENDER:
            require_tender(ledger, wanted.tender_id)
            _require_alone(order)
        asker = Asker(work.actor.customer_id is not None, self.legal_days, work.now)
        rule = rule_for(policy, order, snapshot, units, wanted, asker)
        wish = _wish(order, snapshot, ledger, units, wanted, rule)
        under = AskedUnder(
            policy.id,
            policy.version,
            rule.clause,
            rule.overtaken,
            rule.answer_hours,
            work.now + timedelta(hours=rule.answer_hours),
        )
        change = OrderChange.request(
            work.new_id(),
            shop_id=shop_id,
            order_id=order_id,
            customer_id=snapshot.customer_id,
            wish=wish,
            under=under,
            channel=channel,
            by=work.actor.id,
            at=work.now,
        )
        work.add(change)
        named = tuple(unit.unit_id for unit in units)
        order.ask_change(str(change.id), wanted.kind.value, named, at=work.now)
        if wanted.kind is ChangeKind.CANCEL:
            keep_owed(ledger, change, work)
        await work.plan_effect(CHANGE_EFFECTS[wanted.kind], str(change.id), subject=change.id, body=_body(change))
        return _receipt(change, **_quoted(snapshot, ledger, change, units, wanted))

    async def change_answered(self, work: Work, told: EffectChanged) -> None:
        """The shop's own answer. Its silence is asked by the change's timer, whatever became of the request."""
        change = await work.get(OrderChange, told.subject)
        if told.state == "succeeded":
            difference = _money(told.facts["difference"]) if "difference" in told.facts else None
            await self.shop_confirmed(work, change, told.reference, difference, by="shop")
        elif told.state == "failed":
            await self.shop_refused(work, change, told.reason, by="shop")

    async def answer_change(
        self, work: Work, change_id: UUID, reason: str, *, done: bool, difference: Money | None = None
    ) -> Receipt:
        """The shop said it to a person. Should its own answer come after that, it changes nothing, or is the truth."""
        change = await self.change_of(work, change_id)
        _, snapshot = await self.order_named(work, change.shop_id, change.order_id)
        self.require_currency(snapshot, difference)
        change.require_unanswered()
        proof = Succeeded(reason) if done else Failed(reason)
        if done:
            await self.shop_confirmed(work, change, reason, difference, by=work.actor.id)
        else:
            await self.shop_refused(work, change, reason, by=work.actor.id)
        await work.effect_fact(CHANGE_EFFECTS[change.kind], str(change.id), proof)
        return _receipt(change)

    async def repay_change(self, work: Work, change_id: UUID, tender_id: str = "") -> Receipt:
        """Send again what did not arrive, or could not be given before."""
        change = await self.change_of(work, change_id)
        order, _ = await self.order_named(work, change.shop_id, change.order_id)
        ledger = await self.ledger_of(work, change.shop_id, change.order_id)
        change.require_payable()
        await self.pay_change(work, order, ledger, change, tender_id=tender_id, by_person=True)
        return _receipt(change, held_back=change.held_back)

    async def close_change(self, work: Work, change_id: UUID, reason: str) -> Receipt:
        """A person has looked, and nothing more is to be done."""
        change = await self.change_of(work, change_id)
        change.settle_by_person(reason, by=work.actor.id, at=work.now)
        return _receipt(change)

    async def change_due(self, work: Work, fired: FiredTimer) -> None:
        """An answer is due: what was not heard is a person's task; a parcel nobody brings back becomes a return."""
        change = await work.get(OrderChange, fired.subject)
        if change.miss_answer(at=work.now) == "interception":
            for open_one in [i for i in change.interceptions.values() if i.state == "asked"]:
                change.interception_ended(open_one.interception_id, "unanswered", done=False, at=work.now)
                await self.parcel_decided(work, change, change.interceptions[open_one.interception_id])

    async def interception_answered(self, work: Work, told: EffectChanged) -> None:
        """Whether the carrier brings the parcel back."""
        change = await work.get(OrderChange, told.subject)
        if told.state in ("succeeded", "failed") and change.interception_ended(
            told.key, told.reason, done=told.state == "succeeded", at=work.now
        ):
            await self.parcel_decided(work, change, change.interceptions[told.key])
            change.go_on(by="system", at=work.now)

    async def tender_released(self, work: Work, told: EffectChanged) -> None:
        """What became of the release of the tender that is not charged."""
        change = await work.get(OrderChange, told.subject)
        if told.state in ("succeeded", "failed", "held"):
            change.tender_moved(told.state, told.reason, at=work.now)

    async def change_of(self, work: Work, change_id: UUID) -> OrderChange:
        """A change the caller may see."""
        found = await self.money_case(work, change_id)
        if not isinstance(found, OrderChange) or not work.actor.may_see(
            shop_id=found.shop_id, customer_id=found.customer_id
        ):
            raise NotFound("change", change_id)
        return found


def _require_alone(order: Order) -> None:
    if any(kind == ChangeKind.TENDER.value for kind in order.changes.values()):
        known = next(id for id, kind in order.changes.items() if kind == ChangeKind.TENDER.value)
        raise NotChangeable(f"order {order.order_id} is paid otherwise already, in change {known}", change_id=known)


def _wish(
    order: Order,
    snapshot: OrderSnapshot,
    ledger: Ledger,
    units: tuple[SoldUnit, ...],
    wanted: Wanted,
    rule: ChangeRule,
) -> Wish:
    most: Money | None = None
    if wanted.kind is ChangeKind.SWAP:
        assert wanted.shown_price is not None
        if any(unit.line.sku == wanted.sku for unit in units):
            raise Invalid("sku", f"{wanted.sku} is what was bought")
        beyond = price_beyond(snapshot, units, wanted.shown_price)
        most = Money(max(beyond.minor, 0), beyond.currency)
    cancels = wanted.kind is ChangeKind.CANCEL
    return Wish(
        wanted.kind,
        wanted.reason,
        changed_units(ledger, units),
        components_of(order, snapshot, ledger, units, rule) if cancels else (),
        wanted.sku,
        wanted.variant_id,
        most,
        wanted.tender_id,
        wanted.to_kind,
        wanted.to_reference,
    )


def _body(change: OrderChange) -> Mapping[str, Any]:
    quantities: dict[tuple[str, str], int] = {}
    for unit in change.wish.units:
        key = unit.line_id, unit.sku
        quantities[key] = quantities.get(key, 0) + 1
    body: dict[str, Any] = {
        "shop_id": change.shop_id,
        "order_id": change.order_id,
        "case_id": str(change.id),
        "answer_hours": change.under.answer_hours,
        "units": [[line_id, sku, n] for (line_id, sku), n in quantities.items()],
    }
    wish = change.wish
    if wish.most_on_top is not None:
        most = {"minor": wish.most_on_top.minor, "currency": wish.most_on_top.currency}
        body |= {"sku": wish.sku, "variant_id": wish.variant_id, **most}
    if wish.tender_id:
        body |= {"tender_id": wish.tender_id, "to_kind": wish.to_kind, "to_reference": wish.to_reference}
    return body


def _quoted(
    snapshot: OrderSnapshot, ledger: Ledger, change: OrderChange, units: tuple[SoldUnit, ...], wanted: Wanted
) -> dict[str, str]:
    """What goes back once the shop has confirmed it, and by which way as the money stands now."""
    match change.kind:
        case ChangeKind.TENDER:
            left = ledger.books.tills.untaken(wanted.tender_id)
            return {"release": written(left)}
        case ChangeKind.SWAP:
            assert wanted.shown_price is not None
            beyond = price_beyond(snapshot, units, wanted.shown_price)
            zero = Money.zero(beyond.currency)
            return {"on_top": written(max(beyond, zero, key=_minor)), "back": written(max(-beyond, zero, key=_minor))}
        case ChangeKind.CANCEL:
            owed = sum(unit.paid.minor for unit in change.wish.units) + sum(a.minor for _, a in change.wish.components)
            back = min(owed, ledger.taken_for(str(change.id)).minor, ledger.books.tills.available().minor)
            routes = ledger.books.tills.routes(ledger.books.money(back), unsent=True)
            ways = {way: sum(r.amount.minor for r in routes if r.way is way) for way in Way}
            shown = {"back": back, "refund": ways[Way.REFUND], "release": ways[Way.RELEASE]}
            return {name: written(Money(minor, snapshot.currency)) for name, minor in shown.items()}


def _money(text: str) -> Money:
    minor, _, currency = text.partition(" ")
    return Money(int(minor), currency)


def _minor(money: Money) -> int:
    return money.minor


def _receipt(change: OrderChange, **facts: str) -> Receipt:
    shown = {"state": change.state, "kind": change.kind.value, "answer_by": change.under.answer_by.isoformat()}
    if change.return_id:
        shown["return_id"] = change.return_id
    return Receipt(str(change.id), change.version, shown | facts)
