"""Ports and passwords stay the same across restarts, and nobody else can read them."""

from pathlib import Path

import pytest

from infra.local import ports
from infra.local.parts import addresses
from infra.local.state import State


def test_ports_and_passwords_are_remembered(tmp_path: Path) -> None:
    first = State(tmp_path / "state.json")
    port, password = first.port("kafka"), first.password("returns_runtime")
    again = State(tmp_path / "state.json")
    assert (again.port("kafka"), again.password("returns_runtime")) == (port, password)
    assert (tmp_path / "state.json").stat().st_mode & 0o777 == 0o600


def test_no_two_servers_get_the_same_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "RANGE", range(20_000, 20_003))
    monkeypatch.setattr(ports, "is_free", lambda port: True)
    state = State(tmp_path / "state.json")
    assert {state.port(name) for name in "abc"} == {20_000, 20_001, 20_002}
    with pytest.raises(OSError, match="no free TCP port between 20000 and 20003"):
        state.port("d")


def test_a_port_somebody_took_is_given_up_once(tmp_path: Path) -> None:
    """Two who notice at the same time must agree on the next one."""
    state = State(tmp_path / "state.json")
    taken = state.port("kafka")
    replaced = state.another_port("kafka", taken)
    assert replaced != taken
    assert state.another_port("kafka", taken) == replaced
    assert state.port("kafka") == replaced


def test_addresses_in_the_environment_take_the_place_of_parts() -> None:
    assert addresses({"AFTERCARE_POSTGRES_URL": "postgresql://x/y", "AFTERCARE_KAFKA": "", "OTHER": "1"}) == {
        "postgres": "postgresql://x/y"
    }
