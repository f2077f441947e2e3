"""A clean graph for each test, scripts in a folder, and a store that migrates them."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import neo4j
import pytest
from neo4j_graph import Graph

from weave_migrate.config import Neo4jSettings
from weave_migrate.model import Secret
from weave_migrate.stores.neo4j import Neo4jStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from weave_migrate.model import Applied, LockInfo, Migration, Plan


@dataclass
class Watcher:
    """An observer that remembers."""

    started: list[str] = field(default_factory=list)
    applied: list[Applied] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    progress: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    waited: list[LockInfo | None] = field(default_factory=list)
    on_start: Callable[[Migration], None] = lambda _migration: None
    on_progress: Callable[[], None] = lambda: None

    def lock_waiting(self, holder: LockInfo | None, seconds: float) -> None:
        self.waited.append(holder)

    def migration_started(self, migration: Migration) -> None:
        self.started.append(migration.version)
        self.on_start(migration)

    def migration_applied(self, applied: Applied) -> None:
        self.applied.append(applied)

    def progressed(self, message: str) -> None:
        self.progress.append(message)
        self.on_progress()

    def noted(self, message: str) -> None:
        self.notes.append(message)

    def warned(self, message: str) -> None:
        self.warnings.append(message)


@dataclass
class Project:
    """A folder of scripts and the server they are for."""

    folder: Path
    settings: Neo4jSettings
    watcher: Watcher = field(default_factory=Watcher)

    def put(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    @contextmanager
    def store(self, **options: Any) -> Iterator[Neo4jStore]:
        store = Neo4jStore(replace(self.settings, **options))
        try:
            yield store
        finally:
            store.close()

    def plan(self, **options: Any) -> Plan:
        with self.store(**options) as store:
            return store.plan()

    def migrate(self, *, within: float = 5, **options: Any) -> list[str]:
        """Plan, lock, apply; give the versions applied.  Problems fail the test.

        ``within`` is how long to wait for the lock, in seconds.
        """
        self.watcher.applied.clear()
        with (
            self.store(**options) as store,
            store.lock(within, self.watcher) as lock,
        ):
            plan = store.plan()
            assert plan.problems == ()
            store.apply(plan, lock, self.watcher)
        return [each.version for each in self.watcher.applied]


@pytest.fixture
def graph(neo4j_server: Any) -> Iterator[Graph]:
    """The server's default database, empty before and after."""
    driver = neo4j.GraphDatabase.driver(
        neo4j_server.uri,
        auth=(neo4j_server.user, neo4j_server.password),
        warn_notification_severity="OFF",
    )
    with driver:
        graph = Graph(driver)
        graph.clear()
        yield graph
        graph.clear()


@pytest.fixture
def new_project(tmp_path: Path) -> Callable[[Any], Project]:
    """Make an empty folder of scripts for a server."""

    def new_project(server: Any) -> Project:
        folder = tmp_path / "cypher"
        folder.mkdir()
        settings = Neo4jSettings(
            locations=(folder,),
            uri=server.uri,
            user=server.user,
            password=Secret(server.password),
        )
        return Project(folder, settings)

    return new_project


@pytest.fixture
def project(
    graph: Graph, neo4j_server: Any, new_project: Callable[[Any], Project]
) -> Project:
    """An empty folder of scripts for the empty graph."""
    return new_project(neo4j_server)


@pytest.fixture
def knows_cypher_5(graph: Graph) -> None:
    """Skip a test whose scripts name that version of the language."""
    (kernel,) = graph(
        "CALL dbms.components() YIELD name, versions WHERE name = 'Neo4j Kernel' "
        "RETURN versions[0] AS version"
    )
    if kernel["version"].startswith("4."):
        pytest.skip("needs Neo4j 5: 4.4 knows no CYPHER 5")
