"""Mutants of kits and sets that come back whole only."""

from tests.mutants.mutant import Edit, Promise

HERE = "tests/unit/returns"
PARTS, ASKED = f"{HERE}/test_bundle_parts.py", f"{HERE}/test_bundle.py"
SHORT, REFUSED = f"{HERE}/test_bundle_short.py", f"{HERE}/test_bundle_refused.py"
SPEAKING = "services/returns/domain/policy/speaking.py"

WHOLE = Promise(
    "a bundle that comes back only whole is not torn by a change of mind; law, and a fault of one part, stand above it"
)

MUTANTS = (
    WHOLE.mutant(
        "a part of a bundle is refused whatever is wrong with it",
        Edit(
            SPEAKING,
            "    if facts.ground is not Ground.REMORSE:\n        return Spoken(clause, SILENT, f",
            "    if False:\n        return Spoken(clause, SILENT, f",
        ),
        tests=(f"{ASKED}::test_what_is_wrong_with_one_part_stands_above_it",),
    ),
    WHOLE.mutant(
        "a bundle is beyond what the linter holds against the law",
        Edit(
            "services/returns/domain/policy/law.py",
            ", ClauseKind.REMEDIES, ClauseKind.BUNDLE}",
            ", ClauseKind.REMEDIES}",
        ),
        tests=(f"{ASKED}::test_the_linter_refuses_a_kit_that_beats_the_right_to_withdraw",),
        shows=("ValueError",),
    ),
    WHOLE.mutant(
        "units of like bundles are counted as if one were all",
        Edit(
            "services/returns/domain/bundle.py",
            "    whole = min(len(part.back) // part.per for part in parts)\n",
            "    whole = 0\n",
        ),
        tests=(
            f"{PARTS}::test_without_what_comes_back_alone_nothing_is_broken_and_with_the_rest_neither",
            f"{ASKED}::test_of_two_kits_one_comes_back_whichever_units_are_free",
        ),
    ),
    WHOLE.mutant(
        "what a policy declines of a bundle lets the rest come",
        Edit(
            "services/returns/application/judging.py",
            "        if found == refused or not of_bundles:",
            "        if True:",
        ),
        tests=(f"{ASKED}::test_one_part_that_may_not_come_back_takes_the_others_along",),
    ),
    WHOLE.mutant(
        "customers ask for all of it and let a part be",
        Edit(
            "services/returns/application/returning.py",
            "        if work.actor.customer_id is not None:\n            await self.require_rest",
            "        if False:\n            await self.require_rest",
        ),
        tests=(f"{REFUSED}::test_customers_who_asked_for_all_of_it_do_not_let_a_part_be",),
        shows=("Failed",),
    ),
    WHOLE.mutant(
        "a part is exchanged by the right to get its money",
        Edit(
            "services/returns/application/exchanging.py",
            "        await self.require_whole_for_exchange(work, case, unit_id)\n",
            "",
        ),
        tests=(f"{REFUSED}::test_a_part_alone_is_exchanged_only_where_somebody_let_it_come_or_all_of_it_comes",),
        shows=("Failed",),
    ),
    WHOLE.mutant(
        "a part is cancelled before it leaves",
        Edit(
            "services/returns/application/changeable.py",
            "        require_whole(policy, ",
            "        (lambda *_: None)(policy, ",
        ),
        tests=(f"{REFUSED}::test_a_part_is_not_cancelled_or_swapped_before_it_leaves_and_all_of_it_is_cancelled",),
        shows=("Failed",),
    ),
    WHOLE.mutant(
        "what is here of a bundle is as promised while the rest is not",
        Edit(
            "services/returns/domain/policy/evaluate.py",
            "SHOWN_WHEN_HERE = (ClauseKind.SIGNAL, ClauseKind.BUNDLE)",
            "SHOWN_WHEN_HERE = (ClauseKind.SIGNAL,)",
        ),
        tests=(f"{SHORT}::test_what_came_waits_for_a_person_who_pays_it_or_less_or_nothing",),
    ),
    WHOLE.mutant(
        "the rest of a bundle comes and nobody looks again",
        Edit(
            "services/returns/application/receiving.py",
            "        await self.look_at_bundles(work, case)\n\n    async def _case_for",
            "\n    async def _case_for",
        ),
        tests=(
            f"{SHORT}::test_the_rest_in_a_second_parcel_ends_it_in_the_same_unit",
            f"{SHORT}::test_what_is_missing_of_which_kit_is_shown_at_the_receipt",
        ),
    ),
    WHOLE.mutant(
        "a bundle that the law gives back in parts is held short",
        Edit(SPEAKING, "    if course.inspected and course.law is not None:", "    if False:"),
        tests=(f"{SHORT}::test_what_the_law_gives_back_part_by_part_is_not_short",),
    ),
)
