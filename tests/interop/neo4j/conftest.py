"""The Java tool from Maven, the histories it left, and a clean server for both."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import neo4j
import pytest
from neo4j_graph import Graph
from neo4j_peer import Java, fetch_jars

from weave_migrate.config import Neo4jSettings
from weave_migrate.model import Secret
from weave_migrate.plan.chain_outcome import judge
from weave_migrate.stores.neo4j import Neo4jStore

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent


# What the Java tool's validate says, and the word for it.
_SAYS = {
    "All resolved migrations have been applied": "VALID",
    "Some versions have been resolved that are not applied": "INCOMPLETE_DATABASE",
    "cannot be resolved anymore": "INCOMPLETE_MIGRATIONS",
    "mismatch in either names, types or checksums": "DIFFERENT_CONTENT",
}


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
    query: Graph
    observer: _Quiet = field(default_factory=_Quiet)

    def put(self, name: str, text: str) -> None:
        (self.java.folder / name).write_text(text, encoding="utf-8")

    def remove(self, name: str) -> None:
        (self.java.folder / name).unlink()

    def store(self, **options: Any) -> Neo4jStore:
        return Neo4jStore(replace(self.settings, **options))

    def plan(self, **options: Any) -> Any:
        with closing(self.store(**options)) as store:
            return store.plan()

    def migrate(self, *, within: float = 5, **options: Any) -> list[str]:
        """Let weave apply what is pending; give the versions."""
        with (
            closing(self.store(**options)) as store,
            store.lock(within, self.observer) as lock,
        ):
            plan = store.plan()
            assert plan.problems == ()
            store.apply(plan, lock, self.observer)
        return [migration.version for migration in plan.pending]

    def edit(self, kind: str, *version: str, **options: Any) -> list[str]:
        """Let weave repair, delete or make a baseline; give its sentences."""
        with (
            closing(self.store(**options)) as store,
            store.lock(5, self.observer) as lock,
        ):
            changes = getattr(store, f"plan_{kind}")(*version)
            store.edit(changes, lock)
        return [change.summary for change in changes]

    def java_says(self, *options: str) -> str:
        """Give the Java tool's verdict on history and files."""
        output = self.java("validate", options=options).output
        return next((word for text, word in _SAYS.items() if text in output), output)

    def weave_says(self, **options: Any) -> str:
        """Give weave's verdict."""
        plan = self.plan(**options)
        late = bool(options.get("out_of_order"))
        return str(judge(plan.entries, plan.problems, out_of_order=late))


@pytest.fixture(scope="session")
def java_jars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tool's jars: those of MIGRATIONS_LIB, or the pom's version from Maven."""
    return fetch_jars(tmp_path_factory.getbasetemp() / "neo4j-migrations")


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
    (folder,) = settings.locations
    assert isinstance(folder, Path)
    java = Java(java_jars, settings.uri, settings.user, password, folder)
    with neo4j.GraphDatabase.driver(
        settings.uri, auth=(settings.user, password), warn_notification_severity="OFF"
    ) as driver:
        graph = Graph(driver)
        graph.clear()
        yield Both(java, settings, graph)
        graph.clear()
