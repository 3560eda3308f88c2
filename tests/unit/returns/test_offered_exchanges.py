"""What is listed of exchanges is what their commands do, at every stage of one, with what it would do."""

import json
from collections.abc import Awaitable, Callable, Mapping

import pytest

from casework import NextAction
from chassis.domain import DomainError
from chassis.service import Receipt
from services.returns.application.exchange_requests import EXCHANGE_ORDER
from services.returns.domain.case import ReturnCase, Stage
from services.returns.domain.identity import unit_id_of
from tests.unit.returns.build import DAY
from tests.unit.returns.exchanging import Shop, shop
from tests.unit.returns.world import ANN, CUSTOMER, World

RPCS = {"ExchangeUnit", "AgreeToExchange", "PlaceExchange", "CancelExchange", "SettleUnreturned"}


async def offered(known: Shop, case: ReturnCase) -> list[NextAction]:
    """Listed without anything being stored."""
    written = len(known.world.events)
    found = await known.world.look(lambda work: known.world.app.offered(work, case.id), ANN)
    assert len(known.world.events) == written
    assert sum(action.recommended for action in found) <= 1
    return [action for action in found if action.rpc in RPCS]


async def done(world: World, case: ReturnCase, action: NextAction) -> tuple[bool, str, Mapping[str, str]]:
    """The command itself, on a state that is put back: whether it was carried out, why not, and its receipt's facts."""
    told, app, before = dict(action.arguments), world.app, dict(world.memory.held)
    unit = json.loads(told.get("unit", "{}"))
    commands: Mapping[str, Callable[..., Awaitable[Receipt]]] = {
        "ExchangeUnit": lambda work: app.exchange_unit(
            work,
            case.id,
            unit_id_of(unit["line_id"], unit["unit"]),
            "sku-l1",
            case.units["l1#1"].asked.paid,
        ),
        "AgreeToExchange": lambda work: app.agree_to_exchange(work, case.id, told["exchange_id"]),
        "PlaceExchange": lambda work: app.place_exchange(work, case.id, told["exchange_id"]),
        "CancelExchange": lambda work: app.cancel_exchange(work, case.id, told["exchange_id"], "asked"),
        "SettleUnreturned": lambda work: app.settle_unreturned(
            work, case.id, told["exchange_id"], told["decision"], "asked", until=work.now + DAY
        ),
    }
    try:
        receipt = await world.run(commands[action.rpc], ANN)
        return True, "", receipt.facts
    except DomainError as refusal:
        return False, refusal.reason, {}
    finally:
        world.memory.held = before


async def agrees(known: Shop, case: ReturnCase) -> set[str]:
    """The list and the commands say the same, one by one; what is allowed now."""
    found = await offered(known, case)
    for action in found:
        allowed, reason, facts = await done(known.world, case, action)
        assert (action.allowed, action.reason) == (allowed, reason), action
        assert {name: value for name, value in facts.items() if not name.endswith("_id")} == dict(action.would), action
    decided = {(a.rpc, dict(a.arguments).get("decision", "")) for a in found if a.allowed}
    return {" ".join(filter(None, names)) for names in decided}


async def test_every_stage_lists_what_its_commands_do() -> None:
    """Nothing yet, asked, another price, agreed and back, ordered, there."""
    known = shop()
    await known.sold(1000)
    case = await known.returned()
    assert await agrees(known, case) == {"ExchangeUnit"}
    exchange = await known.exchange(case, 1200)
    assert await agrees(known, case) == {"CancelExchange"}
    await known.keeps(exchange, 1400)
    assert await agrees(known, case) == {"AgreeToExchange", "CancelExchange"}
    (agree,) = [a for a in await offered(known, case) if a.rpc == "AgreeToExchange"]
    assert (dict(agree.would)["on_top"], dict(agree.would)["state"]) == ("400 EUR", "reserved")
    await known.world.run(lambda work: known.world.app.agree_to_exchange(work, case.id, exchange.exchange_id), ANN)
    assert await agrees(known, case) == {"CancelExchange"}
    await known.came_back(case, condition="damaged")
    case = known.world.case(case.id)
    assert known.latest(case).stage in (Stage.RESERVED, Stage.ORDERED)
    await agrees(known, case)
    if known.latest(case).stage is Stage.RESERVED:
        await known.world.run(lambda work: known.world.app.place_exchange(work, case.id, exchange.exchange_id), ANN)
    assert known.asked(EXCHANGE_ORDER)
    assert await agrees(known, case) == {"CancelExchange"}
    await known.makes_order(known.latest(case))
    await agrees(known, case)


@pytest.mark.parametrize("consent", ["", "self_service"])
async def test_an_unreturned_unit_lists_a_charge_only_where_it_may_be_made(consent: str) -> None:
    """Goods sent first, the old one missing: wait, leave, and a charge for who agreed to it, else refused."""
    known = shop()
    await known.sold(1000)
    case = await known.returned(actor=CUSTOMER)
    exchange = await known.exchange(case, 1000, instant=True, consent=consent)
    await known.keeps(exchange, 1000)
    await known.makes_order(known.latest(case))
    case = known.world.case(case.id)
    may = {"CancelExchange", "SettleUnreturned wait", "SettleUnreturned leave"}
    assert await agrees(known, case) == (may | {"SettleUnreturned charge"} if consent else may)
    if not consent:
        known.world.now = max(due for _, due in case.exchange_dues())
        await known.world.fire("exchange_due", case.id, exchange.exchange_id)
        case = known.world.case(case.id)
        assert await agrees(known, case) == {"SettleUnreturned wait", "SettleUnreturned leave"}
        recommended = [dict(a.arguments)["decision"] for a in await offered(known, case) if a.recommended]
        assert recommended == ["wait"]
