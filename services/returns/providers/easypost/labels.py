"""Buys return labels at EasyPost, and gives them back.

Guarantee: a parcel is written down at EasyPost, and with us, before a label for it is bought, and EasyPost sells one
label for one parcel: what may have been bought is looked for by the parcel's id, and where it is not found a person
decides. Writing a parcel down twice costs nothing; only the one that we remember is bought a label for.
"""

from collections.abc import Iterator
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from casework.amounts import decimals
from chassis.domain import Money
from chassis.service import Attempt, Failed, ProviderAnswer, Submitted, Succeeded
from services.returns.domain.labels import Labelling, PostalAddress
from services.returns.providers.asking import Load
from services.returns.providers.easypost.accounts import Account
from services.returns.providers.easypost.asking import ABSENT, Asked
from services.returns.providers.easypost.client import EasyPost, Thing

QR_CODE = "label_qr_code"


class Offers(Asked):
    """Writes a parcel down, and chooses the cheapest label that the shop allows. Done twice it costs nothing."""

    def __init__(self, api: EasyPost, load: Load) -> None:
        super().__init__(api)
        self._load = load

    def _path(self, attempt: Attempt) -> str:
        return f"shipments/{attempt.key}"

    async def _ask(self, account: Account, attempt: Attempt) -> Thing | ProviderAnswer:
        case = await self._load(UUID(attempt.body["case_id"]))
        start = case.starts_at() if isinstance(case, Labelling) else None
        if start is None:
            return Failed("address_forgotten")
        # of a return, EasyPost wants both addresses as they were on the way out, and turns them round itself
        parcel = {
            "is_return": True,
            "reference": attempt.key,
            "to_address": address(start),
            "from_address": address(account.warehouse),
            "parcel": {"weight": account.weight_ounces},
        }
        return await self._api.post(account, "shipments", {"shipment": parcel})

    def _read(self, thing: Thing, account: Account, attempt: Attempt) -> ProviderAnswer:
        allowed = sorted(_allowed(thing, account))
        if not allowed:
            return Failed("no_label_within_terms")
        minor, _, _, rate_id = allowed[0]
        facts = {"offer": rate_id, "minor": str(minor), "currency": account.most.currency}
        return Succeeded(str(thing["id"]), facts)


class Purchases(Asked):
    """Buys the label that was chosen, of the parcel that was written down."""

    idempotency: timedelta | None = None

    async def _ask(self, account: Account, attempt: Attempt) -> Thing | ProviderAnswer:
        chosen = {"rate": {"id": attempt.body["offer"]}}
        return await self._api.post(account, f"{self._path(attempt)}/buy", chosen)

    def _read(self, thing: Thing, account: Account, attempt: Attempt) -> ProviderAnswer:
        label = thing.get("postage_label")
        if not label or not label.get("label_url"):
            return ABSENT
        selected = thing.get("selected_rate") or {}
        facts = {
            "carrier": str(selected.get("carrier", "")).lower(),
            "tracking_number": str(thing.get("tracking_code") or ""),
            "label_url": str(label["label_url"]),
        }
        return Succeeded(str(thing["id"]), facts)


class Codes(Asked):
    """Has a code made of a label that was bought, for customers without a printer. Made twice it costs nothing."""

    async def _ask(self, account: Account, attempt: Attempt) -> Thing | ProviderAnswer:
        return await self._api.post(account, f"{self._path(attempt)}/forms", {"form": {"type": QR_CODE}})

    def _read(self, thing: Thing, account: Account, attempt: Attempt) -> ProviderAnswer:
        for form in thing.get("forms") or ():
            if form.get("form_type") == QR_CODE and form.get("form_url"):
                return Succeeded(str(form.get("id", "")), {"qr_code_url": str(form["form_url"])})
        return ABSENT


class TakeBacks(Asked):
    """Gives a label back, and waits for the carrier's word on it. A label is paid back once, however often asked."""

    def __init__(self, api: EasyPost, answer_within: timedelta) -> None:
        super().__init__(api)
        self._answer_within = answer_within

    async def _ask(self, account: Account, attempt: Attempt) -> Thing | ProviderAnswer:
        return await self._api.post(account, f"{self._path(attempt)}/refund")

    def _read(self, thing: Thing, account: Account, attempt: Attempt) -> ProviderAnswer:
        match str(thing.get("refund_status") or ""):
            case "":
                return ABSENT
            case "submitted":
                return Submitted(attempt.now + self._answer_within, str(thing["id"]))
            case "refunded" | "not_applicable" as status:  # the latter costs nothing before it is scanned
                return Succeeded(str(thing["id"]), {"refund_status": status})
            case refused:
                return Failed(refused)


def address(known: PostalAddress) -> dict[str, Any]:
    """An address as EasyPost writes it."""
    first, *rest = known.lines
    return {
        "name": known.recipient,
        "street1": first,
        "street2": ", ".join(rest),
        "city": known.city,
        "state": known.region,
        "zip": known.postal_code,
        "country": known.country,
    }


def _allowed(thing: Thing, account: Account) -> Iterator[tuple[int, str, str, str]]:
    for rate in thing.get("rates") or ():
        carrier, service, cost = str(rate["carrier"]), str(rate["service"]), cost_of(rate)
        named = carrier in (account.carriers or (carrier,)) and service in (account.services or (service,))
        if named and cost is not None and account.allows(cost):
            yield cost.minor, carrier, service, str(rate["id"])


def cost_of(rate: Thing) -> Money | None:
    """What a rate costs; None where it does not say."""
    try:
        currency = str(rate["currency"])
        minor = Decimal(str(rate["rate"])).scaleb(decimals(currency))
        return Money(int(minor.quantize(Decimal(1), ROUND_HALF_UP)), currency)
    except (InvalidOperation, KeyError, ValueError):
        return None
