"""What is done for the customer about a complaint: decided once, reserved before anything moves, proven at the end.

Nothing is given before the complaint is assessed, nor before the goods are contained where somebody could be hurt; at
most one remedy stands at a time, and whoever comes second is told who did it. Goods are asked of the shop only after
the ledger's reservation is stored.
"""

from datetime import datetime

from chassis.domain import Money, Personal, subject_of
from services.quality_complaints.domain import errors
from services.quality_complaints.domain import events as e
from services.quality_complaints.domain import remedy as r
from services.quality_complaints.domain.complaint_state import ComplaintState
from services.quality_complaints.domain.values import REFUND, Given


class Remedying(ComplaintState):
    """The part of `Complaint` that remedies."""

    def check_remedy(self, remedy: str, guideline_version: str, *, contained: bool) -> None:
        """Whether a remedy may be decided now; raises the refusal. `contained`: nothing more of the lot goes out."""
        self.require_open()
        if self.assessment is None:
            raise errors.NotAssessed("assess the complaint first: how severe, how urgent, could somebody be hurt")
        if self.assessment.safety and not contained:
            raise errors.SafetyFirst(
                "somebody could be hurt: have the goods contained first (ContainInvestigation)",
                investigation_id=self.investigation_id or "",
            )
        if (standing := self.standing) is not None:
            raise errors.AlreadyRemedied(
                f"{standing.by} decided on a {standing.remedy} at {standing.at.isoformat()}; it is {standing.state}",
                by=standing.by,
                remedy=standing.remedy,
                state=standing.state,
                at=standing.at.isoformat(),
            )
        if remedy not in self.proposals:
            allowed = ", ".join(self.proposals) or "nothing"
            raise errors.NotProposed(
                f"guideline {guideline_version} does not allow {remedy} for {self.assessment.severity} complaints; "
                f"it allows {allowed}",
                remedy=remedy,
                allowed=allowed,
                guideline_version=guideline_version,
            )

    def ask_remedy(
        self,
        remedy: str,
        *,
        value: Money,
        amount: Money | None,
        address: str,
        approved_by: str,
        by: str,
        role: str,
        at: datetime,
        incarnation: int = 1,
    ) -> str:
        """Decide on a remedy that was checked; gives its id."""
        if amount is not None and (amount.currency != value.currency or amount > value):
            raise errors.NothingToRemedy(f"the units cost {value}, not {amount}", value=value, amount=amount)
        key = r.remedy_id(self.id, len(self.remedies) + 1, incarnation)
        self.record(
            e.RemedyAsked,
            at=at,
            remedy_id=key,
            remedy=remedy,
            value=value,
            amount=amount,
            address=Personal(subject_of(self.shop_id, self.customer_id), address or None),
            approved_by=approved_by,
            by=by,
            role=role,
        )
        self.wait_on("shop", by=by, at=at)
        return key

    def reserve(self, key: str, amount: Money | None, hold_until: datetime | None, *, at: datetime) -> bool:
        """The ledger keeps it. True where the shop may now be asked for goods."""
        if self.remedy(key).state != r.ASKED:
            return False
        self.record(e.RemedyReserved, at=at, remedy_id=key, amount=amount, hold_until=hold_until)
        return self.remedy(key).remedy in r.IN_KIND

    def delay(self, key: str, reason: str, *, at: datetime) -> None:
        """The ledger cannot say yet."""
        if self.remedy(key).state == r.ASKED and self.remedy(key).reason != reason:
            self.record(e.RemedyDelayed, at=at, remedy_id=key, reason=reason)

    def refuse(self, key: str, reason: str, left: Money | None, given: tuple[Given, ...], *, at: datetime) -> None:
        """The ledger says no."""
        if self.remedy(key).state == r.ASKED:
            self.record(e.RemedyRefused, at=at, remedy_id=key, reason=reason, left=left, given=given)
            self._back_to_agent(at)

    def requested(self, key: str, *, at: datetime) -> None:
        """The shop was asked."""
        if self.remedy(key).state == r.RESERVED:
            self.record(e.RemedyRequested, at=at, remedy_id=key)

    def uncertain(self, key: str, reason: str, *, at: datetime) -> None:
        """Nobody answered in time."""
        if self.remedy(key).state in (r.RESERVED, r.REQUESTED, r.ACCEPTED):
            self.record(e.RemedyUncertain, at=at, remedy_id=key, reason=reason)
            self._back_to_agent(at)

    def accept(self, key: str, reference: str, *, at: datetime) -> None:
        """The shop will do it."""
        if self.remedy(key).state in (r.RESERVED, r.REQUESTED, r.UNKNOWN):
            self.record(e.RemedyAccepted, at=at, remedy_id=key, reference=reference)

    def finish(self, key: str, reference: str, amount: Money | None, *, at: datetime) -> None:
        """A proof that it was done counts in every state; then it is seen whether it holds."""
        if self.remedy(key).state != r.DONE:
            self.record(e.RemedyDone, at=at, remedy_id=key, reference=reference, amount=amount)
            if self.is_open:
                self.wait_on("customer", by="system", at=at)

    def fail(self, key: str, reason: str, *, at: datetime) -> None:
        """It will not be done, or did not last: money can come back after it was settled, goods cannot."""
        remedy = self.remedy(key)
        if remedy.state in (r.REFUSED, r.FAILED, r.RELEASED) or (remedy.state == r.DONE and remedy.remedy != REFUND):
            return
        self.record(e.RemedyFailed, at=at, remedy_id=key, reason=reason)
        if not self.is_open:
            self.reopen(f"{remedy.remedy} failed: {reason}", by="system", at=at)
        self._back_to_agent(at)

    def withdraw(self, key: str, reason: str, *, by: str, at: datetime) -> None:
        """Take a remedy back before anything was carried out."""
        remedy = self.remedy(key)
        if remedy.state == r.RELEASED:
            return
        early = (r.ASKED,) if remedy.remedy in r.IN_KIND else (r.ASKED, r.RESERVED)
        if remedy.state not in early:
            raise errors.RemedyUnderWay(
                f"the {remedy.remedy} by {remedy.by} is {remedy.state} and cannot be taken back",
                remedy_id=key,
                state=remedy.state,
                by=remedy.by,
            )
        self.record(e.RemedyWithdrawn, at=at, remedy_id=key, reason=reason, by=by)
        self._back_to_agent(at)

    def not_released(self, key: str, state: str, *, at: datetime) -> None:
        """The ledger says that the withdrawal came too late."""
        if self.remedy(key).state == r.RELEASED:
            self.record(e.RemedyNotReleased, at=at, remedy_id=key, state=state)

    def overdue(self, key: str, *, at: datetime) -> None:
        """The ledger asks what became of it: an agent looks."""
        remedy = self.remedy(key)
        if remedy.is_under_way and remedy.reason != "overdue":
            self.record(e.RemedyOverdue, at=at, remedy_id=key)
            self._back_to_agent(at)

    def remedy(self, key: str) -> r.Remedy:
        """The remedy of that id, or `RemedyUnknown`."""
        if key not in self.remedies:
            raise errors.RemedyUnknown(f"there is no remedy {key} in this complaint", remedy_id=key)
        return self.remedies[key]

    def _back_to_agent(self, at: datetime) -> None:
        if self.is_open:
            self.wait_on("agent", by="system", at=at)
