"""Each check of our own finds what it looks for, names the place, and lets the clean case pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.check import hosts, length, purity
from infra.check.files import ours


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """No repository: the walk over an unpacked archive is used."""
    return tmp_path


def write(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_generated_and_vendored_files_are_nobodys_work(tree: Path) -> None:
    """gen/ and third_party/ are left out, whatever is in them."""
    write(tree, "gen/aftercare/a_pb2.py", "")
    write(tree, "third_party/buf/a.proto", "")
    write(tree, "chassis/a.py", "")
    assert ours(tree) == [tree / "chassis/a.py"]


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("import sqlalchemy", "imports sqlalchemy, which a domain may not"),
        (
            "from services.returns.application import x",
            "imports services.returns.application.x, which a domain may not",
        ),
        ("from services.other.domain import x", "imports services.other.domain.x, which a domain may not"),
        ("from chassis.work import Work", "imports chassis.work.Work, which a domain may not"),
        ("import random", "imports random, which a domain may not: it does no I/O and knows no clock"),
        ("from time import time", "imports time.time, which a domain may not: it does no I/O and knows no clock"),
        ("x = datetime.now(UTC)", "calls datetime.now: instants and ids come with the command"),
        ("x = datetime.datetime.utcnow()", "calls datetime.utcnow: instants and ids come with the command"),
        ("x = date.today()", "calls date.today: instants and ids come with the command"),
        ("x = uuid.uuid4()", "calls uuid.uuid4: instants and ids come with the command"),
        ("x = uuid4()", "calls uuid4: a domain does no I/O, and ids come with the command"),
        ("x = open('f')", "calls open: a domain does no I/O, and ids come with the command"),
    ],
)
def test_what_a_domain_may_not_is_found(tree: Path, statement: str, said: str) -> None:
    """With the file and the line."""
    write(tree, "services/returns/domain/rules.py", f"\n{statement}\n")
    assert purity.impurities(tree) == [f"services/returns/domain/rules.py:2: {said}"]


@pytest.mark.parametrize(
    "statement",
    [
        "from datetime import datetime, time, timedelta",
        "from uuid import UUID",
        "from chassis.domain import Money",
        "from chassis.domain.ids import derived_id",
        "from casework.case import Case",
        "from services.returns.domain.events import ReturnRequested",
        "from . import events",
        "from eventsourcing.domain import event",
    ],
)
def test_what_a_domain_needs_is_allowed(tree: Path, statement: str) -> None:
    """The standard library's values, the pure part of the chassis, casework, and itself."""
    write(tree, "services/returns/domain/rules.py", f"{statement}\n")
    assert purity.impurities(tree) == []


def test_only_domains_are_held_to_purity(tree: Path) -> None:
    """An adapter may read the clock."""
    write(tree, "services/returns/consumers.py", "import time\nimport sqlalchemy\n")
    assert purity.impurities(tree) == []


def test_casework_knows_no_service(tree: Path) -> None:
    """It is shared by those that would be known."""
    write(tree, "casework/case.py", "from services.returns.domain import x\n")
    assert purity.impurities(tree) == ["casework/case.py:1: imports services.returns.domain.x, which a domain may not"]


def test_a_long_module_needs_a_reason(tree: Path) -> None:
    """251 lines are too many, 250 are not, and a reason near the top is shown."""
    write(tree, "a.py", "x = 1\n" * 250)
    write(tree, "b.py", "x = 1\n" * 251)
    write(tree, "c.py", '"""Doc."""\n# long: one table\n' + "x = 1\n" * 300)
    write(tree, "d.py", "x = 1\n" * 300 + "# long: too late\n")
    assert length.long_modules(tree) == (
        [
            "b.py: 251 lines: split it, or say why not near its top: # long: reason",
            "d.py: 301 lines: split it, or say why not near its top: # long: reason",
        ],
        ["c.py: 302 lines: one table"],
    )


def test_a_public_index_is_found_and_a_longer_name_is_not(tree: Path) -> None:
    """Part of another host's name is no match."""
    index = ".".join(("pypi", "org"))
    write(tree, "a.toml", f"x\nurl = 'https://{index}/simple'\n")
    write(tree, "b.toml", f"url = 'https://not-{index}x/'\n")
    assert hosts.named_hosts(tree) == [f"a.toml:2: names {index}"]


def test_the_mirror_this_machine_uses_is_found(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock written with it would name it."""
    monkeypatch.setenv("PIP_INDEX_URL", "https://user:secret@mirror.example:8443/simple")
    write(tree, "requirements/dev.lock", "--index-url https://mirror.example:8443/simple\n")
    assert hosts.named_hosts(tree) == ["requirements/dev.lock:1: names mirror.example"]
