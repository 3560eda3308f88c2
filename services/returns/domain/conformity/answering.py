"""What was reported, what speaks for it, and the seller's answer.

Guarantee: within the presumption nobody rejects a lack without evidence that says otherwise; after it nobody rejects
one before the customer could prove it. A rejection can be taken back, and evidence is never removed.
"""

from collections.abc import Sequence
from datetime import datetime

from chassis.domain import Invalid
from services.returns.domain.conformity import events as e
from services.returns.domain.conformity.duties import ConformityDuties
from services.returns.domain.conformity.law import SELLER, Figures
from services.returns.domain.conformity.values import (
    LACK,
    NO_LACK,
    REMEDIES,
    SEVERITIES,
    Evidence,
    LackDates,
)
from services.returns.domain.errors import BurdenOnSeller, LackIsOpen, NothingToDo, ProofNotAsked, WrongStage
from services.returns.domain.law import Ruling

SYSTEM = "system"


class Answering(ConformityDuties):
    """Abstract: `Remedying` adds what is done about it."""

    def require_reportable(self) -> None:
        """A lack can be reported: none is open, and the contract is not ended."""
        if self.lacks and self.is_terminated and not self.dropped:
            raise WrongStage(f"the contract about unit {self.unit_id} is ended", unit=self.unit_id)
        if self.lacks and not self.is_settled:
            raise LackIsOpen(
                f"a lack of unit {self.unit_id} was reported on {self.lack.reported_at.date()} and is not settled",
                unit=self.unit_id,
                conformity_id=str(self.id),
            )

    def report(
        self,
        description: str,
        ruling: Ruling,
        burden: str,
        dates: LackDates,
        figures: Figures,
        law_version: str,
        *,
        apparent_at: datetime,
        sought: str,
        channel: str,
        by: str,
        at: datetime,
    ) -> None:
        """The seller is told of a lack; the periods run from now."""
        self.require_reportable()
        if sought not in ("", *REMEDIES):
            raise Invalid("sought", f"{sought} cannot be asked for first; there is {', '.join(REMEDIES)}")
        if self.lacks and not self.is_open:
            self.reopen("another lack was reported", by=by, at=at)
        self.record(
            e.LackReported,
            at=at,
            number=len(self.lacks) + 1,
            description=self.personal(description),
            apparent_at=apparent_at,
            channel=channel,
            sought=sought,
            ruling=ruling,
            burden=burden,
            dates=dates,
            figures=figures,
            law_version=law_version,
            by=by,
        )
        self.go_on(by=by, at=at)

    def goodwill_asked(self, return_id: str, *, at: datetime) -> None:
        """What the law does not give is a return of the shop's goodwill now."""
        self.record(e.GoodwillAsked, at=at, return_id=return_id)

    def record_evidence(
        self, says: str, source: str, reference: str, text: str, *, observed_at: datetime, by: str, at: datetime
    ) -> None:
        """Write down a fact with its source; the same reference of the same source counts once."""
        if says not in (LACK, NO_LACK):
            raise Invalid("says", f"{says} is neither {LACK} nor {NO_LACK}")
        if self.dropped or not self.lack.covered:
            raise NothingToDo("nothing about this lack is open")
        if reference and any((one.source, one.reference) == (source, reference) for one in self.evidence.values()):
            return
        number, answer = len(self.evidence) + 1, self.lack.answer
        found = Evidence(number, self.lack.number, says, source, reference, observed_at, by)
        self.record(e.EvidenceRecorded, at=at, evidence=found, text=self.personal(text))
        if answer == "rejected" and says == LACK and not self.is_open:
            self.reopen("there is new evidence", by=by, at=at)
        self.go_on(by=by, at=at)

    def ask_for_proof(self, prove_by: datetime, *, by: str, at: datetime) -> None:
        """The presumption is over: the customer has to show that the lack was there at the delivery."""
        self._require_open_lack()
        if self.lack.burden == SELLER:
            raise BurdenOnSeller("the lack showed within the time of the presumption: the customer proves nothing")
        if self.lack.answer:
            raise WrongStage(f"the lack was {self.lack.answer}")
        if self.lack.prove_by is None:
            self.record(e.ProofAsked, at=at, prove_by=prove_by, by=by)
            self.go_on(by=by, at=at)

    def acknowledge(self, severity: str, reason: str, *, by: str, at: datetime) -> None:
        """The seller answers for it. How much it weighs may be put right until money is on its way."""
        self._require_open_lack()
        if severity not in SEVERITIES:
            raise Invalid("severity", f"{severity} is none of {', '.join(SEVERITIES)}")
        if self.money is not None:
            raise WrongStage("the customer has chosen money; how much the lack weighs stands")
        if (self.lack.answer, self.lack.severity) == ("acknowledged", severity):
            return
        if not self.is_open:
            self.reopen("the lack is acknowledged after all", by=by, at=at)
        self.record(e.LackAcknowledged, at=at, severity=severity, reason=reason, by=by)
        self.go_on(by=by, at=at)

    def reject(self, evidence: Sequence[int], reason: str, *, by: str, at: datetime) -> None:
        """A person found that the seller does not answer for it, on evidence; or nothing proves what had to be."""
        self._require_open_lack()
        if (self.attempts and self.attempt is not None) or self.money is not None:
            raise WrongStage("it is being put right or paid for: there is nothing to reject any more")
        unknown = [n for n in evidence if n not in self.evidence]
        if unknown:
            raise Invalid("evidence", f"there is no evidence {unknown[0]} on file")
        proven = [n for n in evidence if n in self.speaks(NO_LACK)]
        if not proven and self.lack.burden == SELLER:
            raise BurdenOnSeller(
                f"until {self.lack.dates.presumed.last_day} the lack is taken to have been there at the delivery, and"
                " no evidence named says otherwise",
                unit=self.unit_id,
            )
        if not proven and (self.speaks(LACK) or self.lack.prove_by is None or at < self.lack.prove_by):
            raise ProofNotAsked(
                "nothing named speaks against the lack; the customer is asked for proof first, and has time to give it",
                unit=self.unit_id,
            )
        if self.lack.answer != "rejected":
            self.record(e.LackRejected, at=at, evidence=tuple(evidence), reason=reason, by=by)
            self.go_on(by=by, at=at)

    def drop(self, reason: str, *, by: str, at: datetime) -> None:
        """Nobody goes on with it; what was put right or is being paid stays as it is."""
        if self.dropped:
            return
        if self.money is not None and (self.payable or self.current_refunds()):
            raise WrongStage("its money is owed or on its way")
        if self.is_settled:
            raise NothingToDo("nothing about this lack is open")
        self.record(e.LackDropped, at=at, reason=reason, by=by)
        self.go_on(by=by, at=at)

    def go_on(self, *, by: str, at: datetime) -> None:
        """After a decision: whom it waits on now, and whether it is over."""
        if not self.is_open:
            return
        if self.is_settled:
            self.close(self.state, "", by=by, at=at)
        else:
            self.wait_on(self.next_party(), by=by, at=at)

    def _require_open_lack(self) -> None:
        if self.dropped or not self.lack.covered:
            raise NothingToDo("nothing about this lack is open")
