"""EasyPost's HTTP API, spoken to directly: one call, and what its answer proves.

Guarantee: an answer is proof only where EasyPost says what was done or that nothing was; everything else is unknown.
There are no idempotency keys in this API, and nothing in here repeats a call.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx

from chassis.service import Failed, NotDone, ProviderAnswer, Unknown
from services.returns.providers.easypost.accounts import Account

EASYPOST_URL = "https://api.easypost.com"
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
LATER = {401: "NOT_ALLOWED", 402: "PAYMENT_REQUIRED", 403: "NOT_ALLOWED", 429: "RATE_LIMITED"}
"""Statuses that prove that nothing was done, and that may be different later."""

OF_AN_ACCOUNT = (401, 402, 403)
"""Nothing is wrong with EasyPost: another shop's labels are not held up by it."""

REFUSALS = (400, 404, 422)
IN_DOUBT = frozenset({"SHIPMENT.PURCHASE.IN_PROGRESS", "SHIPMENT.POSTAGE.TIMED_OUT", "SHIPMENT.POSTAGE.NO_RESPONSE"})
"""Codes that come with a refusal's status and do not say that the carrier made nothing."""

Thing = dict[str, Any]
"""An object of the API."""


class EasyPost:
    """The API, for every account."""

    def __init__(self, accounts: Mapping[str, Account], url: str, *, timeout: timedelta) -> None:
        self.accounts = accounts
        self._http = httpx.AsyncClient(
            base_url=url,
            timeout=httpx.Timeout(timeout / timedelta(seconds=1)),
            follow_redirects=False,
            trust_env=False,
        )

    async def post(self, account: Account, path: str, body: Thing | None = None) -> Thing | ProviderAnswer:
        """Have something done."""
        try:
            answer = await self._http.post(f"/v2/{path}", json=body or {}, auth=(account.key, ""))
        except NOT_SENT as error:
            return NotDone(type(error).__name__)
        except httpx.HTTPError as error:
            return Unknown(type(error).__name__)
        return _judge(answer)

    async def get(self, account: Account, path: str) -> Thing | None:
        """Read something; None where it is not there. No answer is an error: it says nothing."""
        answer = await self._http.get(f"/v2/{path}", auth=(account.key, ""))
        if answer.status_code == 404:
            return None
        answer.raise_for_status()
        found: Thing = answer.json()
        return found

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()


def _judge(answer: httpx.Response) -> Thing | ProviderAnswer:
    if answer.status_code in (200, 201):
        try:
            found = answer.json()
        except ValueError:
            return Unknown("UNREADABLE")
        return found if isinstance(found, dict) else Unknown("UNREADABLE")
    code = _code_of(answer)
    if answer.status_code in LATER:
        return NotDone(LATER[answer.status_code], ours=answer.status_code in OF_AN_ACCOUNT)
    if answer.status_code in REFUSALS and code not in IN_DOUBT:
        return Failed(code)
    return Unknown(code)


def _code_of(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["error"]["code"])[:100]
    except (ValueError, KeyError, TypeError):
        return f"HTTP_{answer.status_code}"
