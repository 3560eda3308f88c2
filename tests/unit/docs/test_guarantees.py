"""The documents name tests and files; each of them exists."""

import re
from pathlib import Path

from tests.unit.docs.figures import rows

ROOT = Path(__file__).parents[3]
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("services/*/README.md")]


def test_every_test_that_a_document_names_exists() -> None:
    written = {
        name
        for file in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)\(", file.read_text())
    }
    named = {n for d in DOCUMENTS for n in re.findall(r"`(test_\w+)`", d.read_text())}
    assert sorted(named - written) == []


def test_every_file_that_a_document_names_exists() -> None:
    missing = [
        f"{document.name}: {path}"
        for document in DOCUMENTS
        for path in re.findall(
            r"`((?:chassis|casework|services|infra|tests|docs|clients|proto)/[\w/.-]+)`", document.read_text()
        )
        if not (ROOT / path).exists()
    ]
    assert missing == []


def test_every_relative_link_leads_somewhere() -> None:
    broken = [
        f"{document.name}: {target}"
        for document in DOCUMENTS
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text())
        if not (document.parent / target).exists()
    ]
    assert broken == []


def test_the_figure_of_a_promise_names_its_faults_and_its_mutants() -> None:
    """`python -m tests.unit.docs.figures` writes them."""
    found = list(rows())
    assert len(found) > 30
    assert [told["promise"] for told, wanted in found if (told["figure"] or "").partition(";")[0] != wanted] == []
