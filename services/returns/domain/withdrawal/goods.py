"""Where withdrawn units are: delivered after all, sent back, received, put right.

Guarantee: a receipt counts once by its number; a correction replaces what it corrects. Goods are taken by a closed
withdrawal too.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from services.returns.domain.case.matching import ArrivedLine, Candidate, match_lines
from services.returns.domain.case.values import ReceivedGoods
from services.returns.domain.errors import UnitNotInReturn
from services.returns.domain.law import Proof, Whereabouts
from services.returns.domain.withdrawal import events as e
from services.returns.domain.withdrawal.reading import WithdrawalReading
from services.returns.domain.withdrawal.values import UnitState

SYSTEM = "system"


class GoodsBack(WithdrawalReading):
    """Abstract: `Withdrawal` adds the notice and the money."""

    def delivered(self, lines: Collection[str], delivered_at: datetime, send_back: datetime, *, at: datetime) -> None:
        """Goods of these lines came after all: they are to be sent back."""
        came = tuple(
            u
            for u in self.effective
            if self.units[u].where is Whereabouts.NOT_DELIVERED and self.units[u].asked.line_id in lines
        )
        if came:
            self.record(e.UnitsDelivered, at=at, units=came, delivered_at=delivered_at, send_back=send_back)
            self._on_again(came, at=at)

    def sent(self, units: Collection[str], proof: Proof, *, at: datetime) -> tuple[str, ...]:
        """A proof that units were sent back; gives those it says something new of."""
        sent = tuple(u for u in self.to_send if not units or u in units)
        if sent:
            self.record(e.UnitsSentBack, at=at, units=sent, proof=proof)
            self.go_on(by=proof.by, at=at)
        return sent

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
        """Goods are here, or a receipt is put right. None where nothing is new. Taken by a closed withdrawal too."""
        known = self.receipts.get(receipt_number)
        if known is not None and known.correction >= correction and not known.voided:
            return None
        expected = [
            Candidate(u, self.units[u].asked.sku, self.units[u].asked.line_id)
            for u in self.effective
            if self.units[u].where is not Whereabouts.RECEIVED or self.units[u].receipt_number == receipt_number
        ]
        match = match_lines(lines, expected, (), order_skus)
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
        self.record(e.UnitsReceivedBack, at=at, receipt=receipt)
        self.go_on(by=by, at=at)
        return receipt

    def void_receipt(self, receipt_number: str, reason: str, *, at: datetime) -> None:
        """A receipt never happened."""
        known = self.receipts.get(receipt_number)
        if known is not None and not known.voided:
            self.record(e.ReceiptWithdrawn, at=at, receipt_number=receipt_number, reason=reason)
            self._on_again(known.units, at=at)

    def unit(self, unit_id: str) -> UnitState:
        """A unit by id, or `UnitNotInReturn`."""
        if unit_id not in self.units:
            raise UnitNotInReturn(f"this withdrawal does not hold unit {unit_id}", unit=unit_id)
        return self.units[unit_id]

    def go_on(self, *, by: str, at: datetime) -> None:
        """After a decision: whom it waits on now, and whether it is over."""
        if not self.is_open:
            return
        if outcome := self.ending():
            self.close(outcome, "", by=by, at=at)
        else:
            self.wait_on(self.next_party(), by=by, at=at)

    def _on_again(self, units: Collection[str], *, at: datetime) -> None:
        if not self.is_open and any(u in self.to_send for u in units):
            self.reopen("goods are with the customer", by=SYSTEM, at=at)
        self.go_on(by=SYSTEM, at=at)
