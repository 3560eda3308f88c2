"""Where the money of claims is, as attempts and the provider's own facts tell it.

Guarantee: what the provider's facts say stands above what an attempt said; a proven payment is taken in
every state, even after a release; a failure counts until its requester releases it.
"""

from datetime import datetime

from chassis.domain import Money
from services.returns.domain.ledger import events as e
from services.returns.domain.ledger.notes import Notes
from services.returns.domain.ledger.values import ClaimState, Transfer, TransferState, Way


class Movements(Notes):
    """Abstract: `Outside` adds what moved elsewhere, `Ledger` the claims."""

    def transfer_moved(
        self, key: str, state: TransferState, *, attempts: int = 0, reference: str = "", reason: str = "", at: datetime
    ) -> None:
        """What became of an attempt. What the provider's own facts said stands above it."""
        known = self.transfers.get(key)
        if known is None or known.state in (TransferState.SETTLED, TransferState.FAILED, TransferState.RELEASED):
            return
        if known.state is state and known.attempts >= attempts:
            return
        self._move(known, state, known.amount, attempts, reference, reason, at)
        if state is TransferState.FAILED:
            self._fail(known.claim_id, reason, at)

    def transfer_settled(self, key: str, amount: Money, reference: str, *, at: datetime) -> None:
        """The provider's own fact: the money went back. Taken in every state, even after a release."""
        known = self.transfers.get(key)
        if known is None or (known.state is TransferState.SETTLED and known.amount == amount):
            return
        self._move(known, TransferState.SETTLED, amount, known.attempts, reference, "", at)
        transfers = [t for t in self.books.transfers_of(known.claim_id) if t.counts]
        if all(t.state is TransferState.SETTLED for t in transfers):
            total = self.books.money(sum(t.amount.minor for t in transfers))
            self.record(
                e.ClaimSettled,
                at=at,
                claim_id=known.claim_id,
                amount=total,
                reference=reference,
                carriers=(),
                owed_back=(),
            )

    def transfer_failed(self, key: str, reason: str, *, at: datetime) -> None:
        """The provider's own fact: the money did not reach the customer, perhaps after it had."""
        known = self.transfers.get(key)
        if known is None or known.state in (TransferState.FAILED, TransferState.RELEASED):
            return
        self._move(known, TransferState.FAILED, known.amount, known.attempts, known.reference, reason, at)
        self._fail(known.claim_id, reason, at)

    def _taken_all_the_same(self, tender_id: str, *, at: datetime) -> None:
        """More was taken through a tender than its authorisations have beside what we released: that came too late."""
        tills = self.books.tills
        authorised = sum(amount.minor for tender, amount in self.authorisations.values() if tender == tender_id)
        beyond = tills.captured(tender_id).minor + tills.released(tender_id).minor - authorised
        released = [t for t in self.transfers.values() if t.way is Way.RELEASE and t.tender_id == tender_id]
        for transfer in reversed(released):
            if beyond > 0 and transfer.counts and transfer.state is not TransferState.FAILED:
                beyond -= transfer.amount.minor
                self.transfer_failed(transfer.key, "captured", at=at)

    def _move(
        self,
        known: Transfer,
        state: TransferState,
        amount: Money,
        attempts: int,
        reference: str,
        reason: str,
        at: datetime,
    ) -> None:
        self.record(
            e.TransferMoved,
            at=at,
            key=known.key,
            claim_id=known.claim_id,
            state=state,
            amount=amount,
            attempts=max(attempts, known.attempts),
            reference=reference or known.reference,
            reason=reason,
        )

    def _fail(self, claim_id: str, reason: str, at: datetime) -> None:
        claim = self.claims[claim_id]
        if claim.state in (ClaimState.RESERVED, ClaimState.SETTLED):
            failed = [t.amount.minor for t in self.books.transfers_of(claim_id) if t.state is TransferState.FAILED]
            amount = self.books.money(sum(failed))
            self.record(e.ClaimFailed, at=at, claim_id=claim_id, amount=amount, reason=reason)
