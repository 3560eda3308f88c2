"""EasyPost as a maker of labels of ours: its API, its accounts, and what may be bought there."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from chassis.effects.terms import Terms
from chassis.service import Provider
from services.returns.application.collecting import (
    PICKUP_OFFER_EFFECT,
    PICKUP_PURCHASE_EFFECT,
    PICKUP_REFUND_EFFECT,
)
from services.returns.application.labelling import CODE_EFFECT, OFFER_EFFECT, PURCHASE_EFFECT, TAKE_BACK_EFFECT
from services.returns.providers.asking import Load
from services.returns.providers.easypost.client import EasyPost
from services.returns.providers.easypost.labels import Codes, Offers, Purchases, TakeBacks
from services.returns.providers.easypost.pickups import PickupCancellations, PickupOffers, PickupPurchases

CODE_ATTEMPTS = 4
"""The customer waits for the label: after so many tries it is told without a code."""


def easypost(api: EasyPost, load: Load, *, refund_answer: timedelta) -> Mapping[str, Provider]:
    """A provider for each kind of effect."""
    return {
        OFFER_EFFECT: Offers(api, load),
        PURCHASE_EFFECT: Purchases(api),
        CODE_EFFECT: Codes(api),
        TAKE_BACK_EFFECT: TakeBacks(api, refund_answer),
        PICKUP_OFFER_EFFECT: PickupOffers(api, load),
        PICKUP_PURCHASE_EFFECT: PickupPurchases(api),
        PICKUP_REFUND_EFFECT: PickupCancellations(api),
    }


def terms_of(providers: Mapping[str, Provider], call: timedelta) -> dict[str, Terms]:
    """How patiently each is tried."""
    found = {
        kind: Terms(provider.idempotency, call=call + timedelta(seconds=1), lease=3 * call)
        for kind, provider in providers.items()
    }
    return found | {CODE_EFFECT: replace(found[CODE_EFFECT], attempts=CODE_ATTEMPTS)}
