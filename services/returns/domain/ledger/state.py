"""What an order's ledger remembers, and how each event changes it.

Guarantee: folds only; nothing in here decides.
"""

from dataclasses import replace
from typing import Any

from chassis.domain import Money, applies
from services.returns.domain.ledger import events as e
from services.returns.domain.ledger.books import Books
from services.returns.domain.ledger.chain import CARRIED, OWED, ChainState
from services.returns.domain.ledger.values import (
    Claim,
    ClaimState,
    Entitlement,
    Fee,
    Kept,
    OutsideFact,
    TenderRank,
    Transfer,
    TransferState,
)

DISPUTE = "dispute_open"
LOST_REFUND = "lost_refund"
FREEZES = frozenset({DISPUTE, LOST_REFUND})
UNTOUCHED = frozenset({TransferState.PLANNED, TransferState.FAILED, TransferState.RELEASED})
"""Movements that have not left the house, or are proven not to have arrived."""


class LedgerState(ChainState):
    """Abstract: `Ledger` adds the decisions."""

    def __init__(self) -> None:
        super().__init__()
        self.shop_id = ""
        self.order_id = ""
        self.customer_id = ""
        self.order_version = 0
        self.currency = ""
        self.gesture_budget: Money | None = None
        self.cancelled = False
        self.entitlements: dict[str, Entitlement] = {}
        self.stated: dict[str, Entitlement] = {}
        self.kept: dict[str, Kept] = {}
        self.captures: dict[str, tuple[str, Money]] = {}
        self.authorisations: dict[str, tuple[str, Money]] = {}
        self.tenders: tuple[TenderRank, ...] = ()
        self.fees: dict[str, Fee] = {}
        self.costs: dict[str, Money] = {}
        self.recoveries: dict[str, Money] = {}
        self.claims: dict[str, Claim] = {}
        self.transfers: dict[str, Transfer] = {}
        self.outside: dict[str, OutsideFact] = {}
        self.charged: dict[str, int] = {}  # minor units that were carried over, and paid with this order later
        self.accepted_excess = 0
        self.too_late: dict[str, str] = {}  # what was answered to whoever gave a claim up too late

    @property
    def books(self) -> Books:
        """The sums."""
        return Books(
            self.currency,
            self.gesture_budget,
            self.entitlements,
            self.captures,
            self.authorisations,
            self.tenders,
            self.fees,
            self.costs,
            self.claims,
            self.transfers,
            self.outside,
            self.carriers,
            self.roots,
        )

    @property
    def knows_order(self) -> bool:
        """Whether it was told what was paid for what."""
        return self.order_version > 0

    @property
    def frozen(self) -> bool:
        """Our own grants wait for a person: a dispute is open, a refund of a lost time is there, or too much moved."""
        if not self.knows_order:
            return False
        doubtful = any(fact.kind in FREEZES for fact in self.outside.values())
        return doubtful or self.books.excess().minor > self.accepted_excess

    @applies(e.LedgerOpened)
    def _on_opened(self, event: e.LedgerOpened) -> None:
        self.shop_id, self.order_id = event.shop_id, event.order_id

    @applies(e.EntitlementsStated)
    def _on_entitlements_stated(self, event: e.EntitlementsStated) -> None:
        self.order_version, self.customer_id = event.order_version, event.customer_id
        self.currency, self.gesture_budget = event.currency, event.gesture_budget
        self.cancelled = event.cancelled
        self.stated = {entitlement.subject: entitlement for entitlement in event.entitlements}
        self._entitle()

    @applies(e.EntitlementsKept)
    def _on_entitlements_kept(self, event: e.EntitlementsKept) -> None:
        self.kept[event.kept.case_id] = event.kept
        self._entitle()

    @applies(e.EntitlementsLetGo)
    def _on_entitlements_let_go(self, event: e.EntitlementsLetGo) -> None:
        self.kept.pop(event.case_id, None)
        self._entitle()

    @applies(e.AuthorisationsVoided)
    def _on_authorisations_voided(self, event: e.AuthorisationsVoided) -> None:
        for id, (tender_id, _) in list(self.authorisations.items()):
            if tender_id == event.tender_id:
                self.authorisations[id] = (tender_id, Money.zero(self.currency))

    def _entitle(self) -> None:
        self.entitlements = dict(self.stated)
        for kept in self.kept.values():
            self.entitlements.update({entitlement.subject: entitlement for entitlement in kept.entitlements})

    @applies(e.CaptureCounted)
    def _on_capture_counted(self, event: e.CaptureCounted) -> None:
        self.captures[event.capture_id] = (event.tender_id, event.amount)

    @applies(e.AuthorisationCounted)
    def _on_authorisation_counted(self, event: e.AuthorisationCounted) -> None:
        self.authorisations[event.authorisation_id] = (event.tender_id, event.amount)

    @applies(e.TendersRanked)
    def _on_tenders_ranked(self, event: e.TendersRanked) -> None:
        self.tenders = event.tenders

    @applies(e.FeeWithheld)
    def _on_fee_withheld(self, event: e.FeeWithheld) -> None:
        self.fees[event.fee.id] = event.fee

    @applies(e.FeeWaived)
    def _on_fee_waived(self, event: e.FeeWaived) -> None:
        self.fees.pop(event.fee_id, None)

    @applies(e.CostProven)
    def _on_cost_proven(self, event: e.CostProven) -> None:
        self.costs[event.cost_id] = event.amount

    @applies(e.RecoveryCounted)
    def _on_recovery_counted(self, event: e.RecoveryCounted) -> None:
        self.recoveries[event.recovery_id] = event.amount

    @applies(e.OutsideCounted)
    def _on_outside_counted(self, event: e.OutsideCounted) -> None:
        self.outside[event.fact.id] = event.fact

    @applies(e.OutsideCleared)
    def _on_outside_cleared(self, event: e.OutsideCleared) -> None:
        self.outside.pop(event.fact_id, None)

    @applies(e.ExcessAccepted)
    def _on_excess_accepted(self, event: e.ExcessAccepted) -> None:
        self.accepted_excess = event.excess.minor

    @applies(e.ClaimPended)
    def _on_claim_pended(self, event: e.ClaimPended) -> None:
        self.claims[event.claim.id] = event.claim

    @applies(e.ClaimReserved)
    def _on_claim_reserved(self, event: e.ClaimReserved) -> None:
        self.claims[event.claim.id] = event.claim
        self.transfers.update({transfer.key: transfer for transfer in event.transfers})

    @applies(e.ClaimRefused)
    def _on_claim_refused(self, event: e.ClaimRefused) -> None:
        self.claims[event.claim.id] = event.claim

    @applies(e.TransferMoved)
    def _on_transfer_moved(self, event: e.TransferMoved) -> None:
        self.transfers[event.key] = replace(
            self.transfers[event.key],
            state=event.state,
            amount=event.amount,
            attempts=event.attempts,
            reference=event.reference,
            reason=event.reason,
            settled_at=event.timestamp if event.state is TransferState.SETTLED else None,
        )

    @applies(e.ClaimSettled)
    def _on_claim_settled(self, event: e.ClaimSettled) -> None:
        self._change(event.claim_id, state=ClaimState.SETTLED, overdue=False, reference=event.reference)
        for subject, new_unit in event.carriers:
            root = self.roots.get(subject, subject)
            self._step(root, CARRIED, new_unit, event.timestamp)
            if new_unit != root:
                self.roots[new_unit] = root
        for subject in event.owed_back:
            self._step(self.roots.get(subject, subject), OWED, "", event.timestamp)

    @applies(e.ClaimFailed)
    def _on_claim_failed(self, event: e.ClaimFailed) -> None:
        self._change(event.claim_id, state=ClaimState.FAILED)

    @applies(e.ClaimReleased)
    def _on_claim_released(self, event: e.ClaimReleased) -> None:
        for transfer in self.books.transfers_of(event.claim_id):
            if transfer.state in UNTOUCHED:
                self.transfers[transfer.key] = replace(transfer, state=TransferState.RELEASED)
        remaining = {t.state for t in self.books.transfers_of(event.claim_id) if t.counts}
        settled = ClaimState.SETTLED if remaining == {TransferState.SETTLED} else ClaimState.RESERVED
        self._change(event.claim_id, state=settled if remaining else ClaimState.RELEASED, overdue=False)

    @applies(e.ReleaseCameTooLate)
    def _on_release_came_too_late(self, event: e.ReleaseCameTooLate) -> None:
        self.too_late[event.claim_id] = event.state

    @applies(e.ClaimOverdue)
    def _on_claim_overdue(self, event: e.ClaimOverdue) -> None:
        self._change(event.claim_id, overdue=True)

    @applies(e.ValueCharged)
    def _on_value_charged(self, event: e.ValueCharged) -> None:
        self.charged[event.subject] = self.charged.get(event.subject, 0) + event.amount.minor
        known = self.entitlements[event.subject]
        self.entitlements[event.subject] = replace(known, amount=known.amount + event.amount)

    def _change(self, claim_id: str, **values: Any) -> None:
        self.claims[claim_id] = replace(self.claims[claim_id], **values)
