"""What happens to the labels of a return, as it is stored."""

from typing import Any

from services.returns.domain.labels import events as label
from services.returns.domain.labels.values import SHOP


class SenderGiven(label.SenderGiven):
    TOPIC = "returns.Return.SenderGiven"


class LabelRequested(label.LabelRequested):
    TOPIC = "returns.Return.LabelRequested"
    class_version = 2

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        """Before, the shop made every label, and all were printed."""
        state.setdefault("maker", SHOP)
        state.setdefault("paperless", False)


class LabelOffered(label.LabelOffered):
    TOPIC = "returns.Return.LabelOffered"


class LabelBought(label.LabelBought):
    TOPIC = "returns.Return.LabelBought"


class LabelIssued(label.LabelIssued):
    TOPIC = "returns.Return.LabelIssued"
    class_version = 2

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        """Before, a label was something to print and nothing else."""
        state.setdefault("qr_code_url", "")
        state.setdefault("instructions", "")


class LabelRefused(label.LabelRefused):
    TOPIC = "returns.Return.LabelRefused"


class LabelVoidAsked(label.LabelVoidAsked):
    TOPIC = "returns.Return.LabelVoidAsked"


class LabelVoided(label.LabelVoided):
    TOPIC = "returns.Return.LabelVoided"


class LabelNotVoided(label.LabelNotVoided):
    TOPIC = "returns.Return.LabelNotVoided"


LABEL_EVENTS = {
    label.SenderGiven: SenderGiven,
    label.LabelRequested: LabelRequested,
    label.LabelOffered: LabelOffered,
    label.LabelBought: LabelBought,
    label.LabelIssued: LabelIssued,
    label.LabelRefused: LabelRefused,
    label.LabelVoidAsked: LabelVoidAsked,
    label.LabelVoided: LabelVoided,
    label.LabelNotVoided: LabelNotVoided,
}
