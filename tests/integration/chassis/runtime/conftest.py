"""The example service as a real process, on its own database and topics."""

import asyncio
import base64
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from infra.local import databases
from infra.local.layout import ROOT
from infra.local.parts import Parts
from infra.local.tokens import AUDIENCE, ISSUER, Issuer
from tests.conftest import RunPasswords

MODULE = "tests.integration.chassis.runtime.service"
PATIENCE = 100
"""Seconds; a starting process spends some of them on a busy machine's processor."""


@dataclass
class Example:
    """How to run the example service and to reach it."""

    environment: Mapping[str, str]
    issuer: Issuer
    topic_prefix: str
    kafka: str
    log: Path

    @property
    def grpc_address(self) -> str:
        return self.environment["AFTERCARE_GRPC_ADDRESS"]

    def run(self, what: str, **changes: str) -> subprocess.CompletedProcess[str]:
        """To its end."""
        return subprocess.run(
            [sys.executable, "-m", MODULE, what],
            env={**self.environment, **changes},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )

    def copy(self, name: str) -> "Example":
        """Another process of the same service, with ports and a log of its own."""
        own = {f"AFTERCARE_{kind}_ADDRESS": f"127.0.0.1:{free_port()}" for kind in ("GRPC", "HTTP")}
        return replace(self, environment={**self.environment, **own}, log=self.log.with_name(name))

    def start(self, role: str) -> "subprocess.Popen[bytes]":
        """Until it is ready."""
        process = self.launch(role)
        self.wait(process)
        return process

    def launch(self, role: str) -> "subprocess.Popen[bytes]":
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", MODULE, role], env=dict(self.environment), cwd=ROOT, stdout=log, stderr=log
            )

    def wait(self, process: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + PATIENCE
        while not self.is_ready():
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                raise AssertionError(f"it did not become ready:\n{self.log.read_text()[-4000:]}")
            time.sleep(0.05)

    def metrics(self) -> str:
        with urllib.request.urlopen(f"http://{self.environment['AFTERCARE_HTTP_ADDRESS']}/metrics") as answer:
            return str(answer.read().decode())

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://{self.environment['AFTERCARE_HTTP_ADDRESS']}/readyz") as answer:
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False


def end(process: "subprocess.Popen[bytes]") -> int:
    process.send_signal(signal.SIGTERM)
    return process.wait(PATIENCE)


@pytest.fixture(scope="module")
def empty_example(
    parts: Parts, run_id: str, topics: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Example]:
    """With a database that was never migrated."""
    folder = tmp_path_factory.mktemp("example")
    prefix = f"{run_id}_{folder.name.replace('-', '_')}_"
    database = asyncio.run(databases.provide(parts.postgres_url, RunPasswords(), ["example"], prefix))["example"]
    issuer = Issuer.at(folder / "tokens")
    own = {
        "ENVIRONMENT": "test",
        "DATABASE_URL": database.runtime_url,
        "MIGRATION_URL": database.migration_url,
        "KEYS_URL": database.keys_url,
        "KEK": base64.b64encode(bytes(range(32))).decode(),
        "KAFKA": parts.kafka_bootstrap,
        "TOPIC_PREFIX": topics,
        "GRPC_ADDRESS": f"127.0.0.1:{free_port()}",
        "HTTP_ADDRESS": f"127.0.0.1:{free_port()}",
        "JWKS": str(issuer.jwks),
        "ISSUER": ISSUER,
        "AUDIENCE": AUDIENCE,
        "DRIVEN_CLOCK": "1",
    }
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AFTERCARE_")}
    environment = {**inherited, **{f"AFTERCARE_{name}": value for name, value in own.items()}}
    environment["PYTHONPATH"] = f"{ROOT}{os.pathsep}{ROOT / 'gen'}"
    yield Example(environment, issuer, topics, parts.kafka_bootstrap, folder / "log")
    asyncio.run(databases.drop(parts.postgres_url, database.name, f"{prefix}keys"))


@pytest.fixture(scope="module")
def example(empty_example: Example) -> Example:
    """Migrated."""
    done = empty_example.run("migrate")
    assert done.returncode == 0, done.stdout + done.stderr
    return empty_example


@pytest.fixture(scope="module")
def running(example: Example) -> Iterator[Example]:
    """With every role in one process, for the whole module."""
    process = example.start("all")
    yield example
    assert end(process) == 0, example.log.read_text()[-4000:]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
