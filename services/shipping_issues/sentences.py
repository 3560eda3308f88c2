"""The sentences in which a case's own events are told to an agent."""

from collections.abc import Mapping

from casework import spoken
from casework.story import Sentence
from chassis.domain import Event
from services.shipping_issues.domain import events as e


def _words(name: str) -> str:
    return name.replace("_", " ")


def _finding(x: e.FindingMade) -> str:
    hours = x.hours_before_promise
    when = "" if hours is None else f", {hours} hours before the promise" if hours >= 0 else f", {-hours} hours late"
    return f"Found: {_words(x.finding)}{when}: {x.decision.clauses[0].text}"


def _refused(x: e.RemedyRefused) -> str:
    rest = "; ".join(f"{g.by or g.requester} gave {g.what} in case {g.case_id}" for g in x.given)
    left = f", {spoken(x.left)} left" if x.left else ""
    return f"The ledger refused it ({_words(x.reason)}{left})" + (f": {rest}" if rest else "")


SENTENCES: Mapping[type[Event], Sentence] = {
    e.DeliveryCaseOpened: lambda x: (
        f"A case about {f'parcel {x.shipment_id}' if x.shipment_id else 'a missing parcel'} was opened"
    ),
    e.ParcelAssigned: lambda x: f"It is parcel {x.shipment_id}",
    e.FindingMade: _finding,
    e.WaitDecided: lambda x: f"{x.by} told the customer to expect it by {x.expect_by.isoformat()}",
    e.WaitEnded: lambda x: f"It did not come by {x.expect_by.isoformat()}",
    e.RemedyAsked: lambda x: (
        f"{x.by} decided on a {_words(x.remedy)}" + (f", approved by {x.approved_by}" if x.approved_by else "")
    ),
    e.RemedyReserved: lambda x: "The ledger keeps it for this case",
    e.RemedyDelayed: lambda x: f"The ledger cannot say yet: {_words(x.reason)}",
    e.RemedyRefused: _refused,
    e.RemedyRequested: lambda x: "The shop was asked",
    e.RemedyUncertain: lambda x: f"Nobody answered: {_words(x.reason)}",
    e.RemedyAccepted: lambda x: f"The shop will do it (reference {x.reference or 'none yet'})",
    e.RemedyDone: lambda x: f"It was done (reference {x.reference or 'none'})",
    e.RemedyFailed: lambda x: f"It failed: {_words(x.reason)}",
    e.RemedyWithdrawn: lambda x: f"{x.by} took it back",
    e.RemedyNotReleased: lambda x: f"It could not be taken back: it is {x.state}",
    e.RemedyOverdue: lambda x: "The ledger asks what became of it",
    e.ParcelTurnedUp: lambda x: (
        f"The parcel turned up: {_words(x.status)} at {x.seen_at.isoformat()}"
        + (f"; a {_words(x.remedy)} had been decided" if x.remedy else "")
    ),
}
