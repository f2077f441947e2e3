"""The Java tools, fetched by Maven and started as their users start them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks._measure import say
from weave_migrate.errors import StoreUnavailable
from weave_migrate.sandbox._cache import cached
from weave_migrate.sandbox._maven import fetch

if TYPE_CHECKING:
    from collections.abc import Sequence

NEO4J_MIGRATIONS = "2.17.3"
ELASTICSEARCH_EVOLUTION = "0.6.0"
_CLI = "eu.michael-simons.neo4j:neo4j-migrations-cli"
_RUNNER = Path(__file__).parents[1] / "tests" / "interop" / "elasticsearch" / "runner"


class MissingError(Exception):
    """A Java tool can't be had; says why in a few words."""


def neo4j_migrations() -> Sequence[str]:
    """Give the command of neo4j-migrations; raises MissingError."""
    java = _java()

    def build(folder: Path) -> None:
        fetch(f"{_CLI}:{NEO4J_MIGRATIONS}", folder, java_home=java.parents[1])

    try:
        jars = cached(f"neo4j-migrations-cli-{NEO4J_MIGRATIONS}", build)
    except StoreUnavailable as error:
        raise MissingError(str(error).partition("\n")[0]) from error
    return _command(java, f"{jars}/*", "ac.simons.neo4j.migrations.cli.MigrationsCli")


def elasticsearch_evolution() -> Sequence[str]:
    """Give the command of the main class that the tests put around the library.

    Its arguments are URL, FOLDER, HISTORY_INDEX and OUT_OF_ORDER.  Raises MissingError.
    """
    java = _java()
    folder = cached(f"elasticsearch-evolution-{ELASTICSEARCH_EVOLUTION}", _compile)
    jars = (folder / "classpath.txt").read_text(encoding="utf-8").strip()
    return _command(java, f"{folder / 'classes'}{os.pathsep}{jars}", "Main")


def version() -> str:
    """Give the version of the Java that runs them; raises MissingError."""
    done = subprocess.run(
        [_java(), "-version"], capture_output=True, text=True, check=False
    )
    return done.stderr.partition("\n")[0].replace('"', "")


def _compile(folder: Path) -> None:
    say(f"Fetching elasticsearch-evolution {ELASTICSEARCH_EVOLUTION} by Maven ...")
    command = ["mvn", "-q", "-B", "-f", str(_RUNNER / "pom.xml"), "compile"]
    command += [f"-Devolution.version={ELASTICSEARCH_EVOLUTION}"]
    command += [f"-Drunner.build={folder}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        say(done.stdout)
        raise MissingError("Maven can't build it")


def _java() -> Path:
    java = shutil.which("java")
    if java is None:
        raise MissingError("there is no java on PATH")
    if shutil.which("mvn") is None:
        raise MissingError("there is no Maven (mvn) on PATH")
    return Path(java).resolve()


def _command(java: Path, classpath: str, main: str) -> Sequence[str]:
    # No flags but a limit of memory: this is how their users run them.
    return [str(java), "-Xmx512m", "-cp", classpath, main]
