"""Mutants of "Policies"."""

from tests.mutants.mutant import Edit, Promise

DOMAIN = "services/returns/domain/policy"
WEIGHING = f"{DOMAIN}/weighing.py"
CLAUSES = "tests/unit/returns/test_policy_clauses.py"
PROPERTIES = "tests/unit/returns/test_policy_properties.py"
LINT = "tests/unit/returns/test_policy_lint.py"
DATA = "tests/unit/returns/test_policy_data.py"
RPCS = "tests/integration/returns/test_policy_rpcs.py"

LAW_ABOVE = Promise("a shop's policy never refuses what the law gives")
ONCE = Promise("a version of a policy is stored once and never edited")
TYPO = Promise("a typo in a policy never becomes another policy")
ORDER = Promise("the order of clauses means nothing, and every decision says who decided")
AGAIN = Promise("a decision can be taken again from what it recorded")
NOTHING = Promise("a what-if stores nothing, and ends with its caller")
LOST_WORK = Promise("a what-if whose worker has ended says so, and may be asked again")

MUTANTS = (
    LAW_ABOVE.mutant(
        "a refusal counts before the law",
        Edit(WEIGHING, "if law is None and refusal is not None:", "if refusal is not None:"),
        tests=(f"{PROPERTIES}::test_no_refusal_of_a_shop_beats_the_law",),
    ),
    LAW_ABOVE.mutant(
        "the linter looks at the first day of the law only",
        Edit(f"{DOMAIN}/law.py", "for day in (delivered + timedelta(days=1), last))", "for day in (delivered,))"),
        tests=(f"{LINT}::test_a_policy_by_which_the_shop_beats_the_law_may_not_be_activated",),
    ),
    LAW_ABOVE.mutant(
        "a shop takes goods out of the law",
        Edit("services/returns/policies/grammar.py", "if kind in LAW else SCOPE", "if False else SCOPE"),
        tests=(f"{LINT}::test_no_goods_and_no_customers_are_taken_out_of_the_law",),
    ),
    ONCE.mutant(
        "a version is stored under a name that is there",
        Edit(
            f"{DOMAIN}/book.py",
            "if any(known.policy.version == policy.version for known in self.versions):",
            "if False:",
        ),
        tests=(f"{DATA}::test_a_version_is_never_edited_nor_back_dated",),
    ),
    TYPO.mutant(
        "keys that nobody knows are passed over",
        Edit("services/returns/policies/places.py", "            if name not in self._asked:", "            if False:"),
        tests=(f"{DATA}::test_what_is_wrong_in_a_policy_is_named_with_its_place",),
    ),
    ORDER.mutant(
        "of several refusals the first that was written is named",
        Edit(WEIGHING, "    return min(said, key=_by_weight)", "    return said[0]"),
        tests=(f"{CLAUSES}::test_of_several_refusals_the_first_by_kind_then_by_id_is_named_wherever_it_is_written",),
    ),
    AGAIN.mutant(
        "the customer's tier is not recorded",
        Edit(f"{DOMAIN}/facts.py", 'name != "unit_id")', 'name not in ("unit_id", "tier"))'),
        tests=(f"{PROPERTIES}::test_the_same_facts_give_the_same_decision_also_after_they_were_recorded",),
    ),
    NOTHING.mutant(
        "the worker of a caller that left goes on",
        Edit("services/returns/what_if/job.py", "            process.kill()", "            pass"),
        tests=(f"{RPCS}::test_a_what_if_whose_caller_goes_leaves_no_process_and_lets_the_next_begin",),
    ),
    LOST_WORK.mutant(
        "what a loop says of a closed pipe is told as it is",
        Edit(
            "services/returns/what_if/job.py", "except (RuntimeError, OSError) as error:", "except EOFError as error:"
        ),
        tests=(
            "tests/unit/returns/test_what_if_worker.py"
            "::test_a_worker_that_has_ended_is_one_error_whichever_way_it_is_met",
        ),
        shows=("RuntimeError", "ConnectionResetError", "BrokenPipeError"),
    ),
)
