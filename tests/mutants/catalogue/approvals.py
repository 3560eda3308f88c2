"""Mutants of approvals: the second person above a limit."""

from tests.mutants.mutant import Edit, Promise

DESK = "desk/approvals.py"
APPROVALS = "casework/approvals.py"
LIMITS = "tests/unit/returns/test_approved_limits.py"

IN_PIECES = Promise("nobody passes a limit by approving in pieces, and an approval is used once, by who asked for it")

MUTANTS = (
    IN_PIECES.mutant(
        "what was approved on the order does not count",
        Edit(
            DESK,
            "        order_so_far=bounds.given + waiting,\n",
            "        order_so_far=Money.zero(amount.currency),\n",
        ),
        tests=(f"{LIMITS}::test_two_approvals_of_one_order_add_up_also_in_two_returns",),
    ),
    IN_PIECES.mutant(
        "an approval is on nobody's day",
        Edit(
            DESK,
            '    await count_today(work, person, f"approval:{approval.id}", bounds.action, amount)\n',
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
)
