"""What a person sees at a terminal of 80 columns."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

WEAVE = str(Path(sys.executable).with_name("weave"))
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
Screen = Callable[..., str]


@pytest.fixture
def screen(project: Path) -> Screen:
    """Run a command with a terminal for its output and give what it wrote there."""

    def screen(*words: str, **environ: str) -> str:
        ours, theirs = pty.openpty()
        env = {"PATH": os.environ["PATH"], "TERM": "xterm", "COLUMNS": "80", **environ}
        with subprocess.Popen(
            [WEAVE, *words],
            cwd=project,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=theirs,
        ):
            os.close(theirs)
            seen = b""
            try:
                while part := os.read(ours, 65536):
                    seen += part
            except OSError:  # Linux says so when the other end is closed
                pass
        os.close(ours)
        return seen.decode().replace("\r\n", "\n")

    return screen


def lines(text: str) -> list[str]:
    return ESCAPES.sub("", text).splitlines()


def test_a_table_fits_and_its_names_are_whole(screen: Screen, project: Path) -> None:
    (project / ".weave/migrations/neo4j/cypher").mkdir(parents=True)
    shown = lines(screen("db", "config"))
    assert max(map(len, shown)) <= 80
    assert any("neo4j.use_flyway_compatible_checksums" in line for line in shown)
    assert any(set(line.strip()) == {"─"} for line in shown)


def test_a_long_error_is_broken_between_words(screen: Screen) -> None:
    shown = lines(screen("db", "status", "--env", "production-of-the-far-away-region"))
    assert shown[0].startswith("error[CONFIG_INVALID]: --env production-of-the-")
    assert max(map(len, shown)) <= 80
    assert not any(line.endswith("produ") for line in shown)


def test_errors_are_coloured_and_no_color_is_obeyed(screen: Screen) -> None:
    assert "\x1b[31m" in screen("db", "status")
    assert "\x1b" not in screen("db", "status", NO_COLOR="1")
    assert "\x1b" not in screen("db", "config", NO_COLOR="1")
