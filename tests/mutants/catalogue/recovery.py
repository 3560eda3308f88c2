"""Mutants of what brings things together again: clocks that jump, providers that contradict, lives of a log."""

from tests.mutants.mutant import Edit, Promise

CLOCK = Promise("no timer is forgotten when the clock jumps")
LIVES = Promise("a restored database repeats nothing of the lost time")
REFUNDS = Promise("one refund for one key, whatever the provider says")

JUMPS = "tests/faults/clock/test_machine_clock_jumps.py"
ELSEWHERE = "tests/unit/returns/test_elsewhere.py"

MUTANTS = (
    CLOCK.mutant(
        "a next wish that is due already is forgotten",
        Edit("chassis/building.py", " and wanted.due_at == fired.due_at):", "):"),
        tests=(f"{JUMPS}::test_no_timer_fires_twice_or_never_while_two_machines_clocks_jump",),
    ),
    LIVES.mutant(
        "a restored log counts up as before",
        Edit("chassis/domain/ids.py", "if incarnation == 1 else", "if incarnation else"),
        tests=(
            "tests/unit/chassis/test_numbered.py::"
            "test_the_first_life_of_a_log_counts_plainly_and_later_ones_say_which_they_are",
        ),
    ),
    REFUNDS.mutant(
        "a second payment for one request is forgotten",
        Edit("services/returns/application/facts.py", "for other in others:", "for other in others[:0]:"),
        tests=(f"{ELSEWHERE}::test_a_second_payment_for_one_request_is_counted_as_money_moved_elsewhere",),
    ),
    REFUNDS.mutant(
        "a refund of a lost time freezes nothing",
        Edit(
            "services/returns/domain/ledger/state.py",
            "FREEZES = frozenset({DISPUTE, LOST_REFUND})",
            "FREEZES = frozenset({DISPUTE})",
        ),
        tests=(f"{ELSEWHERE}::test_a_refund_of_a_lost_time_counts_and_freezes_until_a_supervisor_has_looked",),
    ),
)

BY_DRILL = (
    "proved by a drill on real servers that takes minutes; its parts are attacked where they are promised by themselves"
)

_DRILLED = (
    "Kafka made empty is filled again",
    "a topic made again is read from its beginning, and partitions that were added are read",
    "a whole day published again, in another order or under new ids, changes nothing",
    "commands lost with a database are named, where they published something",
)
WITHOUT = dict.fromkeys(_DRILLED, BY_DRILL)
