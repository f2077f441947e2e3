"""How a signal ends a command: the status says which, and nothing is a crash."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from weave_migrate import cli
from weave_migrate.cli._root import weave

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WEAVE = Path(sys.executable).with_name("weave")


@pytest.fixture
def mute() -> Iterator[socket.socket]:
    """Listen, and never answer."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(60)
        yield listening


def stopped(
    project: Path, mute: socket.socket, number: int, prefix: tuple[str, ...] = ()
) -> tuple[int, str]:
    """Send a signal to a command that waits for its server; give how it ends."""
    uri = f"bolt://127.0.0.1:{mute.getsockname()[1]}"
    with subprocess.Popen(
        [*prefix, str(WEAVE), "db", "status"],
        cwd=project,
        env={"PATH": "/usr/bin:/bin", "NEO4J_URI": uri, "NEO4J_PASSWORD": "x"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        # The tests may run below nohup themselves.
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),  # noqa: PLW1509
    ) as process:
        connection, _ = mute.accept()
        with connection:
            connection.recv(1)  # now it waits for an answer
            process.send_signal(number)
            if prefix:
                connection.shutdown(socket.SHUT_RDWR)
            _, err = process.communicate(timeout=60)
    return process.returncode, err


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)],
)
def test_the_status_says_which_signal_ended_a_command_that_waits_for_a_server(
    project: Path,
    cypher: Callable[[str, str], Path],
    mute: socket.socket,
    number: int,
    status: int,
) -> None:
    cypher("V1__a.cypher", "RETURN 1;\n")
    ended, err = stopped(project, mute, number)
    assert ended == status
    assert "error[INTERRUPTED]" in err


def test_a_run_below_nohup_outlives_its_terminal(
    project: Path, cypher: Callable[[str, str], Path], mute: socket.socket
) -> None:
    cypher("V1__a.cypher", "RETURN 1;\n")
    ended, _ = stopped(project, mute, signal.SIGHUP, prefix=("nohup",))
    assert ended == 5  # the server's end, not the signal


def test_an_interrupt_that_a_driver_stumbles_over_is_no_crash(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stumble(*_: object, **__: object) -> None:
        try:
            raise KeyboardInterrupt
        finally:
            raise BufferError("memory is in use")

    monkeypatch.setattr(weave, "main", stumble)
    assert cli._run(["db", "status"]) == 130
    assert "error[INTERRUPTED]" in capsys.readouterr().err


def test_an_error_without_an_interrupt_behind_it_is_a_crash(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise BufferError from click.UsageError("x")

    monkeypatch.setattr(weave, "main", fail)
    assert cli._run(["db", "status"]) == 3
    assert "error[INTERNAL]" in capsys.readouterr().err
