"""The sentences in which a return's own events are told to an agent."""

from collections.abc import Iterable, Mapping

from casework.amounts import spoken
from casework.story import Sentence
from chassis.domain import Event
from services.returns.domain.case import events as e
from services.returns.domain.change import events as d
from services.returns.domain.conformity import events as c
from services.returns.domain.withdrawal import events as w
from services.returns.domain.withdrawal.law import EFFECTIVE
from services.returns.domain.withdrawal.stop_events import StopAsked, StopEnded
from services.returns.label_sentences import LABEL_SENTENCES


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
    return f"The money ({spoken(x.amount)}) is {x.state.value}{_because(x.reason)}"


def _change_requested(x: d.ChangeRequested) -> str:
    what = {"cancel": "cancel", "swap": f"swap for {x.wish.sku}", "tender": f"pay by {x.wish.to_kind} instead"}
    units = _units(u.unit_id for u in x.wish.units)
    return f"{x.by} asked to {what[x.wish.kind.value]}{f': {units}' if units else ''} ({x.under.clause})"


def _change_confirmed(x: d.ChangeConfirmed) -> str:
    beyond = x.difference is not None and x.difference.minor != 0
    difference = f", {spoken(x.difference)} for the difference" if beyond and x.difference else ""
    return f"{x.by}: done {_units(x.units)}{difference}{_because(x.reference)}"


def _because(reason: str) -> str:
    return f" ({reason})" if reason else ""


def _noticed(x: w.NoticeGiven) -> str:
    effective = [unit.unit_id for unit in x.units if unit.ruling.rule == EFFECTIVE]
    others = [
        f"{unit.unit_id} ({unit.ruling.rule.replace('_', ' ')})" for unit in x.units if unit.unit_id not in effective
    ]
    rest = f"; not effective for {_units(others)}" if others else ""
    return f"Notice of withdrawal of {x.noticed_at.isoformat()}, effective for {_units(effective) or 'nothing'}{rest}"


SENTENCES: Mapping[type[Event], Sentence] = {
    StopAsked: lambda x: (
        f"{'The carrier' if x.stop.shipment_id else 'The shop'} is asked to stop {_units(x.stop.units)}"
    ),
    StopEnded: lambda x: f"The goods {'are stopped' if x.done else 'go on'}{_because(x.reason)}",
    **LABEL_SENTENCES,
    e.ReturnRequested: lambda x: f"{x.by} asked to return {_units(u.unit_id for u in x.units)} ({x.remedy})",
    e.PromiseDecided: lambda x: f"Policy {x.decision.policy} {x.decision.policy_version}: {x.decision.outcome}",
    e.UnitsAuthorised: lambda x: f"{x.by} authorised {_units(x.units)}: {x.reason}",
    e.UnitsDeclined: lambda x: f"{x.by} declined {_units(x.units)}: {x.reason}",
    e.UnitsCancelled: lambda x: f"{x.by} cancelled {_units(x.units)}",
    e.UnitsExpired: lambda x: f"{_units(x.units)} were not sent by {x.send_by.isoformat()}",
    e.UnitsKept: lambda x: f"The customer keeps {_units(x.units)}",
    e.UnitsSent: lambda x: f"{_units(x.units)} {'are on the way' if x.in_transit else 'were handed over'}",
    e.UnitsMissing: lambda x: f"{_units(x.units)} were lost on the way back: {x.reason}",
    e.GoodsReceived: _received,
    e.SignalsSeen: lambda x: (
        "Somebody should look: " + "; ".join(f"{one.name.replace('_', ' ')} ({one.detail})" for one in x.signals)
        if x.signals
        else f"Receipt {x.receipt_number} shows nothing more to look at"
    ),
    e.UnitsCameAfterAll: lambda x: f"{_units(x.units)} came after all: somebody has to decide again",
    e.ReceiptVoided: lambda x: f"Receipt {x.receipt_number} never happened: {x.reason}",
    e.UnitInspected: _inspected,
    e.OutcomeDecided: lambda x: f"Inspection against policy {x.decision.policy_version}: {x.decision.outcome}",
    e.RefundPlanned: lambda x: f"{x.by} gave {spoken(x.amount)} ({x.kind.replace('_', ' ')}): {x.reason}",
    e.NothingOwed: lambda x: f"Nothing is owed for {_units(x.units)}: {x.reason}",
    e.RefundMoved: _moved,
    c.ConformityOpened: lambda x: f"{x.by} opened the file of {x.unit.unit_id}",
    c.LackReported: lambda x: f"{x.by} reported a lack: {x.ruling.text}",
    c.GoodwillAsked: lambda x: f"It is asked of the shop's goodwill: return {x.return_id}",
    c.EvidenceRecorded: lambda x: f"Evidence {x.evidence.number} of {x.evidence.source} says {x.evidence.says}",
    c.ProofAsked: lambda x: f"{x.by} asked the customer for proof until {x.prove_by.isoformat()}",
    c.LackAcknowledged: lambda x: f"{x.by} acknowledged the lack as {x.severity}: {x.reason}",
    c.LackRejected: lambda x: f"{x.by} rejected the lack: {x.reason}",
    c.RemedyChosen: lambda x: f"{x.remedy.capitalize()} was chosen by {x.by}",
    c.RemedyRefused: lambda x: f"{x.refusal.by} refused {x.refusal.remedy} ({x.refusal.ground}): {x.refusal.reason}",
    c.RemedyStarted: lambda x: f"{x.by} asked the shop for a {x.remedy}",
    c.RemedyDone: lambda x: f"It was put right; the seller answers until {x.liable.last_day}",
    c.RemedyFailed: lambda x: f"It was not put right: {x.reason}",
    c.UnitSent: lambda x: f"The goods were sent on {x.proof.sent_at.isoformat()}",
    c.UnitReceived: lambda x: f"Receipt {x.receipt.receipt_number}: {_units(x.receipt.units) or 'nothing'}",
    c.ReceiptUndone: lambda x: f"Receipt {x.receipt_number} never happened: {x.reason}",
    c.MoneyChosen: lambda x: f"{x.asked.by} asked for {x.asked.kind.replace('_', ' ')} by the rule {x.asked.rule.rule}",
    c.RefundPlanned: lambda x: f"{x.by} paid {spoken(x.amount)} ({x.kind.replace('_', ' ')})",
    c.RefundMoved: lambda x: f"The money ({spoken(x.amount)}) is {x.state.value}{_because(x.reason)}",
    c.LackDropped: lambda x: f"The lack was let be: {x.reason}",
    c.DutyWarned: lambda x: f"The duty to {x.duty.replace('_', ' ')} is due at {x.due_at.isoformat()}",
    c.DutyMissed: lambda x: f"The {x.owner} did not {x.duty.replace('_', ' ')} until {x.due_at.isoformat()}",
    w.WithdrawalDeclared: lambda x: f"{x.by} declared to withdraw from {_units(u.unit_id for u in x.units)}",
    w.NoticeGiven: _noticed,
    w.GoodwillOpened: lambda x: f"{_units(x.units)} are asked of the shop's goodwill: return {x.return_id}",
    w.UnitsDelivered: lambda x: f"{_units(x.units)} reached the customer after the notice",
    w.UnitsSentBack: lambda x: f"{_units(x.units)} were sent back on {x.proof.sent_at.isoformat()}",
    w.UnitsReceivedBack: lambda x: f"Receipt {x.receipt.receipt_number}: {_units(x.receipt.units) or 'nothing'}",
    w.ReceiptWithdrawn: lambda x: f"Receipt {x.receipt_number} never happened: {x.reason}",
    w.ValueDiminished: lambda x: f"{x.lost.by} keeps {spoken(x.lost.amount)} of {x.unit_id}: {x.lost.reason}",
    w.RepaymentPlanned: lambda x: f"{x.by} paid back {spoken(x.amount)}",
    w.RepaymentMoved: lambda x: f"The money ({spoken(x.amount)}) is {x.state.value}{_because(x.reason)}",
    w.RepaidElsewhere: lambda x: f"{_units(x.units)} were paid back elsewhere: {x.reason}",
    w.OwedAgain: lambda x: f"{_units(x.units)} are owed again: {x.reason}",
    w.DutyWarned: lambda x: f"The duty to {x.duty.replace('_', ' ')} is due at {x.due_at.isoformat()}",
    d.ChangeRequested: _change_requested,
    d.ChangeConfirmed: _change_confirmed,
    d.ChangeRefused: lambda x: f"{x.by}: not done {_units(x.units)}{_because(x.reason)}",
    d.AnswerMissed: lambda x: f"No answer about the {x.what} until {x.due_at.isoformat()}: a person asks",
    d.UnitsLeft: lambda x: f"{_units(x.units)} left with parcel {x.shipment_id} before the shop answered: {x.becomes}",
    d.UnitsLeftAllTheSame: lambda x: f"{_units(x.units)} left with parcel {x.shipment_id} although they were cancelled",
    d.ConfirmedTooLate: lambda x: f"The shop says that it was done{_because(x.reference)}, and it had left",
    d.InterceptionAsked: lambda x: f"The carrier is asked to bring parcel {x.interception.shipment_id} back",
    d.InterceptionEnded: lambda x: f"The parcel {'comes back' if x.done else 'goes on'}{_because(x.reason)}",
    d.ReturnOpened: lambda x: f"{_units(x.units)} are return {x.return_id} now",
    d.LeftToPerson: lambda x: f"A person has to look: {x.why}",
    d.WayGiven: lambda x: f"{_units(x.units)} were withdrawn from: withdrawal {x.withdrawal_id}",
    d.ChangeMoneyPlanned: lambda x: f"{spoken(x.amount)} goes back",
    d.ChangeMoneyMoved: lambda x: f"The money ({spoken(x.amount)}) is {x.state.value}{_because(x.reason)}",
    d.ChangeMoneyHeldBack: lambda x: f"{spoken(x.amount)} does not go back now ({x.why.replace('_', ' ')})",
    d.TenderLetGo: lambda x: f"{spoken(x.amount)} will not be taken through the old tender",
    d.TenderReleased: lambda x: f"The release of the old tender: {x.state}{_because(x.reason)}",
    w.DutyMissed: lambda x: f"The {x.owner} did not {x.duty.replace('_', ' ')} until {x.due_at.isoformat()}",
}
