"""protoc and buf run with nothing but what the virtual environment holds: no network, no activated shell."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import resources
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROTO = ROOT / "proto"
THIRD_PARTY = ROOT / "third_party"


class ToolFailed(Exception):
    """A tool refused the contracts; the message is what it said."""


def run_tool(*command: str) -> str:
    # protoc and buf find their plugins by PATH only.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ToolFailed((done.stdout + done.stderr).strip() or f"{command[0]} ended with {done.returncode}")
    return done.stdout


def run_protoc(*options: str) -> None:
    """Over every contract of ours and every vendored one, in an order that does not depend on the file system."""
    sources = sorted(
        str(path.relative_to(base)) for base in (PROTO, THIRD_PARTY) for path in base.rglob("*.proto") if path.is_file()
    )
    includes = (f"-I{path}" for path in _include_paths())
    run_tool(sys.executable, "-m", "grpc_tools.protoc", *includes, *options, *sources)


def _include_paths() -> list[Path]:
    """Where imports are looked for: ours, the vendored, then google's from the wheels that carry them."""
    google = find_spec("google.rpc")
    if google is None or not google.submodule_search_locations:
        raise ToolFailed("googleapis-common-protos is not installed: run `make setup`")
    shared = Path(next(iter(google.submodule_search_locations))).parents[1]
    well_known = Path(str(resources.files("grpc_tools") / "_proto"))
    return [PROTO, THIRD_PARTY, shared, well_known]
