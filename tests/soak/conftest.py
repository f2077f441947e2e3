"""An arena for campaigns of real processes.

CI runs a slice; WEAVE_SOAK_RACES and WEAVE_SOAK_KILLS say how many there are to be, and
WEAVE_SOAK_SEED repeats the random numbers of a run (`tox -e soak` for the full ones).
"""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING, Any

import neo4j
import pytest
from neo4j_arena import Arena
from neo4j_graph import Graph
from neo4j_peer import Java, fetch_jars

from weave_migrate.config import Neo4jSettings
from weave_migrate.model import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def seed() -> int:
    return int(os.environ.get("WEAVE_SOAK_SEED") or random.randrange(10**6))


@pytest.fixture(scope="session")
def java_jars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fetch_jars(tmp_path_factory.getbasetemp() / "neo4j-migrations")


@pytest.fixture(scope="module")
def arena(
    neo4j_server: Any,
    java_jars: Path,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[Arena]:
    """A project without scripts, for one module; its LEASE is that of the lock."""
    project = tmp_path_factory.mktemp("arena")
    folder = project / ".weave" / "migrations" / "neo4j" / "cypher"
    folder.mkdir(parents=True)
    toml = f"lock_lease = {request.module.LEASE}\n"
    (project / ".weave" / "weave.toml").write_text(toml)
    uri, user, password = neo4j_server.uri, neo4j_server.user, neo4j_server.password
    with neo4j.GraphDatabase.driver(
        uri, auth=(user, password), warn_notification_severity="OFF"
    ) as driver:
        graph = Graph(driver)
        yield Arena(
            project,
            graph,
            Java(java_jars, uri, user, password, folder),
            Neo4jSettings(
                locations=(folder,), uri=uri, user=user, password=Secret(password)
            ),
        )
        graph.clear()


@pytest.fixture(autouse=True)
def _empty(arena: Arena) -> None:
    """Let each test begin with nothing, whatever the one before left."""
    arena.graph.clear()
