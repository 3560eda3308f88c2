"""Stale stubs, stray topics and broken contracts are found, on copies of the real ones."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from infra.proto import asyncapi, stubs
from infra.proto.tools import ROOT, ToolFailed, run_tool


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A copy of the contracts that may be spoilt."""
    for name in ("proto", "third_party"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "buf.yaml", tmp_path)
    return tmp_path


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_stubs_are_those_of_the_contracts() -> None:
    """Generated again, they come out the same, byte for byte."""
    assert stubs.drift() == []


def test_stale_stubs_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Missing, left over and edited ones are told apart."""
    gen = tmp_path / "gen"
    shutil.copytree(stubs.GEN, gen, ignore=shutil.ignore_patterns("__pycache__"))
    (gen / "aftercare/common/v1/money_pb2.py").unlink()
    (gen / "aftercare/common/v1/coins_pb2.py").touch()
    replace(gen / "aftercare/common/v1/command_pb2.pyi", "class Receipt", "class Quittance")
    monkeypatch.setattr(stubs, "GEN", gen)
    assert stubs.drift() == [
        "gen/aftercare/common/v1/coins_pb2.py: has no contract",
        "gen/aftercare/common/v1/command_pb2.pyi: differs from its contract",
        "gen/aftercare/common/v1/money_pb2.py: missing",
    ]


def test_the_asyncapi_document_is_that_of_the_contracts() -> None:
    """Made again, it comes out the same."""
    assert asyncapi.drift() == []


def test_a_topic_that_nothing_travels_on_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And so is a message whose topic is not listed: here one is renamed."""
    topics = tmp_path / "topics.yaml"
    shutil.copy(asyncapi.TOPICS, topics)
    replace(topics, "name: shop.orders.v1", "name: shop.orders.v2")
    monkeypatch.setattr(asyncapi, "TOPICS", topics)
    monkeypatch.setattr(asyncapi, "ROOT", tmp_path)
    with pytest.raises(ToolFailed) as refused:
        asyncapi.render()
    assert str(refused.value).splitlines() == [
        "topic shop.orders.v2: no message says that it travels on it",
        "topic shop.orders.v1: is not in topics.yaml",
    ]


def test_a_field_that_changes_its_type_breaks_the_contract(workspace: Path) -> None:
    """An unchanged contract passes; the error names the field."""
    baseline = workspace / "base.binpb"
    proto = str(workspace / "proto")
    run_tool("buf", "build", proto, "-o", str(baseline), "--exclude-source-info")
    run_tool("buf", "breaking", proto, "--against", str(baseline))
    money = workspace / "proto/aftercare/common/v1/money.proto"
    replace(money, "int64 minor_units = 1;", "string minor_units = 1;")
    with pytest.raises(ToolFailed, match='Field "1" with name "minor_units" on message "Money" changed type'):
        run_tool("buf", "breaking", proto, "--against", str(baseline))


def test_a_name_against_the_conventions_is_refused(workspace: Path) -> None:
    """buf lint, STANDARD, of our own contracts."""
    money = workspace / "proto/aftercare/common/v1/money.proto"
    replace(money, "int64 minor_units = 1;", "int64 minorUnits = 1;")
    with pytest.raises(ToolFailed, match="lower_snake_case"):
        run_tool("buf", "lint", str(workspace / "proto"))
