"""One ledger per order: whatever anybody gives for it is reserved here first.

Guarantee: at every version, our own grants and open reservations stay within what was paid for each unit
and component, within the budget and the proofs, and within what was taken through each tender; the one
exception is an override that names its supervisor. What happened elsewhere is recorded even when it
exceeds, and then freezes our own grants until a person has looked.

The same ask of the same requester is one claim, however often it comes. A claim ends by being settled or
by its requester's release; time alone never frees it.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from chassis.domain import Money
from services.returns.domain.identity import claim_id_of, ledger_id_of
from services.returns.domain.ledger import events as e
from services.returns.domain.ledger.books import COUNTING
from services.returns.domain.ledger.changed import Changed
from services.returns.domain.ledger.goods import Goods
from services.returns.domain.ledger.judge import judge, nothing_left
from services.returns.domain.ledger.state import UNTOUCHED
from services.returns.domain.ledger.values import (
    Ask,
    Claim,
    ClaimState,
    Denied,
    Entitlement,
    Granted,
    TenderRank,
    Transfer,
)


class Ledger(Changed, Goods, topic="returns.Ledger"):
    """See the module's guarantee."""

    @classmethod
    def open(cls, shop_id: str, order_id: str, *, at: datetime) -> "Ledger":
        """Open the order's one ledger at its computed place."""
        return cls.start(e.LedgerOpened, id=ledger_id_of(shop_id, order_id), at=at, shop_id=shop_id, order_id=order_id)

    def state_order(
        self,
        version: int,
        customer_id: str,
        currency: str,
        entitlements: tuple[Entitlement, ...],
        *,
        gesture_budget: Money,
        cancelled: bool,
        hold: timedelta,
        at: datetime,
    ) -> None:
        """What was paid for what, as of an order version; what was asked before is judged now."""
        if version <= self.order_version:
            return
        self.record(
            e.EntitlementsStated,
            at=at,
            order_version=version,
            customer_id=customer_id,
            currency=currency,
            entitlements=entitlements,
            gesture_budget=gesture_budget,
            cancelled=cancelled,
        )
        self._decide_pending(hold=hold, at=at)

    def count_capture(self, capture_id: str, tender_id: str, amount: Money, *, hold: timedelta, at: datetime) -> None:
        """Money was taken, perhaps what was to be released; what waited for that is judged now."""
        if capture_id not in self.captures:
            self.record(e.CaptureCounted, at=at, capture_id=capture_id, tender_id=tender_id, amount=amount)
            self._taken_all_the_same(tender_id, at=at)
            self._decide_pending(hold=hold, at=at)

    def count_authorisation(
        self, authorisation_id: str, tender_id: str, amount: Money, *, hold: timedelta, at: datetime
    ) -> None:
        """Money may be taken; what waited to hear how the order is paid is judged now."""
        if authorisation_id not in self.authorisations:
            self.record(
                e.AuthorisationCounted, at=at, authorisation_id=authorisation_id, tender_id=tender_id, amount=amount
            )
            self._decide_pending(hold=hold, at=at)

    def rank_tenders(self, tenders: tuple[TenderRank, ...], *, at: datetime) -> None:
        """How the order was paid, in the order its tenders are paid back by."""
        if tenders != self.tenders:
            self.record(e.TendersRanked, at=at, tenders=tenders)

    def prove_cost(self, cost_id: str, amount: Money, proof: str, *, by: str, at: datetime) -> None:
        """The customer had a cost, and this is the proof."""
        if cost_id not in self.costs:
            self.record(e.CostProven, at=at, cost_id=cost_id, amount=amount, proof=proof, by=by)

    def count_recovery(self, recovery_id: str, source: str, amount: Money, *, at: datetime) -> None:
        """The shop gets money from a carrier or supplier."""
        if recovery_id not in self.recoveries:
            self.record(e.RecoveryCounted, at=at, recovery_id=recovery_id, source=source, amount=amount)

    def claim_of(self, requester: str, request_key: str) -> Claim | None:
        """What was asked under that key, if anything was."""
        return self.claims.get(claim_id_of(self.shop_id, self.order_id, requester, request_key))

    def request(self, ask: Ask, *, hold: timedelta, at: datetime) -> Claim:
        """Another service asks: reserved, refused or pending, and each of them recorded."""
        known = self.claim_of(ask.requester, ask.request_key)
        if known is not None:
            return known
        claim = self._claim(ask, ClaimState.PENDING, at)
        if unknown := self._unknown_for(claim):
            self.record(e.ClaimPended, at=at, claim=claim, reason=unknown)
        else:
            self._decide(claim, hold=hold, at=at)
        return self.claims[claim.id]

    def reserve(self, ask: Ask, *, hold: timedelta, at: datetime) -> Claim:
        """Returns itself asks: reserved, or `NothingLeft` with nothing recorded."""
        known = self.claim_of(ask.requester, ask.request_key)
        if known is not None and known.state in COUNTING:
            return known
        claim = self._claim(ask, ClaimState.RESERVED, at)
        self._take_back(claim, at)
        verdict = judge(self.books, ask, frozen=self.frozen, cancelled=self.cancelled)
        if isinstance(verdict, Denied):
            raise nothing_left(verdict)
        self._reserve(claim, verdict, hold=hold, at=at)
        return self.claims[claim.id]

    def release(self, requester: str, request_key: str, reason: str, *, at: datetime) -> bool:
        """Its requester gives a claim up. False, and answered so, where it was attempted already."""
        claim = self.claim_of(requester, request_key)
        if claim is None or claim.state in (ClaimState.RELEASED, ClaimState.REFUSED):
            return True
        touched = [t for t in self.books.transfers_of(claim.id) if t.state not in UNTOUCHED]
        if claim.state is ClaimState.SETTLED or (claim.state is not ClaimState.FAILED and touched):
            state = self.books.state_of(claim)
            if self.too_late.get(claim.id) != state:  # asked again under another id: it was answered
                self.record(e.ReleaseCameTooLate, at=at, claim_id=claim.id, state=state)
            return False
        self.record(e.ClaimReleased, at=at, claim_id=claim.id, reason=reason)
        return True

    def settle_goods(
        self,
        requester: str,
        request_key: str,
        reference: str,
        new_units: Sequence[str],
        *,
        with_customer: Collection[str],
        at: datetime,
    ) -> None:
        """Replacements went out: they carry the entitlement now. Accepted in every state.

        `with_customer`: replaced units the customer has, which are owed back before a replacement counts as returned.
        """
        claim = self.claim_of(requester, request_key)
        if claim is None or claim.is_money or claim.state is ClaimState.SETTLED:
            return
        carriers = tuple(
            (part.subject, self._carrier(part.subject, reference, new_units[n : n + 1]))
            for n, part in enumerate(claim.parts)
        )
        self.record(
            e.ClaimSettled,
            at=at,
            claim_id=claim.id,
            amount=self.books.money(sum(p.amount.minor for p in claim.parts)),
            reference=reference,
            carriers=carriers,
            owed_back=tuple(
                part.subject for part in claim.parts if self.roots.get(part.subject, part.subject) in with_customer
            ),
        )

    def overdue(self, *, at: datetime) -> None:
        """Reservations whose time ended are asked about; they still count."""
        for claim in list(self.claims.values()):
            if claim.state is ClaimState.RESERVED and not claim.overdue and claim.hold_until and claim.hold_until <= at:
                self.record(e.ClaimOverdue, at=at, claim_id=claim.id)

    def _claim(self, ask: Ask, state: ClaimState, at: datetime) -> Claim:
        return Claim(claim_id_of(self.shop_id, self.order_id, ask.requester, ask.request_key), ask, at, state)

    def _unknown_for(self, claim: Claim) -> str:
        # The order and its payments come on two topics: that one is behind the other is no reason to refuse.
        if not self.knows_order:
            return "order_unknown"
        return "payment_unknown" if claim.is_money and not self.books.tills.known else ""

    def _decide_pending(self, *, hold: timedelta, at: datetime) -> None:
        for claim in [c for c in self.claims.values() if c.state is ClaimState.PENDING]:
            if not self._unknown_for(claim):
                self._decide(claim, hold=hold, at=at)

    def _decide(self, claim: Claim, *, hold: timedelta, at: datetime) -> None:
        self._take_back(claim, at)
        verdict = judge(self.books, claim.ask, frozen=self.frozen, cancelled=self.cancelled)
        if isinstance(verdict, Granted):
            self._reserve(claim, verdict, hold=hold, at=at)
        else:
            refused = replace(claim, state=ClaimState.REFUSED)
            self.record(
                e.ClaimRefused,
                at=at,
                claim=refused,
                bound=verdict.bound,
                left=verdict.left,
                left_units=verdict.left_units,
                given=verdict.given,
            )

    def _reserve(self, claim: Claim, granted: Granted, *, hold: timedelta, at: datetime) -> None:
        reserved = replace(
            claim, state=ClaimState.RESERVED, parts=granted.parts, hold_until=claim.ask.hold_until or at + hold
        )
        before = sum(1 for t in self.transfers.values() if t.claim_id == claim.id)  # a released key never comes again
        providers = {tender.tender_id: tender.provider for tender in self.tenders}
        transfers = tuple(
            Transfer(
                f"{claim.id}.{n}",
                claim.id,
                route.tender_id,
                route.amount,
                route.capture_id,
                route.way,
                providers.get(route.tender_id, ""),
            )
            for n, route in enumerate(granted.routes, start=before + 1)
        )
        self.record(e.ClaimReserved, at=at, claim=reserved, transfers=transfers)
