"""From a request or an inspection to what the policy is asked, and to the record of its answer. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from casework.decisions import Alternative, Clause, DecisionRecord
from chassis.domain import Invalid, Money
from chassis.work import Work
from services.returns.application.legal_days import LegalDays
from services.returns.domain.case import Authorisation, Goods, ReturnCase, SendTime, Verdict
from services.returns.domain.case.bundles import shorts
from services.returns.domain.errors import UnitNotReturnable
from services.returns.domain.identity import decision_id_of, unit_id_of
from services.returns.domain.order import Order, OrderSnapshot, SoldUnit
from services.returns.domain.order.bundles import missing_with, written_out
from services.returns.domain.order.way import dispatch_of, whole_possession
from services.returns.domain.policy import Ground, Judged, Policy, UnitFacts
from services.returns.domain.policy.customer import NOTHING_BEFORE, Before
from services.returns.domain.policy.evaluate import combined
from services.returns.domain.policy.facts import RECORDED


@dataclass(frozen=True, slots=True)
class Item:
    """Units of one line that somebody wants to return; without numbers those still free, lowest first."""

    line_id: str
    quantity: int
    reason: str
    numbers: tuple[int, ...] = ()
    stated_condition: str = ""
    proofs: tuple[str, ...] = ()
    signals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one unit; an empty word leaves what was found before. `answers` and `photos` are what the
    policy's list asks for: (question, answer) and (what it shows, where it is)."""

    unit_id: str
    condition: str = ""
    responsibility: str = ""
    disposition: str = ""
    answers: tuple[tuple[str, str], ...] = ()
    photos: tuple[tuple[str, str], ...] = ()
    serial: str = ""
    lot_id: str = ""


def send_time(policy: Policy, now: datetime) -> SendTime:
    """By when what is authorised now has to be sent."""
    send_by = now + timedelta(days=policy.terms.send_within_days)
    return SendTime(send_by, send_by + timedelta(days=policy.terms.grace_days))


def held_units(case: ReturnCase) -> tuple[str, ...]:
    """Units this return keeps from others: those that may come back, or came."""
    holding = (Authorisation.REQUESTED, Authorisation.AUTHORISED)
    return tuple(
        u
        for u, unit in case.units.items()
        if (unit.authorisation in holding and (unit.goods is not Goods.KEPT_BY_CUSTOMER or unit.offer.returnless))
        or unit.receipt_number
    )


def chosen_units(order: Order, items: Sequence[Item]) -> list[tuple[SoldUnit, Item]]:
    """The sold units that are meant: named ones, or those in no return, lowest number first."""
    chosen: dict[str, tuple[SoldUnit, Item]] = {}
    for item in items:
        free = [u for u in order.free_units_of(item.line_id) if u not in chosen]
        named = [unit_id_of(item.line_id, n) for n in item.numbers] or free[: item.quantity]
        if len(named) < item.quantity:
            raise UnitNotReturnable(
                f"{item.quantity} of line {item.line_id} were asked for, {len(named)} can be",
                line=item.line_id,
                free=len(named),
            )
        for unit_id in named:
            if unit_id in chosen:
                raise Invalid("items", f"unit {unit_id} is named twice")
            chosen[unit_id] = (order.unit(unit_id), item)
    return list(chosen.values())


@dataclass(frozen=True, slots=True)
class Asking:
    """What is known of a request beside its units. `before`: what the customer did before; `gone`: units that nobody
    expects back any more, so that nothing has to wait for them; `missing`: what of bundles is not there, where that is
    known already."""

    at: datetime
    legal_days: LegalDays
    remedy: str = "refund"
    before: Before = NOTHING_BEFORE
    handed_back_at: datetime | None = None
    received_back_at: datetime | None = None
    gone: Collection[str] = ()
    missing: Mapping[str, tuple[str, ...]] | None = None


def unit_facts(
    policy: Policy,
    order: Order,
    snapshot: OrderSnapshot,
    chosen: Sequence[tuple[SoldUnit, Item]],
    asking: Asking,
    *,
    refused: Collection[str] = (),
) -> list[UnitFacts]:
    """Everything the decisions about these units rest on. `refused`: those of them that do not come back after all."""
    total = Money(sum(unit.price.paid.minor for unit, _ in chosen), snapshot.currency)
    whole = whole_possession(order)
    missing = asking.missing
    if missing is None:
        back = [unit.unit_id for unit, _ in chosen if unit.unit_id not in refused]
        missing = written_out(missing_with(order, back, asking.gone))
    last = {unit.line.line_id: asking.legal_days.of(order, snapshot, unit.line.line_id) for unit, _ in chosen}
    return [
        UnitFacts(
            unit_id=unit.unit_id,
            sku=unit.line.sku,
            category=unit.line.category,
            tags=unit.line.tags,
            final_sale=unit.line.final_sale,
            reason=item.reason,
            ground=policy.ground_of(item.reason) if item.reason else Ground.REMORSE,
            stated_condition=item.stated_condition,
            possession_at=order.possession_of(unit.line.line_id),
            asked_at=asking.at,
            country=snapshot.country,
            time_zone=snapshot.time_zone,
            paid=unit.price.paid,
            asked_total=total,
            placed_at=snapshot.placed_at,
            dispatched_at=dispatch_of(order, unit.line.line_id),
            last_possession_at=whole,
            channel=snapshot.channel,
            tenders=tuple(sorted({tender.kind for tender in snapshot.tenders})),
            tier=snapshot.customer_tier,
            gift=unit.line.gift,
            remedy=asking.remedy,
            proofs=item.proofs,
            signals=item.signals,
            returns_before=asking.before.returns,
            not_received_before=asking.before.not_received,
            language=snapshot.language,
            handed_back_at=asking.handed_back_at,
            received_back_at=asking.received_back_at,
            withdraw_by=last[unit.line.line_id].withdraw,
            liable_by=last[unit.line.line_id].liable,
            bundle=unit.line.part_of.code if unit.line.part_of else "",
            bundle_title=unit.line.part_of.title if unit.line.part_of else "",
            bundle_missing=missing.get(unit.unit_id, ()),
        )
        for unit, item in chosen
    ]


def seen_signals(case: ReturnCase, unit_id: str) -> tuple[str, ...]:
    """What the warehouse saw that a person may want to look at; nothing is decided by it alone."""
    unit = case.unit(unit_id)
    found = set(case.signals_about(unit_id))
    stated = unit.asked.stated_condition
    if stated in KEPT and unit.condition is not None and unit.condition.value not in KEPT:
        found.add("condition_mismatch")
    if any(receipt.wrong and not receipt.voided for receipt in case.receipts.values()):
        found.add("wrong_item")  # it is booked on no unit: it concerns every one that came with it
    return tuple(sorted(found))


def back_again(case: ReturnCase, order: Order, now: datetime, legal_days: LegalDays) -> Asking:
    """What is known of a return whose goods are here: when it was asked for, sent and received."""
    ways = [s for s in order.shipments.values() if not s.outbound and s.rma_id == str(case.id)]
    sent = [at for way in ways if (at := order.handed_over.get(way.shipment_id)) is not None]
    here = [receipt.received_at for receipt in case.receipts.values() if not receipt.voided]
    return Asking(
        case.asked_at or now,
        legal_days,
        case.remedy,
        handed_back_at=max(sent, default=None),
        received_back_at=max(here, default=None),
        missing={unit_id: short.missing for short in shorts(case) for unit_id in short.alone},
    )


KEPT = ("sealed", "opened")
"""Conditions in which nothing was used: found otherwise than stated, they are worth a look."""


def verdict_of(judged: Judged) -> Verdict:
    """The judgement as an event keeps it."""
    return Verdict(
        judged.unit_id,
        judged.outcome.value,
        judged.clause,
        judged.explanation,
        judged.by_law,
        judged.customer_text,
        judged.offer,
    )


def decision_record(
    case: ReturnCase,
    question: str,
    policy: Policy,
    judged: Sequence[Judged],
    facts: Sequence[UnitFacts],
    work: Work,
    *,
    by: str,
) -> DecisionRecord:
    """The answer with its trace; where several units are decided, each line names its own."""
    number = 1 + sum(1 for known in case.decisions.values() if known.question == question)

    def about(unit_id: str, text: str) -> str:
        return f"{unit_id}: {text}" if len(judged) > 1 else text

    return DecisionRecord(
        id=decision_id_of(case.id, question, number),
        question=question,
        outcome=combined(judged),
        policy=policy.id,
        policy_version=policy.version,
        decided_at=work.now,
        decided_by=by,
        facts={f"{fact.unit_id}.{name}": value for fact in facts for name, value in fact.named().items()}
        | {"facts": RECORDED},
        clauses=tuple(
            Clause(r.id, r.verdict, about(one.unit_id, r.text), r.source) for one in judged for r in one.readings
        ),
        alternatives=tuple(
            Alternative(a.outcome, about(one.unit_id, a.why_not)) for one in judged for a in one.alternatives
        ),
    )


def known_reason(policy: Policy, case: ReturnCase, unit_id: str) -> str:
    """The reason a unit came back for; empty where it came unannounced."""
    reason = case.unit(unit_id).asked.reason
    return reason if policy.knows_reason(reason) else ""
