"""What shipping issues asks of the compensation ledger obeys the contract, and every answer finds its remedy."""

from typing import Any

import protovalidate
import pytest
from aftercare.common.v1 import command_pb2, money_pb2
from aftercare.compensation.v1 import answers_pb2, ledger_pb2
from google.protobuf.message import Message

from chassis.domain import Money
from services.shipping_issues.publisher import publish
from tests.contract.contracts import rule_of
from tests.contract.shipping_issues.test_reads_the_shop import read
from tests.unit.shipping_issues.world import ANN, World

LEDGER = "aftercare.compensation.requests.v1"


def answer(world: World, cls: type[Message], key: str, **more: Any) -> Message:
    """An answer of the ledger to one of our requests."""
    message = cls(
        shop_id="shop",
        request_key=key,
        order_id="O-1",
        customer_id="C-1",
        requester=more.pop("requester", "shipping_issues"),
        case_id=str(world.case().id),
        **more,
    )
    message.occurred_at.FromDatetime(world.now.replace(tzinfo=None))  # type: ignore[attr-defined]
    protovalidate.validate(message)
    return message


async def asked() -> tuple[World, str]:
    """A reshipment that waits for the ledger."""
    world = World()
    await world.silent_parcel()
    return world, (await world.reship()).facts["remedy_id"]


async def refund_asked() -> tuple[World, str]:
    """A refund that waits for the ledger."""
    world = World()
    case = await world.silent_parcel()
    receipt = await world.run(lambda work: world.app.refund(work, case.id, amount=Money(5000, "EUR")), ANN)
    return world, receipt.facts["remedy_id"]


@pytest.mark.parametrize("ask", [asked, refund_asked])
async def test_a_request_obeys_its_contract_and_is_keyed_by_its_order(ask: Any) -> None:
    """Checked by the rules written in the contract itself."""
    world, _ = await ask()
    public = [found for event in world.events for found in publish(event, world.memory.held[event.originator_id])]
    (request,) = [found for found in public if found.topic == LEDGER]
    message: Any = request.message
    protovalidate.validate(message)
    assert request.key == "O-1" and LEDGER in rule_of(message.DESCRIPTOR).topics


async def test_releases_and_settlements_obey_their_contracts() -> None:
    """A withdrawal and a parcel that went out."""
    world, key = await asked()
    case_id = world.case().id
    await world.run(lambda work: world.app.withdraw(work, case_id, remedy_id=key, reason="found"), ANN)
    second = (await world.reship()).facts["remedy_id"]
    await world.reserve(second)
    await world.run(lambda work: world.app.shop_did(work, second, "R-1"))
    messages = world.tell("CompensationReleased") + world.tell("CompensationSettled")
    assert [message.request_key for message in messages] == [key, second]
    for message in messages:
        protovalidate.validate(message)


async def test_reserved_goods_are_asked_of_the_shop() -> None:
    """The remedy moves, one effect is planned."""
    world, key = await asked()
    units = [ledger_pb2.LineUnits(line_id="1", quantity=2)]
    await read(world, answer(world, answers_pb2.CompensationReserved, key, book=ledger_pb2.BOOK_IN_KIND, units=units))
    assert world.case().remedies[key].state == "reserved"
    assert [effect.key for effect in world.effects()] == [key]


async def test_a_refusal_says_who_gave_the_rest() -> None:
    """The agent reads the other case."""
    world, key = await asked()
    grant = ledger_pb2.Grant(
        requester="quality_complaints",
        case_id="K-9",
        units=[ledger_pb2.LineUnits(line_id="1", quantity=2)],
        given_by=command_pb2.Actor(kind="agent", id="bea"),
    )
    refused = answer(
        world,
        answers_pb2.CompensationRefused,
        key,
        book=ledger_pb2.BOOK_IN_KIND,
        reason="entitlement",
        given=[grant],
    )
    await read(world, refused)
    remedy = world.case().remedies[key]
    assert (remedy.state, remedy.given[0].by, remedy.given[0].what) == ("refused", "bea", "2 of line 1")


async def test_money_that_arrived_and_failed_after_all() -> None:
    """Settled closes, failed reopens."""
    world, key = await refund_asked()
    amount = money_pb2.Money(minor_units=5000, currency="EUR")
    await read(world, answer(world, answers_pb2.RefundSettled, key, amount=amount, provider_refund_id="re_1"))
    assert world.case().outcome == "refunded"
    await read(world, answer(world, answers_pb2.RefundFailed, key, amount=amount, reason="account_closed"))
    assert world.case().is_open and world.case().remedies[key].reason == "account_closed"


async def test_pending_too_late_and_overdue_are_said() -> None:
    """Each is in the case's story."""
    world, key = await refund_asked()
    await read(world, answer(world, answers_pb2.CompensationPending, key, reason="order_unknown"))
    assert world.case().remedies[key].reason == "order_unknown"
    await read(world, answer(world, answers_pb2.CompensationOverdue, key))
    assert world.case().queue == "escalations"
    case_id = world.case().id
    await world.run(lambda work: world.app.withdraw(work, case_id, remedy_id=key, reason=""), ANN)
    await read(world, answer(world, answers_pb2.CompensationTooLate, key, state="submitted"))
    assert world.case().remedies[key].state == "requested"
    assert world.order().granted[key] == ("refund", Money(5000, "EUR"))


async def test_an_answer_to_somebody_else_is_passed_over() -> None:
    """Nothing is written."""
    world, key = await refund_asked()
    written = len(world.events)
    await read(world, answer(world, answers_pb2.CompensationOverdue, key, requester="quality_complaints"))
    assert len(world.events) == written
