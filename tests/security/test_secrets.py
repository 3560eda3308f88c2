"""No secret and no personal word leaves a process by its output, its metrics or its health, whatever goes wrong."""

import asyncio
import base64
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import grpc
import pytest
from aftercare.notifications.v1 import service_pb2, service_pb2_grpc
from aftercare.orders.v1 import customers_pb2

from infra.local.databases import ServiceDatabase
from infra.local.layout import ROOT
from infra.local.parts import Parts
from infra.local.tokens import AUDIENCE, ISSUER, Issuer
from infra.shop_simulator.bus import Bus, Fact, headers
from tests.integration.chassis.runtime.conftest import PATIENCE, end, free_port

pytestmark = pytest.mark.timeout(600)

KEK = base64.b64encode(bytes(range(100, 132))).decode()
OTHER_KEK = base64.b64encode(bytes(range(50, 82))).decode()
MAIL_PASSWORD, WRONG = "Mail-Pass-7w", "Wrong-Pass-9q"
PERSON = ("Ziegenhagen", "zita.ziegenhagen@private.example", "+49170555123")
"""Name, address and telephone; they occur nowhere else."""
FORGED = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJaaWVnZW5oYWdlbiJ9.Zm9yZ2Vk"


@dataclass(frozen=True, slots=True)
class House:
    """How to run the notifications, and what nobody may ever read of them."""

    environment: Mapping[str, str]
    issuer: Issuer
    secret: frozenset[str]

    def run(self, what: str, **changes: str) -> "subprocess.CompletedProcess[str]":
        """To its end."""
        return subprocess.run(
            [sys.executable, "-m", "services.notifications", what],
            env={**self.environment, **{f"AFTERCARE_{name}": value for name, value in changes.items()}},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )

    def found_in(self, said: str, *more: str) -> list[str]:
        """The secrets that `said` tells."""
        assert said.strip(), "nothing was said: there is nothing to look for secrets in"
        return sorted(secret for secret in self.secret.union(more) if secret in said)

    def asked(self, page: str) -> str:
        try:
            with urllib.request.urlopen(f"http://{self.environment['AFTERCARE_HTTP_ADDRESS']}{page}") as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as unwell:
            return unwell.read().decode()
        except OSError:
            return ""


def password_of(url: str) -> str:
    return urlsplit(url).password or ""


@pytest.fixture(scope="module")
def house(
    parts: Parts, databases: dict[str, ServiceDatabase], topics: str, tmp_path_factory: pytest.TempPathFactory
) -> House:
    database, issuer = databases["notifications"], Issuer.at(Path(tmp_path_factory.mktemp("tokens")))
    own = {
        "ENVIRONMENT": "test",
        "DATABASE_URL": database.runtime_url,
        "MIGRATION_URL": database.migration_url,
        "KEYS_URL": database.keys_url,
        "KEK": KEK,
        "KAFKA": parts.kafka_bootstrap,
        "TOPIC_PREFIX": topics,
        "GRPC_ADDRESS": f"127.0.0.1:{free_port()}",
        "HTTP_ADDRESS": f"127.0.0.1:{free_port()}",
        "JWKS": str(issuer.jwks),
        "ISSUER": ISSUER,
        "AUDIENCE": AUDIENCE,
        "SMTP_URL": f"smtp://care:{MAIL_PASSWORD}@127.0.0.1:9",
        "MAIL_FROM": "care@shop.example",
    }
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AFTERCARE_")}
    environment |= {f"AFTERCARE_{name}": value for name, value in own.items()}
    environment["PYTHONPATH"] = f"{ROOT}{os.pathsep}{ROOT / 'gen'}"
    urls = (database.runtime_url, database.migration_url, database.keys_url)
    secret = frozenset({KEK, OTHER_KEK, MAIL_PASSWORD, WRONG, *PERSON, *map(password_of, urls)})
    assert "" not in secret
    house = House(environment, issuer, secret)
    migrated = house.run("migrate")
    assert migrated.returncode == 0, migrated.stdout + migrated.stderr
    assert house.found_in(migrated.stdout + migrated.stderr) == []
    return house


def test_malformed_secrets_are_refused_by_name(house: House) -> None:
    """A slash in a password makes a port of what stands before it, and Python's own words would quote that port."""
    refused = house.run(
        "api",
        DATABASE_URL=f"postgresql://aftercare:{WRONG}/x@127.0.0.1:5432/db",
        KEYS_URL=f"postgresql:{WRONG}",
        KEK=WRONG,
    )
    assert refused.returncode == 2
    for name in ("DATABASE_URL", "KEYS_URL", "KEK"):
        assert f"AFTERCARE_{name} " in refused.stderr
    assert house.found_in(refused.stdout + refused.stderr) == []
    refused = house.run("api", ENVIRONMENT="production", SMTP_URL=f"smtp://care:{WRONG}/x@127.0.0.1:9")
    assert (refused.returncode, "AFTERCARE_SMTP_URL is no mail server" in refused.stderr) == (2, True)
    assert house.found_in(refused.stdout + refused.stderr) == []


@pytest.mark.parametrize(
    ("what", "setting"),
    [("all", "DATABASE_URL"), ("all", "KEYS_URL"), ("migrate", "MIGRATION_URL")],
)
def test_a_wrong_password_is_told_by_the_name_of_its_setting(house: House, what: str, setting: str) -> None:
    url = house.environment[f"AFTERCARE_{setting}"]
    refused = house.run(what, **{setting: url.replace(password_of(url), WRONG)})
    assert refused.returncode == 2, refused.stdout + refused.stderr
    assert f"AFTERCARE_{setting} is refused by its server (InvalidPasswordError)" in refused.stderr
    assert "Traceback" not in refused.stdout + refused.stderr
    assert house.found_in(refused.stdout + refused.stderr) == []


def test_a_database_that_is_away_is_waited_for_without_its_address(house: House, tmp_path: Path) -> None:
    log = tmp_path / "log"
    address = f"postgresql://aftercare:{WRONG}@127.0.0.1:{free_port()}/nowhere"
    process = launched(house, log, DATABASE_URL=address)
    try:
        until(lambda: "waiting_for_database" in log.read_text(), process, log)
    finally:
        process.kill()
        process.wait()
    assert house.found_in(log.read_text()) == []


async def test_a_running_process_tells_no_secret_and_nothing_of_a_person(
    house: House, parts: Parts, topics: str, tmp_path: Path
) -> None:
    """Calls with bad and good tokens, personal words where they are refused and where they park; then another KEK."""
    log = tmp_path / "log"
    process = launched(house, log)
    token = house.issuer.issue("anna", ["agent"])
    try:
        await asyncio.to_thread(until, lambda: '"ready":true' in house.asked("/readyz"), process, log)
        async with grpc.aio.insecure_channel(house.environment["AFTERCARE_GRPC_ADDRESS"]) as channel:
            stub = service_pb2_grpc.NotificationsServiceStub(channel)
            personal = service_pb2.SetPreferencesRequest(
                request_id="r1", shop_id="shop-1", customer_id="C-1", language=PERSON[1], allowed_channels=PERSON
            )
            for bearer in (FORGED, f"{token}x", WRONG, token):
                with pytest.raises(grpc.aio.AioRpcError) as refused:
                    await stub.SetPreferences(personal, metadata=(("authorization", f"Bearer {bearer}"),), timeout=60)
                unknown = refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
                assert unknown is (bearer != token), refused.value.details()
        person = customers_pb2.CustomerUpserted(shop_id="shop-1", customer_id="C-1", version=1)
        person.occurred_at.GetCurrentTime()
        person.given_name, person.family_name = PERSON[0], PERSON[0]
        for by, address in (("email", PERSON[1]), ("phone", PERSON[2])):
            person.contacts.add(channel=by, address=address)
        sound = Fact(person, "1")
        async with Bus(parts.kafka_bootstrap, topic_prefix=topics) as bus:
            await bus.publish(sound)
            await bus.publish_raw(
                sound.topic, b"C-1", person.SerializeToString() + b"\xff", dict(headers(Fact(person, "2")))
            )
        for outcome in ("applied", "parked"):
            await asyncio.to_thread(until, partial(counted, house, outcome), process, log)
        pages = "".join([house.asked(page) for page in ("/metrics", "/readyz", "/livez")])
    finally:
        ended = await asyncio.to_thread(end, process)
    assert ended == 0
    assert house.found_in(log.read_text() + pages, token, FORGED) == []
    refused_start = house.run("all", KEK=OTHER_KEK)
    assert refused_start.returncode == 2
    assert house.found_in(refused_start.stdout + refused_start.stderr) == []


def counted(house: House, outcome: str) -> bool:
    """Whether a record of the shop's customers has had this outcome."""
    return any(
        line.startswith("aftercare_records_total{") and f'outcome="{outcome}"' in line and line.endswith(" 1.0")
        for line in house.asked("/metrics").splitlines()
    )


def launched(house: House, log: Path, **changes: str) -> "subprocess.Popen[bytes]":
    environment = {**house.environment, **{f"AFTERCARE_{name}": value for name, value in changes.items()}}
    with log.open("wb") as written:
        return subprocess.Popen(
            [sys.executable, "-m", "services.notifications", "all"],
            env=environment,
            cwd=ROOT,
            stdout=written,
            stderr=written,
        )


def until(seen: Callable[[], bool], process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not seen():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise AssertionError(log.read_text()[-4000:])
        time.sleep(0.05)
