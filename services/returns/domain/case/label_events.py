"""What happens to the labels of a return."""

from typing import Any

from chassis.domain import Event, Money, Personal
from services.returns.domain.case.labels import SHOP


class SenderGiven(Event):
    """The address the parcel starts at; a later one replaces it."""

    TOPIC = "returns.Return.SenderGiven"
    address: Personal
    by: str


class LabelRequested(Event):
    """A label is asked for. `paperless`: the customer wants a code instead of something to print."""

    TOPIC = "returns.Return.LabelRequested"
    class_version = 2
    label_id: str
    units: tuple[str, ...]
    maker: str
    paperless: bool
    by: str

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        """Before, the shop made every label, and all were printed."""
        state.setdefault("maker", SHOP)
        state.setdefault("paperless", False)


class LabelOffered(Event):
    """Its maker knows the parcel, as `reference`, and sells a label for it. Nothing is bought yet."""

    TOPIC = "returns.Return.LabelOffered"
    label_id: str
    reference: str
    offer: str
    cost: Money


class LabelBought(Event):
    """The label exists; the customer is told when the code that was asked for is there too."""

    TOPIC = "returns.Return.LabelBought"
    label_id: str
    carrier: str
    tracking_number: str
    url: str


class LabelIssued(Event):
    """The customer can send the goods."""

    TOPIC = "returns.Return.LabelIssued"
    class_version = 2
    label_id: str
    carrier: str
    tracking_number: str
    url: str
    qr_code_url: str
    instructions: str

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        """Before, a label was something to print and nothing else."""
        state.setdefault("qr_code_url", "")
        state.setdefault("instructions", "")


class LabelRefused(Event):
    """There will be no label."""

    TOPIC = "returns.Return.LabelRefused"
    label_id: str
    reason: str


class LabelVoidAsked(Event):
    """Nobody needs the label any more: its maker is asked to take it back."""

    TOPIC = "returns.Return.LabelVoidAsked"
    label_id: str
    reason: str
    by: str


class LabelVoided(Event):
    """Its maker took the label back."""

    TOPIC = "returns.Return.LabelVoided"
    label_id: str


class LabelNotVoided(Event):
    """Its maker does not take the label back, or nobody knows: what it cost stays with the shop."""

    TOPIC = "returns.Return.LabelNotVoided"
    label_id: str
    reason: str
