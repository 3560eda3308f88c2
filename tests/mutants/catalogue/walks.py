"""Mutants of what a walk through the state space of returns holds."""

from tests.mutants.mutant import Edit, Promise

WALK = "tests/unit/returns/exploring/test_exploration.py::test_every_invariant_holds_after_every_step"
MEANWHILE = (
    "tests/unit/returns/test_withdrawal_by_itself.py"
    "::test_what_another_gives_for_the_same_unit_ends_the_duty_in_the_same_unit"
)
OFFERED = "tests/unit/returns/test_offered.py"

WHATEVER = Promise(
    "whatever happens to an order, in any order: no more is given than was paid, no key is paid twice, a unit lies in"
    " one place, and the statement closes"
)
LISTED = Promise("what is listed as the next step is carried out when it is asked for, and what is not is refused")
BANK = Promise("what the bank takes back does not leave us a second time")
ALONE = Promise("what the law makes owed is paid by itself, once, and not beside what was paid elsewhere")
CHILDREN = Promise("a process that serves callers can start another beside them")

MUTANTS = (
    ALONE.mutant(
        "a withdrawal does not hear what a return gave for its goods",
        Edit("services/returns/application/paying.py", "        await self.tell_withdrawals(work, order)\n", ""),
        tests=(MEANWHILE,),
    ),
    ALONE.mutant(
        "a withdrawal does not hear what another service gave for its goods",
        Edit("services/returns/application/ledgering.py", "        await self.tell_withdrawals(work, order)\n", ""),
        tests=(MEANWHILE,),
    ),
    WHATEVER.mutant(
        "a return does not hear where its money is",
        Edit(
            "services/returns/domain/case/state.py",
            "            self.refunds[event.claim_id],\n            state=event.state,\n",
            "            self.refunds[event.claim_id],\n            state=self.refunds[event.claim_id].state,\n",
        ),
        tests=(WALK,),
    ),
    WHATEVER.mutant(
        "what was given for a unit is forgotten when more of it is asked for",
        Edit(
            "services/returns/domain/ledger/books.py",
            "entitlement.amount.minor - self.given_for(root) - self.withheld_from(root), 0))",
            "entitlement.amount.minor - self.withheld_from(root), 0))",
        ),
        tests=(WALK,),
    ),
    LISTED.mutant(
        "a next step that the ledger refuses is listed all the same",
        Edit(
            "services/returns/application/offering.py",
            "        return refused(action, refusal)\n",
            "        return action\n",
        ),
        tests=(WALK, f"{OFFERED}::test_a_refund_that_the_ledger_refuses_is_not_offered"),
    ),
    BANK.mutant(
        "only what was never tried is stopped when the bank takes money back",
        Edit(
            "services/returns/application/facts.py",
            "        for state in (TransferState.PLANNED, TransferState.ATTEMPTING):\n",
            "        for state in (TransferState.PLANNED,):\n",
        ),
        tests=("tests/unit/returns/test_chargeback.py::test_a_refund_that_waits_to_be_tried_again_is_stopped_too",),
    ),
    ALONE.mutant(
        "what was counted beside a refund that bounced is not judged anew",
        Edit(
            "services/returns/application/repaying.py",
            "        self._owe_what_bounced(work, known, places)  # first: a person judges what was beside it\n"
            "        facts = await self.moved_elsewhere(work, known, places, since=known.noticed_at)\n",
            "        facts = await self.moved_elsewhere(work, known, places, since=known.noticed_at)\n"
            "        self._owe_what_bounced(work, known, places)\n",
        ),
        tests=(
            "tests/unit/returns/test_withdrawal_by_itself.py::"
            "test_where_a_part_of_what_was_paid_elsewhere_bounces_a_person_judges_the_rest",
        ),
    ),
    CHILDREN.mutant(
        "gRPC takes part in forks",
        Edit("chassis/__init__.py", 'os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")\n', "del os\n"),
        tests=("tests/unit/chassis/grpc/test_forks.py::test_grpc_is_told_to_leave_forks_alone_before_it_is_imported",),
    ),
)
