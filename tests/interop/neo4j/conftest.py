"""The Java tool from Maven, the histories it left, and a clean server for both."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import neo4j
import pytest

from weave_migrate.config import Neo4jSettings
from weave_migrate.model import Secret
from weave_migrate.stores.neo4j import Neo4jStore

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
_MAIN = "ac.simons.neo4j.migrations.cli.MigrationsCli"


@dataclass(frozen=True)
class Outcome:
    """What one run of the Java tool printed, and how it ended."""

    exit: int
    output: str


@dataclass(frozen=True)
class Java:
    """The command line tool neo4j-migrations, on one server and one folder."""

    jars: Path
    uri: str
    user: str
    password: str = field(repr=False)
    folder: Path

    def __call__(self, *command: str, options: tuple[str, ...] = ()) -> Outcome:
        done = subprocess.run(
            [
                *("java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
                *("-cp", f"{self.jars}/*", _MAIN),
                *("-a", self.uri, "-u", self.user),
                *("--password:env", "JAVA_TOOL_PASSWORD"),
                *("--location", f"file://{self.folder}"),
                *options,
                *command,
            ],
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
            env={**os.environ, "JAVA_TOOL_PASSWORD": self.password},
        )
        return Outcome(done.returncode, done.stdout + done.stderr)


class _Quiet:
    def lock_waiting(self, holder: object, seconds: float) -> None:
        pass

    def migration_started(self, migration: object) -> None:
        pass

    def migration_applied(self, applied: object) -> None:
        pass

    def progressed(self, message: str) -> None:
        pass

    def noted(self, message: str) -> None:
        pass

    def warned(self, message: str) -> None:
        pass


@dataclass
class Both:
    """One server and one folder, for weave and the Java tool to take turns on."""

    java: Java
    settings: Neo4jSettings
    driver: neo4j.Driver
    observer: _Quiet = field(default_factory=_Quiet)

    def put(self, name: str, text: str) -> None:
        (self.java.folder / name).write_text(text, encoding="utf-8")

    def store(self, **options: Any) -> Neo4jStore:
        return Neo4jStore(replace(self.settings, **options))

    def plan(self, **options: Any) -> Any:
        store = self.store(**options)
        try:
            return store.plan()
        finally:
            store.close()

    def migrate(self, *, within: float = 5, **options: Any) -> list[str]:
        """Let weave apply what is pending; give the versions."""
        store = self.store(**options)
        try:
            with store.lock(within, self.observer) as lock:
                plan = store.plan()
                assert plan.problems == ()
                store.apply(plan, lock, self.observer)
        finally:
            store.close()
        return [migration.version for migration in plan.pending]

    def query(self, text: str, **parameters: Any) -> list[dict[str, Any]]:
        result = self.driver.execute_query(text, parameters)
        return [record.data() for record in result.records]

    def clear(self) -> None:
        self.query("MATCH (n) DETACH DELETE n")
        for row in self.query("SHOW CONSTRAINTS YIELD name"):
            self.query(f"DROP CONSTRAINT `{row['name']}`")
        for row in self.query("SHOW INDEXES YIELD name, type WHERE type <> 'LOOKUP'"):
            self.query(f"DROP INDEX `{row['name']}`")


@pytest.fixture(scope="session")
def java_jars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tool's jars: those of MIGRATIONS_LIB, or the pom's version from Maven."""
    if given := os.environ.get("MIGRATIONS_LIB"):
        return Path(given)
    jars = tmp_path_factory.mktemp("neo4j-migrations")
    done = subprocess.run(
        [
            *("mvn", "-q", "-B", "-f", str(HERE / "pom.xml")),
            "dependency:copy-dependencies",
            f"-DoutputDirectory={jars}",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.fail(
            "neo4j-migrations can't be had from Maven; install Maven and Java 17, or "
            f"point MIGRATIONS_LIB to its jars.\n{done.stdout}{done.stderr}",
            pytrace=False,
        )
    return jars


@pytest.fixture(scope="session")
def histories() -> list[dict[str, Any]]:
    """What several releases of the tool recorded; file texts are put in place."""
    data = json.loads((HERE / "histories.json").read_text(encoding="utf-8"))
    runs: list[dict[str, Any]] = data["runs"]
    for run in runs:
        for step in run["steps"]:
            files = step["files"]
            step["files"] = {name: data["texts"][at] for name, at in files.items()}
    return runs


@pytest.fixture
def settings(neo4j_server: Any, tmp_path: Path) -> Neo4jSettings:
    """Settings for an empty folder."""
    folder = tmp_path / "cypher"
    folder.mkdir()
    return Neo4jSettings(
        locations=(folder,),
        uri=neo4j_server.uri,
        user=neo4j_server.user,
        password=Secret(neo4j_server.password),
    )


@pytest.fixture
def both(settings: Neo4jSettings, java_jars: Path) -> Iterator[Both]:
    """Both tools on an empty graph and an empty folder."""
    password = settings.password.reveal() if settings.password else ""
    java = Java(java_jars, settings.uri, settings.user, password, settings.locations[0])
    with neo4j.GraphDatabase.driver(
        settings.uri, auth=(settings.user, password), warn_notification_severity="OFF"
    ) as driver:
        both = Both(java, settings, driver)
        both.clear()
        yield both
        both.clear()
