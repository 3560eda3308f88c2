"""Remedies of one case: decided by people, answered by the ledger and the shop.

Guarantee: at most one reshipment or refund stands at a time, and whoever comes second is told who did it,
what and when. A late answer never moves what has ended, except a proof that it was done or came back.
"""

from datetime import datetime

from chassis.domain import Money, Personal, subject_of
from services.shipping_issues.domain import errors
from services.shipping_issues.domain import events as e
from services.shipping_issues.domain import remedy as r
from services.shipping_issues.domain.case_state import DeliveryCaseState
from services.shipping_issues.domain.guidelines import REFUND, RESHIP
from services.shipping_issues.domain.values import DELIVERED, Content, Given

DISPUTES_DELIVERY = frozenset({"not_received", "damaged"})


class Remedying(DeliveryCaseState):
    """The part of a case about what is done for the customer."""

    def check_remedy(self, remedy: str, guideline_version: str) -> None:
        """Whether a remedy may be decided now; raises the refusal."""
        if remedy in r.COMPENSATES:
            self._require_nothing_standing(remedy)  # first: who did it says more than that the case is closed
        self.require_open()
        if same := next((x for x in self.remedies.values() if x.remedy == remedy and x.is_under_way), None):
            raise _already(same, remedy)
        if remedy not in self.proposals:
            allowed = ", ".join(self.proposals) or "nothing"
            raise errors.NotProposed(
                f"guideline {guideline_version} does not allow {_words(remedy)} for {_words(self.finding)}; "
                f"it allows {_words(allowed)}",
                remedy=remedy,
                finding=self.finding,
                allowed=allowed,
                guideline_version=guideline_version,
            )
        if self.parcel_status == DELIVERED and self.finding not in DISPUTES_DELIVERY:
            when = self.delivered_at.isoformat() if self.delivered_at else ""
            raise errors.ParcelHasArrived(f"the parcel was delivered at {when}", delivered_at=when)

    def ask_remedy(
        self,
        remedy: str,
        *,
        guideline_version: str,
        reason: str,
        units: tuple[Content, ...] = (),
        value: Money | None = None,
        amount: Money | None = None,
        address: str = "",
        service_level: str = "",
        approved_by: str = "",
        by: str,
        role: str,
        at: datetime,
        incarnation: int = 1,
    ) -> str:
        """Decide on a remedy; gives its id."""
        self.check_remedy(remedy, guideline_version)
        key = r.remedy_id(self.id, len(self.remedies) + 1, incarnation)
        self.record(
            e.RemedyAsked,
            at=at,
            remedy_id=key,
            remedy=remedy,
            reason=reason,
            units=units,
            value=value,
            amount=amount,
            address=Personal(subject_of(self.shop_id, self.customer_id), address or None),
            service_level=service_level,
            approved_by=approved_by,
            by=by,
            role=role,
        )
        self.wait_on("shop", by=by, at=at)
        return key

    def reserve(self, key: str, amount: Money | None, hold_until: datetime | None, *, at: datetime) -> bool:
        """The ledger keeps it. True where the shop may now be asked for goods."""
        if self._remedy(key).state != r.ASKED:
            return False
        self.record(e.RemedyReserved, at=at, remedy_id=key, amount=amount, hold_until=hold_until)
        return self._remedy(key).remedy in r.BY_THE_SHOP

    def delay(self, key: str, reason: str, *, at: datetime) -> None:
        """The ledger cannot say yet."""
        if self._remedy(key).state == r.ASKED and self._remedy(key).reason != reason:
            self.record(e.RemedyDelayed, at=at, remedy_id=key, reason=reason)

    def refuse(self, key: str, reason: str, left: Money | None, given: tuple[Given, ...], *, at: datetime) -> None:
        """The ledger says no."""
        if self._remedy(key).state == r.ASKED:
            self.record(e.RemedyRefused, at=at, remedy_id=key, reason=reason, left=left, given=given)
            self._back_to_agent(at)

    def requested(self, key: str, *, at: datetime) -> None:
        """The shop was asked, perhaps once more after it did not answer."""
        if self._remedy(key).state in (r.ASKED, r.RESERVED, r.UNKNOWN):
            self.record(e.RemedyRequested, at=at, remedy_id=key)
            if self.is_open:
                self.wait_on("shop", by="system", at=at)

    def uncertain(self, key: str, reason: str, *, at: datetime) -> None:
        """Nobody answered in time."""
        if self._remedy(key).state in (r.RESERVED, r.REQUESTED, r.ACCEPTED):
            self.record(e.RemedyUncertain, at=at, remedy_id=key, reason=reason)
            self._back_to_agent(at)

    def accept(self, key: str, reference: str, expected_by: datetime | None, *, at: datetime) -> None:
        """The shop will do it."""
        if self._remedy(key).state in (r.RESERVED, r.REQUESTED, r.UNKNOWN):
            self.record(e.RemedyAccepted, at=at, remedy_id=key, reference=reference, expected_by=expected_by)

    def finish(self, key: str, reference: str, amount: Money | None, *, at: datetime) -> None:
        """A proof that it was done counts in every state; the case closes with it."""
        remedy = self._remedy(key)
        if remedy.state == r.DONE:
            return
        self.record(e.RemedyDone, at=at, remedy_id=key, reference=reference, amount=amount)
        if self.is_open and remedy.remedy in r.COMPENSATES:
            self.close("reshipped" if remedy.remedy == RESHIP else "refunded", "", by="system", at=at)

    def fail(self, key: str, reason: str, *, at: datetime) -> None:
        """It will not be done, or did not last."""
        remedy = self._remedy(key)
        if remedy.state in (r.REFUSED, r.FAILED, r.RELEASED) or (remedy.state == r.DONE and remedy.remedy != REFUND):
            return
        self.record(e.RemedyFailed, at=at, remedy_id=key, reason=reason)
        if not self.is_open:
            self.reopen(f"{remedy.remedy} failed: {reason}", by="system", at=at)
        self._back_to_agent(at)

    def withdraw(self, key: str, reason: str, *, by: str, at: datetime) -> None:
        """Take a remedy back before anything was carried out."""
        remedy = self._remedy(key)
        if remedy.state == r.RELEASED:
            return
        early = (r.ASKED,) if remedy.remedy in r.BY_THE_SHOP else (r.ASKED, r.RESERVED)
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
        if self._remedy(key).state == r.RELEASED:
            self.record(e.RemedyNotReleased, at=at, remedy_id=key, state=state)

    def overdue(self, key: str, *, at: datetime) -> None:
        """The ledger asks what became of it: an agent looks."""
        if self._remedy(key).is_under_way:
            self.record(e.RemedyOverdue, at=at, remedy_id=key)
            if self.is_open:
                self.escalate("escalations", f"{self._remedy(key).remedy} overdue", by="system", at=at)

    def _remedy(self, key: str) -> r.Remedy:
        if key not in self.remedies:
            raise errors.RemedyUnknown(f"there is no remedy {key} in this case", remedy_id=key)
        return self.remedies[key]

    def _require_nothing_standing(self, wanted: str) -> None:
        if self.standing is not None:
            raise _already(self.standing, wanted)

    def _back_to_agent(self, at: datetime) -> None:
        if self.is_open:
            self.wait_on("agent", by="system", at=at)


def _already(standing: r.Remedy, wanted: str) -> errors.AlreadyRemedied:
    when = standing.at.strftime("%Y-%m-%d %H:%M UTC")
    return errors.AlreadyRemedied(
        f"{standing.by} decided on a {_words(standing.remedy)} at {when}; it is {standing.state}, so no "
        f"{_words(wanted)} now",
        remedy_id=standing.id,
        remedy=standing.remedy,
        by=standing.by,
        at=standing.at.isoformat(),
        state=standing.state,
    )


def _words(name: str) -> str:
    return name.replace("_", " ")
