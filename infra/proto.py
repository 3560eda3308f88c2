"""The stubs in `gen/` are always the ones that `proto/` describes: generation is deterministic, and drift is an error.

    python -m infra.proto             write the stubs
    python -m infra.proto --check     compare them with what would be written; exit 1 and name the files that differ
    python -m infra.proto --release   write the image that `buf breaking` compares the contracts with
"""

from __future__ import annotations

import argparse
import filecmp
import os
import shutil
import subprocess
import sys
import tempfile
from importlib import resources
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROTO = ROOT / "proto"
THIRD_PARTY = ROOT / "third_party"
GEN = ROOT / "gen"
BASELINE = PROTO / "base.binpb"


class ProtoError(Exception):
    """A tool refused the contracts; the message is what it said."""


def tool_environment() -> dict[str, str]:
    """protoc and buf find their plugins by PATH only, and a virtual environment need not be activated."""
    scripts = Path(sys.executable).parent
    return {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ.get('PATH', '')}"}


def run_tool(*command: str, cwd: Path = ROOT) -> str:
    done = subprocess.run(command, cwd=cwd, env=tool_environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise ProtoError((done.stdout + done.stderr).strip() or f"{command[0]} ended with {done.returncode}")
    return done.stdout


def include_paths() -> list[Path]:
    """Where imports are looked for: ours, the vendored, then google/rpc and google/protobuf from installed wheels."""
    google = find_spec("google.rpc")
    if google is None or not google.submodule_search_locations:
        raise ProtoError("googleapis-common-protos is not installed: run `make setup`")
    shared = Path(next(iter(google.submodule_search_locations))).parents[1]
    well_known = Path(str(resources.files("grpc_tools") / "_proto"))
    return [PROTO, THIRD_PARTY, shared, well_known]


def generate(target: Path) -> None:
    sources = sorted(
        str(path.relative_to(base)) for base in (PROTO, THIRD_PARTY) for path in base.rglob("*.proto") if path.is_file()
    )
    run_tool(
        sys.executable,
        "-m",
        "grpc_tools.protoc",
        *(f"-I{path}" for path in include_paths()),
        f"--python_out={target}",
        f"--grpc_python_out={target}",
        f"--mypy_out=quiet:{target}",
        f"--mypy_grpc_out=quiet:{target}",
        *sources,
    )
    for stub in sorted(target.rglob("*_pb2_grpc.py")):
        # protoc writes a service module for every file; one without a service only adds noise to the tree.
        if "class " not in stub.read_text(encoding="utf-8"):
            stub.unlink()
            stub.with_suffix(".pyi").unlink(missing_ok=True)


def files_below(folder: Path) -> set[str]:
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def drift() -> list[str]:
    """The files of `gen/` that differ from what the contracts would give, each with what is wrong."""
    with tempfile.TemporaryDirectory() as scratch:
        fresh = Path(scratch)
        generate(fresh)
        wanted, present = files_below(fresh), files_below(GEN)
        wrong = [f"gen/{name}: missing" for name in wanted - present]
        wrong += [f"gen/{name}: has no contract" for name in present - wanted]
        wrong += [
            f"gen/{name}: differs"
            for name in wanted & present
            if not filecmp.cmp(fresh / name, GEN / name, shallow=False)
        ]
    return sorted(wrong)


def write() -> None:
    """Generated beside and moved in, so that a failed run leaves the old stubs whole."""
    with tempfile.TemporaryDirectory(dir=ROOT, prefix=".gen-") as scratch:
        fresh = Path(scratch)
        generate(fresh)
        for name in files_below(GEN) - files_below(fresh) if GEN.exists() else ():
            (GEN / name).unlink()
        for name in sorted(files_below(fresh)):
            target = GEN / name
            if target.exists() and filecmp.cmp(fresh / name, target, shallow=False):
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(fresh / name, target)
    for folder in sorted((p for p in GEN.rglob("*") if p.is_dir()), reverse=True):
        if folder.name == "__pycache__":
            shutil.rmtree(folder)
        elif not any(folder.iterdir()):
            folder.rmdir()


def release() -> None:
    run_tool("buf", "build", "proto", "-o", str(BASELINE), "--exclude-source-info")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.proto", description="Generate the stubs from the contracts.")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="compare only; exit 1 when the stubs are stale")
    mode.add_argument("--release", action="store_true", help="write the baseline that later changes must not break")
    asked = parser.parse_args()
    try:
        if asked.check:
            stale = drift()
            print("\n".join([*stale, "run `make proto`"]) if stale else "stubs match the contracts")
            return 1 if stale else 0
        if asked.release:
            release()
            print(f"wrote {BASELINE.relative_to(ROOT)}")
            return 0
        write()
    except ProtoError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"wrote {len(files_below(GEN))} files below gen/")
    return 0


if __name__ == "__main__":
    sys.exit(main())
