"""Everything that can happen to a return, beside what every case shares."""

from datetime import datetime
from typing import Any

from casework.decisions import DecisionRecord
from chassis.domain import Created, Event, Money
from services.returns.domain.case.matching import read_nothing_off
from services.returns.domain.case.signals import Signal
from services.returns.domain.case.values import MoneyState, ReceivedGoods, RequestedUnit, Verdict


class ReturnRequested(Created):
    """Somebody asked to return units. `asked_at` may be earlier than now: by phone yesterday."""

    TOPIC = "returns.Return.Requested"
    class_version = 2
    shop_id: str
    order_id: str
    customer_id: str
    units: tuple[RequestedUnit, ...]
    remedy: str
    channel: str
    asked_at: datetime
    by: str

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        """Before, no unit was known as a part of a bundle."""
        sold_alone(state["units"])


class PromiseDecided(Event):
    """The policy answered the request, unit by unit; `send_by` and `expires_at` hold for the authorised ones."""

    TOPIC = "returns.Return.PromiseDecided"
    class_version = 2
    decision: DecisionRecord
    verdicts: tuple[Verdict, ...]
    send_by: datetime | None
    expires_at: datetime | None

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        """Before, nothing was offered beside the outcome, and the customer was told the agent's words."""
        _offer_nothing(state)


class UnitsAuthorised(Event):
    """A person lets units come back."""

    TOPIC = "returns.Return.UnitsAuthorised"
    units: tuple[str, ...]
    reason: str
    send_by: datetime
    expires_at: datetime
    by: str


class UnitsDeclined(Event):
    """A person does not let units come back."""

    TOPIC = "returns.Return.UnitsDeclined"
    units: tuple[str, ...]
    reason: str
    by: str


class UnitsCancelled(Event):
    """Nothing of these will be sent back."""

    TOPIC = "returns.Return.UnitsCancelled"
    units: tuple[str, ...]
    reason: str
    by: str


class UnitsExpired(Event):
    """They were not sent in time."""

    TOPIC = "returns.Return.UnitsExpired"
    units: tuple[str, ...]
    send_by: datetime


class UnitsKept(Event):
    """The customer keeps these and nothing has to be sent."""

    TOPIC = "returns.Return.UnitsKept"
    units: tuple[str, ...]
    reason: str
    by: str


class UnitsSent(Event):
    """The customer gave units to a carrier (`handed_over`), or the carrier has them (`in_transit`)."""

    TOPIC = "returns.Return.UnitsSent"
    class_version = 2
    units: tuple[str, ...]
    in_transit: bool
    shipment_id: str
    tracking_number: str

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        """Before, only the shop's own name of the parcel was kept."""
        state.setdefault("tracking_number", "")


class UnitsMissing(Event):
    """They were sent, with proof, and did not come: the carrier lost them. They may turn up."""

    TOPIC = "returns.Return.UnitsMissing"
    units: tuple[str, ...]
    reason: str
    by: str


class GoodsReceived(Event):
    """Goods are at the warehouse, or a receipt was written down anew. `unannounced` units were not asked for."""

    TOPIC = "returns.Return.GoodsReceived"
    class_version = 3
    receipt: ReceivedGoods
    unannounced: tuple[RequestedUnit, ...]
    history: bool

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        """Before, what was read off the goods and the parcel was not kept."""
        unmarked(state["receipt"])

    @staticmethod
    def upcast_v2_v3(state: dict[str, Any]) -> None:
        """Before, no unit was known as a part of a bundle."""
        sold_alone(state["unannounced"])


class SignalsSeen(Event):
    """What a receipt shows that somebody should look at, in place of what it showed before. Nothing follows from it."""

    TOPIC = "returns.Return.SignalsSeen"
    receipt_number: str
    signals: tuple[Signal, ...]


class UnitsCameAfterAll(Event):
    """Goods came that were declined, cancelled or expired before: whether they may come back is asked again."""

    TOPIC = "returns.Return.UnitsCameAfterAll"
    units: tuple[str, ...]


class ReceiptVoided(Event):
    """A receipt never happened."""

    TOPIC = "returns.Return.ReceiptVoided"
    receipt_number: str
    reason: str


class UnitInspected(Event):
    """What somebody found of one unit; an empty word leaves what was found before."""

    TOPIC = "returns.Return.UnitInspected"
    unit_id: str
    condition: str
    responsibility: str
    disposition: str
    by: str


class OutcomeDecided(Event):
    """The outcome at inspection; where it contradicts the promise a person decides."""

    TOPIC = "returns.Return.OutcomeDecided"
    class_version = 2
    decision: DecisionRecord
    verdicts: tuple[Verdict, ...]

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        """As of a promise."""
        _offer_nothing(state)


class RefundPlanned(Event):
    """Money is reserved in the ledger and will be sent."""

    TOPIC = "returns.Return.RefundPlanned"
    claim_id: str
    request_key: str
    kind: str
    amount: Money
    parts: tuple[tuple[str, Money], ...]
    reason: str
    by: str
    approved_by: str


class RefundMoved(Event):
    """The money is somewhere else now."""

    TOPIC = "returns.Return.RefundMoved"
    claim_id: str
    state: MoneyState
    amount: Money
    reference: str
    reason: str


class NothingOwed(Event):
    """What is kept by name is all that was paid for these units: nothing is sent, and nothing of them is open."""

    TOPIC = "returns.Return.NothingOwed"
    units: tuple[str, ...]
    reason: str
    by: str


def unmarked(receipt: dict[str, Any]) -> None:
    """A receipt that was stored before serials, lots, tracking number and weight were kept."""
    receipt.setdefault("tracking_number", "")
    receipt.setdefault("weight_grams", 0)
    read_nothing_off(receipt["lines"])


def sold_alone(units: list[dict[str, Any]]) -> None:
    """Units that were stored before bundles were known."""
    for unit in units:
        unit.setdefault("part_of", None)


def _offer_nothing(state: dict[str, Any]) -> None:
    for verdict in state["verdicts"]:
        verdict.setdefault("customer_text", "")
        verdict.setdefault("offer", {})
