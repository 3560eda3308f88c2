"""The sentences in which what happened to labels and pickups is told to an agent."""

from collections.abc import Mapping

from casework.amounts import spoken
from casework.story import Sentence
from chassis.domain import Event
from services.returns.domain.case import label_events as r
from services.returns.domain.case import pickup_events as p
from services.returns.domain.conformity import label_events as c
from services.returns.domain.labels import events as e
from services.returns.domain.withdrawal import label_events as w

_OF_LABELS: Mapping[type[Event], Sentence] = {
    e.SenderGiven: lambda x: f"{x.by} gave the address the parcel starts at",
    e.LabelRequested: lambda x: (
        f"{x.by} asked the {x.maker} for a label{' to show' if x.paperless else ''} for {', '.join(x.units)}"
    ),
    e.LabelOffered: lambda x: f"A label for parcel {x.reference} costs {spoken(x.cost)}",
    e.LabelBought: lambda x: f"Label {x.tracking_number} by {x.carrier} was bought; its code is to come",
    e.LabelIssued: lambda x: f"Label {x.tracking_number} by {x.carrier}",
    e.LabelRefused: lambda x: f"There is no label: {x.reason}",
    e.LabelVoidAsked: lambda x: f"{x.by} asked to take the label back: {x.reason}",
    e.LabelVoided: lambda x: "The label was taken back",
    e.LabelNotVoided: lambda x: f"The label was not taken back: {x.reason}",
}

LABEL_SENTENCES: Mapping[type[Event], Sentence] = {
    **{own: _OF_LABELS[kind] for of in (r.LABEL_EVENTS, c.LABEL_EVENTS, w.LABEL_EVENTS) for kind, own in of.items()},
    p.PickupRequested: lambda x: (
        f"{x.by} asked the {x.maker} for a pickup between {x.ready_from.isoformat()} and {x.ready_until.isoformat()}"
    ),
    p.PickupOffered: lambda x: f"A pickup by {x.carrier} ({x.service}) costs {spoken(x.cost)}",
    p.PickupBooked: lambda x: f"The carrier comes: {x.confirmation}",
    p.PickupRefused: lambda x: f"Nobody comes: {x.reason}",
    p.PickupCancelAsked: lambda x: f"{x.by} asked the carrier not to come: {x.reason}",
    p.PickupCancelled: lambda x: "The carrier does not come",
    p.PickupNotCancelled: lambda x: f"The carrier may come all the same: {x.reason}",
}
