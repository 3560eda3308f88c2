"""The mutants of `make mutants` keep up with the code, and no promise is without one. None is run here."""

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.mutants.catalogue import MUTANTS, WITHOUT
from tests.mutants.mutant import DoesNotApply, Edit, Mutant

ROOT = Path(__file__).parents[3]


def promises() -> dict[str, set[str]]:
    """Each promise of docs/guarantees.md with the tests its line names."""
    rows = re.findall(
        r"^\| (?!promise|---)(.+?) \|(.+)\|$", (ROOT / "docs" / "guarantees.md").read_text(), re.MULTILINE
    )
    return {promise: set(re.findall(r"`(test_\w+)`", rest)) for promise, rest in rows}


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.name)
def test_a_mutant_applies_exactly_once_and_is_still_python(mutant: Mutant) -> None:
    """One that no longer applies would be caught by nothing and say so to nobody."""
    for file, text in mutant.texts(ROOT).items():
        assert text != (ROOT / file).read_text()
        compile(text, file, "exec")


def test_every_test_that_must_notice_exists() -> None:
    missing = []
    for test in {test for mutant in MUTANTS for test in mutant.tests}:
        file, _, name = test.partition("::")
        written = (ROOT / file).read_text() if (ROOT / file).exists() else ""
        if not re.search(rf"(?:def {name}\(|^{name} = )", written, re.MULTILINE):
            missing.append(test)
    assert sorted(missing) == []


def test_every_promise_has_a_mutant_or_a_reason_why_none_is_possible() -> None:
    attacked = {mutant.promise for mutant in MUTANTS}
    assert sorted(promises().keys() - attacked - WITHOUT.keys()) == []
    assert sorted((attacked | WITHOUT.keys()) - promises().keys()) == []


def test_of_every_promise_a_test_that_its_line_names_notices_a_mutant() -> None:
    unproven = [
        promise
        for promise, named in promises().items()
        if promise not in WITHOUT
        and not any(test.rpartition("::")[2] in named for m in MUTANTS if m.promise == promise for test in m.tests)
    ]
    assert unproven == []


def test_mutants_have_names_of_their_own() -> None:
    assert [name for name, n in Counter(mutant.name for mutant in MUTANTS).items() if n > 1] == []


def test_an_edit_that_fits_nowhere_or_twice_is_refused() -> None:
    for text in ("", "a a"):
        with pytest.raises(DoesNotApply):
            Edit("f.py", "a", "b").made_in(text)
    assert Edit("f.py", "a", "b").made_in("xax") == "xbx"
