"""Repair or replacement: the customer chooses, the seller carries it out, free of charge and within a reasonable time.

Guarantee: a remedy is refused only with its reason, and one that is disproportionate only beside the cost of the other.
One attempt runs at a time.
"""

from collections.abc import Sequence
from datetime import datetime

from chassis.domain import Invalid
from services.returns.domain.case.matching import Candidate
from services.returns.domain.conformity import events as e
from services.returns.domain.conformity.answering import Answering
from services.returns.domain.conformity.values import (
    DISPROPORTIONATE,
    IMPOSSIBLE,
    REMEDIES,
    Attempt,
    RemedyRefusal,
)
from services.returns.domain.errors import NothingToDo, RemedyIsRefused, WrongStage
from services.returns.domain.law import Deadline, Proof, Whereabouts


class Remedying(Answering):
    """Abstract: `LabelledGoods` adds the labels."""

    def choose(self, remedy: str, *, by: str, at: datetime) -> None:
        """The customer's choice; it may change until something is being done."""
        self._require_open_lack()
        if remedy not in REMEDIES:
            raise Invalid("remedy", f"{remedy} is neither {' nor '.join(REMEDIES)}")
        self._require_nothing_runs()
        if remedy in self.lack.refused:
            raise RemedyIsRefused(self._why(remedy), remedy=remedy)
        if self.lack.answer == "rejected":
            raise WrongStage("the lack was rejected")
        if remedy != self.lack.remedy:
            self.record(e.RemedyChosen, at=at, remedy=remedy, by=by)
            self.go_on(by=by, at=at)

    def refuse(self, refusal: RemedyRefusal, *, at: datetime) -> None:
        """The seller does not put it right in this way: it is impossible, or costs out of proportion to the other."""
        self._require_open_lack()
        self._require_nothing_runs()
        if refusal.remedy not in REMEDIES:
            raise Invalid("remedy", f"{refusal.remedy} is neither {' nor '.join(REMEDIES)}")
        if refusal.ground not in (IMPOSSIBLE, DISPROPORTIONATE):
            raise Invalid("ground", f"{refusal.ground} is neither {IMPOSSIBLE} nor {DISPROPORTIONATE}")
        if not refusal.reason.strip():
            raise Invalid("reason", "a remedy is refused with its reason")
        if refusal.remedy in self.lack.refused:
            return
        if refusal.ground == DISPROPORTIONATE:
            _require_disproportion(refusal)
        chosen = self.lack.remedy
        self.record(e.RemedyRefused, at=at, refusal=refusal)
        left = [remedy for remedy in REMEDIES if remedy not in self.lack.refused]
        if chosen == refusal.remedy and left:
            self.record(e.RemedyChosen, at=at, remedy=left[0], by=refusal.by)
        self.go_on(by=refusal.by, at=at)

    def require_startable(self) -> str:
        """The remedy that is begun now: acknowledged, chosen, and nothing runs."""
        self._require_open_lack()
        self._require_nothing_runs()
        if self.lack.answer != "acknowledged":
            raise WrongStage("the lack is not acknowledged")
        if not self.lack.remedy:
            raise WrongStage("the customer has not chosen between repair and replacement")
        if (attempt := self.attempt) is not None and attempt.state == "done":
            raise NothingToDo("the goods were put right")
        return self.lack.remedy

    def start_remedy(self, key: str, claim_id: str, *, send_by: datetime | None, by: str, at: datetime) -> None:
        """It is being put right. `send_by`: by when the customer is asked to send the goods, where they are needed."""
        remedy = self.require_startable()
        self.record(
            e.RemedyStarted,
            at=at,
            number=len(self.attempts) + 1,
            remedy=remedy,
            key=key,
            claim_id=claim_id,
            send_by=send_by if self.unit.where is Whereabouts.WITH_CUSTOMER else None,
            by=by,
        )
        self.go_on(by=by, at=at)

    def running(self) -> Attempt:
        """The attempt that runs, or `WrongStage`."""
        attempt = self.attempt
        if attempt is None or attempt.state != "started":
            raise WrongStage("nothing is being put right")
        return attempt

    def finish_remedy(self, reference: str, liable: Deadline, *, by: str, at: datetime) -> None:
        """The goods conform again; the seller answers for them until then."""
        attempt = self.running()
        self.record(e.RemedyDone, at=at, number=attempt.number, reference=reference, liable=liable, by=by)
        self.go_on(by=by, at=at)

    def fail_remedy(self, reason: str, *, by: str, at: datetime) -> None:
        """It was tried, and did not help."""
        attempt = self.running()
        self.record(e.RemedyFailed, at=at, number=attempt.number, reason=reason, by=by)
        self.go_on(by=by, at=at)

    def sent(self, units: Sequence[str], proof: Proof, *, at: datetime) -> tuple[str, ...]:
        """A proof that the unit was sent to the seller; gives it where it says something new."""
        if self.unit.where is not Whereabouts.WITH_CUSTOMER or (units and self.unit_id not in units):
            return ()
        self.record(e.UnitSent, at=at, proof=proof)
        self.go_on(by=proof.by, at=at)
        return (self.unit_id,)

    def may_be_in(self, receipt_number: str) -> list[Candidate]:
        here = self.unit.where is Whereabouts.RECEIVED and self.unit.receipt_number != receipt_number
        return [] if here else [Candidate(self.unit_id, self.unit.asked.sku, self.unit.asked.line_id)]

    def missing_again(self, units: Sequence[str], *, at: datetime) -> None:
        """What was given for it stays given; whatever waited for it waits again."""
        self.go_on(by="system", at=at)

    def _require_nothing_runs(self) -> None:
        if self.money is not None:
            raise WrongStage(f"the customer has chosen {self.money.kind.replace('_', ' ')}")
        if (attempt := self.attempt) is not None and attempt.state == "started":
            raise WrongStage(f"a {attempt.remedy} is under way")

    def _why(self, remedy: str) -> str:
        refusal = next(one for one in self.lack.refusals if one.remedy == remedy)
        return f"{remedy} is {refusal.ground}: {refusal.reason}"


def _require_disproportion(refusal: RemedyRefusal) -> None:
    cost, other = refusal.cost, refusal.other_cost
    if cost is None or other is None:
        raise Invalid("cost", "what is out of proportion is shown by its cost beside that of the other remedy")
    if cost.currency != other.currency or cost.minor <= other.minor:
        raise Invalid("cost", f"{cost} is not more than {other}")
