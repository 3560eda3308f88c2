"""Stripe's API over real HTTP: what each answer means, and that nothing is done twice under one key."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from chassis.domain import Invalid, Money
from chassis.service import Attempt, Failed, NotDone, Submitted, Succeeded, Unknown
from infra.stripe_wire import Mishap, StripeServer, Telling
from services.returns.providers.stripe.accounts import Account
from services.returns.providers.stripe.amounts import from_stripe, to_stripe
from services.returns.providers.stripe.refunds import StripeRefunds
from tests.unit.returns.build import eur

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
KEY = "0190a8f0-0000-7000-8000-000000000001.1"


def attempt(number: int = 1, **body: Any) -> Attempt:
    intent = {
        "shop_id": "s1",
        "order_id": "o1",
        "case_id": "case-1",
        "requester": "returns",
        "tender_id": "card",
        "capture_id": "pi_1",
        "minor": 700,
        "currency": "EUR",
        "reason": "return",
    }
    return Attempt("stripe_refund", KEY, UUID(int=1), intent | body, number, "effect-1", NOW, NOW)


@pytest_asyncio.fixture
async def stripe() -> AsyncIterator[StripeServer]:
    """An account with one payment of 10.00, wholly captured."""
    async with StripeServer() as server:
        server.books.pay("pi_1", 1000, "eur")
        yield server


@pytest_asyncio.fixture
async def refunds(stripe: StripeServer) -> AsyncIterator[StripeRefunds]:
    accounts = {"s1": Account(stripe.key, (stripe.secret,))}
    adapter = StripeRefunds(accounts, stripe.url, answer_within=timedelta(days=3), timeout=timedelta(seconds=1))
    yield adapter
    await adapter.close()


def goes(server: StripeServer, *mishaps: Mishap) -> None:
    """The first request of a key meets the first mishap, the next the second; then all goes well."""
    server.plan = lambda _, nth: (mishaps[nth - 1] if nth <= len(mishaps) else Mishap.NONE, Telling.NEVER)


async def test_a_refund_is_made_with_our_key_and_words(stripe: StripeServer, refunds: StripeRefunds) -> None:
    """It is bound to its payment, its amount, and our own key in the metadata; the answer is the proof."""
    assert await refunds.perform(attempt()) == Succeeded("re_000001", {"minor": "700", "currency": "EUR"})
    (made,) = stripe.books.refunds.values()
    assert (made.payment, made.amount, made.currency) == ("pi_1", 700, "eur")
    assert made.metadata == {
        "request_id": KEY, "shop_id": "s1", "order_id": "o1", "tender_id": "card", "case_id": "case-1",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("mishap", "answer", "done"),
    [
        (Mishap.LIMITED, NotDone("RATE_LIMITED"), 0),
        (Mishap.BUSY, Unknown("idempotency_key_in_use"), 0),
        (Mishap.BROKEN, Unknown("api_error"), 0),
        (Mishap.HUNG_UP, Unknown("RemoteProtocolError"), 0),
        (Mishap.BROKEN_AFTER, Unknown("api_error"), 1),
        (Mishap.SILENT_AFTER, Unknown("ReadTimeout"), 1),
        (Mishap.CUT_AFTER, Unknown("RemoteProtocolError"), 1),
        (Mishap.PENDING, Submitted(NOW + timedelta(days=3), "re_000001"), 1),
        (Mishap.FAILED, Failed("expired_or_canceled_card", {"reference": "re_000001"}), 1),
    ],
)
async def test_what_an_answer_means(
    stripe: StripeServer, refunds: StripeRefunds, mishap: Mishap, answer: object, done: int
) -> None:
    """Proven, proven not, or unknown; never guessed. And whatever it was, our key finds what was done, and sent again
    under the same key nothing is done twice."""
    goes(stripe, mishap)
    assert await refunds.perform(attempt()) == answer
    assert len(stripe.books.refunds) == done
    found = await refunds.look_up(attempt())
    if done and mishap not in (Mishap.PENDING, Mishap.FAILED):
        assert found == Succeeded("re_000001", {"minor": "700", "currency": "EUR"})
    elif not done:
        assert found == NotDone("ABSENT")
    await refunds.perform(attempt(2))
    assert len(stripe.books.refunds) == max(done, 0 if mishap is Mishap.BROKEN else 1)


async def test_a_stored_500_is_repeated_and_only_the_look_up_tells(
    stripe: StripeServer, refunds: StripeRefunds
) -> None:
    """Stripe keeps the result of a key, errors too: asking again says 500 for ever although the money went back."""
    goes(stripe, Mishap.BROKEN_AFTER)
    assert [await refunds.perform(attempt(n)) for n in (1, 2, 3)] == [Unknown("api_error")] * 3
    assert isinstance(await refunds.look_up(attempt()), Succeeded)
    assert len(stripe.books.refunds) == 1


async def test_refusals_are_proofs_and_trouble_with_us_is_not(stripe: StripeServer, refunds: StripeRefunds) -> None:
    """More than was captured and an unknown payment are final; a key that is not ours to use, another key's parameters
    and a closed port are not."""
    assert await refunds.perform(attempt(minor=1001)) == Failed("amount_too_large")
    assert await refunds.perform(attempt(minor=700)) == Unknown("idempotency_error")
    assert await refunds.perform(replace(attempt(capture_id="pi_9"), idempotency_key="e2")) == Failed(
        "resource_missing"
    )
    assert await refunds.perform(attempt(shop_id="s9")) == NotDone("NO_ACCOUNT")
    stripe.key = "sk_another"
    assert await refunds.perform(attempt()) == NotDone("NOT_ALLOWED")
    with pytest.raises(httpx.HTTPStatusError):
        await refunds.look_up(attempt())
    away = StripeRefunds(
        {"s1": Account("sk", ("whsec",))},
        "http://127.0.0.1:9",
        answer_within=timedelta(1),
        timeout=timedelta(seconds=1),
    )
    assert await away.perform(attempt()) == NotDone("ConnectError")
    await away.close()
    assert stripe.books.refunds == {}


async def test_of_a_partial_capture_no_more_goes_back_than_was_taken(
    stripe: StripeServer, refunds: StripeRefunds
) -> None:
    """Authorised 10.00, captured 4.00: 4.00 can go back, 4.01 cannot."""
    stripe.books.pay("ch_2", 1000, "eur", captured=400)
    one, other = (replace(attempt(capture_id="ch_2", minor=minor), idempotency_key=f"e{minor}") for minor in (401, 400))
    assert await refunds.perform(one) == Failed("amount_too_large")
    assert isinstance(await refunds.perform(other), Succeeded)


async def test_a_look_up_reads_every_page(stripe: StripeServer, refunds: StripeRefunds) -> None:
    """Ours is the oldest of two hundred and fifty refunds of one payment."""
    stripe.books.pay("pi_1", 10**6, "eur")
    await refunds.perform(attempt())
    for n in range(250):
        stripe.books.refund(
            {"payment_intent": "pi_1", "amount": "1", "metadata[request_id]": f"o{n}"}, status="succeeded", now=n
        )
    found = await refunds.look_up(attempt())
    assert isinstance(found, Succeeded) and found.reference == "re_000001"


def test_amounts_are_written_as_stripe_writes_them() -> None:
    """Yen as they are, Icelandic crowns in hundredths, Kuwaiti fils in tens; what cannot be written is refused."""
    for money, there in ((Money(500, "JPY"), 500), (Money(5, "ISK"), 500), (Money(1230, "KWD"), 1230), (eur(99), 99)):
        assert (to_stripe(money), from_stripe(there, money.currency.lower())) == (there, money)
    with pytest.raises(Invalid):
        to_stripe(Money(1234, "KWD"))
    with pytest.raises(Invalid):
        from_stripe(550, "isk")
