"""Runs one Apache Kafka broker in KRaft mode: same log after every restart, ready only once it lists itself.

All paths it is given are relative to its folder, so that no character in the clone's path can matter. Its ports may
change between starts: the quorum is named in the configuration and not in the data.
"""

from __future__ import annotations

import base64
import os
import shutil
import socket
import struct
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.local import java, ports
from infra.local.failures import PartsFailed, StartFailed
from infra.local.layout import Layout
from infra.local.processes import Processes, Program, tail
from infra.local.profile import Profile
from infra.local.state import State

NAME = "kafka"
CONTROLLER = "kafka-controller"
THROUGH = "kafka-through"
"""Names a second port, and the value that says by which other address clients reach it: a proxy's, in tests."""
ATTEMPTS = 5
PATIENCE = 120
DATA = "data"

SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "log.dirs": DATA,
    "auto.create.topics.enable": "false",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "group.initial.rebalance.delay.ms": "0",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "num.partitions": "12",
    # A broker that was killed may return only when its old session has ended.
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "400",
    # Sized for hundreds of small partitions in a small heap.
    "log.index.size.max.bytes": "1048576",
    "log.cleaner.dedupe.buffer.size": "16777216",
}

LOGGING = """\
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
appender.console.name = console
appender.console.type = Console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %p %c{1} %m%n
logger.server.name = kafka.server.KafkaRaftServer
logger.server.level = info
"""


@dataclass(frozen=True, slots=True)
class Kafka:
    layout: Layout
    state: State
    profile: Profile

    @property
    def processes(self) -> Processes:
        return Processes(self.layout.records)

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.state.port(NAME)}"

    def start(self) -> None:
        """Formats the log folder if there is none, then starts the broker and waits until it lists itself."""
        runtime = java.prepared()
        cluster = self._cluster_id()
        for _ in range(ATTEMPTS):
            chosen = self.state.port(NAME), self.state.port(CONTROLLER)
            through = self.state.value(THROUGH)
            more = reached_through(*chosen, self.state.port(THROUGH), through) if through else {}
            write_configuration(self.layout.kafka, *chosen, more)
            if not (self.layout.kafka / DATA / "meta.properties").exists():
                format_log(self.layout.kafka, runtime, cluster)
            command = runtime.command("kafka.Kafka", "server.properties", options=self.profile.heap)
            environment = runtime.environment()
            self.processes.start(Program(NAME, command, self.layout.kafka, environment, self.layout.log(NAME)))
            if self._answers_in_time(chosen[0], cluster):
                return
            taken = [
                (name, port) for name, port in zip((NAME, CONTROLLER), chosen, strict=True) if not ports.is_free(port)
            ]
            if not taken and runtime.start_cache is None:
                break
            if not taken:
                # Java checks a cache before it takes it, but not every byte.
                runtime = runtime.without_cache()
            for name, port in taken:
                self.state.another_port(name, port)
        raise StartFailed(f"Kafka ended while it was starting; its log says:\n{tail(self.layout.log(NAME))}")

    def stop(self, patience: float = 30) -> bool:
        return self.processes.stop(NAME, patience=patience)

    def erase(self) -> None:
        shutil.rmtree(self.layout.kafka / DATA, ignore_errors=True)

    def pid(self) -> int | None:
        return self.processes.pid(NAME)

    def answers(self) -> bool:
        return answers(self.state.port(NAME), self._cluster_id())

    def _cluster_id(self) -> str:
        known = self.state.value("kafka_cluster")
        if known:
            return known
        # 22 characters of base64url; a first byte of 16 keeps it from starting with a dash.
        drawn = base64.urlsafe_b64encode(b"\x10" + os.urandom(15)).decode().rstrip("=")
        self.state.remember("kafka_cluster", drawn)
        return drawn

    def _answers_in_time(self, port: int, cluster: str) -> bool:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if self.pid() is None:
                return False
            # Consumers that came before groups have a place would only log errors and wait.
            if answers(port, cluster) and coordinates(port):
                return True
            time.sleep(0.05)
        self.stop()
        raise StartFailed(f"Kafka did not answer within {PATIENCE} s; its log says:\n{tail(self.layout.log(NAME))}")


def write_configuration(folder: Path, port: int, controller_port: int, more: Mapping[str, str] | None = None) -> None:
    settings = SETTINGS | {
        "listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
        "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
    } | dict(more or {})  # fmt: skip
    (folder / "server.properties").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    (folder / java.LOGGING_FILE).write_text(LOGGING)


def reached_through(port: int, controller_port: int, second_port: int, address: str) -> dict[str, str]:
    """Settings of a second listener that tells its clients to come by `address`."""
    here = f"PLAINTEXT://127.0.0.1:{port}"
    return {
        "listeners": f"{here},THROUGH://127.0.0.1:{second_port},CONTROLLER://127.0.0.1:{controller_port}",
        "advertised.listeners": f"{here},THROUGH://{address}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,THROUGH:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "PLAINTEXT",
    }


def format_log(folder: Path, runtime: java.Runtime, cluster: str, options: Sequence[str] = ()) -> None:
    """Makes the log folder anew; one that an interrupted run left without its marker goes first."""
    shutil.rmtree(folder / DATA, ignore_errors=True)
    tool = ("kafka.tools.StorageTool", "format", "-t", cluster, "-c", "server.properties")
    command = runtime.command(*tool, options=("-Xmx128m", "-XX:TieredStopAtLevel=1", *options))
    done = subprocess.run(command, check=False, cwd=folder, env=runtime.environment(), capture_output=True, text=True)
    if done.returncode:
        said = (done.stdout + done.stderr).strip()
        if "No space left" in said:
            raise PartsFailed(f"the disk of {folder} is full; free some space and run it again.")
        raise PartsFailed(f"Kafka's log folder could not be formatted in {folder}:\n{said[-2000:]}")


def answers(port: int, cluster: str) -> bool:
    """Whether the broker of this very cluster listens here and lists itself (Metadata v2, asking for no topic)."""
    try:
        brokers, cluster_id = read_metadata(_ask(port, struct.pack("!hhihi", 3, 2, 1, -1, 0)))
    except (OSError, struct.error, UnicodeDecodeError):
        return False
    return brokers > 0 and cluster_id == cluster


def coordinates(port: int) -> bool:
    """Whether it has a place for a consumer group (FindCoordinator v1); asked first, a new broker makes one."""
    group = b"aftercare"
    request = struct.pack("!hhihh", 10, 1, 1, -1, len(group)) + group + b"\0"
    try:
        _, _, error = struct.unpack_from("!iih", _ask(port, request))
    except (OSError, struct.error):
        return False
    return bool(error == 0)


def _ask(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
        connection.sendall(struct.pack("!i", len(request)) + request)
        with connection.makefile("rb") as stream:
            (size,) = struct.unpack("!i", stream.read(4))
            return stream.read(size)


def read_metadata(body: bytes) -> tuple[int, str | None]:
    """The number of brokers and the cluster's id in a Metadata v2 response."""
    _, brokers = struct.unpack_from("!ii", body)
    at = 8
    for _ in range(brokers):
        _, at = _string(body, at + 4)
        _, at = _string(body, at + 4)
    return brokers, _string(body, at)[0]


def _string(body: bytes, at: int) -> tuple[str | None, int]:
    (length,) = struct.unpack_from("!h", body, at)
    at += 2
    return (None, at) if length < 0 else (body[at : at + length].decode(), at + length)
