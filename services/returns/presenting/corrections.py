"""What was put right after money had moved, in the contract's words and in those of who keeps the books."""

from aftercare.returns.v1 import model_pb2 as pb

from casework.amounts import spoken
from chassis.grpc.convert import money_to_proto, timestamp_to_proto
from services.returns.domain.case.correction_state import CorrectedUnit, Correction
from services.returns.presenting.shared import unit_ref


def correction(known: Correction) -> pb.Correction:
    """One correction with what became of its difference."""
    return pb.Correction(
        correction_id=known.id,
        what=known.what,
        reason=known.reason,
        corrected_by=known.by,
        corrected_at=timestamp_to_proto(known.at),
        units=[
            pb.Correction.Unit(
                unit=unit_ref(unit.unit_id),
                before=unit.before,
                after=unit.after,
                moved=money_to_proto(unit.moved),
                difference=money_to_proto(unit.difference),
            )
            for unit in known.units
        ],
        difference=money_to_proto(known.difference),
        decision=known.decision,
        decided_by=known.decided_by,
        decided_reason=known.decided_reason,
        finance_text=finance_text(known),
    )


def finance_text(known: Correction) -> str:
    """What was paid on what turned out otherwise, and that nothing was taken back."""
    told = "; ".join(_said(unit) for unit in known.units)
    why = f" ({known.reason})" if known.reason else ""
    ended = {"borne": " The shop bears it.", "asked_back": " The customer was asked to give it back."}
    waits = " A person has to say what becomes of it." if known.is_open else ""
    return f"{known.what} was put right by {known.by}{why}: {told}. Nothing was taken back." + (
        ended.get(known.decision, waits)
    )


def _said(unit: CorrectedUnit) -> str:
    paid = f"{spoken(unit.moved)} for {unit.unit_id}"
    return f"{paid} ({unit.before}; now {unit.after}), of which {spoken(unit.difference)} would not have been paid"
