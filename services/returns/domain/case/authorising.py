"""Whether units may come back: the promise, a person's word, cancelling and expiring.

Guarantee: a unit the law protects is never declined by the shop's own rules.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from casework.decisions import DecisionRecord
from services.returns.domain.case import events as e
from services.returns.domain.case.reading import ReturnReading
from services.returns.domain.case.values import Authorisation, Goods, ReturnUnit, SendTime, Verdict
from services.returns.domain.errors import ExchangeUnderWay, LawStandsAbove, NothingToDo, UnitNotInReturn, WrongStage

SHOP_RULES = frozenset({"window", "out_of_window", "final_sale", "condition", "opened", "used"})
"""Reasons of a refusal that rest on the shop's own policy, which no law has to accept."""

POLICY = "policy"


class Authorising(ReturnReading):
    """Abstract: the axis of authorisation."""

    def decide_promise(
        self, decision: DecisionRecord, verdicts: tuple[Verdict, ...], *, until: SendTime, at: datetime
    ) -> None:
        """The policy's answer to the request."""
        any_authorised = any(verdict.outcome == "authorise" for verdict in verdicts)
        self.record(
            e.PromiseDecided,
            at=at,
            decision=decision,
            verdicts=verdicts,
            send_by=until.send_by if any_authorised else None,
            expires_at=until.expires_at if any_authorised else None,
        )
        self.go_on(by=POLICY, at=at)

    def authorise(self, units: Sequence[str], reason: str, *, until: SendTime, by: str, at: datetime) -> None:
        """A person lets units come back, also such as the policy declined."""
        waiting = (Authorisation.REQUESTED, Authorisation.DECLINED)
        chosen = self._chosen(units, waiting if units else (Authorisation.REQUESTED,), "authorised")
        if not self.is_open:
            self.reopen(reason, by=by, at=at)
        self.record(
            e.UnitsAuthorised,
            at=at,
            units=chosen,
            reason=reason,
            send_by=until.send_by,
            expires_at=until.expires_at,
            by=by,
        )
        self.go_on(by=by, at=at)

    def decline(self, units: Sequence[str], reason: str, *, by: str, at: datetime) -> None:
        """A person does not let units come back, or not for money where the inspection contradicts the promise.

        The shop's own rules never decline what a law protects.
        """
        self.require_open()
        contradicted = tuple(u for u in units if u in self.units and self.units[u].contradicts)
        undecided = [u for u in units if u not in contradicted]
        chosen = contradicted
        if undecided or not units:
            chosen = (*contradicted, *self._chosen(undecided, (Authorisation.REQUESTED,), "declined"))
        protected = [unit_id for unit_id in chosen if self.units[unit_id].by_law]
        if protected and reason in SHOP_RULES:
            law = self.units[protected[0]].by_law
            raise LawStandsAbove(
                f"{', '.join(protected)} may not be declined as {reason}: {law} stands above it", law=law, rule=reason
            )
        self.record(e.UnitsDeclined, at=at, units=chosen, reason=reason, by=by)
        self.go_on(by=by, at=at)

    def cancel(self, units: Sequence[str], reason: str, *, by: str, at: datetime) -> None:
        """Nothing of these will be sent back after all; not once goods or money moved."""
        self.require_open()
        chosen = self._chosen(units, (Authorisation.REQUESTED, Authorisation.AUTHORISED), "cancelled", at_home=True)
        for unit_id in chosen:
            if (known := self.exchange_of(unit_id)) is not None:
                raise ExchangeUnderWay(
                    f"exchange {known.exchange_id} of unit {unit_id} is {known.stage.value}: cancel that first",
                    exchange=known.exchange_id,
                    stage=known.stage.value,
                )
        self.record(e.UnitsCancelled, at=at, units=chosen, reason=reason, by=by)
        self.go_on(by=by, at=at)

    def expire(self, *, at: datetime) -> tuple[str, ...]:
        """Authorised units that were not sent in time; gives those that expired now."""
        due = self.awaited_until()
        if due is None or at < due or self.send_by is None:
            return ()
        late = tuple(unit_id for unit_id in self.units if self._is_awaited(unit_id))
        self.record(e.UnitsExpired, at=at, units=late, send_by=self.send_by)
        self.go_on(by=POLICY, at=at)
        return late

    def keep_at_home(self, units: Sequence[str], reason: str, *, by: str, at: datetime) -> tuple[str, ...]:
        """The customer keeps what is still at home, for a price reduction that the ledger has reserved."""
        kept = tuple(u for u in units if u in self.units and self.units[u].goods is Goods.WITH_CUSTOMER)
        if kept:
            self.record(e.UnitsKept, at=at, units=kept, reason=reason, by=by)
            self.go_on(by=by, at=at)
        return kept

    def _chosen(
        self, units: Sequence[str], allowed: Iterable[Authorisation], done: str, *, at_home: bool = False
    ) -> tuple[str, ...]:
        states = tuple(allowed)

        def fits(unit_id: str, unit: ReturnUnit) -> bool:
            here = not at_home or (unit.goods is Goods.WITH_CUSTOMER and not self.money_of(unit_id))
            return unit.authorisation in states and here

        if not units:
            found = tuple(unit_id for unit_id, unit in self.units.items() if fits(unit_id, unit))
            if not found:
                raise NothingToDo(f"no unit of this return can be {done} now")
            return found
        for unit_id in units:
            unit = self.unit(unit_id)
            if not fits(unit_id, unit):
                money = self.money_of(unit_id)
                raise WrongStage(
                    f"unit {unit_id} cannot be {done}: it is {unit.authorisation.value}, {unit.goods.value}"
                    + (f", its money {money.value}" if money else ""),
                    unit=unit_id,
                    authorisation=unit.authorisation.value,
                    goods=unit.goods.value,
                )
        return tuple(units)

    def go_on(self, *, by: str, at: datetime) -> None:
        """After a decision: whom it waits on now, and whether it is over."""
        if not self.is_open:
            return
        outcome = self.ending()
        if outcome:
            self.close(outcome, "", by=by, at=at)
        else:
            self.wait_on(self.next_party(), by=by, at=at)

    def unit(self, unit_id: str) -> ReturnUnit:
        """A unit by id, or `UnitNotInReturn`."""
        if unit_id not in self.units:
            raise UnitNotInReturn(f"this return does not hold unit {unit_id}", unit=unit_id)
        return self.units[unit_id]
