"""What operators see and order, through a whole running service."""

import json
from collections.abc import AsyncIterator

import grpc
import pytest
from aftercare.admin.v1 import admin_pb2
from aftercare.returns.v1 import model_pb2, service_pb2
from aiokafka import AIOKafkaProducer
from google.protobuf.timestamp_pb2 import Timestamp
from grpc import StatusCode

from chassis.effects.effect import effect_id
from tests.integration.chassis.runtime.conftest import Example
from tests.integration.chassis.runtime.operating import UPSERTED, Operator, account_of, request_id, until
from tests.unit.chassis.grpc.serving import headers, refusal_of


@pytest.fixture
async def operator(running: Example) -> AsyncIterator[Operator]:
    producer = AIOKafkaProducer(bootstrap_servers=running.kafka)
    await producer.start()
    async with grpc.aio.insecure_channel(running.grpc_address) as channel:
        yield Operator(running, channel, producer)
    await producer.stop()


async def test_a_service_without_troubles_is_healthy(operator: Operator) -> None:
    """It names its partitions, who reads them, and what it is."""

    async def owned() -> admin_pb2.GetStatusResponse | None:
        status = await operator.status()
        return status if all(p.owner for p in status.partitions) else None

    status = await until(owned)
    assert status is not None
    assert (status.service, status.healthy, list(status.troubles)) == ("example", True, [])
    assert [(p.topic, p.partition, p.lag) for p in status.partitions] == [("shop.customers.v1", n, 0) for n in range(3)]
    assert list(status.roles) == ["api", "http", "consumer", "relay", "timers", "effects", "projections"]
    assert status.clock.movable


async def test_only_operators_and_auditors_get_in(operator: Operator) -> None:
    for role in ("agent", "supervisor", "service"):
        operator.token = headers(operator.example.issuer.issue("somebody", [role]))
        refused = await refusal_of(operator.ask("GetStatus", admin_pb2.GetStatusRequest()))
        assert refused.code is StatusCode.PERMISSION_DENIED
    operator.token = headers(operator.example.issuer.issue("somebody", ["auditor"]))
    await operator.status()
    pausing = admin_pb2.PauseEffectsRequest(request_id=request_id(), kind="ping")
    assert (await refusal_of(operator.ask("PauseEffects", pausing))).code is StatusCode.PERMISSION_DENIED
    assert list((await operator.status()).paused_effect_kinds) == []


async def test_a_parked_record_is_seen_repaired_and_redriven(operator: Operator) -> None:
    await operator.publish({"customerId": "carla", "version": "60", "givenName": "Carla"})
    (record,) = await until(lambda: operator.parked("carla"))
    assert (record.reason, record.type, record.state, record.attempts) == ("TOO_NEW", UPSERTED, "waiting", 0)
    assert any("are parked" in trouble for trouble in (await operator.status()).troubles)
    whole = await operator.ask("GetParked", admin_pb2.GetParkedRequest(parked_id=record.parked_id))
    assert json.loads(whole.value)["version"] == "60"
    assert {header.name for header in whole.headers} >= {"ce_id", "ce_type", "content-type"}

    again = admin_pb2.RedriveParkedRequest(request_id=request_id(), parked_id=record.parked_id)
    first = await operator.ask("RedriveParked", again)

    async def refused_again() -> bool:
        return "last order failed: TOO_NEW" in (await operator.parked("carla"))[0].detail

    await until(refused_again)
    assert await operator.ask("RedriveParked", again) == first
    assert (await operator.parked("carla"))[0].attempts == 1

    repaired = json.dumps({**json.loads(whole.value), "version": "6"}).encode()
    await operator.ask(
        "RedriveParked",
        admin_pb2.RedriveParkedRequest(
            request_id=request_id(), parked_id=record.parked_id, replacement_value=repaired, reason="the shop's typo"
        ),
    )
    events = await until(lambda: operator.history("carla"))
    assert [event.topic for event in events] == ["example.Account.Opened", "example.Account.OwnerNamed"]
    assert await operator.parked("carla") == []


async def test_a_parked_record_can_be_given_up(operator: Operator) -> None:
    await operator.publish({"customerId": "dora", "version": "60"})
    (record,) = await until(lambda: operator.parked("dora"))
    discard = admin_pb2.DiscardParkedRequest(request_id=request_id(), parked_id=record.parked_id, reason="a test order")
    await operator.ask("DiscardParked", discard)

    async def gone() -> bool:
        return not await operator.parked("dora")

    await until(gone)
    assert await operator.history("dora") == []
    unknown = admin_pb2.DiscardParkedRequest(request_id=request_id(), parked_id=record.parked_id, reason="again")
    assert (await refusal_of(operator.ask("DiscardParked", unknown))).code is StatusCode.NOT_FOUND


async def test_types_that_are_passed_over_are_listed(operator: Operator) -> None:
    await operator.publish({"customerId": "emil"}, ce_type="aftercare.orders.v1.CustomerErased")

    async def listed() -> list[tuple[str, str, int]]:
        told = await operator.ask("ListIgnoredTypes", admin_pb2.ListIgnoredTypesRequest())
        return [(one.topic, one.type, one.count) for one in told.types]

    assert await until(listed) == [("shop.customers.v1", "aftercare.orders.v1.CustomerErased", 1)]


async def test_a_held_effect_is_settled_by_a_person(operator: Operator) -> None:
    await operator.publish({"customerId": "fritz", "version": "1", "country": "AT"})

    async def held() -> list[admin_pb2.Effect]:
        asked = admin_pb2.ListEffectsRequest(filter='kind = "ping" AND state = "held"')
        return list((await operator.ask("ListEffects", asked)).effects)

    (effect,) = await until(held)
    assert (effect.effect_id, effect.key, effect.attempt) == (str(effect_id("example", "ping", "fritz")), "fritz", 1)
    assert effect.case_id == str(account_of("fritz"))
    settle = admin_pb2.ResolveEffectRequest(
        request_id=request_id(),
        effect_id=effect.effect_id,
        resolution=admin_pb2.ResolveEffectRequest.RESOLUTION_SUCCEEDED,
        reason="the provider's statement shows it",
        reference="R-1",
    )
    first = await operator.ask("ResolveEffect", settle)
    assert await operator.ask("ResolveEffect", settle) == first
    other = admin_pb2.ResolveEffectRequest(
        request_id=request_id(), effect_id=effect.effect_id, resolution=settle.resolution, reason="again"
    )
    assert (await refusal_of(operator.ask("ResolveEffect", other))).reason == "EFFECT_NOT_HELD"
    assert await held() == []
    told = await operator.ask("ListEffects", admin_pb2.ListEffectsRequest(filter='key = "fritz"'))
    assert [(e.state, e.reference) for e in told.effects] == [(admin_pb2.EFFECT_STATE_SUCCEEDED, "R-1")]


async def test_effects_of_a_kind_are_paused_and_resumed(operator: Operator) -> None:
    """The repeat of an older order does not undo a newer one."""
    pause = admin_pb2.PauseEffectsRequest(request_id=request_id(), kind="ping", reason="the provider is down")
    await operator.ask("PauseEffects", pause)
    assert list((await operator.status()).paused_effect_kinds) == ["ping"]
    await operator.ask("ResumeEffects", admin_pb2.ResumeEffectsRequest(request_id=request_id(), kind="ping"))
    await operator.ask("PauseEffects", pause)
    assert list((await operator.status()).paused_effect_kinds) == []


async def test_a_timer_that_was_set_aside_is_redriven(operator: Operator) -> None:
    await operator.publish({"customerId": "gerda", "version": "1", "language": "de"})

    async def aside() -> list[admin_pb2.Timer]:
        return list((await operator.ask("ListFailedTimers", admin_pb2.ListFailedTimersRequest())).timers)

    (timer,) = await until(aside)
    assert (timer.kind, timer.subject) == ("reminder", str(account_of("gerda")))
    assert timer.failure == "NOTHING_COUNTED: there is nothing to remind of"
    units = [model_pb2.UnitRef(line_id="l", unit=1)]
    count = service_pb2.CancelReturnRequest(request_id=request_id(), rma_id=timer.subject, units=units)
    await operator.agents.CancelReturn(count, metadata=headers(operator.example.issuer.issue("anna", ["agent"])))
    redrive = admin_pb2.RedriveTimerRequest(request_id=request_id(), timer_id=timer.timer_id)
    await operator.ask("RedriveTimer", redrive)

    async def disarmed() -> bool:
        asked = admin_pb2.ListTimersRequest(filter=f'subject = "{timer.subject}" AND kind = "reminder"')
        return not (await operator.ask("ListTimers", asked)).timers

    await until(disarmed)
    assert await aside() == []


async def test_the_clock_goes_forward_only_and_once_per_request(operator: Operator) -> None:
    shown = (await operator.ask("GetClock", admin_pb2.GetClockRequest())).clock
    ahead = Timestamp(seconds=shown.now.seconds + 3600)
    move = admin_pb2.SetClockRequest(request_id=request_id(), now=ahead, rate=1)
    moved = await operator.ask("SetClock", move)
    assert moved.clock.now.seconds >= ahead.seconds
    assert (await operator.ask("SetClock", move)).receipt == moved.receipt
    back = admin_pb2.SetClockRequest(request_id=request_id(), now=shown.now)
    assert (await refusal_of(operator.ask("SetClock", back))).reason == "CLOCK_GOES_FORWARD"


async def test_a_forgotten_customers_text_is_nowhere_in_the_history(operator: Operator) -> None:
    """Nor was it shown before."""
    await operator.publish({"customerId": "hanna", "version": "1", "givenName": "Hanna"})
    events = await until(lambda: operator.history("hanna"))
    assert json.loads(events[1].json) == {"owner": "[personal]"}
    erasure = await erased(operator, "shop-1", "hanna")
    assert (erasure.shop_id, erasure.customer_id) == ("shop-1", "hanna")
    assert (erasure.aggregates_done, erasure.aggregates_total) == (1, 1)
    last = (await operator.history("hanna"))[-1]
    assert (last.topic, last.version) == ("chassis.PersonalDataErased", 3)


async def test_a_customer_of_another_shop_with_the_same_id_is_not_forgotten(operator: Operator) -> None:
    """The other shop's erasure finds nothing to empty, and says whose it was."""
    await operator.publish({"customerId": "ines", "version": "1", "givenName": "Ines"})
    before = await until(lambda: operator.history("ines"))
    erasure = await erased(operator, "shop/1", "ines")
    assert (erasure.shop_id, erasure.customer_id) == ("shop/1", "ines")
    assert (erasure.aggregates_done, erasure.aggregates_total) == (0, 0)
    assert await operator.history("ines") == before


async def erased(operator: Operator, shop_id: str, customer_id: str) -> admin_pb2.GetErasureResponse:
    """Asked for, and done."""
    erase = admin_pb2.EraseCustomerRequest(request_id=request_id(), shop_id=shop_id, customer_id=customer_id)
    receipt = (await operator.ask("EraseCustomer", erase)).receipt

    async def done() -> admin_pb2.GetErasureResponse | None:
        erasure: admin_pb2.GetErasureResponse = await operator.ask(
            "GetErasure", admin_pb2.GetErasureRequest(erasure_id=receipt.id)
        )
        return erasure if erasure.state == "done" else None

    found = await until(done)
    assert found is not None
    return found


async def test_history_of_a_shop_is_finished_by_the_service(operator: Operator) -> None:
    finish = admin_pb2.FinishHistoryRequest(request_id=request_id(), shop_id="shop-1")
    assert dict((await operator.ask("FinishHistory", finish)).receipt.facts) == {"timers": "7"}


async def test_only_topics_that_are_read_can_be_resumed(operator: Operator) -> None:
    known = admin_pb2.ResumeTopicRequest(request_id=request_id(), topic="shop.customers.v1")
    await operator.ask("ResumeTopic", known)
    unknown = admin_pb2.ResumeTopicRequest(request_id=request_id(), topic="shop.weather.v1")
    assert (await refusal_of(operator.ask("ResumeTopic", unknown))).fields == {"topic": "INVALID"}


async def test_a_page_goes_on_where_the_last_one_stopped(operator: Operator) -> None:
    customers = [f"page-{n}" for n in range(3)]
    for customer in customers:
        await operator.publish({"customerId": customer, "version": "60"})
    for customer in customers:
        await until(lambda customer=customer: operator.parked(customer))  # type: ignore[misc]
    seen, token = list[str](), ""
    while True:
        asked = admin_pb2.ListParkedRequest(page_size=1, page_token=token, filter='reason = "TOO_NEW"')
        page = await operator.ask("ListParked", asked)
        seen += [record.key for record in page.records]
        token = page.next_page_token
        if not token:
            break
    assert sorted(seen) == customers
