"""What stands in the column "figure" of docs/guarantees.md: the faults that were made against a line, and its mutants.

`python -m tests.unit.docs.figures` writes the column anew; what somebody added behind the first semicolon stays.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.mutants.catalogue import MUTANTS

ROOT = Path(__file__).parents[3]
DOCUMENT = ROOT / "docs" / "guarantees.md"
ROW = re.compile(r"^\| (?P<promise>.+?) \| (?P<mechanism>.+?) \| (?P<tests>.+?) \|(?: (?P<figure>.+?) \|)?$")


def faults() -> dict[str, int]:
    """Each test that makes a fault, with the number of its row in docs/faults.md."""
    found: dict[str, int] = {}
    for file in (ROOT / "tests" / "faults").rglob("test_*.py"):
        marks = r"@pytest\.mark\.fault\((\d+).*?\)\n(?:@.*\n)*(?:async )?def (test_\w+)\("
        found |= {name: int(number) for number, name in re.findall(marks, file.read_text())}
    return found


def figure(promise: str, tests: set[str]) -> str:
    """The faults of the line's tests, and how many mutants attack the line."""
    made = sorted({number for test, number in faults().items() if test in tests})
    several = "s" if len(made) > 1 else ""
    parts = [f"[fault{several} {', '.join(map(str, made))}](faults.md)"] if made else []
    count = sum(mutant.promise == promise for mutant in MUTANTS)
    parts += [f"[{count} mutant{'s' if count > 1 else ''}](mutants.md)"] if count else []
    return ", ".join(parts) or "–"


def rows() -> Iterator[tuple[re.Match[str], str]]:
    """Each line of a promise, with what its figure must begin with."""
    for line in DOCUMENT.read_text().splitlines():
        told = ROW.match(line)
        if told and told["promise"] not in ("promise", "---"):
            yield told, figure(told["promise"], set(re.findall(r"`(test_\w+)`", told["tests"])))


def main() -> None:
    text = DOCUMENT.read_text()
    for told, wanted in rows():
        _, semicolon, added = (told["figure"] or "").partition(";")
        line = f"| {told['promise']} | {told['mechanism']} | {told['tests']} | {wanted}{semicolon}{added} |"
        text = text.replace(told[0], line)
    heads = ("| promise | mechanism | tests |", "| --- | --- | --- |")
    for head, more in zip(heads, (" figure |", " --- |"), strict=True):
        text = re.sub(rf"^{re.escape(head)}$", head + more, text, flags=re.MULTILINE)
    DOCUMENT.write_text(text)


if __name__ == "__main__":
    main()
