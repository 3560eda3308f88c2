"""Mutants of credit notes, gifts, withdrawals from exchanged orders, what is told of exchanges, circuits, the band."""

from tests.mutants.mutant import Edit, Promise

NOTES = Promise(
    "a movement of money has one credit note at a time, asked for in the unit that hears it settled, and its number is "
    "kept"
)
WITHDRAWN = Promise(
    "a withdrawal from an exchanged order gives back all that was paid for the goods, where it was paid"
)
TOLD = Promise("of an exchange, and of money that has to go another way, a customer hears once what to expect")
CIRCUIT = Promise(
    "a provider that keeps failing is left alone, and nothing that waits for it is lost, doubled or given up"
)
GIFT = Promise(
    "who returns a gift hears nothing of who paid, who paid nothing of the return, "
    "and what it is worth stays in the shop"
)
LOST = Promise("whatever moved money, or issued a document of it, in a lost time is counted, and waits for a person")

NOTE_TESTS = "tests/unit/returns/test_credit_notes.py::"
CIRCUIT_TESTS = "tests/integration/chassis/effects/test_circuit.py::"

BAND = Promise("no more goes back within an hour than a shop's band allows, by whatever way, before a person looked")
GUARD = "tests/unit/returns/test_guard.py"

MUTANTS = (
    CIRCUIT.mutant(
        "one shop's account holds up every shop's labels",
        Edit(
            "services/returns/providers/easypost/client.py",
            ", ours=answer.status_code in OF_AN_ACCOUNT)",
            ")",
        ),
        tests=(
            "tests/contract/returns/test_easypost.py"
            "::test_what_is_wrong_with_one_account_holds_up_no_other_shops_labels",
        ),
    ),
    BAND.mutant(
        "the band warns and lets everything go",
        Edit(
            "services/returns/providers/guard.py",
            '            return NotDone("OUT_OF_BAND", ours=True)\n',
            "            pass\n",
        ),
        tests=(f"{GUARD}::test_beyond_the_count_nobody_is_asked_and_the_kind_is_paused",),
    ),
    BAND.mutant(
        "a shop's band is left once and then no more",
        Edit(
            "services/returns/providers/guard.py",
            "self._told.get(shop_id, attempt.now - WINDOW))",
            "self._told.get(shop_id, attempt.now) and attempt.now)",
        ),
        tests=(f"{GUARD}::test_beyond_the_count_nobody_is_asked_and_the_kind_is_paused",),
    ),
    NOTES.mutant(
        "a note is asked for whenever its movement is told",
        Edit(
            "services/returns/domain/ledger/notes.py",
            "        if not owed.minor or (known is not None and (known.state is not NoteState.LOST "
            "or known.amount != owed)):\n",
            "        if not owed.minor:\n",
        ),
        tests=(NOTE_TESTS + "test_whoever_tells_of_a_movement_next_asks_for_no_second_note",),
    ),
    NOTES.mutant(
        "a second number replaces the first",
        Edit(
            "services/returns/domain/ledger/notes.py",
            "        if not self.note(note_id).number:\n",
            "        if True:\n",
        ),
        Edit("chassis/effects/effect.py", "        if self.state is State.SUCCEEDED:\n            return False\n", ""),
        tests=(NOTE_TESTS + "test_a_refund_that_settled_asks_for_its_note_once_and_its_number_is_kept",),
    ),
    NOTES.mutant(
        "a refund that fails leaves its note standing",
        Edit(
            "services/returns/application/noting.py",
            "    if called_off is not None:\n        await plan_cancel(work, ledger, called_off)\n",
            "",
        ),
        tests=(NOTE_TESTS + "test_a_refund_that_fails_after_its_note_has_it_cancelled_once",),
        shows=("ValueError",),
    ),
    NOTES.mutant(
        "a document that was refused and issued after all is kept beside the second",
        Edit(
            "services/returns/domain/ledger/notes.py",
            "        if known.state is not NoteState.REPLACED or not known.number:\n",
            "        if True:\n",
        ),
        tests=(NOTE_TESTS + "test_a_refusal_waits_for_finance_who_names_the_number_or_asks_again",),
    ),
    NOTES.mutant(
        "the tax of a note is rounded for itself",
        Edit(
            "services/returns/domain/ledger/note_lines.py",
            "    due = share_of_tax(known.tax, known.paid, given + minor) - "
            "share_of_tax(known.tax, known.paid, given)\n"
            "    if given + minor",
            "    due = share_of_tax(known.tax, known.paid, minor)\n    if False and given + minor",
        ),
        tests=(NOTE_TESTS + "test_over_all_notes_of_a_unit_each_rate_is_what_was_paid_by_it",),
    ),
    WITHDRAWN.mutant(
        "only what was paid with the last order goes back",
        Edit(
            "services/returns/application/withdrawn_places.py",
            "            for link in await self.before(work, order, unit_id):\n",
            "            for link in ():\n",
        ),
        tests=(
            "tests/unit/returns/test_withdrawal_of_exchange.py::"
            "test_what_was_carried_over_goes_back_out_of_the_order_it_was_paid_with",
        ),
    ),
    WITHDRAWN.mutant(
        "a part that bounced hides behind one that arrived",
        Edit(
            "services/returns/domain/withdrawal/reading.py",
            "for state in (MoneyState.FAILED, *_LEAST_CERTAIN_FIRST) if",
            "for state in _LEAST_CERTAIN_FIRST if",
        ),
        tests=(
            "tests/unit/returns/test_withdrawal_of_exchange.py::"
            "test_a_part_that_bounced_is_owed_by_itself_and_paid_again_once",
        ),
    ),
    TOLD.mutant(
        "the way of what is promised is left out",
        Edit("services/returns/publisher/money.py", "                way=_way(event),\n", ""),
        tests=(
            "tests/contract/notifications/test_exchange_mails.py::test_what_is_promised_is_said_by_the_way_it_goes",
        ),
    ),
    CIRCUIT.mutant(
        "everybody tries at once",
        Edit(
            "chassis/effects/role.py",
            "        return rows if rows and await circuits.take_the_try(kind, longest=self._longest[kind]) else []\n",
            "        return rows\n",
        ),
        tests=(CIRCUIT_TESTS + "test_while_it_goes_on_failing_the_pause_doubles_to_its_longest",),
        shows=("IndexError",),
    ),
    CIRCUIT.mutant(
        "what was asked before is not looked after while it is open",
        Edit(
            "chassis/effects/role.py",
            "        queue = _QUEUE if closed else _LAPSES\n",
            "        queue = _QUEUE if closed else _QUEUE.replace('$5) LIMIT $5', '$5) LIMIT 0 * $5')\n",
        ),
        tests=(CIRCUIT_TESTS + "test_leases_and_answer_by_times_run_on_while_it_is_open",),
    ),
    CIRCUIT.mutant(
        "a circuit never opens",
        Edit("chassis/effects/circuit.py", "self.failed[kind] < TRIP_AFTER:", "True:"),
        tests=(CIRCUIT_TESTS + "test_calls_that_fail_one_after_the_other_open_the_circuit",),
        shows=("IndexError",),
    ),
    GIFT.mutant(
        "a gift is paid back to the card",
        Edit("services/returns/domain/case/gifting.py", "        if not stays_in_the_shop:\n", "        if False:\n"),
        tests=("tests/unit/returns/test_gift.py::test_what_was_paid_for_a_gift_never_goes_back_to_who_paid",),
    ),
    GIFT.mutant(
        "credit for a gift goes to the buyer's wallet",
        Edit(
            "services/returns/application/common.py",
            "recipient_of(claim) or ledger.customer_id",
            "ledger.customer_id",
        ),
        tests=("tests/unit/returns/test_gift.py::test_store_credit_goes_to_the_recipients_wallet",),
    ),
    GIFT.mutant(
        "the buyer's report ends the recipient's return",
        Edit(
            "services/returns/application/reporting.py",
            "        if case.gift is not None and work.actor.customer_id is not None:\n",
            "        if False:\n",
        ),
        tests=(
            "tests/unit/returns/test_gift.py::"
            "test_the_buyer_who_reports_a_lack_of_it_ends_no_return_and_learns_nothing",
        ),
    ),
    LOST.mutant(
        "a transfer to a bank account is forgotten by a restore",
        Edit("services/returns/lost_requests.py", "            payouts_pb2.BankTransferRequested: transfer,\n", ""),
        tests=("tests/unit/returns/test_lost_requests.py::test_every_request_that_moves_money_is_known",),
    ),
)
