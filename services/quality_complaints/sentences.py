"""A complaint's story in English sentences for agents, one per stored event of its own; casework has the others."""

from collections.abc import Mapping

from casework.story import Sentence
from chassis.domain import Event
from services.quality_complaints.domain import events as e

SENTENCES: Mapping[type[Event], Sentence] = {
    e.ComplaintReceived: lambda x: f"Complaint about {x.quantity} of {x.sku}: {x.symptom.replace('_', ' ')}",
    e.ComplaintAcknowledged: lambda x: "The customer has been told that we look into it",
    e.ComplaintAssessed: lambda x: (
        f"{x.by} judged it {x.severity}, urgency {x.urgency}" + (", somebody could be hurt" if x.safety else "")
    ),
    e.LotFound: lambda x: f"Lot {x.lot_id} ({'from picking' if x.source == 'picking' else x.by})",
    e.InvestigationJoined: lambda x: f"Looked into with others: {x.complaints} complaints now ({x.by})",
    e.InvestigationLeft: lambda x: f"{x.by} took it out of the investigation: {x.reason}",
    e.RemedyAsked: lambda x: f"{x.by} decided on a {x.remedy}; the ledger is asked",
    e.RemedyReserved: lambda x: "The ledger keeps it for this complaint",
    e.RemedyDelayed: lambda x: f"The ledger cannot say yet: {x.reason}",
    e.RemedyRefused: lambda x: (
        f"The ledger says no: {x.reason}"
        + "".join(f"; {given.by or given.requester} gave some in {given.case_id}" for given in x.given)
    ),
    e.RemedyRequested: lambda x: "The shop was asked",
    e.RemedyUncertain: lambda x: f"Nobody answered: {x.reason}",
    e.RemedyAccepted: lambda x: f"The shop will do it {x.reference}".rstrip(),
    e.RemedyDone: lambda x: f"Done {x.reference}".rstrip(),
    e.RemedyFailed: lambda x: f"It will not be done: {x.reason}",
    e.RemedyWithdrawn: lambda x: f"{x.by} took it back: {x.reason}",
    e.RemedyNotReleased: lambda x: f"Too late to take it back: {x.state}",
    e.RemedyOverdue: lambda x: "The ledger asks what became of it",
    e.ResolutionVerified: lambda x: "The customer did not come back: it holds" if x.how == "silence" else "It holds",
}
"""Told for each event class of a complaint."""
