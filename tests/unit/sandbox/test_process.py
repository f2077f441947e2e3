"""A process under a watchdog ends with its owner, however that ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from weave_migrate.errors import ConfigError, StoreUnavailable
from weave_migrate.sandbox._process import Process, check_version, free_port

# A server of one line, with a child, in an owner that then waits for its end.
OWNER = """
import sys, time
from weave_migrate.sandbox._process import Process

process = Process("test").__enter__()
process.run(["/bin/sh", "-c", "sleep 1000 & touch up; wait"], environment={})
process.wait(lambda: (process.folder / "up").exists() or None)
print(process.pid, process.folder, flush=True)
%s
"""


def _alive(pid: int) -> bool:
    """Look whether a process of the server's group is left; the dead do not count."""
    listing = subprocess.check_output(["ps", "-eo", "pgid=,stat="], text=True)
    rows = [line.split() for line in listing.splitlines()]
    return any(group == str(pid) and not state.startswith("Z") for group, state in rows)


def _assert_gone(pid: int, folder: Path) -> None:
    deadline = time.monotonic() + 30
    while (_alive(pid) or folder.exists()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _alive(pid)
    assert not folder.exists()


def _owner(then: str) -> tuple[subprocess.Popen[str], int, Path]:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER % then],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert owner.stdout is not None
    line = owner.stdout.readline()
    if not line:  # it failed, and has said so
        owner.communicate()
        pytest.fail("the owner ended early")
    pid, folder = line.split()
    assert _alive(int(pid))
    return owner, int(pid), Path(folder)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_owner_ends_server_and_folder(number: int) -> None:
    owner, pid, folder = _owner("time.sleep(1000)")
    with owner:
        owner.send_signal(number)
    _assert_gone(pid, folder)


def test_an_owner_that_forgets_to_close_leaves_nothing() -> None:
    owner, pid, folder = _owner("sys.stdin.readline()")
    with owner:
        owner.communicate("now\n")
    assert owner.returncode == 0
    _assert_gone(pid, folder)


def test_a_forked_child_of_a_killed_owner_does_not_keep_the_server() -> None:
    owner, pid, folder = _owner(
        "import os; child = os.fork(); child and print(child, flush=True);"
        "time.sleep(1000)"
    )
    with owner:
        assert owner.stdout is not None
        child = int(owner.stdout.readline())
        owner.kill()
        _assert_gone(pid, folder)
        os.kill(child, signal.SIGKILL)


def test_an_owner_killed_before_the_server_runs_leaves_no_folder() -> None:
    script = (
        "import time; from weave_migrate.sandbox._process import Process;"
        "print(Process('test').folder, flush=True); time.sleep(1000)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        folder = Path(owner.stdout.readline().strip())
        owner.kill()
    deadline = time.monotonic() + 30
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not folder.exists()


def test_closing_waits_until_all_is_gone() -> None:
    with Process("test") as process:
        process.run(["/bin/sh", "-c", "sleep 1000 & wait"], environment={})
        process.wait(lambda: True)
        pid = process.pid
        assert _alive(pid)
    assert not _alive(pid)
    assert not process.folder.exists()


def test_a_server_that_fails_is_reported_with_its_last_words() -> None:
    with Process("Test server") as process:
        process.run(["/bin/sh", "-c", "echo no such luck; exit 3"], environment={})
        with pytest.raises(StoreUnavailable) as caught:
            process.wait(lambda: None)
    assert caught.value.code == "SANDBOX_UNAVAILABLE"
    assert "Test server ended before it answered" in caught.value.message
    assert "no such luck" in caught.value.message


def test_a_program_that_is_missing_is_reported() -> None:
    with Process("Test server") as process:
        process.run(["/no/such/program"], environment={})
        with pytest.raises(StoreUnavailable, match="Test server ended"):
            process.wait(lambda: None)


def test_a_server_sees_nothing_of_our_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CANARY", "secret")
    with Process("test") as process:
        process.run(["/bin/sh", "-c", "env > seen; touch up"], environment={"A": "b"})
        process.wait(lambda: (process.folder / "up").exists() or None)
        seen = (process.folder / "seen").read_text()
    assert "A=b" in seen
    assert "CANARY" not in seen


def test_a_free_port_lies_below_those_given_to_clients() -> None:
    assert 20000 <= free_port() < 32000


@pytest.mark.parametrize("version", ["", "../5", "5.26/..", "5..1", "latest", "5\n"])
def test_what_is_no_version_is_refused(version: str) -> None:
    with pytest.raises(ConfigError):
        check_version("Neo4j", version)
