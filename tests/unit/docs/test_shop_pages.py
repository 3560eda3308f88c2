"""Whatever the pages for shops show is run or read by a test."""

import re
import shlex
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import typer

from clients.cli.__main__ import app

DOCS = Path(__file__).parents[3] / "docs"

READ_BY = {
    "policy.md": {"yaml": 1, "yaml clauses": 1, "sh": 1},  # test_policy_examples, and the commands below
    "map_order_events.md": {"json order": 1, "json lines": 1, "sh": 1},  # tests/contract/returns/test_order_pages
    "connect_payments.md": {"yaml": 2, "json": 1},  # tests/contract/returns/test_money_pages
    "labels.md": {"json done": 1, "json accounts": 1},  # tests/contract/returns/test_label_pages
    "reconcile.md": {"csv": 1, "yaml": 2, "json": 1, "sh": 5},  # the same, and the commands below
}
"""Page -> its examples by kind. One that is new has to be run by a test, and then to be counted here."""


def blocks(page: str) -> list[tuple[str, str]]:
    """Kind and text of each example."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(r"^```(\S[^\n]*)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def commands() -> list[str]:
    """Every line that calls `aftercare`, without its comment and where its output goes."""
    lines = [line for page in READ_BY for kind, text in blocks(page) if kind == "sh" for line in text.splitlines()]
    return [re.split(r"\s+[#>]", line)[0] for line in lines if line.startswith("aftercare ")]


@pytest.mark.parametrize("page", sorted(READ_BY))
def test_no_example_of_a_page_is_without_a_test(page: str) -> None:
    """By kind and number."""
    assert Counter(kind for kind, _ in blocks(page)) == READ_BY[page]


@pytest.mark.parametrize("line", commands())
def test_each_command_is_one_with_the_options_it_is_given(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read as the command itself reads it; files that it names are there."""
    monkeypatch.chdir(tmp_path)
    for name in ("policy.yaml", "refunds.csv"):
        Path(name).touch()
    command: Any = typer.main.get_command(app)
    context: Any = command.context_class(command, info_name="aftercare")
    _, *words = shlex.split(line)
    while hasattr(command, "get_command"):
        found = command.get_command(context, words[0])
        assert found is not None, f"there is no command {words[0]}"
        command, words = found, words[1:]
        context = command.context_class(command, info_name=command.name, parent=context)
    command.make_context(command.name, words, parent=context.parent)


def test_there_are_commands_to_be_read() -> None:
    """The pages show more than ten."""
    assert len(commands()) > 10
