"""HTTP in: webhooks of payment providers. No decisions.

Guarantee: what is not proven by its signature is refused and writes nothing; an event that comes again has no second
effect; an event about an order nobody has told of yet is refused in a way that lets the provider send it again.
"""

from collections.abc import Mapping, Sequence

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from chassis.clock import Clock
from chassis.domain import DomainError, Invalid, derived_id
from chassis.effects.carrier import WAITS
from chassis.service import Receipt
from chassis.units import Units
from chassis.work import SYSTEM, Work
from services.returns.application import Application
from services.returns.domain.identity import ledger_id_of
from services.returns.providers.stripe.accounts import Account
from services.returns.providers.stripe.webhooks import NotProven, Told, read, verify
from services.returns.queries import Queries

log = structlog.get_logger(__name__)

MOST_BYTES = 256 * 1024
SIGNATURE = "stripe-signature"


class TooLarge(Exception):
    """The body is larger than any event."""


class Webhooks:
    """The endpoint of each shop's own account."""

    def __init__(
        self, app: Application, queries: Queries, units: Units, clock: Clock, accounts: Mapping[str, Account]
    ) -> None:
        self._app, self._queries, self._units, self._clock = app, queries, units, clock
        self._accounts = accounts

    def routes(self) -> Sequence[BaseRoute]:
        """What is served where any account is known."""
        return [Route("/webhooks/stripe/{shop_id}", self.stripe, methods=["POST"])] if self._accounts else []

    async def stripe(self, request: Request) -> Response:
        """One event of one shop's Stripe account."""
        shop_id = request.path_params["shop_id"]
        account = self._accounts.get(shop_id)
        if account is None:
            return _said(404, "NO_ACCOUNT")
        try:
            body = await _body(request)
            verify(body, request.headers.get(SIGNATURE, ""), account.webhook_secrets, now=self._clock.real_now())
            told = read(body)
        except TooLarge:
            return _said(413, "TOO_LARGE")
        except NotProven as refused:
            log.warning("webhook_not_proven", shop=shop_id, reason=str(refused))
            return _said(400, "NOT_PROVEN")
        except Invalid:
            return _said(422, "UNREADABLE")
        return await self._take(shop_id, told)

    async def _take(self, shop_id: str, told: Told) -> Response:
        if told.fact is None:
            return _said(200, "IGNORED")
        if told.shop_id not in ("", shop_id):
            return _said(422, "ANOTHER_SHOP")
        place = (told.order_id, told.fact.tender_id)
        if not all(place):
            place = await self._queries.capture(shop_id, told.payments) or place
        order_id, tender_id = place
        if not order_id or not tender_id:
            return _said(409, "ORDER_UNKNOWN")
        fact = told.fact.of_tender(tender_id)

        async def decide(work: Work) -> Receipt:
            await self._app.payment_told(work, shop_id, order_id, fact)
            return Receipt(told.event_id)

        key = derived_id("returns.webhook", "stripe", shop_id, told.event_id)
        try:
            await self._units.run(
                decide,
                actor=SYSTEM,
                cause=f"webhook:stripe/{told.event_id}",
                request=(key, key),  # sent again, an event may differ in what is not about it
                on=ledger_id_of(shop_id, order_id),
            )
        except DomainError as refused:
            log.warning("webhook_refused", shop=shop_id, webhook=told.event_id, reason=refused.reason)
            return _said(422, refused.reason)
        except WAITS as waits:
            log.warning("webhook_waits", shop=shop_id, webhook=told.event_id, reason=type(waits).__name__)
            return _said(503, "COME_AGAIN")
        return _said(200, "TAKEN")


async def _body(request: Request) -> bytes:
    found = bytearray()
    async for chunk in request.stream():
        found += chunk
        if len(found) > MOST_BYTES:
            raise TooLarge
    return bytes(found)


def _said(status: int, word: str) -> Response:
    return JSONResponse({"outcome": word}, status_code=status)
