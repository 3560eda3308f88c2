"""Goods that come back by a flow of the law: booked on the units that may be in a parcel.

Guarantee: a receipt counts once by its number; a correction replaces what it corrects, and one that was booked
elsewhere meanwhile counts again when it comes back. Goods are taken by a closed case too.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from casework.case import Case
from chassis.domain import Event
from services.returns.domain.case.matching import ArrivedLine, Candidate, match_lines
from services.returns.domain.case.values import ReceivedGoods


class ReceivingByLaw(Case):
    """Abstract: the flow says which units may be in a parcel, and names its own events."""

    receipts: dict[str, ReceivedGoods]
    RECEIPT_EVENTS: ClassVar[tuple[type[Event], type[Event]]]
    """A receipt was booked, and undone."""

    def receive(
        self,
        receipt_number: str,
        lines: Sequence[ArrivedLine],
        *,
        order_skus: frozenset[str],
        correction: int,
        received_at: datetime,
        by: str,
        at: datetime,
        tracking_number: str = "",
        weight_grams: int = 0,
    ) -> ReceivedGoods | None:
        """Goods are here, or a receipt is put right. None where nothing is new."""
        known = self.receipts.get(receipt_number)
        if known is not None and known.correction >= correction and not known.voided:
            return None
        match = match_lines(lines, self.may_be_in(receipt_number), (), order_skus)
        receipt = ReceivedGoods(
            receipt_number=receipt_number,
            received_at=received_at,
            lines=match.lines,
            short=match.short,
            extra=match.extra,
            wrong=match.wrong,
            unknown=match.unknown,
            correction=correction,
            by=by,
            tracking_number=tracking_number,
            weight_grams=weight_grams,
        )
        self.record(self.RECEIPT_EVENTS[0], at=at, receipt=receipt)
        self.go_on(by=by, at=at)
        return receipt

    def void_receipt(self, receipt_number: str, reason: str, *, at: datetime) -> None:
        """A receipt never happened, or is booked elsewhere."""
        known = self.receipts.get(receipt_number)
        if known is not None and not known.voided:
            self.record(self.RECEIPT_EVENTS[1], at=at, receipt_number=receipt_number, reason=reason)
            self.missing_again(known.units, at=at)

    def may_be_in(self, receipt_number: str) -> Sequence[Candidate]:
        """The units that a parcel of this number may hold."""
        raise NotImplementedError

    def missing_again(self, units: Sequence[str], *, at: datetime) -> None:
        """Units that were taken to be here are not."""
        raise NotImplementedError

    def go_on(self, *, by: str, at: datetime) -> None:
        """After a decision: whom it waits on now, and whether it is over."""
        raise NotImplementedError
