"""An order and its money in the contract's words."""

from collections.abc import Sequence
from datetime import datetime

from aftercare.common.v1 import case_pb2
from aftercare.returns.v1 import model_pb2 as pb

from chassis.domain import Money
from chassis.grpc.convert import money_to_proto, timestamp_to_proto
from services.returns.application.deciding import Item, unit_facts
from services.returns.application.legal_days import LegalDays
from services.returns.domain.ledger import Book, ClaimState, Ledger
from services.returns.domain.ledger.books import given_by
from services.returns.domain.ledger.entries import Entry, entries_of
from services.returns.domain.ledger.statement import book_totals, left_of, statement_of
from services.returns.domain.order import Order, OrderSnapshot, SoldUnit
from services.returns.domain.policy import Outcome, Policy, judge_promise
from services.returns.presenting.shared import bundle, unit_ref
from services.returns.presenting.together import Together
from services.returns.publisher.money import grant
from services.returns.translation import BOOK_CODES

ASKED_FOR = "changed_mind"
"""The reason an order is shown for: what could be returned without any fault."""


def view(
    order: Order,
    snapshot: OrderSnapshot,
    ledger: Ledger,
    policy: Policy,
    returns: Sequence[case_pb2.CaseSummary],
    legal_days: LegalDays,
    now: datetime,
) -> pb.OrderView:
    """What was paid, what may come back until when and why not, what may still be given."""
    books, sums = ledger.books, statement_of(ledger.books)
    refunded = {line.subject: line.refunded for line in sums.lines}
    together = Together(policy, order, snapshot, ledger, legal_days, now)
    return pb.OrderView(
        shop_id=order.shop_id,
        order_id=order.order_id,
        order_number=snapshot.order_number or order.order_id,
        customer_id=snapshot.customer_id,
        country=snapshot.country,
        placed_at=timestamp_to_proto(snapshot.placed_at),
        version=snapshot.version,
        lines=[
            pb.OrderView.Line(
                line_id=line.line_id,
                sku=line.sku,
                title=line.title,
                quantity=line.quantity,
                options=dict(line.options),
                final_sale=line.final_sale,
                bundle=bundle(line.part_of),
                units=[
                    _unit(order, snapshot, ledger, policy, unit, refunded.get(unit.unit_id, 0), together)
                    for unit in order.units()
                    if unit.line.line_id == line.line_id
                ],
            )
            for line in snapshot.lines
        ],
        components=[
            pb.OrderView.Component(
                component_id=component.component_id,
                kind=component.kind,
                paid=money_to_proto(books.entitlements[component.component_id].amount),
                refunded=money_to_proto(books.money(refunded.get(component.component_id, 0))),
                left=money_to_proto(books.left_of(component.component_id)),
            )
            for component in snapshot.components
            if component.component_id in books.entitlements
        ],
        paid=money_to_proto(books.money(sums.paid)),
        refunded=money_to_proto(books.money(sums.refunded)),
        pending=money_to_proto(books.money(sums.pending)),
        left=money_to_proto(books.money(sums.left)),
        returns=returns,
    )


def ledger_view(ledger: Ledger) -> pb.Ledger:
    """The six books with their sums, and who has what."""
    books = ledger.books
    claims = [c for c in ledger.claims.values() if c.state is not ClaimState.REFUSED]
    grants = [grant(ledger, given_by(c, books.counted(c), books.state_of(c))) for c in claims]
    grants += [grant(ledger, given) for given in books.given((), (Book.OUTSIDE,))]
    return pb.Ledger(
        order_id=ledger.order_id,
        shop_id=ledger.shop_id,
        customer_id=ledger.customer_id,
        version=ledger.version,
        captured=money_to_proto(books.tills.captured()) if ledger.currency else None,
        entitlement=money_to_proto(books.money(statement_of(books).paid)) if ledger.currency else None,
        books=[_book(ledger, book) for book in Book] if ledger.currency else [],
        grants=grants,
        frozen=ledger.frozen,
    )


def statement(ledger: Ledger, titles: dict[str, str], as_of: datetime) -> pb.Statement:
    """An order's money at one instant."""
    books, sums = ledger.books, statement_of(ledger.books)
    return pb.Statement(
        order_id=ledger.order_id,
        as_of=timestamp_to_proto(as_of),
        lines=[
            pb.Statement.Line(
                subject=line.subject,
                title=titles.get(line.line_id or line.subject, line.subject),
                paid=money_to_proto(books.money(line.paid)),
                refunded=money_to_proto(books.money(line.refunded)),
                pending=money_to_proto(books.money(line.pending)),
                kept=money_to_proto(books.money(line.kept)),
                withheld=money_to_proto(books.money(line.withheld)),
            )
            for line in sums.lines
        ],
        paid=money_to_proto(books.money(sums.paid)),
        refunded=money_to_proto(books.money(sums.refunded)),
        pending=money_to_proto(books.money(sums.pending)),
        kept=money_to_proto(books.money(sums.kept)),
        left=money_to_proto(books.money(sums.left)),
        withheld=money_to_proto(books.money(sums.withheld)),
        entries=[_entry(entry, books.currency) for entry in entries_of(books)],
        closes=sums.closes,
        credit_notes=[
            pb.Statement.Document(
                note_id=note.id,
                state=note.state.value,
                amount=money_to_proto(note.amount),
                tax=money_to_proto(note.tax),
                number=note.number,
                issued_on=note.issued_on.isoformat() if note.issued_on else "",
                case_id=note.case_id,
                cancelled_by=note.cancelled_by,
            )
            for note in ledger.notes.values()
        ],
    )


def _entry(entry: Entry, currency: str) -> pb.Statement.Entry:
    return pb.Statement.Entry(
        kind=entry.kind,
        name=entry.name,
        subject=entry.subject,
        amount=money_to_proto(Money(entry.minor, currency)),
        state=entry.state,
        at=timestamp_to_proto(entry.at) if entry.at else None,
        by=entry.by,
        case_id=entry.case_id,
    )


def _book(ledger: Ledger, book: Book) -> pb.BookTotal:
    books = ledger.books
    settled, pending = book_totals(books, book)
    paid = statement_of(books).paid
    recovered = sum(amount.minor for amount in ledger.recoveries.values())
    proven = sum(amount.minor for amount in ledger.costs.values())
    budget = books.gesture_budget.minor if books.gesture_budget else 0
    bound, left = {
        Book.RESTITUTION: (paid, left_of(books)),
        Book.IN_KIND: (paid, left_of(books)),
        Book.COSTS: (proven, proven - settled - pending),
        Book.GESTURES: (budget, budget - settled - pending),
        Book.RECOVERIES: (recovered, 0),
        Book.OUTSIDE: (0, 0),
    }[book]
    return pb.BookTotal(
        book=BOOK_CODES[book],
        bound=money_to_proto(books.money(bound)),
        settled=money_to_proto(books.money(recovered if book is Book.RECOVERIES else settled)),
        open=money_to_proto(books.money(pending)),
        left=money_to_proto(books.money(left)),
    )


def _unit(
    order: Order,
    snapshot: OrderSnapshot,
    ledger: Ledger,
    policy: Policy,
    unit: SoldUnit,
    refunded: int,
    together: Together,
) -> pb.OrderView.Unit:
    possession = order.possession_of(unit.line.line_id)
    holder = order.units_in_returns.get(unit.unit_id)
    item = Item(unit.line.line_id, 1, ASKED_FOR if policy.knows_reason(ASKED_FOR) else policy.reasons[0].code)
    (facts,) = unit_facts(policy, order, snapshot, [(unit, item)], together.asking(unit))
    judged = judge_promise(policy, facts)
    rest = together.rest(facts, unit, item)
    return pb.OrderView.Unit(
        unit=unit.number,
        paid=money_to_proto(unit.price.paid),
        refunded=money_to_proto(ledger.books.money(refunded)),
        left=money_to_proto(ledger.books.left_of(unit.unit_id)),
        delivered_at=timestamp_to_proto(possession),
        returnable=holder is None
        and unit.unit_id not in order.units_in_changes
        and (judged.outcome is not Outcome.DECLINE or bool(rest)),
        returnable_until=timestamp_to_proto(judged.until),
        explanation=_held(order, unit.unit_id) or judged.explanation,
        returned_with=[unit_ref(one.unit_id) for one in rest],
    )


def _held(order: Order, unit_id: str) -> str:
    if withdrawal := order.withdrawn.get(unit_id):
        return f"Withdrawn from, in withdrawal {withdrawal}."
    if change := order.units_in_changes.get(unit_id):
        return f"In change {change}."
    holder = order.units_in_returns.get(unit_id)
    return f"In return {holder}." if holder else ""
