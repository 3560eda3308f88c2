"""A customer's own return over gRPC: some of its units are let be, the others still come back."""

from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest
import pytest_asyncio

from infra.local.databases import ServiceDatabase
from infra.local.parts import Parts
from infra.local.tokens import Issuer
from tests.integration.returns.counter import Counter
from tests.integration.returns.shop import Shop
from tests.security.served import serving
from tests.unit.returns.build import line

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(120)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def counter(
    parts: Parts, databases: dict[str, ServiceDatabase], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Counter]:
    issuer = Issuer.at(Path(tmp_path_factory.mktemp("tokens")))
    async with serving("returns", databases["returns"], issuer, parts.kafka_bootstrap) as served:
        yield Counter(Shop(served, issuer), issuer)


async def test_a_customer_lets_some_of_the_units_be(counter: Counter) -> None:
    """What is named is cancelled and can be asked for again; what is not in the return changes nothing."""
    await counter.shop.sold("o-some", line("l1", 2))
    item = {"line_id": "l1", "quantity": 2, "reason": "too_small"}
    rma_id = (await counter.mine("RequestMyReturn", order_id="o-some", items=[item])).receipt.id

    async def ways() -> list[int]:
        found = getattr(await counter.mine("GetMyReturn", rma_id=rma_id), "return")
        return [unit.authorisation for unit in found.units]

    before = await ways()
    with pytest.raises(grpc.aio.AioRpcError):
        await counter.mine("CancelMyReturn", rma_id=rma_id, units=[{"line_id": "l1", "unit": 3}])
    assert await ways() == before
    await counter.mine("CancelMyReturn", rma_id=rma_id, units=[{"line_id": "l1", "unit": 2}])
    first, second = await ways()
    assert first == before[0] and second != before[1]
    again = await counter.mine("RequestMyReturn", order_id="o-some", items=[{**item, "quantity": 1}])
    assert again.receipt.id != rma_id
