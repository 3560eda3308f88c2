"""Mutants of "Goods that come back"."""

from tests.mutants.mutant import Edit, Promise

ROWS = "tests/unit/returns/test_unit_rows.py"
FOLD = Promise("what search and counts show of a unit is a fold of its events, however often they were told")
RIGHT = Promise("a receipt that is put right leaves no trace on the units it was booked on by mistake")
NOBODYS = Promise("goods that nobody can place, or that nobody expects any more, wait for a person and are never lost")
EXPECTED = Promise("the warehouse hears what to expect whenever it changes")
INTAKE = "tests/unit/returns/test_intake.py"
SHOWN = Promise("what looks wrong is shown with its source, and declines nobody by itself")
FOUND = Promise("no search for units reads the whole table")

MUTANTS = (
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
            "        if unit.serial and known and unit.serial not in known:\n",
            "        if unit.serial and known and unit.serial in known:\n",
        ),
        tests=("tests/unit/returns/test_signals.py::test_a_serial_that_was_not_sold_is_shown_with_what_was",),
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
)
