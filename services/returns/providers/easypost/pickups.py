"""Books carriers at EasyPost that come for parcels, and tells them not to.

Guarantee: a pickup is written down at EasyPost, and with us, before it is booked, and what may have been booked is
looked for by its id; where it is not found a person decides. Writing one down twice costs nothing.
"""

from datetime import timedelta
from uuid import UUID

from chassis.service import Attempt, Failed, ProviderAnswer, Succeeded
from services.returns.domain.labels import Labelling
from services.returns.providers.asking import Load
from services.returns.providers.easypost.accounts import Account
from services.returns.providers.easypost.asking import ABSENT, Asked
from services.returns.providers.easypost.client import EasyPost, Thing
from services.returns.providers.easypost.labels import address, cost_of

SCHEDULED, CANCELED = "scheduled", "canceled"


class PickupOffers(Asked):
    """Writes a pickup down, and chooses the cheapest that the shop allows."""

    def __init__(self, api: EasyPost, load: Load) -> None:
        super().__init__(api)
        self._load = load

    def _path(self, attempt: Attempt) -> str:
        return f"pickups/{attempt.key}"

    async def _ask(self, account: Account, attempt: Attempt) -> Thing | ProviderAnswer:
        case = await self._load(UUID(attempt.body["case_id"]))
        start = case.starts_at() if isinstance(case, Labelling) else None
        if start is None:
            return Failed("address_forgotten")
        pickup = {
            "reference": attempt.key,
            "address": address(start),
            "shipment": {"id": attempt.body["parcel"]},
            "min_datetime": attempt.body["ready_from"],
            "max_datetime": attempt.body["ready_until"],
            "is_account_address": False,
        }
        return await self._api.post(account, "pickups", {"pickup": pickup})

    def _read(self, thing: Thing, account: Account, attempt: Attempt) -> ProviderAnswer:
        rates = [(cost_of(rate), rate) for rate in thing.get("pickup_rates") or ()]
        allowed = [
            (cost.minor, str(rate["carrier"]), str(rate["service"]))
            for cost, rate in rates
            if cost is not None and account.allows(cost)
        ]
        if not allowed:
            return Failed("no_pickup_within_terms")
        minor, carrier, service = min(allowed)
        facts = {"carrier": carrier, "service": service, "minor": str(minor), "currency": account.most.currency}
        return Succeeded(str(thing["id"]), facts)


class PickupPurchases(Asked):
    """Books the pickup that was chosen, of those that were written down."""

    idempotency: timedelta | None = None

    def _path(self, attempt: Attempt) -> str:
        return f"pickups/{attempt.body['reference']}"

    async def _ask(self, account: Account, attempt: Attempt) -> Thing | ProviderAnswer:
        chosen = {"carrier": attempt.body["carrier"], "service": attempt.body["service"]}
        return await self._api.post(account, f"{self._path(attempt)}/buy", chosen)

    def _read(self, thing: Thing, account: Account, attempt: Attempt) -> ProviderAnswer:
        status = str(thing.get("status"))
        if status == SCHEDULED:
            return Succeeded(str(thing["id"]), {"confirmation": str(thing.get("confirmation") or "")})
        return Failed(CANCELED) if status == CANCELED else ABSENT


class PickupCancellations(Asked):
    """Has a carrier not come. Cancelled twice it is cancelled once."""

    def _path(self, attempt: Attempt) -> str:
        return f"pickups/{attempt.body['reference']}"

    async def _ask(self, account: Account, attempt: Attempt) -> Thing | ProviderAnswer:
        return await self._api.post(account, f"{self._path(attempt)}/cancel")

    def _read(self, thing: Thing, account: Account, attempt: Attempt) -> ProviderAnswer:
        return Succeeded(str(thing["id"])) if thing.get("status") == CANCELED else ABSENT
