"""Stripe's webhooks over real HTTP: which are believed, what they mean, and that what is refused writes nothing."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from prometheus_client import CollectorRegistry

from chassis.errors import StoreUnavailable
from chassis.http import HttpServer, build_app
from chassis.settings import BadSettings
from infra.stripe_wire import StripeServer
from services.returns.domain.ledger import TransferState
from services.returns.domain.money_terms import MoneyTerms
from services.returns.domain.order import Tender
from services.returns.domain.order.facts import Capture
from services.returns.http_api import MOST_BYTES, Webhooks
from services.returns.providers.stripe.accounts import Account, load_accounts, require_accounts
from tests.unit.returns.build import eur, line
from tests.unit.returns.world import SUE, World

STRIPE = frozenset({"s1"})
TENDERS = (Tender("card", "card", "stripe", (Capture("pi_1", "card", eur(3000)),)),)


@dataclass
class Units:
    """The world's units behind the log's door: a request that was taken is not taken again."""

    world: World
    answers: dict[Any, Any] = field(default_factory=dict)
    away: bool = False

    async def run(self, decide: Any, *, request: Any, **_: Any) -> Any:
        if self.away:
            raise StoreUnavailable("away")
        if request not in self.answers:
            self.answers[request] = await self.world.run(decide)
        return self.answers[request]


class Captures:
    """What the read model knows of payments."""

    async def capture(self, shop_id: str, names: tuple[str, ...]) -> tuple[str, str] | None:
        return ("o1", "card") if shop_id == "s1" and "pi_1" in names else None


class RealClock:
    """The machine's."""

    def real_now(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class Hook:
    """One endpoint, the shop behind it, and the account that tells."""

    world: World
    units: Units
    stripe: StripeServer

    async def told(self, kind: str, **thing: Any) -> int:
        """A signed event; what it is answered with."""
        return await self.stripe.tell(self.stripe.event(kind, thing))

    def written(self) -> int:
        return len(self.world.events)


@asynccontextmanager
async def served(units: Units, stripe: StripeServer) -> AsyncIterator[None]:
    accounts = {"s1": Account("sk", ("whsec_old", stripe.secret)), "s2": Account("sk", (stripe.secret,))}
    hooks = Webhooks(units.world.app, Captures(), units, RealClock(), accounts)  # type: ignore[arg-type]  # the same doors
    app = build_app(not_alive=dict, not_ready=dict, registry=CollectorRegistry(), routes=hooks.routes())
    server = HttpServer(app, "127.0.0.1", 0, grace=1)
    serving = asyncio.create_task(server.serve())
    await server.started()
    stripe.hook = f"http://127.0.0.1:{server.port}/webhooks/stripe/s1"
    yield
    server.stop()
    await serving


@pytest_asyncio.fixture
async def hook() -> AsyncIterator[Hook]:
    """Three units of 1000 were paid by Stripe; one came back, and its refund is planned."""
    world = World(terms=MoneyTerms(direct={"stripe": STRIPE}))
    await world.order_told(line("l1", 3), captured=0, tenders=TENDERS)
    await world.delivered()
    case = await world.asked()
    await world.received(case)
    await world.inspected(case)
    await world.refunded(world.case(case.id), SUE)
    units = Units(world)
    async with StripeServer() as stripe, served(units, stripe):
        yield Hook(world, units, stripe)


def ours(world: World) -> dict[str, Any]:
    """The refund Stripe made of what is planned, as an object."""
    (transfer,) = world.ledger().transfers.values()
    return {
        "id": "re_1",
        "amount": transfer.amount.minor,
        "currency": "eur",
        "status": "succeeded",
        "payment_intent": "pi_1",
        "charge": "ch_1",
        "metadata": {"request_id": transfer.key, "shop_id": "s1", "order_id": "o1", "tender_id": "card"},
    }


async def test_a_signed_event_settles_our_refund_once(hook: Hook) -> None:
    """It comes first, twice and again under another id: one settlement, one effect succeeded, and 200 each time."""
    refund = ours(hook.world)
    event = hook.stripe.event("refund.updated", refund)
    assert await hook.stripe.tell(event) == 200
    (transfer,) = hook.world.ledger().transfers.values()
    assert (transfer.state, transfer.reference) == (TransferState.SETTLED, "re_1")
    assert hook.world.effect(transfer.key, "stripe_refund").state == "succeeded"
    written = hook.written()
    again = json.dumps(json.loads(event) | {"pending_webhooks": 3}).encode()
    assert [await hook.stripe.tell(body) for body in (event, again)] == [200, 200]
    assert await hook.told("charge.refund.updated", **refund) == 200
    assert hook.written() == written


async def test_a_refund_that_fails_after_it_succeeded_is_free_again(hook: Hook) -> None:
    """The card had expired: the bank sends it back a day later, and the case shows it to an agent."""
    refund = ours(hook.world)
    await hook.told("refund.updated", **refund)
    failed = refund | {"status": "failed", "failure_reason": "expired_or_canceled_card"}
    assert await hook.told("refund.failed", **failed) == 200
    ledger = hook.world.ledger()
    assert [t.state for t in ledger.transfers.values()] == [TransferState.RELEASED]
    assert ledger.books.left_of("l1#1") == eur(1000)


@pytest.mark.parametrize("status", ["pending", "requires_action"])
async def test_a_pending_refund_is_no_news(hook: Hook, status: str) -> None:
    """Accepted, and nothing has moved."""
    written = hook.written()
    assert await hook.told("refund.created", **(ours(hook.world) | {"status": status})) == 200
    assert hook.written() == written


async def test_what_was_made_in_the_dashboard_counts_as_made_elsewhere(hook: Hook) -> None:
    """A refund without our key is found by its payment, and lowers what can still be given."""
    refund = ours(hook.world) | {"id": "re_9", "metadata": {}, "amount": 500}
    assert await hook.told("refund.updated", **refund) == 200
    (fact,) = hook.world.ledger().outside.values()
    assert (fact.kind, fact.amount, fact.tender_id) == ("refund", eur(500), "card")


async def test_a_dispute_freezes_until_it_is_won(hook: Hook) -> None:
    """Opened: our own grants wait. Won: they go on."""
    dispute = {"id": "dp_1", "amount": 3000, "currency": "eur", "payment_intent": "pi_1", "reason": "fraudulent"}
    assert await hook.told("charge.dispute.created", **dispute, status="needs_response") == 200
    assert hook.world.ledger().frozen
    assert await hook.told("charge.dispute.closed", **dispute, status="won") == 200
    assert not hook.world.ledger().frozen


async def test_a_partial_capture_is_told_with_what_was_taken(hook: Hook) -> None:
    """Of 20.00 authorised 7.00 were captured."""
    charge = {"id": "ch_2", "payment_intent": "pi_2", "amount": 2000, "amount_captured": 700, "currency": "eur"}
    metadata = {"order_id": "o1", "tender_id": "card", "shop_id": "s1"}
    assert await hook.told("charge.captured", **charge, metadata=metadata) == 200
    assert hook.world.ledger().captures["pi_2"] == ("card", eur(700))


async def test_what_is_not_proven_is_refused_and_nothing_is_written(hook: Hook) -> None:
    """No signature, another secret's, another body's, one too old, one of the future, and headers that are none."""
    body = hook.stripe.event("refund.updated", ours(hook.world))
    now, written = int(time.time()), hook.written()
    headers = [
        "t=,v1=",
        "nonsense",
        "v1=00",
        f"t={now}",
        f"t={now},t={now},v1=00",
        "t=" + "9" * 30 + ",v1=00",
        f"t={now},v1=\N{LATIN SMALL LETTER E WITH ACUTE}".encode().decode("latin-1"),
        hook.stripe.sign(body, secret="whsec_another"),
        hook.stripe.sign(body + b" "),
        hook.stripe.sign(body, at=now - 400),
        hook.stripe.sign(body, at=now + 400),
    ]
    assert [await hook.stripe.tell(body, header=header) for header in headers] == [400] * len(headers)
    assert hook.written() == written
    assert await hook.stripe.tell(body, header=hook.stripe.sign(body, secret="whsec_old")) == 200


async def test_what_is_proven_and_makes_no_sense_is_refused_and_nothing_is_written(hook: Hook) -> None:
    """Unreadable, another shop's, another currency's, of an order nobody told of (so that it is sent again), too large,
    and of an account nobody has."""
    refund, written, tell = ours(hook.world), hook.written(), hook.stripe.tell
    bodies = [b"[]", b"\xff", b"{}", hook.stripe.event("refund.updated", refund | {"amount": "many"})]
    assert [await tell(body) for body in bodies] == [422] * 4
    other = refund["metadata"] | {"shop_id": "s2"}
    assert await hook.told("refund.updated", **(refund | {"metadata": other})) == 422
    assert await hook.told("refund.updated", **(refund | {"currency": "usd"})) == 422
    assert await hook.told("refund.updated", **(refund | {"metadata": {}, "payment_intent": "pi_9"})) == 409
    assert await tell(b" " * (MOST_BYTES + 1)) == 413
    assert await hook.told("customer.created", id="cus_1") == 200
    hook.stripe.hook = hook.stripe.hook.replace("/s1", "/s9")
    assert await hook.told("refund.updated", **refund) == 404
    assert hook.written() == written


async def test_while_the_store_is_away_the_provider_is_told_to_come_again(hook: Hook) -> None:
    """503, and what is sent again then counts."""
    event = hook.stripe.event("refund.updated", ours(hook.world))
    hook.units.away = True
    assert await hook.stripe.tell(event) == 503
    hook.units.away = False
    assert await hook.stripe.tell(event) == 200


def test_accounts_are_whole_or_the_process_does_not_start(tmp_path: Path) -> None:
    """Each refusal names the shop and what is missing; no secret is shown, in words or in `repr`."""
    path = tmp_path / "accounts.json"
    path.write_text('{"s1": {"key": "sk_live_secret", "webhook_secrets": ["whsec_secret"]}}')
    accounts = load_accounts(path)
    assert "secret" not in repr(accounts).replace("webhook_secrets", "")
    require_accounts(MoneyTerms(direct={"stripe": STRIPE}), accounts)
    with pytest.raises(BadSettings, match="no account of s2"):
        require_accounts(MoneyTerms(direct={"stripe": STRIPE | {"s2"}}), accounts)
    for text, words in (
        ("{", "no JSON"),
        ("[]", "no table"),
        ('{"s1": {"webhook_secrets": ["whsec_secret"]}}', "s1 has no key"),
        ('{"s1": {"key": "sk_live_secret"}}', "s1 has no webhook_secrets"),
    ):
        path.write_text(text)
        with pytest.raises(BadSettings, match=words) as refused:
            load_accounts(path)
        assert "secret" not in str(refused.value).replace("webhook_secrets", "")
