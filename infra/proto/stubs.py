"""The stubs in `gen/` are those that the contracts describe: generation is deterministic, and drift is an error."""

from __future__ import annotations

import filecmp
import os
import shutil
import tempfile
from pathlib import Path

from infra.proto.tools import ROOT, run_protoc

GEN = ROOT / "gen"


def write() -> int:
    """Generated beside and moved in, so that a failed run leaves the old stubs whole. Answers the number of files."""
    with tempfile.TemporaryDirectory(dir=ROOT, prefix=".gen-") as scratch:
        fresh = Path(scratch)
        _generate(fresh)
        wanted = _files_below(fresh)
        for name in _files_below(GEN) - wanted:
            (GEN / name).unlink()
        for name in wanted:
            target = GEN / name
            if not target.exists() or not filecmp.cmp(fresh / name, target, shallow=False):
                target.parent.mkdir(parents=True, exist_ok=True)
                os.replace(fresh / name, target)
    _remove_empty_folders()
    return len(wanted)


def drift() -> list[str]:
    """The files of `gen/` that differ from what the contracts give, each with what is wrong."""
    with tempfile.TemporaryDirectory() as scratch:
        fresh = Path(scratch)
        _generate(fresh)
        wanted, present = _files_below(fresh), _files_below(GEN)
        wrong = [f"gen/{name}: missing" for name in wanted - present]
        wrong += [f"gen/{name}: has no contract" for name in present - wanted]
        wrong += [
            f"gen/{name}: differs from its contract"
            for name in wanted & present
            if not filecmp.cmp(fresh / name, GEN / name, shallow=False)
        ]
    return sorted(wrong)


def _generate(target: Path) -> None:
    run_protoc(
        f"--python_out={target}",
        f"--grpc_python_out={target}",
        f"--mypy_out=quiet:{target}",
        f"--mypy_grpc_out=quiet:{target}",
    )
    for stub in sorted(target.rglob("*_pb2_grpc.py")):
        # protoc writes a service module for every file; one without a service only adds noise to the tree.
        if "class " not in stub.read_text(encoding="utf-8"):
            stub.unlink()
            stub.with_suffix(".pyi").unlink(missing_ok=True)


def _files_below(folder: Path) -> set[str]:
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def _remove_empty_folders() -> None:
    for folder in sorted((path for path in GEN.rglob("*") if path.is_dir()), reverse=True):
        if folder.name == "__pycache__" or not any(folder.iterdir()):
            shutil.rmtree(folder)
