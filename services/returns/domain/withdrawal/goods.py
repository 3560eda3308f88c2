"""Where withdrawn units are: delivered after all, sent back, received, put right.

Guarantee: only what the contract is ended about may be in a parcel; what was here already is in no second one.
"""

from collections.abc import Collection
from datetime import datetime

from services.returns.domain.case.matching import Candidate
from services.returns.domain.errors import UnitNotInReturn
from services.returns.domain.law import Proof, Whereabouts
from services.returns.domain.withdrawal import events as e
from services.returns.domain.withdrawal.reading import WithdrawalReading
from services.returns.domain.withdrawal.values import UnitState

SYSTEM = "system"


class GoodsBack(WithdrawalReading):
    """Abstract: `LabelledGoods` adds the labels."""

    def delivered(self, lines: Collection[str], delivered_at: datetime, send_back: datetime, *, at: datetime) -> None:
        """Goods of these lines came after all: they are to be sent back."""
        came = tuple(
            u
            for u in self.effective
            if self.units[u].where is Whereabouts.NOT_DELIVERED and self.units[u].asked.line_id in lines
        )
        if came:
            self.record(e.UnitsDelivered, at=at, units=came, delivered_at=delivered_at, send_back=send_back)
            self.missing_again(came, at=at)

    def sent(self, units: Collection[str], proof: Proof, *, at: datetime) -> tuple[str, ...]:
        """A proof that units were sent back; gives those it says something new of."""
        sent = tuple(u for u in self.to_send if not units or u in units)
        if sent:
            self.record(e.UnitsSentBack, at=at, units=sent, proof=proof)
            self.go_on(by=proof.by, at=at)
        return sent

    def may_be_in(self, receipt_number: str) -> list[Candidate]:
        return [
            Candidate(u, self.units[u].asked.sku, self.units[u].asked.line_id)
            for u in self.effective
            if self.units[u].where is not Whereabouts.RECEIVED or self.units[u].receipt_number == receipt_number
        ]

    def missing_again(self, units: Collection[str], *, at: datetime) -> None:
        """Who has them has to send them; a withdrawal that was over is open again."""
        if not self.is_open and any(u in self.to_send for u in units):
            self.reopen("goods are with the customer", by=SYSTEM, at=at)
        self.go_on(by=SYSTEM, at=at)

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
