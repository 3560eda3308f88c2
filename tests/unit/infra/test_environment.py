"""A process of the stack is told all it needs and nothing it must not have."""

from pathlib import Path

import pytest

from infra.local.databases import ServiceDatabase
from infra.local.environment import Environment
from infra.local.kafka import read_metadata
from infra.local.layout import LOCAL, Layout
from infra.local.stack import service
from infra.local.state import State

RETURNS = ServiceDatabase(
    service="returns",
    name="returns",
    runtime_role="returns_runtime",
    migration_role="returns_migration",
    runtime_url="postgresql://runtime",
    migration_url="postgresql://migration",
    keys_url="postgresql://keys",
)


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    monkeypatch.setenv("AFTERCARE_KAFKA", "of-another-stack:9092")
    monkeypatch.setenv("AFTERCARE_FAILPOINTS", "before-commit=kill")
    layout = Layout.at(tmp_path / "up")
    return Environment(layout, State(layout.state), "127.0.0.1:1", {"returns": RETURNS})


def test_only_a_job_is_given_the_migration_role(environment: Environment) -> None:
    running, job = environment.service("returns"), environment.job("returns")
    assert running["AFTERCARE_DATABASE_URL"] == "postgresql://runtime"
    assert "postgresql://migration" not in running.values()
    assert job == running | {"AFTERCARE_MIGRATION_URL": "postgresql://migration"}


def test_nothing_of_the_callers_own_settings_gets_through(environment: Environment) -> None:
    told = environment.service("returns")
    assert told["AFTERCARE_KAFKA"] == "127.0.0.1:1"
    assert "AFTERCARE_FAILPOINTS" not in told


def test_processes_keep_their_bytecode_where_the_caller_wants_none_beside_the_sources(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.delenv("PYTHONPYCACHEPREFIX", raising=False)
    told = environment.service("returns")
    assert "PYTHONDONTWRITEBYTECODE" not in told
    assert told["PYTHONPYCACHEPREFIX"] == str(LOCAL / "bytecode")


def test_a_second_process_of_a_service_has_its_own_ports_and_the_same_secrets(environment: Environment) -> None:
    one, two = environment.service("returns"), environment.service("returns", "returns_consumer")
    differing = {name for name in one if one[name] != two[name]}
    assert differing == {"AFTERCARE_GRPC_ADDRESS", "AFTERCARE_HTTP_ADDRESS"}


def test_a_component_can_be_told_more(environment: Environment) -> None:
    told = service("returns").told(AFTERCARE_FAILPOINTS="after-commit=kill").environment(environment)
    assert told == environment.service("returns") | {"AFTERCARE_FAILPOINTS": "after-commit=kill"}


def test_clients_get_addresses_and_no_variable_that_replaces_a_part(environment: Environment) -> None:
    assert sorted(environment.client()) == [
        "AFTERCARE_KAFKA_ADDRESS",
        "AFTERCARE_MAILBOX",
        "AFTERCARE_NOTIFICATIONS_ADDRESS",
        "AFTERCARE_QUALITY_COMPLAINTS_ADDRESS",
        "AFTERCARE_RETURNS_ADDRESS",
        "AFTERCARE_SHIPPING_ISSUES_ADDRESS",
    ]


def test_a_brokers_answer_is_read_with_and_without_a_rack() -> None:
    head = bytes.fromhex("00000001") + bytes.fromhex("00000002")
    no_rack = bytes.fromhex("00000001") + b"\0\4host" + bytes.fromhex("00002384") + b"\xff\xff"
    rack = bytes.fromhex("00000002") + b"\0\4host" + bytes.fromhex("00002384") + b"\0\2r1"
    assert read_metadata(head + no_rack + rack + b"\0\3abc" + bytes(8)) == (2, "abc")
