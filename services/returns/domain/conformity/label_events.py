"""What happens to the labels of a file of conformity, as it is stored."""

from services.returns.domain.labels import events as label


class SenderGiven(label.SenderGiven):
    TOPIC = "returns.Conformity.SenderGiven"


class LabelRequested(label.LabelRequested):
    TOPIC = "returns.Conformity.LabelRequested"


class LabelOffered(label.LabelOffered):
    TOPIC = "returns.Conformity.LabelOffered"


class LabelBought(label.LabelBought):
    TOPIC = "returns.Conformity.LabelBought"


class LabelIssued(label.LabelIssued):
    TOPIC = "returns.Conformity.LabelIssued"


class LabelRefused(label.LabelRefused):
    TOPIC = "returns.Conformity.LabelRefused"


class LabelVoidAsked(label.LabelVoidAsked):
    TOPIC = "returns.Conformity.LabelVoidAsked"


class LabelVoided(label.LabelVoided):
    TOPIC = "returns.Conformity.LabelVoided"


class LabelNotVoided(label.LabelNotVoided):
    TOPIC = "returns.Conformity.LabelNotVoided"


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
