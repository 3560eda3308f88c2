"""Credit notes: asked for once when money settled, with the shop's own taxes; kept, called off, or a person's task."""
# long: one document, in the order of its life

import random
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.domain import Invalid, NotFound
from chassis.service import Failed, Succeeded, Unknown
from chassis.work import Actor
from services.returns.application.common import CREDIT_EFFECT
from services.returns.application.noting import CANCEL_EFFECT, NOTE_EFFECT
from services.returns.domain.errors import CreditNoteSettled
from services.returns.domain.ledger import CreditNote, Fee, Ledger, NoteState, NoteTax, Taxed, Transfer
from services.returns.domain.ledger.journal import journal
from services.returns.domain.order import Order, TaxLine
from services.returns.domain.order.pricing import Price
from services.returns.domain.order.taxes import taxes_of
from tests.unit.returns.build import DAY, HOLD, T0, ask, eur, ledger, line, shipping, snapshot, tax
from tests.unit.returns.drawing import order_of
from tests.unit.returns.exchanging import Shop, refund, shop
from tests.unit.returns.test_closing import comes_back, paid_for
from tests.unit.returns.world import World

FAY = Actor("fay", frozenset({"finance"}))


def asking() -> World:
    """A world whose shop is asked for credit notes."""
    world = World()
    world.app.money_terms = replace(world.terms, credit_notes=frozenset({"s1"}))
    return world


async def refunded(world: World, **values: Any) -> tuple[Transfer, CreditNote]:
    """10.00 with 1.60 of tax went back for one unit of three, and its note is asked for."""
    await world.order_told(line("l1", 3, taxes=(tax(480),)))
    await world.delivered()
    case = await world.asked()
    await world.received(case)
    await world.inspected(case)
    await world.refunded(world.case(case.id), **values)
    (transfer,) = world.ledger().transfers.values()
    assert world.effects(NOTE_EFFECT) == []
    await world.paid(transfer.key, transfer.amount)
    return world.ledger().transfers[transfer.key], only_note(world)


def only_note(world: World) -> CreditNote:
    (note,) = world.ledger().notes.values()
    return note


async def answered(world: World, key: str, answer: Succeeded | Failed | Unknown, kind: str = NOTE_EFFECT) -> None:
    await world.run(lambda work: work.effect_fact(kind, key, answer))


def issued(number: str = "CN-1") -> Succeeded:
    return Succeeded(number, {"number": number, "issued_on": "2026-03-06"})


async def test_a_refund_that_settled_asks_for_its_note_once_and_its_number_is_kept() -> None:
    """In the unit that heard of it; the provider's fact twice, and the shop's answer twice, change nothing more."""
    world = asking()
    transfer, note = await refunded(world)
    (effect,) = world.effects(NOTE_EFFECT)
    assert effect.key == note.id == f"{transfer.key}.n1"
    assert (note.state, note.amount, note.tax) == (NoteState.ASKED, eur(1000), eur(160))
    assert effect.body["lines"] == [
        {
            "line_id": "l1",
            "unit": 1,
            "component_id": "",
            "minor": 1000,
            "taxes": [{"name": "VAT", "rate": "0.19", "jurisdiction": "DE", "minor": 160}],
        }
    ]
    await world.paid(transfer.key, transfer.amount, reference="re-again")
    await answered(world, note.id, issued())
    before = len(world.events)
    await answered(world, note.id, issued("CN-2"))
    assert len(world.events) == before
    kept = only_note(world)
    assert (kept.state, kept.number, kept.issued_on) == (NoteState.ISSUED, "CN-1", date(2026, 3, 6))


async def test_a_shop_that_is_not_named_is_not_asked() -> None:
    """The money goes back all the same."""
    world = World()
    case = await world.ready_to_refund()
    await world.refunded(case)
    (transfer,) = world.ledger().transfers.values()
    await world.paid(transfer.key, transfer.amount)
    assert (world.effects(NOTE_EFFECT), world.ledger().notes) == ([], {})


async def test_credit_instead_of_money_has_a_note_too_and_a_gesture_has_none() -> None:
    """What was paid for goods went back in either way; a gesture is no correction of the invoice."""
    known = Shop(asking())
    await known.sold(1000)
    case = await known.returned(remedy="refund")
    await known.came_back(case)
    await refund(known.world, case, store_credit=True)
    (effect,) = known.world.effects(CREDIT_EFFECT)
    await answered(known.world, effect.key, Succeeded("wal-1"), CREDIT_EFFECT)
    assert only_note(known.world).amount == eur(1000)
    other = asking()
    back = await other.ready_to_refund()
    await other.run(lambda work: other.app.goodwill(work, back.id, eur(100), "sorry"), FAY_AS_SUPERVISOR)
    (given_back,) = other.ledger().transfers.values()
    await other.paid(given_back.key, given_back.amount)
    assert other.ledger().notes == {}


FAY_AS_SUPERVISOR = Actor("fay", frozenset({"supervisor"}))


async def test_silence_is_a_persons_task_and_a_late_answer_counts() -> None:
    """Unknown at the answer-by time: finance sees it waiting; the number comes later and ends it."""
    world = asking()
    _, note = await refunded(world)
    await world.effect_moved(world.effect(note.id, NOTE_EFFECT), "unknown", "NO_ANSWER")
    assert (only_note(world).state, only_note(world).waits_for_person) == (NoteState.UNANSWERED, True)
    await answered(world, note.id, issued())
    assert (only_note(world).number, only_note(world).waits_for_person) == ("CN-1", False)


async def test_a_refusal_waits_for_finance_who_names_the_number_or_asks_again() -> None:
    """Asked again under another id, because the first is answered; the first one issued after all is one too many, and
    is called off."""
    world = asking()
    transfer, note = await refunded(world)
    await answered(world, note.id, Failed("books_closed"))
    assert (only_note(world).state, only_note(world).reason) == (NoteState.REFUSED, "books_closed")

    async def settle(outcome: str, number: str = "", note_id: str = note.id) -> None:
        await world.run(
            lambda work: world.app.settle_credit_note(work, "s1", "o1", note_id, outcome, number, None), FAY
        )

    with pytest.raises(Invalid):
        await settle("issued")
    with pytest.raises(CreditNoteSettled):
        await settle("cancelled", "CC-1")
    assert only_note(world).state is NoteState.REFUSED
    await settle("again")
    second = f"{transfer.key}.n2"
    assert [e.key for e in world.effects(NOTE_EFFECT)] == [note.id, second]
    with pytest.raises(CreditNoteSettled):
        await settle("again")
    await answered(world, second, issued("CN-2"))
    await answered(world, note.id, issued("CN-1"))
    assert [(n.state, n.number) for n in world.ledger().notes.values()] == [
        (NoteState.CANCELLING, "CN-1"),
        (NoteState.ISSUED, "CN-2"),
    ]
    (effect,) = world.effects(CANCEL_EFFECT)
    assert (effect.key, effect.body["number"]) == (f"{note.id}.k", "CN-1")


async def test_finance_names_the_number_of_a_note_made_by_hand() -> None:
    """It is on record who said so; the shop's own late answer changes nothing."""
    world = asking()
    _, note = await refunded(world)
    await answered(world, note.id, Failed("books_closed"))
    await world.run(
        lambda work: world.app.settle_credit_note(work, "s1", "o1", note.id, "issued", "H-7", date(2026, 3, 9)), FAY
    )
    await answered(world, note.id, issued("CN-9"))
    kept = only_note(world)
    assert (kept.number, kept.issued_on, kept.by, kept.state) == ("H-7", date(2026, 3, 9), "fay", NoteState.ISSUED)
    elsewhere = Actor("eve", frozenset({"finance"}), shops=frozenset({"s2"}))
    with pytest.raises(NotFound):
        await world.run(
            lambda work: world.app.settle_credit_note(work, "s1", "o1", note.id, "issued", "X", None), elsewhere
        )


@pytest.mark.parametrize("answer_first", [True, False])
async def test_a_refund_that_fails_after_its_note_has_it_cancelled_once(answer_first: bool) -> None:
    """Whether the number came before or after; the number stays on record, and the shop's word ends it."""
    world = asking()
    transfer, note = await refunded(world)
    if answer_first:
        await answered(world, note.id, issued())
    await world.bounced(transfer.key, transfer.amount)
    if not answer_first:
        await answered(world, note.id, issued())
    (effect,) = world.effects(CANCEL_EFFECT)
    assert effect.body["note_request_id"] == note.id
    assert (only_note(world).state, only_note(world).number) == (NoteState.CANCELLING, "CN-1")
    await answered(world, effect.key, Succeeded("CC-1"), CANCEL_EFFECT)
    assert (only_note(world).state, only_note(world).cancelled_by) == (NoteState.CANCELLED, "CC-1")


@pytest.mark.parametrize("answer", [Failed("period_closed"), Unknown("x")])
async def test_a_note_that_is_not_cancelled_is_a_persons_task(answer: Failed | Unknown) -> None:
    """Refused or not answered: it stands, and finance says when it does not any more."""
    world = asking()
    transfer, note = await refunded(world)
    await answered(world, note.id, issued())
    await world.bounced(transfer.key, transfer.amount)
    (effect,) = world.effects(CANCEL_EFFECT)
    state = "failed" if isinstance(answer, Failed) else "unknown"
    await world.effect_moved(effect, state, answer.reason)
    assert (only_note(world).state, only_note(world).waits_for_person) == (NoteState.STANDS, True)
    await world.run(
        lambda work: world.app.settle_credit_note(work, "s1", "o1", note.id, "cancelled", "CC-9", None), FAY
    )
    assert (only_note(world).state, only_note(world).cancelled_by) == (NoteState.CANCELLED, "CC-9")


async def test_another_amount_than_was_asked_for_has_another_note() -> None:
    """The provider corrects itself to 9.00: the note over 10.00 is called off, one over 9.00 is asked for, once."""
    world = asking()
    transfer, note = await refunded(world)
    for _ in range(2):
        await world.paid(transfer.key, eur(900), reference="re-1b")
    notes = list(world.ledger().notes.values())
    assert [(n.id, n.state, n.amount.minor) for n in notes] == [
        (note.id, NoteState.CANCELLING, 1000),
        (f"{transfer.key}.n2", NoteState.ASKED, 900),
    ]
    assert len(world.effects(NOTE_EFFECT)) == 2 and len(world.effects(CANCEL_EFFECT)) == 1


async def test_a_note_of_a_lost_time_waits_for_a_person_until_its_money_is_told() -> None:
    """Then it is asked for under the same id, which the shop answers as before."""
    world = asking()
    case = await world.ready_to_refund()
    await world.refunded(case)
    (transfer,) = world.ledger().transfers.values()
    lost = CreditNote(f"{transfer.key}.n1", transfer.key, str(case.id), eur(1000), (), (), T0)
    for _ in range(2):
        await world.run(lambda work: world.app.note_lost(work, "s1", "o1", lost))
    assert (only_note(world).state, only_note(world).waits_for_person) == (NoteState.LOST, True)
    await world.paid(transfer.key, transfer.amount)
    assert [e.key for e in world.effects(NOTE_EFFECT)] == [lost.id]
    await answered(world, lost.id, issued())
    assert (only_note(world).state, only_note(world).number) == (NoteState.ISSUED, "CN-1")


def test_the_journal_says_of_tax_what_the_note_says_and_names_it() -> None:
    """The entry balances; its document is the note's number."""
    known = ledger({"l1#1": 1000})
    taxed = {"l1#1": Taxed(1000, (NoteTax("VAT", "0.19", "DE", eur(160)),))}
    settle(known, "a", 333)
    note = known.ask_note(next(iter(known.transfers)), taxed, at=T0)
    assert note is not None
    known.note_issued(note.id, "CN-7", date(2026, 3, 6), at=T0)
    lines = list(journal(known, {"l1#1": (170, 1000)}, {}, since=T0, until=T0 + DAY))
    assert sum(one.debit - one.credit for one in lines) == 0
    assert [one.debit for one in lines if one.account == "tax"] == [note.tax.minor] == [53]
    assert {one.document for one in lines} == {"CN-7"}


def test_whoever_tells_of_a_movement_next_asks_for_no_second_note() -> None:
    """The provider, the payment system and a report of finance all say that the same money moved."""
    known = ledger({"l1#1": 1000})
    transfer = settle(known, "a", 333)
    first = known.ask_note(transfer.key, {}, at=T0)
    assert first is not None
    before = known.version
    assert known.ask_note(transfer.key, {}, at=T0) is None
    known.note_issued(first.id, "CN-7", date(2026, 3, 6), at=T0)
    assert known.ask_note(transfer.key, {}, at=T0) is None
    assert (list(known.notes), known.version) == ([first.id], before + 1)


def settle(known: Ledger, key: str, minor: int, subject: str = "l1#1") -> Transfer:
    wanted = ask(key, requester="returns", subjects=(subject,), amount=known.books.money(minor))
    claim = known.reserve(wanted, hold=HOLD, at=T0)
    (transfer,) = known.books.transfers_of(claim.id)
    known.transfer_settled(transfer.key, transfer.amount, f"re-{key}", at=T0)
    return transfer


@given(st.lists(st.integers(1, 400), min_size=1, max_size=6), st.integers(0, 300), st.integers(0, 300))
def test_over_all_notes_of_a_unit_each_rate_is_what_was_paid_by_it(parts: list[int], vat: int, city: int) -> None:
    """Given back in any parts to the last cent: the taxes of each rate add up to the shop's own, never more on the way;
    no note has more tax than money."""
    whole = sum(parts)
    taxes = (
        NoteTax("VAT", "0.19", "DE", eur(min(vat, whole // 2))),
        NoteTax("City", "0.02", "K", eur(min(city, whole // 3))),
    )
    known, taxed = ledger({"l1#1": whole}), {"l1#1": Taxed(whole, taxes)}
    booked = dict.fromkeys(("VAT", "City"), 0)
    for number, minor in enumerate(parts):
        note = known.ask_note(settle(known, f"k{number}", minor).key, taxed, at=T0)
        assert note is not None and note.amount.minor == sum(one.amount.minor for one in note.lines) == minor
        assert 0 <= note.tax.minor <= minor
        for one in note.lines[0].taxes:
            booked[one.name] += one.amount.minor
        assert all(booked[one.name] <= one.amount.minor for one in taxes)
    assert booked == {one.name: one.amount.minor for one in taxes}


def test_what_is_kept_by_name_leaves_its_tax_with_the_shop() -> None:
    """10.00 with 1.60 of tax, 0.33 kept with 0.05 of it: the note over 9.67 has the other 1.55, and names the fee."""
    known = ledger({"l1#1": 1000})
    fee = Fee("f1", "restocking", "", "l1#1", eur(33), eur(5), "policy", "case-a", "ann")
    known.withhold(fee, at=T0)
    note = known.ask_note(
        settle(known, "a", 967).key, {"l1#1": Taxed(1000, (NoteTax("VAT", "0.19", "DE", eur(160)),))}, at=T0
    )
    assert note is not None
    assert (note.tax.minor, [(one.kind, one.amount.minor, one.tax.minor) for one in note.kept]) == (
        160 - known.fees["f1"].tax.minor,
        [("restocking", 33, known.fees["f1"].tax.minor)],
    )


def test_the_taxes_of_units_are_the_shops_own_lines_to_the_cent() -> None:
    """Three units, two rates, a component with its own: each unit has its price's tax, together they are the lines."""
    told = snapshot(
        line("l1", 3, taxes=(tax(101), TaxLine("City", "0.01", "K", eur(7)))),
        components=(replace(shipping(), taxes=(tax(78),)),),
    )
    known = Order.hear_of("s1", "o1", at=T0)
    known.take(told, history=False, at=T0)
    found = taxes_of(told, known.prices)
    by_subject = {price.subject: price for price in known.prices}
    assert {s: sum(t.amount.minor for t in ts) for s, ts in found.items()} == {
        s: p.tax.minor for s, p in by_subject.items()
    }
    assert [sum(found[f"l1#{n}"][k].amount.minor for n in (1, 2, 3)) for k in (0, 1)] == [101, 7]
    assert found["ship"][0].amount.minor == 78


def test_random_orders_wholly_returned_are_noted_to_the_cent() -> None:
    """Notes of every movement of sixty random orders: lines are the movements, taxes never more than were paid."""
    for number in range(60):
        rng = random.Random(f"notes/{number}")
        one = paid_for(rng, order_of(rng))
        comes_back(one)
        prices: list[Price] = list(one.prices)
        taxed = {p.subject: Taxed(p.paid.minor, (NoteTax("VAT", "0.19", "DE", p.tax),)) for p in prices}
        booked: dict[str, int] = {}
        for transfer in list(one.ledger.transfers.values()):
            note = one.ledger.ask_note(transfer.key, taxed, at=T0)
            if note is None:
                assert not one.ledger.owed_note(transfer.key).minor
                continue
            assert sum(part.amount.minor for part in note.lines) == transfer.amount.minor
            for part in note.lines:
                booked[part.subject] = booked.get(part.subject, 0) + part.tax
        assert all(minor <= next(p for p in prices if p.subject == s).tax.minor for s, minor in booked.items())


async def test_an_exchanged_unit_is_noted_in_every_order_it_was_paid_with() -> None:
    """10.00 and 4.00 on top go back: a note over each in the order whose invoice it corrects."""
    known = shop()
    known.world.app.money_terms = replace(known.world.terms, credit_notes=frozenset({"*"}))
    await known.exchanged(1000, 1400)
    case = await known.returned("o2", remedy="refund")
    await known.came_back(case)
    await refund(known.world, case)
    await known.money_moves("o1")
    await known.money_moves("o2")
    assert [[n.amount.minor for n in known.ledger(o).notes.values()] for o in ("o1", "o2")] == [[1000], [400]]
