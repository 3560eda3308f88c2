"""Mutants of approvals: the second person above a limit."""

from tests.mutants.mutant import Edit, Promise

DESK = "desk/approvals.py"
APPROVALS = "casework/approvals.py"
LIMITS = "tests/unit/returns/test_approved_limits.py"

IN_PIECES = Promise("nobody passes a limit by approving in pieces, and an approval is used once, by who asked for it")
IN_PLACE = Promise(
    "who decides in somebody's place is held by what that person handed on, and nothing is handed on twice"
)
PLACES = "tests/unit/returns/test_in_whose_place.py"

MUTANTS = (
    IN_PIECES.mutant(
        "what was approved on the order does not count",
        Edit(
            DESK,
            "        order_so_far=against.given + waiting,\n",
            "        order_so_far=Money.zero(amount.currency),\n",
        ),
        tests=(f"{LIMITS}::test_two_approvals_of_one_order_add_up_also_in_two_returns",),
    ),
    IN_PIECES.mutant(
        "an approval is on nobody's day",
        Edit(
            DESK,
            '    await count_today(work, person, f"approval:{approval.id}", against.action, amount)\n',
            "",
        ),
        tests=(
            f"{LIMITS}::test_a_days_approvals_add_up_over_all_orders_with_what_the_approver_gives",
            "tests/integration/returns/test_approvals_at_once.py::"
            "test_who_approves_in_two_processes_at_once_stays_within_the_day",
        ),
    ),
    IN_PIECES.mutant(
        "anybody uses an approval",
        Edit(APPROVALS, "        if (in_place_of or by) != self.holder:\n", "        if not self.holder:\n"),
        tests=(f"{LIMITS}::test_an_approval_is_used_by_who_asked_for_it",),
    ),
    IN_PLACE.mutant(
        "a deputy's decision counts on the deputy",
        Edit(
            DESK,
            "    counted_on = lent.backed_by if lent else work.actor.id\n",
            "    counted_on = work.actor.id\n",
        ),
        tests=(f"{PLACES}::test_what_a_deputy_approves_counts_on_the_givers_limit",),
    ),
    IN_PLACE.mutant(
        "the giver's own request is decided in their place",
        Edit(
            APPROVALS,
            "        for person in (by, *sorted(in_place_of)):\n",
            "        for person in (by,):\n",
        ),
        tests=(f"{PLACES}::test_nobodys_own_request_is_approved_in_their_place",),
    ),
    IN_PLACE.mutant(
        "what was approved by it does not use it up",
        Edit(
            "casework/staff.py",
            "            self.delegations[known.id] = replace(known, used=known.used + event.amount.minor)\n",
            "            self.delegations[known.id] = replace(known, used=known.used)\n",
        ),
        tests=(f"{PLACES}::test_its_bounds_hold_and_it_ends_when_it_is_taken_back",),
    ),
)
