"""Where units are and how they were found: on the way, received, put right, inspected.

Guarantee: a receipt counts once by its number; a correction replaces what it corrects, and a voided one
leaves no trace on the units. Goods are taken by a closed return too.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from casework.decisions import DecisionRecord
from services.returns.domain.case import events as e
from services.returns.domain.case.authorising import POLICY
from services.returns.domain.case.bundles import Short
from services.returns.domain.case.collecting import Collecting
from services.returns.domain.case.matching import ArrivedLine, Candidate, match_lines
from services.returns.domain.case.reading import ENDED
from services.returns.domain.case.signals import BUNDLE_SHORT, Signal, Sold, signals_of
from services.returns.domain.case.values import (
    Authorisation,
    Found,
    Goods,
    ReceivedGoods,
    RequestedUnit,
    ReturnUnit,
    Verdict,
)
from services.returns.domain.errors import NothingToDo, WrongStage


class GoodsIn(Collecting):
    """Abstract: the axes of goods and inspection."""

    def sent(
        self, units: Collection[str], shipment_id: str, *, in_transit: bool, at: datetime, tracking_number: str = ""
    ) -> None:
        """A proof that units are on their way back."""
        before = (Goods.WITH_CUSTOMER, Goods.HANDED_OVER) if in_transit else (Goods.WITH_CUSTOMER,)
        moved = tuple(u for u, unit in self.units.items() if (not units or u in units) and unit.goods in before)
        active = tuple(u for u in moved if self.units[u].authorisation is Authorisation.AUTHORISED)
        if active:
            self.record(
                e.UnitsSent,
                at=at,
                units=active,
                in_transit=in_transit,
                shipment_id=shipment_id,
                tracking_number=tracking_number,
            )
            self.go_on(by=POLICY, at=at)

    def posted(self, units: Sequence[str], tracking_number: str, *, by: str, at: datetime) -> tuple[str, ...]:
        """The customer shows a proof of sending: the units are not awaited from them any more."""
        self.require_open()
        chosen = self._chosen(units, (Authorisation.AUTHORISED,), "proven to be sent", at_home=True)
        self.record(e.UnitsSent, at=at, units=chosen, in_transit=False, shipment_id="", tracking_number=tracking_number)
        self.go_on(by=by, at=at)
        return chosen

    def lose(self, units: Sequence[str], reason: str, *, by: str, at: datetime) -> tuple[str, ...]:
        """What was sent with proof did not come: the customer does not wait for it."""
        sent = (Goods.HANDED_OVER, Goods.IN_TRANSIT)
        for unit_id in units:
            if self.unit(unit_id).goods not in sent:
                where = self.unit(unit_id).goods.value
                raise WrongStage(
                    f"unit {unit_id} is {where}: only what was sent, with proof, can be lost",
                    unit=unit_id,
                    goods=where,
                )
        lost = tuple(units) or tuple(u for u, unit in self.units.items() if unit.goods in sent)
        if not lost:
            raise NothingToDo("no unit of this return is on its way")
        self.record(e.UnitsMissing, at=at, units=lost, reason=reason, by=by)
        self.go_on(by=by, at=at)
        return lost

    def receive(
        self,
        receipt_number: str,
        lines: Sequence[ArrivedLine],
        *,
        others: Sequence[RequestedUnit],
        elsewhere: Collection[str],
        order_skus: frozenset[str],
        correction: int,
        received_at: datetime,
        history: bool,
        by: str,
        at: datetime,
        tracking_number: str = "",
        weight_grams: int = 0,
    ) -> ReceivedGoods | None:
        """Goods are here, or a receipt is put right. None where nothing is new. Taken by a closed return too.

        `others`: units of the order that are in no return; `elsewhere`: units that another return holds by now.
        """
        known = self.receipts.get(receipt_number)
        if known is not None and known.correction >= correction and not known.voided:
            return None
        mine = [u.asked for u in self.units.values() if not u.announced and u.receipt_number == receipt_number]
        expected = [c for c in self._expected(receipt_number) if c.unit_id not in elsewhere]
        match = match_lines(lines, expected, [_candidate(u) for u in (*mine, *others)], order_skus)
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
        unannounced = tuple(unit for unit in others if unit.unit_id in match.unannounced)
        late = tuple(u for u in receipt.units if u in self.units and self.units[u].authorisation in ENDED)
        if (unannounced or late) and not self.is_open and not history:
            self.reopen("goods came that nobody expects", by=by, at=at)
        self.record(e.GoodsReceived, at=at, receipt=receipt, unannounced=unannounced, history=history)
        late = tuple(u for u in late if self.units[u].authorisation in ENDED)
        if late and not history:
            self.record(e.UnitsCameAfterAll, at=at, units=late)
        self.go_on(by=by, at=at)
        return receipt

    def see(self, receipt: ReceivedGoods, sold: Sold, *, at: datetime) -> None:
        """Write down what a receipt shows that somebody should look at; an empty box waits for a person."""
        number = receipt.receipt_number
        awaited = (*receipt.units, *(u for u, unit in self.units.items() if self._should_have_come(u, unit, receipt)))
        self._see(
            number, signals_of(receipt, tuple(u for u in awaited if self.units[u].announced), self.units, sold), at
        )

    def see_short(self, found: Sequence[Short], *, at: datetime) -> None:
        """Show at each receipt what its bundles lack, in place of what it showed of them before."""
        for number, receipt in self.receipts.items():
            here = [(one, tuple(unit for unit in one.alone if unit in receipt.units)) for one in found]
            kept = tuple(one for one in self.signals.get(number, ()) if one.name != BUNDLE_SHORT)
            self._see(number, (*kept, *(one.signal(number, units) for one, units in here if units)), at)

    def _see(self, receipt_number: str, found: tuple[Signal, ...], at: datetime) -> None:
        if found != self.signals.get(receipt_number, ()):
            self.record(e.SignalsSeen, at=at, receipt_number=receipt_number, signals=found)
            self.go_on(by=POLICY, at=at)

    @staticmethod
    def _should_have_come(unit_id: str, unit: ReturnUnit, receipt: ReceivedGoods) -> bool:
        here = unit_id in receipt.units or unit.goods in (Goods.RECEIVED, Goods.KEPT_BY_CUSTOMER)
        return not here and unit.authorisation is Authorisation.AUTHORISED

    def void_receipt(self, receipt_number: str, reason: str, *, at: datetime) -> None:
        """A receipt never happened."""
        known = self.receipts.get(receipt_number)
        if known is not None and not known.voided:
            self.record(e.ReceiptVoided, at=at, receipt_number=receipt_number, reason=reason)
            self.go_on(by=POLICY, at=at)

    def require_here(self, unit_id: str) -> ReturnUnit:
        """A unit that lies in the warehouse."""
        unit = self.unit(unit_id)
        if unit.goods is not Goods.RECEIVED:
            where = unit.goods.value
            raise WrongStage(f"unit {unit_id} is {where}, not received", unit=unit_id, goods=where)
        return unit

    def inspect(
        self, unit_id: str, condition: str, responsibility: str, disposition: str, *, by: str, at: datetime
    ) -> bool:
        """Write down what was found of a unit that is here. True where something is new."""
        unit = self.require_here(unit_id)
        before = {"condition": unit.condition, "responsibility": unit.responsibility, "disposition": unit.disposition}
        found = {"condition": condition, "responsibility": responsibility, "disposition": disposition}
        news = {name: value if _differs(before[name], value) else "" for name, value in found.items()}
        if not any(news.values()):
            return False
        self.record(e.UnitInspected, at=at, unit_id=unit_id, by=by, **news)
        return True

    def decide_outcome(self, decision: DecisionRecord, verdicts: tuple[Verdict, ...], *, at: datetime) -> None:
        """What the inspection means for the promise."""
        self.record(e.OutcomeDecided, at=at, decision=decision, verdicts=verdicts)
        self.go_on(by=POLICY, at=at)

    def _expected(self, receipt_number: str) -> list[Candidate]:
        return [
            _candidate(unit.asked)
            for unit in self.units.values()
            if unit.announced
            and (unit.receipt_number == receipt_number or unit.goods not in (Goods.RECEIVED, Goods.KEPT_BY_CUSTOMER))
        ]


def _candidate(unit: RequestedUnit) -> Candidate:
    return Candidate(unit.unit_id, unit.sku, unit.line_id)


def _differs(before: Found | None, found: str) -> bool:
    return bool(found) and (before is None or before.value != found)
