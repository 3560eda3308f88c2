"""What happens to the labels of a withdrawal, as it is stored."""

from services.returns.domain.labels import events as label


class SenderGiven(label.SenderGiven):
    TOPIC = "returns.Withdrawal.SenderGiven"


class LabelRequested(label.LabelRequested):
    TOPIC = "returns.Withdrawal.LabelRequested"


class LabelOffered(label.LabelOffered):
    TOPIC = "returns.Withdrawal.LabelOffered"


class LabelBought(label.LabelBought):
    TOPIC = "returns.Withdrawal.LabelBought"


class LabelIssued(label.LabelIssued):
    TOPIC = "returns.Withdrawal.LabelIssued"


class LabelRefused(label.LabelRefused):
    TOPIC = "returns.Withdrawal.LabelRefused"


class LabelVoidAsked(label.LabelVoidAsked):
    TOPIC = "returns.Withdrawal.LabelVoidAsked"


class LabelVoided(label.LabelVoided):
    TOPIC = "returns.Withdrawal.LabelVoided"


class LabelNotVoided(label.LabelNotVoided):
    TOPIC = "returns.Withdrawal.LabelNotVoided"


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
