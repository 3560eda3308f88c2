"""Setting up says what is wrong before anything fails obscurely, and never takes half an environment for whole."""

import ast
import platform
import runpy
import sys
from pathlib import Path

import pytest

from infra.local import installer
from infra.local.installer import ROOT
from infra.local.platforms import libc_problem
from infra.local.steps import SetupFailed, explain

BOOTSTRAP = ROOT / "infra" / "local" / "bootstrap.py"


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 6, 15), (3, 10, 13), (3, 15, 0)])
def test_a_python_out_of_range_is_told_which_one_is_needed(
    version: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", version)
    with pytest.raises(SystemExit) as stopped:
        runpy.run_path(str(BOOTSTRAP), run_name="bootstrap")
    assert stopped.value.code == 2
    assert capsys.readouterr().err == (
        f"setup: Python 3.11 to 3.14 is needed, but {sys.executable} is Python {version[0]}.{version[1]}.\n"
        "       Install one of those, or point make at one: make PYTHON=/path/to/python3.12 ...\n"
    )


def test_the_entry_has_nothing_an_old_parser_cannot_read() -> None:
    """Parsed by the oldest grammar at hand; annotations and formatted strings would be its end."""
    tree = ast.parse(BOOTSTRAP.read_text(), feature_version=(3, 4))
    newer = (ast.AnnAssign, ast.JoinedStr, ast.FunctionDef, ast.AsyncFunctionDef, ast.NamedExpr)
    assert [node for node in ast.walk(tree) if isinstance(node, newer)] == []


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The installer pointed at an environment in a folder of the test's own."""
    venv = tmp_path / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(sys.executable)
    (venv / "pyvenv.cfg").write_text(f"version = {platform.python_version()}\n")
    lock = tmp_path / "dev.lock"
    lock.write_text("one==1\n")
    monkeypatch.setattr(installer, "VENV", venv)
    monkeypatch.setattr(installer, "PYTHON", venv / "bin" / "python")
    monkeypatch.setattr(installer, "STAMP", venv / "stamp")
    monkeypatch.setattr(installer, "UNFINISHED", venv / "unfinished")
    monkeypatch.setattr(installer, "INPUTS", (lock,))
    (venv / "stamp").write_text(f"{installer.fingerprint(platform.python_version())}\n{venv}")
    return tmp_path


def test_a_stamped_environment_is_ready(clone: Path) -> None:
    assert installer.is_ready() is True
    assert installer.main(["--is-ready"]) == 0


def test_a_changed_lock_makes_it_unready(clone: Path) -> None:
    (clone / "dev.lock").write_text("one==2\n")
    assert installer.is_ready() is False
    assert installer.main(["--is-ready"]) == 1


def test_no_stamp_means_unready(clone: Path) -> None:
    (clone / ".venv" / "stamp").unlink()
    assert installer.is_ready() is False


def test_a_lost_interpreter_means_unready(clone: Path) -> None:
    (clone / ".venv" / "bin" / "python").unlink()
    assert installer.is_ready() is False


def test_another_python_keeps_the_environment_unless_it_is_asked_for(clone: Path) -> None:
    (clone / ".venv" / "pyvenv.cfg").write_text("version = 3.11.0\n")
    (clone / ".venv" / "stamp").write_text(f"{installer.fingerprint('3.11.0')}\n{clone / '.venv'}")
    assert installer.is_ready() is True
    assert installer.is_ready(same_python=True) is False


def test_a_moved_environment_is_unready_and_made_anew(clone: Path) -> None:
    stamp = clone / ".venv" / "stamp"
    stamp.write_text(stamp.read_text().replace(str(clone), "/elsewhere"))
    assert installer.is_ready() is False
    assert installer.usable(keep_python=True) is False


def test_an_interrupted_environment_is_made_anew(clone: Path) -> None:
    (clone / ".venv" / "unfinished").touch()
    assert installer.usable(keep_python=True) is False


@pytest.mark.parametrize(
    ("output", "part"),
    [
        ("failed to copy file: no space left on device (os error 28)", "the disk is full; free about 1 GB"),
        ("hash mismatch for `x==1`", "is not the one whose hash is in the lock"),
        ("error: these packages do not match the hashes from the requirements file", "hash is in the lock"),
        ("temporary failure in name resolution", "the package index cannot be reached"),
        ("segmentation fault", "for the reason printed above"),
    ],
)
def test_a_failed_step_is_explained(output: str, part: str) -> None:
    with pytest.raises(SetupFailed) as failure:
        explain(output, "installing uv")
    assert str(failure.value).startswith("installing uv failed")
    assert part in str(failure.value)


def test_a_system_without_glibc_is_refused_with_what_to_use() -> None:
    assert libc_problem("") == (
        "this is a musl system (Alpine?), for which Kafka's and PostgreSQL's wheels do not exist.\n"
        "Use one with glibc 2.28 or newer: Debian 10, Ubuntu 20.04, RHEL 8 or later."
    )
    assert libc_problem("glibc 2.17") == (
        "glibc 2.17 is too old for the wheels; they need 2.28: Debian 10, Ubuntu 20.04, RHEL 8 or later."
    )
    assert libc_problem("glibc 2.28") is None
