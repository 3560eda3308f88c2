"""Runs PostgreSQL from its wheel: same data after every restart, ready only once it answers, for any account.

It listens on the loopback address alone, without a Unix socket (whose path may be at most 107 bytes long), and every
role has a password, since other people may share the machine.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from infra.local import ports
from infra.local.account import Placement, placement
from infra.local.failures import PartsFailed, StartFailed
from infra.local.layout import Layout
from infra.local.processes import Processes, Program, tail
from infra.local.profile import Profile
from infra.local.state import State

NAME = "postgres"
SUPERUSER = "postgres"
ATTEMPTS = 5
PATIENCE = 90

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    # The POSIX kind needs a /dev/shm larger than many containers have.
    "dynamic_shared_memory_type": "mmap",
    "max_connections": "400",
    "max_locks_per_transaction": "256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "cluster_name": "aftercare",
}

# The databases every server has are open to all roles by default; here only the superuser has business in them.
WHO_MAY_CONNECT = f"""\
host all {SUPERUSER} 127.0.0.1/32 scram-sha-256
host postgres,template1 all 127.0.0.1/32 reject
host replication {SUPERUSER} 127.0.0.1/32 scram-sha-256
host all all 127.0.0.1/32 scram-sha-256
"""


@dataclass(frozen=True, slots=True)
class Postgres:
    layout: Layout
    state: State
    profile: Profile

    @property
    def processes(self) -> Processes:
        return Processes(self.layout.records)

    def url(self, database: str = "postgres") -> str:
        """For the superuser, who creates databases and roles; services never get it."""
        return f"postgresql://{SUPERUSER}:{self.state.password(SUPERUSER)}@127.0.0.1:{self.state.port(NAME)}/{database}"

    def start(self) -> None:
        """Creates the cluster if there is none, then starts it and waits until it accepts connections."""
        where = placement(self.layout.postgres, self.state.value("postgres_data"))
        if not (where.data / "PG_VERSION").exists():
            self._create(where)
        # Data in the clone is found by the clone, wherever that is moved to.
        self.state.remember("postgres_data", "" if where.data == self.layout.postgres else str(where.data))
        forget_foreign_lock(where.data)
        for _ in range(ATTEMPTS):
            port = self.state.port(NAME)
            self.processes.start(self._program(where, port))
            if self._answers_in_time(port):
                return
            if ports.is_free(port):
                break
            self.state.another_port(NAME, port)
        raise StartFailed(f"PostgreSQL ended while it was starting; its log says:\n{tail(self.layout.log(NAME))}")

    def stop(self, patience: float = 60) -> bool:
        # SIGINT ends the sessions and writes a checkpoint; SIGTERM would wait for the clients to leave.
        return self.processes.stop(NAME, signal.SIGINT, patience)

    def erase(self) -> None:
        """Deletes the stopped cluster, wherever it is."""
        shutil.rmtree(self.layout.postgres, ignore_errors=True)
        elsewhere = self.state.value("postgres_data")
        if elsewhere:
            shutil.rmtree(elsewhere, ignore_errors=True)
            with contextlib.suppress(OSError):
                Path(elsewhere).parent.rmdir()
            self.state.remember("postgres_data", "")

    def pid(self) -> int | None:
        return self.processes.pid(NAME)

    def answers(self) -> bool:
        return answers(self.state.port(NAME))

    def _create(self, where: Placement) -> None:
        """The new cluster gets its place only when it is complete, so an interrupted creation is simply repeated."""
        parent = where.data.parent
        for leftover in parent.glob(".new-postgres-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        partial = Path(tempfile.mkdtemp(prefix=".new-postgres-", dir=parent))
        cluster = partial / "data"
        cluster.mkdir(mode=0o700)
        secret = partial / "password"
        secret.write_text(self.state.password(SUPERUSER))
        partial.chmod(0o711)
        for path in (cluster, secret, partial):
            where.own(path)
        command = [
            *where.prefix, str(where.programs / "initdb"), "-D", str(cluster), "-U", SUPERUSER,
            "--auth=scram-sha-256", f"--pwfile={secret}", "--encoding=UTF8", "--locale=C",
            # No ICU in the wheel; this one orders alike on every machine and knows letters beyond ASCII.
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
            "-c", "dynamic_shared_memory_type=mmap", "--no-instructions",
            *([] if self.profile.durable else ["--no-sync"]),
        ]  # fmt: skip
        account = {} if where.uid == -1 else {"user": where.uid, "group": where.uid, "extra_groups": []}
        done = subprocess.run(  # type: ignore[call-overload]
            command, check=False, cwd=partial, env=_environment(partial), capture_output=True, text=True, **account
        )
        if done.returncode:
            shutil.rmtree(partial, ignore_errors=True)
            reason = done.stderr.strip()
            if "No space left" in reason:
                raise PartsFailed(f"the disk of {parent} is full; free some space and run it again.")
            raise PartsFailed(f"PostgreSQL's data could not be created in {parent}:\n{reason}")
        (cluster / "pg_hba.conf").write_text(WHO_MAY_CONNECT)
        shutil.rmtree(where.data, ignore_errors=True)
        cluster.rename(where.data)
        shutil.rmtree(partial)

    def _program(self, where: Placement, port: int) -> Program:
        settings = {**SETTINGS, **self.profile.postgres_settings, "port": str(port)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [*where.prefix, str(where.programs / "postgres"), "-D", str(where.data), *options]
        return Program(NAME, command, where.data, _environment(where.data), self.layout.log(NAME), where.uid)

    def _answers_in_time(self, port: int) -> bool:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if self.pid() is None:
                return False
            if answers(port):
                return True
            time.sleep(0.02)
        self.stop()
        raise StartFailed(f"PostgreSQL did not answer within {PATIENCE} s:\n{tail(self.layout.log(NAME))}")


def answers(port: int) -> bool:
    """Whether a server here would take a connection now: it asks for a password only once recovery is over."""
    parameters = b"user\0" + SUPERUSER.encode() + b"\0database\0postgres\0\0"
    hello = struct.pack("!ii", 8 + len(parameters), 3 << 16) + parameters
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(hello)
            # All of it, or closing would look to the server like a broken client.
            return connection.recv(1024)[:1] == b"R"
    except OSError:
        return False


def forget_foreign_lock(data: Path) -> None:
    """Removes a leftover `postmaster.pid` whose pid now belongs to a process that has nothing to do with this cluster.

    PostgreSQL itself recovers from a pid that is gone, and its other checks need the file; only a pid that was given
    to somebody else would make it refuse for ever.
    """
    lock = data / "postmaster.pid"
    try:
        pid = int(lock.read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return
    if psutil.pid_exists(pid) and not _works_in(pid, data) and not any(_works_in(p, data) for p in psutil.pids()):
        lock.unlink()


def _works_in(pid: int, data: Path) -> bool:
    """Every process of a cluster has its data folder as its working directory."""
    try:
        return os.path.realpath(psutil.Process(pid).cwd()) == os.path.realpath(data)
    except psutil.AccessDenied:
        # Another account's process cannot work in our private folder.
        return False
    except (psutil.Error, OSError):
        return False


def _environment(home: Path) -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC", "HOME": str(home)}
