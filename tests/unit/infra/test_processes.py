"""A pid is believed only while it belongs to the process that was started; nothing that was started is unknown."""

import json
import os
import signal
import sys
from pathlib import Path

import pytest

from infra.local.failures import StartFailed, WrongOwner
from infra.local.identity import identity
from infra.local.postgres import forget_foreign_lock
from infra.local.processes import Processes, Program

NEVER_A_PID = 2**22 + 1


@pytest.fixture
def processes(tmp_path: Path) -> Processes:
    (tmp_path / "run").mkdir()
    return Processes(tmp_path / "run")


def program(tmp_path: Path, code: str) -> Program:
    return Program("sample", [sys.executable, "-c", code], tmp_path, dict(os.environ), tmp_path / "sample.log")


FIRST_THREAD_ENDS = (
    "import ctypes, platform, threading\n"
    "threading.Thread(target=threading.Event().wait).start()\n"
    "ctypes.CDLL(None).syscall(60 if platform.machine() == 'x86_64' else 93, 0)"
)
WAITS = "import signal; signal.pause()"
IGNORES = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True)\nwhile 1: signal.pause()"
)


def test_a_started_process_is_known_and_stopped(processes: Processes, tmp_path: Path) -> None:
    pid = processes.start(program(tmp_path, WAITS))
    assert processes.pid("sample") == pid
    assert processes.names() == ["sample"]
    assert processes.stop("sample") is True
    assert identity(pid) is None
    assert processes.names() == []
    assert processes.stop("sample") is False


def test_a_killed_process_is_noticed(processes: Processes, tmp_path: Path) -> None:
    pid = processes.start(program(tmp_path, WAITS))
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert processes.pid("sample") is None


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="threads of others are only seen in /proc")
def test_a_process_whose_first_thread_ended_is_not_gone_while_others_hold_its_ports(
    processes: Processes, tmp_path: Path
) -> None:
    pid = processes.start(program(tmp_path, FIRST_THREAD_ENDS))
    while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
        os.sched_yield()
    assert processes.pid("sample") == pid
    assert processes.stop("sample", signal.SIGKILL) is True
    assert identity(pid) is None


def test_a_process_deaf_to_sigterm_is_killed(processes: Processes, tmp_path: Path) -> None:
    pid = processes.start(program(tmp_path, IGNORES))
    while "deaf" not in (tmp_path / "sample.log").read_text():
        os.sched_yield()
    assert processes.stop("sample", patience=0.05) is True
    assert identity(pid) is None


def test_a_pid_that_was_given_to_somebody_else_is_not_ours(processes: Processes) -> None:
    """After a reboot the number in an old record may be anybody's, here this test's own."""
    record = processes.records / "sample.json"
    record.write_text(json.dumps({"pid": os.getpid(), "began": "another-boot/1", "command": []}))
    assert processes.pid("sample") is None
    assert processes.stop("sample", signal.SIGKILL) is False
    assert not record.exists()


def test_a_process_of_another_account_is_told_and_its_record_kept(
    processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = processes.records / "sample.json"
    record.write_text(json.dumps({"pid": os.getpid(), "began": identity(os.getpid()), "command": []}))

    def refuse(pid: int, number: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", refuse)
    with pytest.raises(WrongOwner, match="was started here by another account"):
        processes.stop("sample")
    assert record.exists()


def test_the_same_record_with_the_right_beginning_is_ours(processes: Processes) -> None:
    record: dict[str, object] = {"pid": os.getpid(), "began": identity(os.getpid()), "command": []}
    (processes.records / "sample.json").write_text(json.dumps(record))
    assert processes.pid("sample") == os.getpid()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": "x"}', f'{{"pid": {NEVER_A_PID}, "began": "a"}}'])
def test_a_record_that_says_nothing_counts_as_none(content: str, processes: Processes) -> None:
    (processes.records / "sample.json").write_text(content)
    assert processes.pid("sample") is None


def test_a_program_that_does_not_exist_is_named(processes: Processes, tmp_path: Path) -> None:
    missing = Program("sample", ["/nowhere/at/all"], tmp_path, dict(os.environ), tmp_path / "sample.log")
    os.waitid(os.P_PID, processes.start(missing), os.WEXITED | os.WNOWAIT)
    assert processes.pid("sample") is None
    assert (tmp_path / "sample.log").read_text() == "/nowhere/at/all: No such file or directory\n"


def test_a_start_without_a_record_is_a_failure(tmp_path: Path) -> None:
    """The folder of the records is gone, so what is started could never be found again, and is not started."""
    with pytest.raises(StartFailed):
        Processes(tmp_path / "nowhere").start(program(tmp_path, WAITS))


def test_a_lock_of_postgres_with_a_strangers_pid_is_removed(tmp_path: Path) -> None:
    lock = tmp_path / "postmaster.pid"
    lock.write_text(f"{os.getpid()}\n/data\n")
    forget_foreign_lock(tmp_path)
    assert not lock.exists()


def test_a_lock_of_postgres_with_a_pid_that_is_gone_is_left_to_postgres(tmp_path: Path) -> None:
    """It holds what PostgreSQL needs to find sessions that outlived their server."""
    lock = tmp_path / "postmaster.pid"
    lock.write_text(f"{NEVER_A_PID}\n/data\n")
    forget_foreign_lock(tmp_path)
    assert lock.exists()


def test_a_lock_of_a_postgres_at_work_is_left(processes: Processes, tmp_path: Path) -> None:
    """Whoever works in the data folder is the server or one of its sessions."""
    pid = processes.start(program(tmp_path, WAITS))
    lock = tmp_path / "postmaster.pid"
    lock.write_text(f"{pid}\n/data\n")
    try:
        forget_foreign_lock(tmp_path)
        assert lock.exists()
    finally:
        processes.stop("sample")
