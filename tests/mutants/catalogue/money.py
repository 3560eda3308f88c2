"""Mutants of "Money and goods"."""
# long: one mutant after the other, in the order of the promises

from tests.mutants.catalogue.places import CLAIMS, DOMAIN, IN_KIND, LEDGER_MACHINE, PRICING
from tests.mutants.mutant import Edit, Promise

JUDGE = "services/returns/domain/ledger/judge.py"
BOOKS = "services/returns/domain/ledger/books.py"
TILLS = "services/returns/domain/ledger/tills.py"
STATE = "services/returns/domain/ledger/state.py"
GOODS_OF = "services/returns/domain/ledger/goods.py"
LEDGER = "services/returns/domain/ledger/ledger.py"
OUTSIDE = "services/returns/domain/ledger/outside.py"
MONEY = "chassis/domain/money.py"
PRICING_PY = "services/returns/domain/order/pricing.py"

NEVER_MORE = Promise("never more than was paid for a unit or component, whoever gives it")
CENTS = Promise("not a cent is lost or made by splitting")
GOODS = Promise("goods never go out twice for one loss")
BY_NAME = Promise("what was returned plus what is kept by name is what was paid, for each unit, component and capture")
UNTAKEN = Promise("what was not captured is not refunded")
ONE_REFUND = Promise("one refund for one claim, whoever dies between asking a provider and writing down its answer")
PROVEN = Promise("a webhook that is not proven, or makes no sense, writes nothing")
WITHDRAWN = Promise("nobody declines a withdrawal, and money is held back only for what the customer has")
PERIODS = Promise("a period of the law never ends on a day of rest, nor a day too early, wherever the customer lives")
OWED = Promise("what the law makes owed is paid by itself, once, and not beside what was paid elsewhere")
CONFORM = Promise("goods that do not conform are put right before money, and no policy beats the law")
ONE_LAW = Promise("the law is written once, and the document says the same")
ELSEWHERE = Promise("what happened elsewhere is recorded, and freezes our own grants when it exceeds")

BOUND = (
    "    if asked > left or asked.minor <= 0:\n"
    '        raise _denial(books, "entitlement", left.minor, _holders(books, subjects), subjects)\n'
)

PERIOD = "services/returns/domain/law/period.py"
LATE_ENOUGH = (
    "tests/unit/returns/test_withdrawal_period.py::test_a_period_ends_on_the_first_working_day_that_is_late_enough"
)

MUTANTS = (
    WITHDRAWN.mutant(
        "what the law does not give is asked of nobody",
        Edit(
            "services/returns/application/noticing.py",
            "        if asked := [unit_id for unit_id in rest if unit_id not in order.units_in_returns]:\n",
            "        if asked := [unit_id for unit_id in rest if unit_id in order.units_in_returns]:\n",
        ),
        tests=(
            "tests/unit/returns/test_withdrawal.py::"
            "test_a_notice_out_of_time_becomes_a_goodwill_return_with_a_clear_word",
        ),
    ),
    WITHDRAWN.mutant(
        "a repayment does not wait for the goods",
        Edit(
            "services/returns/domain/withdrawal/withdrawal.py",
            "            if unit_id in self.withheld and not without_goods:\n",
            "            if unit_id in self.withheld and not units:\n",
        ),
        tests=(
            "tests/unit/returns/test_withdrawal_repaid.py::test_money_is_held_back_while_the_customer_has_the_goods",
        ),
    ),
    PERIODS.mutant(
        "the last day may be a day of rest",
        Edit(
            PERIOD,
            "    last = off_days_of_rest(event + days * DAY, holidays)\n",
            "    last = event + days * DAY\n",
        ),
        tests=(LATE_ENOUGH,),
    ),
    PERIODS.mutant(
        "the day of the event counts",
        Edit(
            PERIOD,
            "    last = off_days_of_rest(event + days * DAY, holidays)\n",
            "    last = off_days_of_rest(event + max(days - 1, 0) * DAY, holidays)\n",
        ),
        tests=(LATE_ENOUGH,),
    ),
    OWED.mutant(
        "money that moved elsewhere in another sum is paid beside",
        Edit(
            "services/returns/application/repaying.py", "        if not chosen or facts:\n", "        if not chosen:\n"
        ),
        tests=(
            "tests/unit/returns/test_withdrawal_by_itself.py::"
            "test_money_of_another_sum_that_moved_elsewhere_is_a_persons_to_judge",
        ),
    ),
    OWED.mutant(
        "money that came back is sent again by itself",
        Edit(
            "services/returns/domain/withdrawal/reading.py",
            "        never = [u for u in self.payable if self.money_of(u) is None]\n",
            "        never = list(self.payable)\n",
        ),
        tests=(
            "tests/unit/returns/test_withdrawal_by_itself.py::test_money_that_came_back_is_not_sent_again_by_itself",
        ),
    ),
    CONFORM.mutant(
        "a lack that was never put right counts as showing again",
        Edit(
            "services/returns/domain/conformity/reading.py",
            "            AGAIN: len(before) >= tries,\n",
            "            AGAIN: len(before) < tries,\n",
        ),
        tests=("tests/unit/returns/test_conformity_money.py::test_repair_or_replacement_comes_before_money",),
    ),
    CONFORM.mutant(
        "the seller's word rejects a lack within the presumption",
        Edit(
            "services/returns/domain/conformity/answering.py",
            "        proven = [n for n in evidence if n in self.speaks(NO_LACK)]\n",
            "        proven = [0, *evidence]\n",
        ),
        tests=("tests/unit/returns/test_conformity.py::test_within_the_presumption_only_evidence_rejects_a_lack",),
    ),
    ONE_LAW.mutant(
        "a repair does not make the liability longer",
        Edit(
            "services/returns/domain/conformity/law.py",
            "            planned = years_after(planned, self.extension_years)  # once, however many repairs\n",
            "            planned = years_after(planned, 0)\n",
        ),
        tests=("tests/unit/docs/test_law.py::test_every_date_of_the_example_is_what_the_law_gives",),
    ),
    ONE_REFUND.mutant(
        "a refund that may have been made counts as not made",
        Edit(
            "services/returns/providers/stripe/refunds.py",
            "            return Unknown(type(error).__name__)\n",
            "            return NotDone(type(error).__name__)\n",
        ),
        tests=("tests/contract/returns/test_stripe.py::test_what_an_answer_means",),
    ),
    PROVEN.mutant(
        "an old signature is good for ever",
        Edit(
            "services/returns/providers/stripe/webhooks.py",
            "    if abs(int(now.timestamp()) - int(stamps[0])) > TOLERANCE:\n",
            "    if not stamps:\n",
        ),
        tests=("tests/contract/returns/test_webhooks.py::test_what_is_not_proven_is_refused_and_nothing_is_written",),
    ),
    BY_NAME.mutant(
        "a fee may be more than is left",
        Edit(
            "services/returns/domain/ledger/fees.py",
            "min(fee.amount, left, key=lambda money: money.minor)",
            "fee.amount",
        ),
        tests=("tests/unit/returns/test_closing.py::test_a_fee_is_withheld_once_and_never_below_zero",),
    ),
    BY_NAME.mutant(
        "what is kept by name may be given back too",
        Edit(BOOKS, " - self.withheld_from(root)", ""),
        tests=("tests/unit/returns/test_closing.py::test_a_fee_is_withheld_once_and_never_below_zero",),
    ),
    UNTAKEN.mutant(
        "what was only authorised is refunded",
        Edit(
            TILLS,
            'yield Route(name, "", Way.RELEASE, self.untaken(name))',
            'yield Route(name, "", Way.REFUND, self.untaken(name))',
        ),
        tests=("tests/unit/returns/test_charges.py::test_before_capture_less_is_taken_and_nothing_is_refunded",),
    ),
    NEVER_MORE.mutant(
        "the entitlement does not bind",
        Edit(JUDGE, BOUND, ""),
        tests=(
            f"{CLAIMS}::test_the_second_is_refused_with_what_is_left_and_who_gave_the_rest",
            f"{LEDGER_MACHINE}::TestLedger",
        ),
    ),
    NEVER_MORE.mutant(
        "reservations do not count",
        Edit(
            BOOKS,
            "COUNTING = frozenset({ClaimState.RESERVED, ClaimState.SETTLED, ClaimState.FAILED})",
            "COUNTING = frozenset({ClaimState.SETTLED, ClaimState.FAILED})",
        ),
        tests=(f"{CLAIMS}::test_the_second_is_refused_with_what_is_left_and_who_gave_the_rest",),
    ),
    NEVER_MORE.mutant(
        "what was taken does not bind",
        Edit(
            TILLS,
            "        left = max(self.captured().minor - self.moved().minor, 0)\n",
            "        left = 10**12\n",
        ),
        Edit(
            TILLS,
            "max(self.captured(name).minor - self.moved(name).minor, 0))",
            "10**12)",
        ),
        tests=(f"{CLAIMS}::test_money_is_bound_by_what_was_captured",),
    ),
    NEVER_MORE.mutant(
        "a failed refund is free at once",
        Edit(
            BOOKS,
            "COUNTING = frozenset({ClaimState.RESERVED, ClaimState.SETTLED, ClaimState.FAILED})",
            "COUNTING = frozenset({ClaimState.RESERVED, ClaimState.SETTLED})",
        ),
        tests=(f"{CLAIMS}::test_a_failure_counts_until_its_requester_releases_it",),
    ),
    NEVER_MORE.mutant(
        "a release frees what was already attempted",
        Edit(
            LEDGER,
            "touched = [t for t in self.books.transfers_of(claim.id) if t.state not in UNTOUCHED]",
            "touched = [t for t in self.books.transfers_of(claim.id) if t.state in UNTOUCHED and not t.key]",
        ),
        tests=(f"{CLAIMS}::test_a_release_after_the_attempt_is_too_late",),
    ),
    NEVER_MORE.mutant(
        "the same ask is a second claim",
        Edit(
            LEDGER,
            "        if known is not None:\n            return known\n"
            "        claim = self._claim(ask, ClaimState.PENDING, at)",
            "        if known is not None and not ask:\n            return known\n"
            "        claim = self._claim(ask, ClaimState.PENDING, at)",
        ),
        tests=(f"{CLAIMS}::test_the_same_ask_is_one_claim",),
    ),
    NEVER_MORE.mutant(
        "goodwill has no budget",
        Edit(
            JUDGE,
            "    if asked.minor > left or asked.minor <= 0:\n",
            "    if asked.minor <= 0:\n",
        ),
        tests=(f"{CLAIMS}::test_gestures_have_a_budget_of_their_own",),
    ),
    CENTS.mutant(
        "the remainder of a split is dropped",
        Edit(MONEY, "        parts[i] += 1\n", "        parts[i] += 0\n"),
        tests=(
            f"{DOMAIN}::test_splitting_loses_and_makes_nothing",
            f"{PRICING}::test_units_and_components_add_up_to_what_was_paid",
        ),
    ),
    CENTS.mutant(
        "every part of a split is rounded up",
        Edit(
            MONEY,
            "    for i in by_remainder[: amount - sum(parts)]:\n",
            "    for i in (n for n in by_remainder if amount * weights[n] % whole):\n",
        ),
        tests=(
            f"{DOMAIN}::test_splitting_loses_and_makes_nothing",
            f"{PRICING}::test_units_and_components_add_up_to_what_was_paid",
        ),
    ),
    CENTS.mutant(
        "the shop's own allocation is split anew",
        Edit(PRICING_PY, "        allocated=_sum(line.discounts, currency),\n", "        allocated=0,\n"),
        tests=(
            f"{PRICING}::test_the_shops_own_allocation_is_used_as_it_stands",
            f"{PRICING}::test_units_and_components_add_up_to_what_was_paid",
        ),
    ),
    GOODS.mutant(
        "a replacement is no compensation",
        Edit(
            JUDGE,
            "        return not books.is_replaced(subject) and books.left_of(subject) == entitlement\n",
            "        return entitlement is not None\n",
        ),
        tests=(
            f"{IN_KIND}::test_goods_are_reserved_once_for_one_loss",
            f"{IN_KIND}::test_goods_are_not_given_beside_money",
        ),
        shows=("AttributeError",),
    ),
    GOODS.mutant(
        "the replaced unit keeps its entitlement",
        Edit(
            STATE,
            "            self._step(root, CARRIED, new_unit, event.timestamp)\n",
            "            self._step(new_unit, CARRIED, new_unit, event.timestamp)\n",
        ),
        tests=(
            f"{IN_KIND}::test_the_replacement_carries_the_entitlement",
            f"{IN_KIND}::test_money_is_not_given_beside_goods",
        ),
    ),
    GOODS.mutant(
        "goods that are owed back count as returned",
        Edit(GOODS_OF, "        if root in self.owed_back:\n", "        if not root:\n"),
        tests=(f"{IN_KIND}::test_a_faulty_unit_received_after_its_replacement_gives_nothing_back",),
    ),
    ELSEWHERE.mutant(
        "what exceeds does not freeze",
        Edit(
            STATE,
            "return doubtful or self.books.excess().minor > self.accepted_excess",
            "return doubtful",
        ),
        tests=(
            f"{CLAIMS}::test_what_happens_elsewhere_is_recorded_even_when_it_exceeds_and_freezes_our_own_grants",
            f"{LEDGER_MACHINE}::TestLedger",
        ),
    ),
    ELSEWHERE.mutant(
        "what exceeds is not recorded",
        Edit(
            OUTSIDE,
            "        if self.outside.get(fact.id) != fact:\n",
            "        if self.outside.get(fact.id) != fact and fact.amount <= self.books.tills.captured():\n",
        ),
        tests=(f"{LEDGER_MACHINE}::TestLedger",),
        shows=("ValueError",),
    ),
    ELSEWHERE.mutant(
        "an open dispute does not freeze",
        Edit(
            STATE,
            "        doubtful = any(fact.kind in FREEZES for fact in self.outside.values())\n",
            "        doubtful = False\n",
        ),
        tests=(f"{CLAIMS}::test_an_open_dispute_freezes_until_it_ends",),
    ),
)
