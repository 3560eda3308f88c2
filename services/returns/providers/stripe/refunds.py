"""Pays back through Stripe's API.

Guarantee: every attempt of one refund carries the same idempotency key and the same parameters, so Stripe does it once.
What may have been done is `Unknown` and is looked for by our own key, which each refund carries in its metadata; Stripe
repeats a stored 500 for a key for as long as it remembers it, so a repeat alone would never tell.
"""

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

import httpx

from chassis.domain import Invalid, Money
from chassis.service import Attempt, Failed, NotDone, ProviderAnswer, Submitted, Succeeded, Unknown
from services.returns.providers.stripe.accounts import Account
from services.returns.providers.stripe.amounts import from_stripe, to_stripe

STRIPE = "stripe"
API_VERSION = "2024-06-20"
"""Pinned: an account's own default may move under our feet."""

PENDING = ("pending", "requires_action")
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_PAGE = 100


class StripeRefunds:
    """Refund objects of the shops' own accounts."""

    idempotency: timedelta | None = timedelta(hours=23)  # Stripe forgets a key after 24 hours at the earliest

    def __init__(
        self, accounts: Mapping[str, Account], url: str, *, answer_within: timedelta, timeout: timedelta
    ) -> None:
        self._accounts, self._answer_within = accounts, answer_within
        self._http = httpx.AsyncClient(
            base_url=url,
            timeout=httpx.Timeout(timeout / timedelta(seconds=1)),
            headers={"Stripe-Version": API_VERSION},
            follow_redirects=False,
            trust_env=False,
        )

    async def perform(self, attempt: Attempt) -> ProviderAnswer:
        """Ask for the refund."""
        account = self._accounts.get(attempt.body["shop_id"])
        if account is None:
            return NotDone("NO_ACCOUNT", ours=True)
        try:
            form = _form(attempt)
        except Invalid as refused:
            return Failed(refused.reason)
        headers = _headers(account) | {"Idempotency-Key": attempt.idempotency_key}
        try:
            answer = await self._http.post("/v1/refunds", data=form, headers=headers)
        except NOT_SENT as error:
            return NotDone(type(error).__name__)
        except httpx.HTTPError as error:
            return Unknown(type(error).__name__)
        return self._judge(answer, attempt)

    async def look_up(self, attempt: Attempt) -> ProviderAnswer | None:
        """Look for a refund with our key among those of the payment."""
        account = self._accounts.get(attempt.body["shop_id"])
        if account is None:
            return NotDone("NO_ACCOUNT", ours=True)
        async for refund in self._refunds(account, attempt.body["capture_id"]):
            if (refund.get("metadata") or {}).get("request_id") == attempt.key:
                return self._read(refund, attempt)
        return NotDone("ABSENT")

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def _refunds(self, account: Account, capture_id: str) -> AsyncIterator[Mapping[str, Any]]:
        after = ""
        while True:
            query = {_name_of(capture_id): capture_id, "limit": str(_PAGE)} | (
                {"starting_after": after} if after else {}
            )
            answer = await self._http.get("/v1/refunds", params=query, headers=_headers(account))
            answer.raise_for_status()
            page = answer.json()
            for refund in page["data"]:
                after = refund["id"]
                yield refund
            if not page["has_more"] or not page["data"]:
                return

    def _judge(self, answer: httpx.Response, attempt: Attempt) -> ProviderAnswer:
        if answer.status_code == 200:
            try:
                return self._read(answer.json(), attempt)
            except (ValueError, KeyError, TypeError):
                return Unknown("UNREADABLE")
        code = _error_of(answer)
        if answer.status_code == 429:
            return NotDone("RATE_LIMITED")
        if answer.status_code in (401, 403):
            return NotDone("NOT_ALLOWED", ours=True)
        if answer.status_code in (400, 402, 404) and code != "idempotency_error":
            return Failed(code)
        return Unknown(code)  # 409: another call with our key may be at it just now

    def _read(self, refund: Mapping[str, Any], attempt: Attempt) -> ProviderAnswer:
        status, reference = str(refund["status"]), str(refund["id"])
        told = from_stripe(int(refund["amount"]), str(refund["currency"]))
        if status in PENDING:
            return Submitted(attempt.now + self._answer_within, reference)
        if status == "succeeded":
            return Succeeded(reference, {"minor": str(told.minor), "currency": told.currency})
        return Failed(str(refund.get("failure_reason") or status), {"reference": reference})


def _form(attempt: Attempt) -> dict[str, str]:
    body = attempt.body
    amount = to_stripe(Money(body["minor"], body["currency"]))
    metadata = {
        "request_id": attempt.key,
        "shop_id": body["shop_id"],
        "order_id": body["order_id"],
        "tender_id": body["tender_id"],
        "case_id": body["case_id"],
    }
    form = {_name_of(body["capture_id"]): body["capture_id"], "amount": str(amount)}
    return form | {f"metadata[{name}]": str(value) for name, value in metadata.items()}


def _name_of(capture_id: str) -> str:
    return "payment_intent" if capture_id.startswith("pi_") else "charge"


def _headers(account: Account) -> dict[str, str]:
    return {"Authorization": f"Bearer {account.key}"}


def _error_of(answer: httpx.Response) -> str:
    try:
        error = answer.json()["error"]
        return str(error.get("code") or error.get("type"))[:100]
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"HTTP_{answer.status_code}"
