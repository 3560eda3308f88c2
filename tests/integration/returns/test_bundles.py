"""A kit over gRPC, from what its customer may ask to what its desk pays: whole, short, and whole again."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import pytest_asyncio
from aftercare.returns.v1 import model_pb2 as pb
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from infra.local.databases import ServiceDatabase
from infra.local.parts import Parts
from infra.local.tokens import Issuer
from services.returns.policies import default_text, load_policy
from tests.integration.returns.counter import Counter
from tests.integration.returns.shop import Shop
from tests.security.served import serving
from tests.unit.returns.bundling import KIT

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]

WHOLE = default_text().replace("clauses:\n", "clauses:\n  - {id: kits, kind: bundle, returns: whole}\n", 1)
ALL = [{"line_id": id, "quantity": 1, "reason": "too_small"} for id in ("body", "lens", "strap")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def counter(
    parts: Parts, databases: dict[str, ServiceDatabase], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Counter]:
    issuer = Issuer.at(Path(tmp_path_factory.mktemp("tokens")))
    async with serving("returns", databases["returns"], issuer, parts.kafka_bootstrap) as served:
        found = Counter(Shop(served, issuer), issuer)
        found.shop.app._first_policy, found.shop.app._first_text = load_policy(WHOLE), WHOLE
        await found.shop.sold("o-kit", *KIT, country="US", time_zone="America/New_York")
        yield found


async def refusal(call: Any) -> tuple[str, dict[str, str]]:
    """The stable reason, and the facts that go with it."""
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call
    status = rpc_status.from_call(refused.value)  # type: ignore[arg-type]  # it reads the same trailers
    info = error_details_pb2.ErrorInfo()
    for detail in status.details if status else ():
        if detail.Is(info.DESCRIPTOR):
            detail.Unpack(info)
    return info.reason, dict(info.metadata)


async def test_a_kit_from_the_question_to_the_second_parcel(counter: Counter) -> None:
    """What customer, agent, and warehouse read and are refused, in the order of a return."""
    order = (await counter.mine("GetMyOrder", order_id="o-kit")).order
    assert {line.bundle.title for line in order.lines} == {"Camera kit"}
    told = {line.line_id: [ref.line_id for ref in line.units[0].returned_with] for line in order.lines}
    assert told == {"body": ["lens", "strap"], "lens": ["body", "strap"], "strap": ["body", "lens"]}
    assert all(line.units[0].returnable for line in order.lines)

    alone = await counter.mine("RequestMyReturn", order_id="o-kit", items=ALL[:1])
    assert [(c.clause_id, c.verdict) for c in alone.decision.clauses if c.verdict == "refuses"] == [("kits", "refuses")]
    assert "all of it" in [other.outcome for other in alone.decision.alternatives]
    assert getattr(await counter.mine("GetMyReturn", rma_id=alone.receipt.id), "return").state == "declined"

    rma_id = (await counter.mine("RequestMyReturn", order_id="o-kit", items=ALL)).receipt.id
    strap = {"line_id": "strap", "unit": 1}
    reason, facts = await refusal(counter.mine("CancelMyReturn", rma_id=rma_id, units=[strap]))
    assert (reason, facts["bundle"], facts["missing"]) == ("ONLY_WHOLE", "CAM-KIT", "strap#1 Strap")

    async def known() -> Any:
        return getattr(await counter.shop.call("GetCase", case_id=rma_id), "return")

    assert {unit.authorisation for unit in (await known()).units} == {pb.AUTHORISATION_AUTHORISED}

    async def came(number: str, *lines: str) -> None:
        items = [{"sku": f"sku-{id}", "quantity": 1} for id in lines]
        await counter.shop.call("ReceiveGoods", role="warehouse", rma_id=rma_id, receipt_number=number, items=items)
        looked_at = [{"unit": {"line_id": id, "unit": 1}, "condition": "sealed"} for id in lines]
        await counter.shop.call("InspectUnits", role="warehouse", rma_id=rma_id, inspections=looked_at)

    await came("r-1", "body", "lens")
    case = await known()
    assert [(one.name, one.source, one.detail) for one in case.signals] == [
        ("bundle_short", "receipt r-1", "Camera kit lacks strap#1 Strap")
    ]
    assert case.summary.waiting_on == "agent"
    held = {unit.unit.line_id: unit.explanation for unit in case.units}
    assert held["body"] == held["lens"] == "Camera kit was to come back whole; not here: strap#1 Strap."
    assert {unit.bundle.sku for unit in case.units} == {"CAM-KIT"}

    await came("r-2", "strap")
    case = await known()
    assert list(case.signals) == []
    assert not any("whole" in unit.explanation for unit in case.units)
