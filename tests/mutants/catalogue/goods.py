"""Mutants of "Goods that come back"."""

from tests.mutants.mutant import Edit, Promise

ROWS = "tests/unit/returns/test_unit_rows.py"
FOLD = Promise("what search and counts show of a unit is a fold of its events, however often they were told")
RIGHT = Promise("a receipt that is put right leaves no trace on the units it was booked on by mistake")
NOBODYS = Promise("goods that nobody can place, or that nobody expects any more, wait for a person and are never lost")
EXPECTED = Promise("the warehouse hears what to expect whenever it changes")
INTAKE = "tests/unit/returns/test_intake.py"
SHOWN = Promise("what looks wrong is shown with its source, and declines nobody by itself")
REPORTS = (
    "tests/unit/returns/test_policy_in_use.py"
    "::test_reports_of_parcels_that_did_not_come_are_counted_as_shipping_issues_tell_them"
)
FOUND = Promise("no search for units reads the whole table")

CORRECTED = "tests/unit/returns/test_corrected_after_money.py"
GRADED = Promise("an inspection that lacks what its goods need is refused whole, with every field and why")
VISIBLE = Promise("what is put right after money moved is visible, and takes no money back")
NEVER_CAME = Promise("a receipt that is void gives no entitlement twice")

MUTANTS = (
    FOLD.mutant(
        "files of conformity are found nowhere",
        Edit("services/returns/read_model.py", "            yield from conformity_rows(aggregate)\n", ""),
        tests=(
            "tests/unit/returns/test_conformity_rows.py"
            "::test_a_reported_lack_is_found_with_its_duty_from_the_first_day",
        ),
        shows=("ValueError",),
    ),
    FOLD.mutant(
        "what the law left to goodwill counts twice",
        Edit(
            "services/returns/statistics.py",
            'ELSEWHERE = ("no_right", "out_of_time", "excepted", "nothing_owed")',
            'ELSEWHERE = ("nothing",)',
        ),
        tests=(
            "tests/integration/returns/test_unit_search.py"
            "::test_what_the_law_left_to_goodwill_counts_in_its_return_alone",
        ),
    ),
    GRADED.mutant(
        "a list is not asked for",
        Edit(
            "services/returns/application/inspecting.py",
            "            again = unit.grading is not None or finding.unit_id in looked_at\n",
            "            again = True\n",
        ),
        tests=(
            "tests/unit/returns/test_grading.py::test_an_inspection_that_lacks_something_is_refused_whole_with_every_field_and_why",
        ),
    ),
    GRADED.mutant(
        "what is complete of an inspection is written down before the rest is refused",
        Edit(
            "services/returns/application/inspecting.py",
            "        if lacking:\n            raise",
            "        if lacking and not looked_at:\n            raise",
        ),
        tests=("tests/unit/returns/test_grading.py::test_one_unit_without_its_answers_refuses_its_neighbours_too",),
    ),
    VISIBLE.mutant(
        "a correction after the money is silent",
        Edit(
            "services/returns/domain/case/correcting.py",
            "        if not found:\n",
            "        if found:\n",
        ),
        tests=(f"{CORRECTED}::test_a_receipt_voided_after_the_money_is_visible_and_takes_nothing_back",),
        shows=("ValueError", "IndexError"),
    ),
    VISIBLE.mutant(
        "a difference is settled twice",
        Edit(
            "services/returns/domain/case/correcting.py",
            "        if not known.is_open:\n",
            "        if known.is_open and not known.units:\n",
        ),
        tests=(f"{CORRECTED}::test_a_person_says_what_becomes_of_the_difference_once",),
    ),
    NEVER_CAME.mutant(
        "a voided receipt leaves the ledger as it made it",
        Edit(
            "services/returns/application/receiving.py",
            "            if now.get(unit) != cause:\n",
            "            if now.get(unit) == cause:\n",
        ),
        tests=(
            "tests/unit/returns/test_put_right.py::test_a_voided_receipt_of_a_replacement_leaves_it_standing_for_the_unit",
        ),
    ),
    NEVER_CAME.mutant(
        "another receipt takes back what this one undid",
        Edit(
            "services/returns/domain/ledger/chain.py",
            "(steps[n].kind, steps[n].about) == (BACK, cause)",
            "steps[n].kind == BACK",
        ),
        tests=(
            "tests/unit/returns/test_ledger_in_kind.py::test_a_receipt_that_is_void_takes_back_what_it_undid_and_nothing_else",
        ),
    ),
    FOLD.mutant(
        "a repeated receipt is received anew",
        Edit(
            "services/returns/domain/case/goods.py",
            "        if known is not None and known.correction >= correction and not known.voided:\n",
            "        if known is not None and known.correction > correction and not known.voided:\n",
        ),
        Edit(
            "services/returns/domain/receipt.py",
            "        if not (overrules or first_told_late):\n            return False\n",
            "        if not (overrules or first_told_late):\n            return True\n",
        ),
        tests=("tests/unit/returns/test_returned_units_told.py::test_each_fact_about_a_unit_is_told_once",),
    ),
    FOUND.mutant(
        "units are not found by their order",
        Edit("services/returns/unit_rows.py", '        sa.Index("return_units_order", "order_id"),\n', ""),
        tests=("tests/integration/returns/test_unit_search.py::test_no_search_reads_the_whole_table",),
    ),
    NOBODYS.mutant(
        "goods that had expired come to a closed return",
        Edit(
            "services/returns/domain/case/goods.py",
            "        if late and not history:\n",
            "        if late and history:\n",
        ),
        tests=(f"{INTAKE}::test_a_unit_is_found_after_the_case_was_closed",),
    ),
    EXPECTED.mutant(
        "goods that are here are expected for ever",
        Edit(
            "services/returns/publisher/expected.py",
            "    if isinstance(event, _CHANGES) or received or (",
            "    if isinstance(event, _CHANGES) or (",
        ),
        tests=(f"{INTAKE}::test_the_warehouse_hears_what_to_expect_whenever_it_changes",),
    ),
    SHOWN.mutant(
        "a serial is held against nothing",
        Edit(
            "services/returns/domain/case/signals.py",
            "        if read and known and read not in known:\n",
            "        if read and known and read in known:\n",
        ),
        tests=("tests/unit/returns/test_signals.py::test_a_serial_that_was_not_sold_is_shown_with_what_was",),
    ),
    SHOWN.mutant(
        "a lot is held against a part of what was picked",
        Edit(
            "services/returns/domain/order/way.py",
            " or sum(units for _, units in picked) < sent:\n",
            ":\n",
        ),
        tests=(
            "tests/unit/returns/test_signals.py::test_a_lot_that_was_not_picked_is_shown_and_none_where_not_every_units_is_known",
        ),
    ),
    SHOWN.mutant(
        "a report of a parcel that did not come counts each time it is told",
        Edit(
            "services/returns/domain/policy/customer.py",
            "        if case_id not in self.not_received:\n",
            "        if True:\n",
        ),
        tests=(REPORTS,),
    ),
    SHOWN.mutant(
        "a late parcel that is missed counts as one that did not come",
        Edit("services/returns/neighbours.py", "NOT_RECEIVED == m.finding == m.trouble", "NOT_RECEIVED == m.finding"),
        tests=(REPORTS,),
    ),
    SHOWN.mutant(
        "who sends things back unannounced is looked at by nobody",
        Edit("services/returns/application/door.py", " before=before,", ""),
        tests=(
            "tests/unit/returns/test_policy_in_use.py"
            "::test_goods_at_the_door_are_looked_at_like_a_return_that_was_asked_for_and_count_like_one",
        ),
    ),
    RIGHT.mutant(
        "a unit of a voided receipt is where it never was before",
        Edit(
            "services/returns/domain/case/state.py",
            "            goods=unit.before_receipt,\n",
            "            goods=Goods.WITH_CUSTOMER,\n",
        ),
        tests=(f"{ROWS}::test_a_voided_receipt_leaves_a_sent_unit_on_its_way_and_nothing_found_of_it",),
    ),
    NOBODYS.mutant(
        "goods of a unit that is being changed are booked on it",
        Edit(
            "services/returns/application/receiving.py",
            "            and unit.unit_id not in order.units_in_changes  # the shop",
            "            # the shop",
        ),
        tests=(
            "tests/unit/returns/test_change_goods.py"
            "::test_more_than_was_announced_is_extra_and_takes_no_unit_out_of_a_change",
        ),
        shows=("UnitNotReturnable",),
    ),
    NOBODYS.mutant(
        "a parcel at the door takes units that are being changed",
        Edit(
            "services/returns/application/door.py",
            "order.units_in_returns.keys() | order.units_in_changes.keys() | order.withdrawn.keys()",
            "order.units_in_returns.keys() | order.withdrawn.keys()",
        ),
        tests=(
            "tests/unit/returns/test_change_goods.py"
            "::test_a_parcel_at_the_door_of_an_order_that_is_being_changed_is_taken_and_belongs_to_nobody_yet",
        ),
        shows=("UnitNotReturnable",),
    ),
)
