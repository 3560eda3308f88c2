"""Money that cannot go back the way it came, and a person who is forgotten."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from chassis.domain import Aggregate
from chassis.work import Actor, Work
from services.returns.domain.case import CaseRefund, ReturnCase
from tests.unit.returns.exploring.invariants import still_named
from tests.unit.returns.exploring.walking import ANYBODY, PICK, Walking, of

IBANS = st.sampled_from(["DE89 3704 0044 0532 0130 00", "GB82 WEST 1234 5698 7654 32", "DE00"])
WAYS = st.sampled_from(["store_credit", "bank_transfer", "bank_transfer", "gold"])
PERSON = "s1/c1"


class Paying(Walking):
    """Rules of other ways."""

    @precondition(lambda self: self.shop.cases)
    @rule(pick=PICK, iban=IBANS, actor=ANYBODY)
    def a_bank_account_is_given(self, pick: int, iban: str, actor: Actor) -> None:
        id = of(self.shop.cases, pick).id
        self.ask(lambda work: self.shop.app.give_bank_account(work, id, iban, "G. Weber"), actor)

    @precondition(lambda self: any(case.refunds for case in self.shop.cases))
    @rule(pick=PICK, way=WAYS, actor=ANYBODY)
    def another_way_is_chosen(self, pick: int, way: str, actor: Actor) -> None:
        refunds: list[tuple[ReturnCase, CaseRefund]] = [(c, r) for c in self.shop.cases for r in c.refunds.values()]
        failed = [(c, r) for c, r in refunds if r.state.value == "failed"]
        case, refund = of(failed or refunds, pick)
        self.ask(lambda work: self.shop.app.choose_way(work, case.id, refund.claim_id, way), actor)

    @rule()
    def the_person_is_forgotten(self) -> None:
        """What the job does with every aggregate: nothing in them names the person any more."""
        for id in list(self.shop.memory.held):

            async def forget(work: Work, id: object = id) -> None:
                found = await work.get(Aggregate, id)  # type: ignore[arg-type]  # it is a key of what is held
                found.erase_personal_data(PERSON, at=work.now)

            self.fact(forget)
        left = [type(a).__name__ for a in self.shop.memory.held.values() if PERSON in still_named(a)]
        assert not left, f"still named in {left}"
