"""Everything that can happen to the ledger of an order."""
# long: the whole vocabulary, read in one place

from typing import Any

from chassis.domain import Created, Event, Money
from services.returns.domain.ledger.values import (
    Claim,
    Entitlement,
    Fee,
    Given,
    Kept,
    OutsideFact,
    TenderRank,
    Transfer,
    TransferState,
)


class LedgerOpened(Created):
    """Something about the order's money was told or asked for the first time."""

    TOPIC = "returns.Ledger.Opened"
    shop_id: str
    order_id: str


class EntitlementsStated(Event):
    """What may be given back for each unit and component, as the order now stands."""

    TOPIC = "returns.Ledger.EntitlementsStated"
    order_version: int
    customer_id: str
    currency: str
    entitlements: tuple[Entitlement, ...]
    gesture_budget: Money
    cancelled: bool


class EntitlementsKept(Event):
    """A change before dispatch takes units out of the order: what was paid for them stays owed, whatever versions of
    the order come."""

    TOPIC = "returns.Ledger.EntitlementsKept"
    kept: Kept


class EntitlementsLetGo(Event):
    """The change did not come about: what the order says counts again."""

    TOPIC = "returns.Ledger.EntitlementsLetGo"
    case_id: str


class AuthorisationsVoided(Event):
    """A tender will not be charged: what it was authorised for is no longer there to be taken or released."""

    TOPIC = "returns.Ledger.AuthorisationsVoided"
    tender_id: str
    case_id: str


class CaptureCounted(Event):
    """Money was taken; only this can be given back."""

    TOPIC = "returns.Ledger.CaptureCounted"
    capture_id: str
    tender_id: str
    amount: Money


class AuthorisationCounted(Event):
    """Money may be taken; what of it is not taken yet is released instead of refunded."""

    TOPIC = "returns.Ledger.AuthorisationCounted"
    authorisation_id: str
    tender_id: str
    amount: Money


class TendersRanked(Event):
    """How the order was paid, in the order its tenders are paid back by."""

    TOPIC = "returns.Ledger.TendersRanked"
    tenders: tuple[TenderRank, ...]


class FeeWithheld(Event):
    """The shop keeps a part of what was paid, by name."""

    TOPIC = "returns.Ledger.FeeWithheld"
    fee: Fee


class FeeWaived(Event):
    """The shop does not keep it after all."""

    TOPIC = "returns.Ledger.FeeWaived"
    fee_id: str
    reason: str
    by: str


class CostProven(Event):
    """The customer had a cost and proved it."""

    TOPIC = "returns.Ledger.CostProven"
    cost_id: str
    amount: Money
    proof: str
    by: str


class RecoveryCounted(Event):
    """A carrier or supplier pays the shop; what the customer may get stays as it is."""

    TOPIC = "returns.Ledger.RecoveryCounted"
    recovery_id: str
    source: str
    amount: Money


class ClaimPended(Event):
    """It cannot be judged yet; another answer follows."""

    TOPIC = "returns.Ledger.ClaimPended"
    claim: Claim
    reason: str


class ClaimReserved(Event):
    """It may be given, and is kept for the requester from here on. Version 2 says of each movement which capture it
    comes out of, by which way, and whose tender it is."""

    TOPIC = "returns.Ledger.ClaimReserved"
    class_version = 2
    claim: Claim
    transfers: tuple[Transfer, ...]

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        for transfer in state["transfers"]:
            transfer |= {"capture_id": "", "way": "refund", "provider": ""}


class ClaimRefused(Event):
    """It may not be given: what is left, and who has the rest."""

    TOPIC = "returns.Ledger.ClaimRefused"
    claim: Claim
    bound: str
    left: Money
    left_units: tuple[str, ...]
    given: tuple[Given, ...]


class TransferMoved(Event):
    """One movement of money is somewhere else now. `amount` is what the provider says it was."""

    TOPIC = "returns.Ledger.TransferMoved"
    key: str
    claim_id: str
    state: TransferState
    amount: Money
    attempts: int
    reference: str
    reason: str


class ClaimSettled(Event):
    """The customer has it. For goods: `carriers`, (unit, the new unit that carries its entitlement), and
    `owed_back`, replaced units the customer still has."""

    TOPIC = "returns.Ledger.ClaimSettled"
    claim_id: str
    amount: Money
    reference: str
    carriers: tuple[tuple[str, str], ...]
    owed_back: tuple[str, ...]


class ClaimFailed(Event):
    """The money did not reach the customer, perhaps after it had; it still counts until it is released."""

    TOPIC = "returns.Ledger.ClaimFailed"
    claim_id: str
    amount: Money
    reason: str


class ClaimReleased(Event):
    """Its requester gave it up; what was not paid is free again."""

    TOPIC = "returns.Ledger.ClaimReleased"
    claim_id: str
    reason: str


class ReleaseCameTooLate(Event):
    """The requester gave it up, and it had been attempted already."""

    TOPIC = "returns.Ledger.ReleaseCameTooLate"
    claim_id: str
    state: str


class ClaimOverdue(Event):
    """Its time ended and it is not settled; it still counts, and is asked about."""

    TOPIC = "returns.Ledger.ClaimOverdue"
    claim_id: str


class EntitlementReturned(Event):
    """A replacement came back or was confirmed lost: the unit it stood for carries its entitlement again."""

    TOPIC = "returns.Ledger.EntitlementReturned"
    subject: str
    cause: str


class CarryUndone(Event):
    """What was to stand for a unit does not: its order was cancelled, or was paid for with other money."""

    TOPIC = "returns.Ledger.CarryUndone"
    subject: str
    cause: str


class ValueCharged(Event):
    """What a unit was exchanged for was paid with this order after all: it may be given back here."""

    TOPIC = "returns.Ledger.ValueCharged"
    subject: str
    amount: Money


class GoodsOwedBack(Event):
    """The customer has a unit more than was paid for: a lost one turned up beside its replacement."""

    TOPIC = "returns.Ledger.GoodsOwedBack"
    subject: str


class OwedGoodsReturned(Event):
    """A unit the customer had beside its replacement came back."""

    TOPIC = "returns.Ledger.OwedGoodsReturned"
    class_version = 2
    subject: str
    cause: str

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        """Before, nothing said by which receipt: what came so is never taken back."""
        state.setdefault("cause", "")


class GoodsNeverCame(Event):
    """A unit that was counted as back by `cause` is not: what followed from it does not hold."""

    TOPIC = "returns.Ledger.GoodsNeverCame"
    subject: str
    cause: str


class OutsideCounted(Event):
    """Money moved or was blocked elsewhere; recorded whatever the bounds say."""

    TOPIC = "returns.Ledger.OutsideCounted"
    fact: OutsideFact


class OutsideCleared(Event):
    """It did not stay so: a dispute was won, a refund made elsewhere failed."""

    TOPIC = "returns.Ledger.OutsideCleared"
    fact_id: str
    reason: str


class ExcessAccepted(Event):
    """A supervisor looked at what exceeds and lets our own grants go on."""

    TOPIC = "returns.Ledger.ExcessAccepted"
    excess: Money
    reason: str
    by: str
