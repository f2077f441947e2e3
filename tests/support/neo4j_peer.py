"""The command line tool neo4j-migrations as Maven has it."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

_POM = Path(__file__).parents[1] / "interop" / "neo4j" / "pom.xml"
_MAIN = "ac.simons.neo4j.migrations.cli.MigrationsCli"


@dataclass(frozen=True)
class Outcome:
    """What one run of the tool printed, and how it ended."""

    exit: int
    output: str


@dataclass(frozen=True)
class Java:
    """The tool, on one server and one folder."""

    jars: Path
    uri: str
    user: str
    password: str = field(repr=False)
    folder: Path

    def __call__(self, *command: str, options: tuple[str, ...] = ()) -> Outcome:
        return finish(self.start(*command, options=options))

    def start(
        self, *command: str, options: tuple[str, ...] = ()
    ) -> subprocess.Popen[str]:
        """Start it and don't wait; see ``finish``."""
        return subprocess.Popen(
            [
                *("java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
                *("-cp", f"{self.jars}/*", _MAIN),
                *("-a", self.uri, "-u", self.user),
                *("--password:env", "JAVA_TOOL_PASSWORD"),
                *("--location", f"file://{self.folder}"),
                *options,
                *command,
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "JAVA_TOOL_PASSWORD": self.password},
        )


def finish(process: subprocess.Popen[str]) -> Outcome:
    """Wait until a process has ended."""
    output, _ = process.communicate(timeout=180)
    return Outcome(process.returncode, output)


def fetch_jars(folder: Path) -> Path:
    """Give the tool's jars: those of MIGRATIONS_LIB, or the pom's in ``folder``.

    Fails the test where Maven can't bring them.
    """
    if given := os.environ.get("MIGRATIONS_LIB"):
        return Path(given)
    if folder.exists():
        return folder
    done = subprocess.run(
        [
            *("mvn", "-q", "-B", "-f", str(_POM)),
            "dependency:copy-dependencies",
            f"-DoutputDirectory={folder}",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        shutil.rmtree(folder, ignore_errors=True)
        pytest.fail(
            "neo4j-migrations can't be had from Maven; install Maven and Java 17, or "
            f"point MIGRATIONS_LIB to its jars.\n{done.stdout}{done.stderr}",
            pytrace=False,
        )
    return folder
