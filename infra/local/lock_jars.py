"""Writes `requirements/kafka.lock` anew: `python -m infra.local.lock_jars > requirements/kafka.lock`.

Only this resolves versions; whoever starts Kafka takes exactly what the lock says. The lock holds paths, SHA-256 and
sizes and no address, so that any mirror serves it.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from jgo.constants import MAVEN_CENTRAL_URL
from jgo.maven import MavenContext, PythonResolver
from jgo.parse import Endpoint

BROKER = "org.apache.kafka:kafka_2.13:4.3.1"
# The broker's own dependencies have no binding for its logger, and without one it says nothing.
LOG_BINDING = "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4"
SHIPPED = ("compile", "runtime")


def locked() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        repository = Path(folder)
        context = MavenContext(
            resolver=PythonResolver(), repo_cache=repository, remote_repos={"central": MAVEN_CENTRAL_URL}
        )
        # One coordinate at a time: jgo takes each of several for a bill of materials of the others.
        (broker,) = Endpoint.parse(BROKER).coordinates
        (binding,) = Endpoint.parse(LOG_BINDING).coordinates
        direct, transitive = context.resolver.resolve([context.create_dependency(replace(broker, scope="compile"))])
        wanted = [*direct, *(dependency for dependency in transitive if dependency.scope in SHIPPED)]
        for dependency in (*wanted, context.create_dependency(replace(binding, scope="compile"))):
            file = Path(dependency.artifact.resolve())
            content = file.read_bytes()
            path = file.relative_to(repository).as_posix()
            yield f"{path}  {hashlib.sha256(content).hexdigest()}  {len(content)}"


if __name__ == "__main__":
    for line in locked():
        sys.stdout.write(f"{line}\n")
