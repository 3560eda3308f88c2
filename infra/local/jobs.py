"""Runs the services' jobs as a deployment does, each in its own process; a migration with nothing new is left out."""

from __future__ import annotations

import asyncio
import concurrent.futures
import hashlib
import subprocess
import sys
from collections.abc import Iterable

from infra.local import databases
from infra.local.environment import Environment
from infra.local.failures import StartFailed
from infra.local.layout import ROOT
from infra.local.processes import tail

# What decides how a service's database and key store look.
SHARED = ("chassis/schema", "chassis/migrations", "chassis/keys")


def migrate(environment: Environment, services: Iterable[str], superuser_url: str) -> None:
    """Brings the databases of these services to what this build needs, several at a time."""
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(_migrate, environment, service, superuser_url) for service in services]:
            done.result()


def run(environment: Environment, service: str, job: str) -> None:
    """`python -m services.X JOB`, to its end, with its output in a log of its own."""
    log = environment.layout.log(f"{service}.{job}")
    command = [sys.executable, "-m", f"services.{service}", job]
    with log.open("wb") as output:
        done = subprocess.run(
            command, check=False, cwd=ROOT, env=environment.job(service), stdout=output, stderr=subprocess.STDOUT
        )
    if done.returncode:
        raise StartFailed(f"`python -m services.{service} {job}` failed; its log says:\n{tail(log)}")


def _migrate(environment: Environment, service: str, superuser_url: str) -> None:
    # A database that was dropped and made again has another id.
    database = asyncio.run(databases.identity(superuser_url, environment.databases[service].name))
    wanted = f"{_fingerprint(service)} {database}"
    if environment.state.value(f"migrated.{service}") != wanted:
        run(environment, service, "migrate")
        environment.state.remember(f"migrated.{service}", wanted)


def _fingerprint(service: str) -> str:
    digest = hashlib.sha256()
    for folder in (f"services/{service}/migrations", *SHARED):
        for file in sorted((ROOT / folder).rglob("*.py")):
            digest.update(file.read_bytes() + b"\0")
    return digest.hexdigest()
