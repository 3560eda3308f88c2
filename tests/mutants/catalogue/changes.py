"""Mutants of "Money and goods" that are about changes before dispatch."""

from tests.mutants.mutant import Edit, Promise

ONCE = Promise(
    "what the shop confirmed not to send goes back once, by the way it came, whatever is heard first and however often"
)
RACE = Promise(
    "a parcel that leaves before the shop has answered makes the change a return, an interception or a person's "
    "matter, and moves no money"
)
SILENCE = Promise("a shop that does not answer in time is a person's task, and its late answer counts once")

READING = "services/returns/domain/change/reading.py"
MONEY_TESTS = "tests/unit/returns/test_change_money.py"
RACE_TESTS = "tests/unit/returns/test_change_race.py"

MUTANTS = (
    ONCE.mutant(
        "what the order no longer shows is not owed any more",
        Edit(
            "services/returns/domain/ledger/state.py",
            "        for kept in self.kept.values():\n",
            "        for kept in tuple(self.kept.values())[:0]:\n",
        ),
        tests=(f"{MONEY_TESTS}::test_answer_version_and_capture_give_the_same_in_any_order",),
    ),
    ONCE.mutant(
        "goods that never left are paid back out of what was taken for others",
        Edit(
            "services/returns/domain/ledger/judge.py",
            "    return books.tills.routes(amount, ask.tender_id, unsent=ask.action == UNSENT)\n",
            "    return books.tills.routes(amount, ask.tender_id, unsent=ask.action == GESTURE)\n",
        ),
        tests=(f"{MONEY_TESTS}::test_of_an_order_that_is_taken_in_part_the_rest_is_not_taken_first",),
    ),
    ONCE.mutant(
        "what was taken for the rest of the order is given back",
        Edit(
            "services/returns/domain/ledger/changed.py",
            "tills.taken_or_open() - beside - given - elsewhere, 0)",
            "tills.taken_or_open() - 0 * beside - given - elsewhere, 0)",
        ),
        tests=(f"{MONEY_TESTS}::test_what_nobody_took_is_not_given_back",),
    ),
    RACE.mutant(
        "a parcel that a carrier has overtakes nothing",
        Edit(
            "services/returns/application/following.py",
            "            for unit_id in [u for u in change.stages if where.get(u) == LEFT]:\n",
            "            for unit_id in [u for u in change.stages if where.get(u) == OUTSIDE]:\n",
        ),
        tests=(f"{RACE_TESTS}::test_a_parcel_that_leaves_before_the_answer_makes_it_a_return",),
    ),
    RACE.mutant(
        "the shop's word about what has left is passed over",
        Edit(
            "services/returns/domain/change/change.py",
            "        if self.at_stage(UnitStage.OVERTAKEN) and not self.told_too_late:\n",
            "        if self.at_stage(UnitStage.OVERTAKEN) and self.told_too_late:\n",
        ),
        tests=(f"{RACE_TESTS}::test_a_confirmation_after_the_parcel_left_goes_to_a_person_and_moves_no_money",),
    ),
    SILENCE.mutant(
        "the same silence is told every time the timer fires",
        Edit(
            READING,
            '        if self.is_asked and "change" not in self.missed:\n',
            "        if self.is_asked:\n",
        ),
        tests=(
            "tests/unit/returns/test_change.py::"
            "test_silence_becomes_a_persons_task_and_the_shops_own_word_is_taken_after_it",
        ),
    ),
)
