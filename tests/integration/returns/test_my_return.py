"""A customer's own return over gRPC: some of its units are let be, the others still come back; and what of a withdrawal
is the desk's alone."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import pytest
import pytest_asyncio

from infra.local.databases import ServiceDatabase
from infra.local.parts import Parts
from infra.local.tokens import Issuer
from services.returns.domain.order import PaymentFact, PaymentKind
from tests.integration.returns.counter import Counter
from tests.integration.returns.shop import Shop
from tests.security.served import serving
from tests.unit.returns.build import eur, line

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


async def test_the_desk_shares_a_withdrawal_and_a_lack_and_the_customer_sees_none_of_it(counter: Counter) -> None:
    """Given to somebody with the etag that was read, found by who has it, noted on; stale etags are refused. In the log
    the note is not to be read."""
    shop = counter.shop
    await shop.sold("o-law", line("l1", 2))
    notice = await shop.call(
        "GiveWithdrawalNotice", order_id="o-law", items=[{"line_id": "l1", "quantity": 1}], channel="letter"
    )
    lack = await shop.call("ReportLack", order_id="o-law", unit={"line_id": "l1", "unit": 2}, description="Broken")
    for noun, field, listing, rows, id in (
        ("Withdrawal", "withdrawal_id", "ListWithdrawals", "withdrawals", notice.receipt.id),
        ("Conformity", "conformity_id", "ListConformity", "files", lack.receipt.id),
    ):
        named = {field: id}

        async def seen(noun: str = noun, named: dict[str, str] = named) -> Any:
            return getattr(await shop.call(f"Get{noun}", **named), noun.lower())

        before = (await seen()).etag
        await shop.call(f"Assign{noun}", **named, etag=before, assignee=f"kim-{noun}")
        with pytest.raises(grpc.aio.AioRpcError) as stale:
            await shop.call(f"Assign{noun}", **named, etag=before, assignee="lee")
        assert stale.value.code() == grpc.StatusCode.ABORTED
        await shop.call(f"Add{noun}Note", **named, text="Kaspar called twice")
        known = await seen()
        assert (known.assignee, [note.text for note in known.notes]) == (f"kim-{noun}", ["Kaspar called twice"])
        found = getattr(await shop.call(listing, filter=f'assignee = "kim-{noun}"'), rows)
        assert [getattr(row, field) for row in found] == [id]
        mine = getattr(await counter.mine(f"GetMy{noun}", **named), noun.lower())
        assert (mine.assignee, len(mine.notes)) == ("", 0)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await shop.call(f"Add{noun}Note", role="finance", **named, text="x")
        assert refused.value.code() == grpc.StatusCode.PERMISSION_DENIED
    pool = shop.served.stores.pool
    assert await pool.fetchval("SELECT count(*) FROM events WHERE position('Kaspar'::bytea in state) > 0") == 0


async def test_a_customer_is_promised_nothing_for_what_was_given_back_already(counter: Counter) -> None:
    """By a keep-it discount of all that was paid, say: refused to the customer as to an agent."""
    await counter.shop.sold("o-kept", line("l1", 1))
    taken = PaymentFact(PaymentKind.CAPTURED, "cap-kept", "card", eur(1000), datetime.now(UTC))
    await counter.paid(taken, "o-kept")
    amount = {"minor_units": 1000, "currency": "EUR"}
    unit = {"line_id": "l1", "unit": 1}
    await counter.shop.call("GiveKeepItDiscount", order_id="o-kept", units=[unit], amount=amount, reason="scratched")
    item = {"line_id": "l1", "quantity": 1, "reason": "faulty"}
    before = [mine.rma_id for mine in (await counter.mine("ListMyReturns")).returns]
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await counter.mine("RequestMyReturn", order_id="o-kept", items=[item])
    assert refused.value.details() == "all that was paid for l1#1 was given back"
    assert [mine.rma_id for mine in (await counter.mine("ListMyReturns")).returns] == before
