"""After a restore: what was asked of the outside in the lost time is counted, and nobody does it a second time."""

from collections.abc import Mapping
from typing import Any

from aftercare.orders.v1 import credit_notes_pb2, exchanges_pb2, payment_requests_pb2, payouts_pb2, store_credit_pb2
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from chassis.grpc.convert import money_to_proto, timestamp_to_proto
from chassis.service import Record
from services.returns.domain.case import Stage
from services.returns.domain.ledger import BANK, WALLET, NoteState
from services.returns.lost_requests import lost_requests
from tests.contract.contracts import rule_of, travelling
from tests.unit.returns.build import DAY, eur
from tests.unit.returns.exchanging import shop
from tests.unit.returns.world import CUSTOMER, World

NOT_MONEY: Mapping[type[Message], str] = {
    payment_requests_pb2.RefundLookup: "it changes nothing",
    payment_requests_pb2.AuthorisationReleaseRequested: "nothing is taken or given by it; a capture tells of itself",
}


def asked_of_payments() -> list[Descriptor]:
    topics = {"aftercare.payment.requests.v1", "aftercare.payout.requests.v1"}
    return [message for message in travelling() if topics & set(rule_of(message).topics)]


async def lost(world: World, message: Any) -> None:
    """The request is read again after a restore, and no effect stands for it."""
    _, handler = lost_requests(world.app)[message.DESCRIPTOR.full_name]
    record: Record[Any] = Record(message, "e", "/aftercare/returns/requests", "t", world.now, "t", 0, 0, b"k")
    await world.run(lambda work: handler(work, record))


def test_every_request_that_moves_money_is_known() -> None:
    """Everything that is asked of a payment system has its handler, or a reason why it needs none."""
    handled = set(lost_requests(World().app))
    reasons = {cls.DESCRIPTOR.full_name for cls in NOT_MONEY}
    assert {message.full_name for message in asked_of_payments()} == handled | reasons
    assert not handled & reasons


async def test_money_by_any_way_counts_and_freezes_until_somebody_has_looked() -> None:
    """A refund, credit and a transfer: each counts against what was paid, once, however often it is read."""
    world = World()
    await world.order_told()
    common: dict[str, Any] = {
        "shop_id": "s1",
        "occurred_at": timestamp_to_proto(world.now),
        "answer_by": timestamp_to_proto(world.now + DAY),
        "order_id": "o1",
        "requester": "returns",
        "case_id": "c",
        "amount": money_to_proto(eur(100)),
        "attempt": 1,
    }
    key = "01890000-0000-8000-8000-00000000000"
    messages = (
        payment_requests_pb2.RefundRequested(request_id=f"{key}1.1", tender_id="card", **common),
        store_credit_pb2.StoreCreditRequested(request_id=f"{key}2.1", customer_id="c1", **common),
        payouts_pb2.BankTransferRequested(request_id=f"{key}3.1", iban="DE0", account_holder="A", **common),
    )
    for message in (*messages, *messages):
        await lost(world, message)
    ledger = world.ledger()
    assert [(f.tender_id, f.amount.minor) for f in ledger.outside.values()] == [
        ("card", 100),
        (WALLET, 100),
        (BANK, 100),
    ]
    assert (ledger.frozen, ledger.books.tills.moved().minor) == (True, 300)


async def test_a_lost_charge_is_a_persons_matter_before_anybody_is_charged_again() -> None:
    """The customer agreed and was charged in the lost time: the end of the return's time charges nobody by itself."""
    known = shop()
    await known.sold(1000)
    case = await known.returned(actor=CUSTOMER)
    exchange = await known.exchange(case, 1000, instant=True, consent="self_service")
    await known.keeps(exchange, 1000)
    await known.makes_order(known.latest(case))
    charged = exchanges_pb2.ChargeRequested(
        shop_id="s1", request_id=f"{exchange.exchange_id}.c1", order_id="o2", case_id=str(case.id)
    )
    for _ in range(2):
        await lost(known.world, charged)
    assert (known.latest(case).stage, known.latest(case).asks_person) == (Stage.TO_CHARGE, "charge_lost")
    assert known.world.case(case.id).exchange_dues() == []
    assert known.asked("exchange_charge") == []


async def test_a_lost_note_and_its_lost_cancellation_are_kept_for_a_person() -> None:
    """The note is there as lost with its lines; its cancellation is asked for again under its own key."""
    world = World()
    await world.order_told()
    common: dict[str, Any] = {
        "shop_id": "s1",
        "occurred_at": timestamp_to_proto(world.now),
        "order_id": "o1",
        "requester": "returns",
        "case_id": "c",
        "attempt": 1,
    }
    line = credit_notes_pb2.CreditNoteLine(line_id="l1", unit=1, amount=money_to_proto(eur(100)))
    note = credit_notes_pb2.CreditNoteRequested(
        request_id="k.1.n1", movement="k.1", amount=money_to_proto(eur(100)), lines=[line], **common
    )
    for _ in range(2):
        await lost(world, note)
    (known,) = world.ledger().notes.values()
    assert (known.state, known.waits_for_person) == (NoteState.LOST, True)
    assert [(part.subject, part.amount) for part in known.lines] == [("l1#1", eur(100))]
    cancelled = credit_notes_pb2.CreditNoteCancellationRequested(
        request_id="k.1.n1.k", note_request_id="k.1.n1", **common
    )
    await lost(world, cancelled)
    assert world.ledger().notes["k.1.n1"].state is NoteState.CANCELLING
    assert [effect.key for effect in world.effects("credit_note_cancellation")] == ["k.1.n1.k"]
