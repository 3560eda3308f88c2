"""Leaves `.venv` holding exactly the locked packages and this project, or leaves a state the next run repairs.

A stamp is written last, so an interrupted run is never taken for a finished one; two runs at once wait for each other.
Standard library only: it runs before anything is installed.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from infra.local.mirrors import parse_pip_config, uv_settings
from infra.local.platforms import unsupported
from infra.local.steps import SetupFailed, run

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".aftercare-ready"
UNFINISHED = VENV / ".aftercare-unfinished"
LOANED_TOOLS = ROOT / ".tools"
INSTALLER_LOCK = ROOT / "requirements" / "bootstrap.lock"
PACKAGES_LOCK = ROOT / "requirements" / "dev.lock"
PROJECT = ROOT / "pyproject.toml"
INPUTS = (INSTALLER_LOCK, PACKAGES_LOCK, Path(__file__))
NEEDED_BYTES = 800_000_000

# Variables that would send pip or uv to another environment than ours.
STRAY_VARIABLES = {
    *("CONDA_PREFIX", "PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV"),
    *("PIP_PREFIX", "PIP_REQUIRE_VIRTUALENV", "PIP_TARGET", "PIP_USER"),
    *("UV_COMPILE_BYTECODE", "UV_CONFIG_FILE", "UV_PROJECT", "UV_PROJECT_ENVIRONMENT", "UV_PYTHON"),
    *("UV_SYSTEM_PYTHON", "UV_WORKING_DIR"),
}


def main(arguments: Sequence[str]) -> int:
    """`--is-ready` only answers by its exit code; `--keep-python` prefers the environment's own Python to this one."""
    if "--is-ready" in arguments:
        return 0 if is_ready() else 1
    try:
        with one_at_a_time():
            if not is_ready("--keep-python" not in arguments):
                set_up(keep_python="--keep-python" in arguments)
    except SetupFailed as failure:
        print("\nsetup: " + str(failure).replace("\n", "\n       "), file=sys.stderr)
        return 2
    except PermissionError as failure:
        print(f"\nsetup: {failure.filename} cannot be written; use a clone that belongs to you.", file=sys.stderr)
        return 2
    except OSError as failure:
        reason = f"{failure.strerror or failure} ({failure.filename})"
        print(f"\nsetup: {reason}; see `df -h` and run it again.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nsetup: interrupted; run it again to finish.", file=sys.stderr)
        return 130
    return 0


def fingerprint(version: str) -> str:
    """Changes with everything the environment is made from: the locks, this script, the Python."""
    digest = hashlib.sha256(f"{version} {platform.machine()} {_packaging()}".encode())
    for path in INPUTS:
        digest.update(b"\0" + path.read_bytes())
    return digest.hexdigest()


def is_ready(same_python: bool = False) -> bool:
    version = venv_version()
    if version is None or (same_python and version != platform.python_version()):
        return False
    try:
        return STAMP.read_text().split("\n") == [fingerprint(version), str(VENV)]
    except OSError:
        return False


def venv_version() -> str | None:
    """The exact Python version of a `.venv` that still has its interpreter, else None."""
    try:
        lines = (VENV / "pyvenv.cfg").read_text().splitlines()
    except OSError:
        return None
    settings = {key.strip(): value.strip() for key, _, value in (line.partition("=") for line in lines)}
    version = settings.get("version") or settings.get("version_info")
    return version if version and os.access(PYTHON, os.X_OK) else None


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """A second `make` waits here, then finds the work done."""
    with (ROOT / ".bootstrap.lock").open("w") as guard:
        try:
            fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("setup: another make is setting up this clone; waiting for it ...", flush=True)
            fcntl.flock(guard, fcntl.LOCK_EX)
        yield


def set_up(keep_python: bool) -> None:
    reason = unsupported()
    if reason:
        raise SetupFailed(reason)
    began = time.monotonic()
    environment = clean_environment()
    if usable(keep_python):
        STAMP.unlink(missing_ok=True)
        print("setup: refreshing .venv ...", flush=True)
        environment |= mirror_settings([str(PYTHON), "-m", "pip"], environment)
        uv = str(VENV / "bin" / "uv") if (VENV / "bin" / "uv").exists() else uv_without_ensurepip(environment)
    else:
        check_space()
        shutil.rmtree(VENV, ignore_errors=True)
        VENV.mkdir()
        UNFINISHED.touch()
        print(f"setup: preparing .venv with Python {platform.python_version()} ...", flush=True)
        uv = create_venv(environment)
    UNFINISHED.touch()
    target = ["--no-config", "--python", str(PYTHON)]
    sync = [uv, "pip", "sync", "-q", *target, "--require-hashes", "--no-build", str(PACKAGES_LOCK)]
    run(sync, environment, "installing the locked packages")
    UNFINISHED.unlink()
    project = [uv, "pip", "install", "-q", *target, "--no-index", "--no-deps", "--no-build-isolation", "-e", str(ROOT)]
    run(project, environment, "installing this project into its environment")
    version = venv_version()
    if version is None:
        raise SetupFailed("the new .venv has no working Python; remove it and run this again.")
    partial = STAMP.with_suffix(".new")
    partial.write_text(f"{fingerprint(version)}\n{VENV}")
    partial.replace(STAMP)
    print(f"setup: .venv is ready after {time.monotonic() - began:.0f} s", flush=True)
    if subprocess.run([str(PYTHON), "-m", "infra.local", "prepare"], check=False, cwd=ROOT).returncode:
        raise SetupFailed("Kafka could not be prepared, for the reason above; everything else is ready.")


def usable(keep_python: bool) -> bool:
    """Whether `.venv` can be refreshed in place; an interrupted sync can leave half a package, so that one cannot."""
    version = venv_version()
    if version is None or UNFINISHED.exists():
        return False
    if not keep_python and version != platform.python_version():
        return False
    # An environment that was moved has the old place in its scripts.
    if STAMP.exists() and STAMP.read_text().partition("\n")[2] != str(VENV):
        return False
    probe = [str(PYTHON), "-c", "import sys; print(sys.version_info[:2] >= (3, 11), sys.prefix)"]
    try:
        answer = subprocess.run(
            probe, check=False, capture_output=True, text=True, timeout=60, env=clean_environment()
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.strip() == f"True {VENV}"


def create_venv(environment: dict[str, str]) -> str:
    """Creates `.venv`, adds the mirror settings to `environment`, and returns the uv to fill it with."""
    if _has("venv") and _has("ensurepip"):
        run([sys.executable, "-m", "venv", str(VENV)], environment, "creating the virtual environment")
        pip = [str(PYTHON), "-m", "pip"]
        environment |= mirror_settings(pip, environment)
        run([*pip, "install", "-q", *HASHED, str(INSTALLER_LOCK)], environment, "installing uv")
        return str(VENV / "bin" / "uv")
    environment |= mirror_settings([sys.executable, "-m", "pip"], environment)
    uv = uv_without_ensurepip(environment)
    create = [uv, "venv", "-q", "--no-config", "--allow-existing", "--python", sys.executable, str(VENV)]
    run(create, environment, "creating the virtual environment")
    return uv


HASHED = ("--require-hashes", "--no-deps", "--only-binary", ":all:", "-r")


def uv_without_ensurepip(environment: dict[str, str]) -> str:
    """A uv that is there, or one put into `.tools` by the machine's pip (PEP 668 does not forbid `--target`)."""
    for candidate in (os.environ.get("UV"), shutil.which("uv"), os.path.expanduser("~/.local/bin/uv")):
        if candidate and os.access(candidate, os.X_OK):
            return candidate
    if not _has("pip"):
        raise SetupFailed(
            f"{sys.executable} has neither ensurepip nor pip, and there is no uv on PATH. Any one of these is enough:\n"
            "  - apt install python3-venv   (Debian and Ubuntu split it off; needs an administrator)\n"
            "  - a uv executable on PATH, or make UV=/path/to/uv ...\n"
            "  - another Python 3.11 or newer: make PYTHON=/path/to/python3 ..."
        )
    shutil.rmtree(LOANED_TOOLS, ignore_errors=True)
    install = [sys.executable, "-m", "pip", "install", "-q", "--target", str(LOANED_TOOLS)]
    run([*install, *HASHED, str(INSTALLER_LOCK)], environment, "installing uv")
    return str(LOANED_TOOLS / "bin" / "uv")


def mirror_settings(pip: list[str], environment: dict[str, str]) -> dict[str, str]:
    try:
        listing = subprocess.run(
            [*pip, "config", "list"], check=False, env=environment, capture_output=True, text=True, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return {}
    return uv_settings(parse_pip_config(listing.stdout), environment)


def clean_environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in STRAY_VARIABLES}
    return kept | {
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
        "PIP_RETRIES": "1",
        "PIP_USER": "0",
        "UV_NO_PROGRESS": "1",
        # Otherwise uv may fetch an interpreter of its own.
        "UV_PYTHON_DOWNLOADS": "never",
    }


def check_space() -> None:
    free = shutil.disk_usage(ROOT).free
    if free < NEEDED_BYTES:
        raise SetupFailed(
            f"the disk of {ROOT} has {free // 1_000_000} MB free and setting up needs about "
            f"{NEEDED_BYTES // 1_000_000} MB; free some space and run it again."
        )


def _has(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def _packaging() -> str:
    """The part of `pyproject.toml` the environment is made from; settings of linters are not."""
    project = tomllib.loads(PROJECT.read_text())
    return repr([project.get("build-system"), project.get("project"), project.get("tool", {}).get("hatch")])
