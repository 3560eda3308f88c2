"""PostgreSQL and Kafka from the official images for the length of a block, for tests on a machine with Docker.

Unverified: no image could be pulled where this was written, so it has been type-checked and read, never run.
"""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Callable, Iterator

from docker.errors import DockerException  # type: ignore[import-untyped]
from testcontainers.core.container import DockerContainer

from infra.local import kafka, ports, postgres
from infra.local.failures import PartsFailed, StartFailed

POSTGRES_IMAGE = "postgres:18"
KAFKA_IMAGE = "apache/kafka:4.3.1"
CLUSTER = "EAAAAAAAAAAAAAAAAAAAAA"
PATIENCE = 120
# The image has a folder of its own.
ITS_OWN = {"log.dirs"}


@contextlib.contextmanager
def started() -> Iterator[tuple[str, str]]:
    """The superuser's address of PostgreSQL and the broker's address; both are removed at the end."""
    password = secrets.token_urlsafe(18)
    # The broker has to be told the port it is reached by, so the port is chosen before it starts.
    postgres_port = ports.pick(())
    kafka_port = ports.pick({postgres_port})
    with contextlib.ExitStack() as running:
        try:
            running.enter_context(_postgres(postgres_port, password))
            running.enter_context(_kafka(kafka_port))
        except DockerException as failure:
            raise PartsFailed(f"Docker cannot start the containers: {failure}; unset AFTERCARE_PARTS.") from failure
        _wait(lambda: postgres.answers(postgres_port), POSTGRES_IMAGE)
        _wait(lambda: kafka.answers(kafka_port, CLUSTER), KAFKA_IMAGE)
        yield f"postgresql://postgres:{password}@127.0.0.1:{postgres_port}/postgres", f"127.0.0.1:{kafka_port}"


def _postgres(port: int, password: str) -> DockerContainer:
    settings = ("max_connections=400", "max_locks_per_transaction=256", "timezone=UTC", "fsync=off")
    return (
        DockerContainer(POSTGRES_IMAGE)
        .with_env("POSTGRES_PASSWORD", password)
        .with_command(["postgres", *(part for setting in settings for part in ("-c", setting))])
        .with_bind_ports(5432, port)
    )


def _kafka(port: int) -> DockerContainer:
    container = DockerContainer(KAFKA_IMAGE).with_env("CLUSTER_ID", CLUSTER).with_bind_ports(9092, port)
    settings = {name: value for name, value in kafka.SETTINGS.items() if name not in ITS_OWN} | {
        "controller.quorum.voters": "1@localhost:9093",
        "listeners": "PLAINTEXT://0.0.0.0:9092,CONTROLLER://localhost:9093",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    }
    for name, value in settings.items():
        container = container.with_env(f"KAFKA_{name.upper().replace('.', '_')}", value)
    return container


def _wait(answers: Callable[[], bool], image: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not answers():
        if time.monotonic() > deadline:
            raise StartFailed(f"{image} did not answer within {PATIENCE} s.")
        time.sleep(0.2)
