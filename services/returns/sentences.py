"""The sentences in which a return's own events are told to an agent."""

from collections.abc import Iterable, Mapping

from casework.amounts import spoken
from casework.story import Sentence
from chassis.domain import Event
from services.returns.domain.case import events as e


def _units(units: Iterable[str]) -> str:
    return ", ".join(units)


def _received(x: e.GoodsReceived) -> str:
    findings = {
        "short": x.receipt.short,
        "extra": x.receipt.extra,
        "wrong": x.receipt.wrong,
        "unknown": x.receipt.unknown,
    }
    found = ", ".join(f"{n} {name}" for name, n in findings.items() if n)
    again = f" (correction {x.receipt.correction})" if x.receipt.correction else ""
    return (
        f"Receipt {x.receipt.receipt_number}{again}: {_units(x.receipt.units) or 'nothing'}; {found or 'as announced'}"
    )


def _inspected(x: e.UnitInspected) -> str:
    words = ", ".join(word for word in (x.condition, x.responsibility, x.disposition) if word)
    return f"{x.by} inspected {x.unit_id}: {words}"


def _moved(x: e.RefundMoved) -> str:
    why = f" ({x.reason})" if x.reason else ""
    return f"The money ({spoken(x.amount)}) is {x.state.value}{why}"


SENTENCES: Mapping[type[Event], Sentence] = {
    e.ReturnRequested: lambda x: f"{x.by} asked to return {_units(u.unit_id for u in x.units)} ({x.remedy})",
    e.PromiseDecided: lambda x: f"Policy {x.decision.policy} {x.decision.policy_version}: {x.decision.outcome}",
    e.UnitsAuthorised: lambda x: f"{x.by} authorised {_units(x.units)}: {x.reason}",
    e.UnitsDeclined: lambda x: f"{x.by} declined {_units(x.units)}: {x.reason}",
    e.UnitsCancelled: lambda x: f"{x.by} cancelled {_units(x.units)}",
    e.UnitsExpired: lambda x: f"{_units(x.units)} were not sent by {x.send_by.isoformat()}",
    e.UnitsKept: lambda x: f"The customer keeps {_units(x.units)}",
    e.LabelRequested: lambda x: f"{x.by} asked the shop for a label for {_units(x.units)}",
    e.LabelIssued: lambda x: f"Label {x.tracking_number} by {x.carrier}",
    e.LabelRefused: lambda x: f"The shop makes no label: {x.reason}",
    e.UnitsSent: lambda x: f"{_units(x.units)} {'are on the way' if x.in_transit else 'were handed over'}",
    e.GoodsReceived: _received,
    e.ReceiptVoided: lambda x: f"Receipt {x.receipt_number} never happened: {x.reason}",
    e.UnitInspected: _inspected,
    e.OutcomeDecided: lambda x: f"Inspection against policy {x.decision.policy_version}: {x.decision.outcome}",
    e.RefundPlanned: lambda x: f"{x.by} gave {spoken(x.amount)} ({x.kind.replace('_', ' ')}): {x.reason}",
    e.RefundMoved: _moved,
}
