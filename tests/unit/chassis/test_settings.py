"""A process refuses nonsense with a sentence that names the variable, and never shows a secret."""

import base64
from pathlib import Path

import pytest

from chassis.settings import BadSettings, Settings, host_and_port, is_loopback, load

KEK = base64.b64encode(bytes(32)).decode()
PASSWORD = "hunter2"


@pytest.fixture
def sound(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, str]:
    """An environment that can be started with, already set."""
    jwks = tmp_path / "jwks.json"
    jwks.write_text("{}")
    values = {
        "ENVIRONMENT": "test",
        "DATABASE_URL": f"postgresql://returns:{PASSWORD}@127.0.0.1:5432/returns",
        "KEYS_URL": f"postgresql://returns:{PASSWORD}@127.0.0.1:5432/keys",
        "KEK": KEK,
        "KAFKA": "127.0.0.1:9092",
        "JWKS": str(jwks),
        "ISSUER": "issuer",
        "AUDIENCE": "aftercare",
    }
    for name, value in values.items():
        monkeypatch.setenv(f"AFTERCARE_{name}", value)
    return values


@pytest.mark.usefixtures("sound")
def test_a_sound_environment_starts() -> None:
    settings = load(Settings)
    assert settings.topic("shop.orders.v1") == "shop.orders.v1"
    assert (settings.incarnation, settings.driven_clock, settings.migration_url) == (1, False, None)


@pytest.mark.parametrize(
    "name", ["ENVIRONMENT", "DATABASE_URL", "KEYS_URL", "KEK", "KAFKA", "JWKS", "ISSUER", "AUDIENCE"]
)
@pytest.mark.usefixtures("sound")
@pytest.mark.parametrize("empty", [True, False])
def test_what_is_missing_is_named(name: str, empty: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty variable is a missing one."""
    if empty:
        monkeypatch.setenv(f"AFTERCARE_{name}", "")
    else:
        monkeypatch.delenv(f"AFTERCARE_{name}")
    with pytest.raises(BadSettings) as refused:
        load(Settings)
    (problem,) = refused.value.problems
    assert problem.startswith(f"AFTERCARE_{name} is not set (")
    assert problem.endswith("set it in the environment")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"ENVIRONMENT": "prod"}, "AFTERCARE_ENVIRONMENT is refused"),
        (
            {"DATABASE_URL": f"mysql://a:{PASSWORD}@b/c"},
            "AFTERCARE_DATABASE_URL is no database address: write postgresql",
        ),
        ({"DATABASE_URL": f"postgresql://a:{PASSWORD}@b"}, "AFTERCARE_DATABASE_URL is no database address"),
        ({"KEYS_URL": f"postgresql://a:{PASSWORD}@b:port/c"}, "AFTERCARE_KEYS_URL is no database address"),
        ({"KEK": "aHVudGVyMg=="}, "AFTERCARE_KEK must be the base64 of exactly 32 random bytes: make one with"),
        ({"KEK": "hunter2"}, "AFTERCARE_KEK must be the base64 of exactly 32 random bytes"),
        ({"KAFKA": "broker"}, "AFTERCARE_KAFKA is 'broker': write host:port"),
        ({"KAFKA": "a:1,b:99999"}, "AFTERCARE_KAFKA is 'b:99999': write host:port"),
        ({"TOPIC_PREFIX": "a b"}, "AFTERCARE_TOPIC_PREFIX is refused"),
        ({"GRPC_ADDRESS": "50051"}, "AFTERCARE_GRPC_ADDRESS is '50051': write host:port"),
        ({"GRPC_ADDRESS": "0.0.0.0:50051"}, "AFTERCARE_GRPC_ADDRESS 0.0.0.0:50051 is reachable from outside"),
        ({"GRPC_ADDRESS": "127.0.0.1:8080"}, "AFTERCARE_GRPC_ADDRESS and AFTERCARE_HTTP_ADDRESS are the same"),
        ({"JWKS": "/nowhere/jwks.json"}, "AFTERCARE_JWKS names /nowhere/jwks.json, which is no file"),
        ({"ENVIRONMENT": "production", "DRIVEN_CLOCK": "1"}, "AFTERCARE_DRIVEN_CLOCK must not be set in production"),
        ({"DRIVEN_CLOCK": "perhaps"}, "AFTERCARE_DRIVEN_CLOCK is refused"),
        ({"INCARNATION": "0"}, "AFTERCARE_INCARNATION is refused"),
        ({"LOG_LEVEL": "LOUD"}, "AFTERCARE_LOG_LEVEL is refused"),
        ({"TLS_CERT": __file__}, "AFTERCARE_TLS_CERT and AFTERCARE_TLS_KEY come together"),
        ({"GRACE": "0"}, "AFTERCARE_GRACE is refused"),
    ],
)
@pytest.mark.usefixtures("sound")
def test_nonsense_is_refused_by_name_and_without_secrets(
    changes: dict[str, str], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in changes.items():
        monkeypatch.setenv(f"AFTERCARE_{name}", value)
    with pytest.raises(BadSettings) as refused:
        load(Settings)
    (problem,) = refused.value.problems
    assert problem.startswith(sentence)
    assert PASSWORD not in str(refused.value)
    assert KEK not in str(refused.value)


@pytest.mark.usefixtures("sound")
def test_all_problems_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFTERCARE_KEK", "no")
    monkeypatch.setenv("AFTERCARE_KAFKA", "no")
    with pytest.raises(BadSettings) as refused:
        load(Settings)
    assert [problem.split()[0] for problem in refused.value.problems] == ["AFTERCARE_KEK", "AFTERCARE_KAFKA"]


@pytest.mark.usefixtures("sound")
def test_secrets_are_not_in_repr() -> None:
    settings = load(Settings)
    assert PASSWORD not in repr(settings) + str(settings)
    assert KEK not in repr(settings) + str(settings)


@pytest.mark.usefixtures("sound")
@pytest.mark.parametrize("name", ["MESH_TLS", "TLS"])
def test_an_outside_address_needs_encryption(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFTERCARE_GRPC_ADDRESS", "0.0.0.0:50051")
    given = {"MESH_TLS": {"MESH_TLS": "1"}, "TLS": {"TLS_CERT": __file__, "TLS_KEY": __file__}}[name]
    for variable, value in given.items():
        monkeypatch.setenv(f"AFTERCARE_{variable}", value)
    assert load(Settings).grpc_address == "0.0.0.0:50051"


def test_addresses_of_either_family_are_read() -> None:
    assert host_and_port("[::1]:50051") == ("::1", 50051)
    assert host_and_port("db.internal:5432") == ("db.internal", 5432)
    assert [is_loopback(a) for a in ("[::1]:1", "localhost:1", "127.3.2.1:1", "0.0.0.0:1", "db.internal:1")] == [
        True,
        True,
        True,
        False,
        False,
    ]
