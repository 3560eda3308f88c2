"""What returns tells: keyed as its contract says, valid by its rules, and nothing personal in it."""
# long: everything that is told and asked, each as its contract says

from datetime import timedelta
from typing import Any

import protovalidate
import pytest
from google.protobuf import json_format

from chassis.service import Attempt, Failed, PublicEvent, Submitted
from services.returns.application import exchange_requests as requests
from services.returns.bootstrap import MODEL
from tests.contract.contracts import rule_of, travelling
from tests.contract.returns.recorder import Recorder, asking
from tests.unit.returns import exchanging
from tests.unit.returns.labelling import HOME, answered, with_return
from tests.unit.returns.test_pickups import book, with_label
from tests.unit.returns.test_stored_events import a_full_day
from tests.unit.returns.world import World

EVENTS = "aftercare.returns.events.v1"
ANSWERS = "aftercare.compensation.answers.v1"


def public(world: World) -> list[PublicEvent]:
    """Everything one scenario told, as it would lie in the outbox."""
    return [found for event in world.events for found in MODEL.publish(event, world.memory.held[event.originator_id])]


async def test_every_message_goes_where_its_contract_says_under_its_key() -> None:
    """Topic and key of each are those its own description names; each obeys its own rules."""
    told = public(await a_full_day())
    assert {found.topic for found in told} == {EVENTS, ANSWERS}
    for found in told:
        message: Any = found.message
        protovalidate.validate(message)
        rule = rule_of(message.DESCRIPTOR)
        assert found.topic in rule.topics
        assert found.key == getattr(message, rule.key)
        assert (found.shop_id, message.shop_id, message.order_id, message.customer_id) == ("s1", "s1", "o1", "c1")


async def test_nothing_personal_is_told() -> None:
    """A note's text stays inside."""
    world = await a_full_day()
    assert "Grete" not in "".join(json_format.MessageToJson(found.message) for found in public(world))


async def test_every_type_of_the_public_topic_is_known_to_the_publisher() -> None:
    """What the contract lists and the day did not tell is named here, so that nothing is forgotten silently."""
    types = {message.name for message in travelling() if EVENTS in rule_of(message).topics}
    told = {found.message.DESCRIPTOR.name for found in public(await a_full_day()) if found.topic == EVENTS}
    assert types - told == {
        "ExchangeOff",
        "RefundNeedsTender",
        "ExchangePlaced",
        "ExchangeReserved",
        "ExchangeUnreturned",
        "ConformityClosed",
        "ConformityDutyMissed",
        "LackAnswered",
        "LackMoneyChosen",
        "LackRemedyMoved",
        "LackReported",
        "OrderChangeClosed",
        "OrderChangeConfirmed",
        "OrderChangeOvertaken",
        "OrderChangeRefused",
        "OrderChangeRequested",
        "OrderChangeUnanswered",
        "RefundBounced",
        "RefundUnknown",
        "ReturnExpired",
        "ReturnLabelIssued",
        "ReturnLabelVoided",
        "ReturnPickupBooked",
        "ReturnPickupCancelled",
        "WithdrawalDutyMissed",
        "WithdrawalNotEffective",
    }


async def test_a_refund_is_asked_under_the_transfers_own_key_every_time() -> None:
    """Two attempts carry the same request id; the look-up has an id of its own and names the request."""
    world = World()
    await world.order_told()
    await world.delivered()
    case = await world.asked()
    await world.received(case)
    await world.inspected(case)
    await world.refunded(case)
    (effect,) = world.effects()
    recorder = Recorder()
    system = asking(recorder)["refund"]
    for number in (1, 2):
        attempt = Attempt("refund", effect.key, effect.subject, effect.body, number, "idem", world.now, world.now)
        answer = await system.perform(attempt)
        assert answer == Submitted(world.now + timedelta(minutes=30))
    await system.look_up(attempt)
    first, second, question = recorder.sent
    assert {topic for topic, *_ in recorder.sent} == {"aftercare.payment.requests.v1"}
    assert {key for _, key, *_ in recorder.sent} == {"o1"}
    assert first[3].request_id == second[3].request_id == question[3].request_id == effect.key
    assert (first[3].attempt, second[3].attempt, first[3].amount.minor_units) == (1, 2, 1000)
    assert first[2] == second[2] == "idem"
    assert question[2] == question[3].lookup_id != effect.key


async def test_a_label_request_names_the_units_and_no_address() -> None:
    """The shop takes the order's own."""
    world = World()
    await world.order_told()
    case = await world.asked()
    await world.run(lambda work: world.app.issue_label(work, case.id, ()))
    (effect,) = world.effects("return_label")
    recorder = Recorder()
    labels = asking(recorder)["return_label"]
    attempt = Attempt("return_label", effect.key, effect.subject, effect.body, 1, "idem", world.now, world.now)
    await labels.perform(attempt)
    ((topic, key, _, message),) = recorder.sent
    assert (topic, key, message.request_id) == ("aftercare.fulfilment.requests.v1", "o1", effect.key)
    assert [(u.line_id, u.sku, u.quantity) for u in message.units] == [("l1", "sku-l1", 1)]
    assert not message.HasField("sender")
    assert await labels.look_up(attempt) is None


async def test_another_address_travels_with_the_label_it_was_given_for_and_a_void_names_the_label() -> None:
    """The address is in the request alone; forgotten, nothing is asked. What is voided is named by its request."""
    world, case = await with_return(sender=HOME)
    (effect,) = world.effects("return_label")
    recorder = Recorder()
    labels = asking(recorder, case)["return_label"]
    attempt = Attempt("return_label", effect.key, effect.subject, effect.body, 1, "idem", world.now, world.now)
    await labels.perform(attempt)
    ((_, _, _, message),) = recorder.sent
    assert (message.sender.recipient, message.sender.lines[1], "Weber" in repr(effect.body)) == (
        "Grete Weber", "2nd floor", False,
    )  # fmt: skip
    await answered(world, effect, "L-1", label_url="https://l", carrier="dhl", tracking_number="T1")
    await world.run(lambda work: world.app.cancel(work, case.id, (), "no"))
    (void,) = world.effects("return_label_void")
    voids = asking(recorder)["return_label_void"]
    await voids.perform(Attempt("void", void.key, void.subject, void.body, 1, "idem", world.now, world.now))
    asked = recorder.sent[-1][3]
    assert (asked.request_id, asked.label_request_id, asked.tracking_number) == (void.key, effect.key, "T1")
    assert (asked.reason, await voids.look_up(attempt)) == ("cancelled", None)
    case.sender = None
    assert await labels.perform(attempt) == Failed("address_forgotten")


async def test_a_pickup_names_the_label_and_the_window_and_its_cancellation_names_the_pickup() -> None:
    """No address where the order's own is meant."""
    world, case = await with_label()
    id = await book(world, case)
    (effect,) = world.effects("carrier_pickup")
    recorder = Recorder()
    attempt = Attempt("pickup", id, effect.subject, effect.body, 1, "idem", world.now, world.now)
    pickups = asking(recorder)["carrier_pickup"]
    await pickups.perform(attempt)
    asked = recorder.sent[-1][3]
    (label_id,) = world.case(case.id).labels
    assert (asked.request_id, asked.label_request_id, asked.carrier) == (id, label_id, "dhl")
    assert (asked.ready_until.ToDatetime() - asked.ready_from.ToDatetime(), asked.HasField("sender")) == (
        timedelta(hours=4), False,
    )  # fmt: skip
    await answered(world, effect, "C1")
    await world.run(lambda work: world.app.cancel_pickup(work, case.id, id, "no"))
    (off,) = world.effects("carrier_pickup_cancellation")
    cancellations = asking(recorder)["carrier_pickup_cancellation"]
    await cancellations.perform(Attempt("off", off.key, off.subject, off.body, 1, "idem", world.now, world.now))
    told = recorder.sent[-1][3]
    assert (told.pickup_request_id, told.confirmation, told.reason) == (id, "C1", "no")
    assert (await pickups.look_up(attempt), await cancellations.look_up(attempt)) == (None, None)


@pytest.mark.parametrize("name", ["CompensationPending", "CompensationReserved", "CompensationRefused"])
async def test_the_ledgers_answers_repeat_who_asked(name: str) -> None:
    """Requester, case and request key are those of the request."""
    world = await a_full_day()
    answers = [f.message for f in public(world) if f.topic == ANSWERS and f.message.DESCRIPTOR.name == name]
    for answer in answers:
        told: Any = answer
        assert told.requester == "shipping_issues"
        assert told.case_id == f"case-{told.request_key}"


async def test_an_exchange_is_asked_of_the_shop_as_its_contract_says() -> None:
    """Reserve, order, let go, stop and charge: each under the effect's own key, by the order it is about."""
    known = exchanging.shop()
    await known.sold(1000)
    case = await known.returned()
    asked = await known.exchange(case, 1400, instant=True, consent="phone")
    await known.keeps(asked, 1400)
    await known.makes_order(known.latest(case))
    known.world.now = known.latest(case).return_by or known.world.now
    await known.world.fire("exchange_due", case.id, asked.exchange_id)
    exchange, recorder = known.latest(case), Recorder()
    bodies = {
        requests.EXCHANGE_RESERVE: (asked.exchange_id, requests.reserve_body(case, exchange)),
        requests.EXCHANGE_RELEASE: (f"{asked.exchange_id}.r", requests.release_body(case, exchange)),
        requests.EXCHANGE_ORDER: (f"{asked.exchange_id}.o1", requests.order_body(case, exchange)),
        requests.EXCHANGE_CANCEL: (f"{asked.exchange_id}.k1", requests.cancel_body(case, exchange)),
        requests.CHARGE_EFFECT: (f"{asked.exchange_id}.c1", requests.charge_body(case, exchange)),
    }
    for kind, (key, body) in bodies.items():
        asks = asking(recorder)[kind]
        attempt = Attempt(kind, key, case.id, body, 1, key, known.world.now, known.world.now)
        await asks.perform(attempt)
        assert await asks.look_up(attempt) is None
    about = [(topic, key, message.request_id, message.order_id) for topic, key, _, message in recorder.sent]
    goods, money = "aftercare.fulfilment.requests.v1", "aftercare.payment.requests.v1"
    assert about == [
        (goods, "o1", asked.exchange_id, "o1"),
        (goods, "o1", f"{asked.exchange_id}.r", "o1"),
        (goods, "o1", f"{asked.exchange_id}.o1", "o1"),
        (goods, "o2", f"{asked.exchange_id}.k1", "o2"),
        (money, "o2", f"{asked.exchange_id}.c1", "o2"),
    ]
    order = recorder.sent[2][3]
    assert (order.carried.minor_units, order.on_top.minor_units) == (1000, 400)


async def test_what_becomes_of_an_exchange_is_told_to_the_world() -> None:
    """Kept, placed and unreturned, or off: keyed by the return, valid by their rules."""
    known = exchanging.shop()
    case, _ = await known.exchanged(1000, 1400)
    other = exchanging.shop()
    await other.sold(1000)
    await other.refuses((await other.exchange(await other.returned(), 1000)).exchange_id)
    told = [*public(known.world), *public(other.world)]
    for found in told:
        protovalidate.validate(found.message)
    names = [found.message.DESCRIPTOR.name for found in told if found.message.DESCRIPTOR.name.startswith("Exchange")]
    assert names == ["ExchangeReserved", "ExchangePlaced", "ExchangeOff"]
    (placed,) = known.world.tell("ExchangePlaced")
    assert (placed.case_id, placed.new_order_id, placed.on_top.minor_units) == (str(case.id), "o2", 400)


async def test_store_credit_is_asked_under_the_transfers_own_key() -> None:
    """One wallet, one key for every sending, and nothing that could be looked up instead."""
    world = World()
    await world.order_told()
    await world.delivered()
    case = await world.asked()
    await world.received(case)
    await world.inspected(case)
    await world.refunded(case, store_credit=True)
    (effect,) = world.effects("store_credit")
    recorder = Recorder()
    wallet = asking(recorder)["store_credit"]
    for number in (1, 2):
        attempt = Attempt("store_credit", effect.key, effect.subject, effect.body, number, "k", world.now, world.now)
        await wallet.perform(attempt)
    assert [(topic, m.request_id, m.customer_id, m.attempt) for topic, _, _, m in recorder.sent] == [
        ("aftercare.payment.requests.v1", effect.key, "c1", 1),
        ("aftercare.payment.requests.v1", effect.key, "c1", 2),
    ]
    assert await wallet.look_up(attempt) is None
