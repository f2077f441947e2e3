"""``weave db lock``: who holds it, and how it is taken away."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import neo4j
import pytest
from fake_store import Listener
from neo4j_graph import Graph

from weave_migrate.config import Neo4jSettings
from weave_migrate.model import Secret
from weave_migrate.stores.neo4j import Neo4jStore

pytestmark = pytest.mark.neo4j

DEAD = """
CREATE (:__Neo4jMigrationsLock {id: 'dead', name: 'John Doe', owner: 'ada',
  host: 'h7', pid: 4711, lease: 30.0, revision: 7,
  since: datetime('2026-01-02T03:04:05Z'), seen: datetime() - duration('PT50S')})
"""
JAVA = "CREATE (:__Neo4jMigrationsLock {id: 'java', name: 'John Doe'})"
LOCKS = "MATCH (l:__Neo4jMigrationsLock) RETURN l.id AS id"
Lock = Callable[..., Any]
Weave = Callable[..., Any]


@pytest.fixture
def graph(neo4j_server: Any) -> Iterator[Graph]:
    auth = (neo4j_server.user, neo4j_server.password)
    with neo4j.GraphDatabase.driver(neo4j_server.uri, auth=auth) as driver:
        graph = Graph(driver)
        graph.clear()
        yield graph
        graph.clear()


@pytest.fixture
def environ(neo4j_server: Any, cypher: Any) -> dict[str, str]:
    cypher("V1__a.cypher", "CREATE (:A);\n")
    return {
        "NEO4J_URI": neo4j_server.uri,
        "NEO4J_USER": neo4j_server.user,
        "NEO4J_PASSWORD": neo4j_server.password,
    }


@pytest.fixture
def lock(weave: Any, environ: dict[str, str]) -> Lock:
    return lambda *words: weave("db", "lock", *words, environ=environ)


@pytest.fixture
def store(environ: dict[str, str]) -> Iterator[Neo4jStore]:
    """Give another run on the same database."""
    store = Neo4jStore(
        Neo4jSettings(
            locations=(),
            uri=environ["NEO4J_URI"],
            user=environ["NEO4J_USER"],
            password=Secret(environ["NEO4J_PASSWORD"]),
        )
    )
    yield store
    store.close()


def test_a_living_holder_is_shown_and_keeps_its_lock(
    lock: Lock, store: Neo4jStore, graph: Graph
) -> None:
    with store.lock(5, Listener()) as held:
        status = lock("status")
        refused = lock("release", "neo4j", "--yes")
        held.check()

    assert status.status == 0
    assert f"process {os.getpid()}" in status.out
    assert "last sign of life" in status.out
    assert refused.status == 6
    assert "that run is alive" in refused.err
    assert "weave db lock release neo4j --force" in refused.err
    assert graph(LOCKS) == []


def test_force_takes_it_from_a_living_holder(
    lock: Lock, store: Neo4jStore, graph: Graph
) -> None:
    with store.lock(5, Listener()):
        released = lock("release", "neo4j", "--yes", "--force")
        assert graph(LOCKS) == []

    assert released.status == 0
    assert released.out.startswith("neo4j: released, held by ")


def test_a_free_lock_is_free_and_nothing_is_asked(lock: Lock, graph: Graph) -> None:
    assert graph(LOCKS) == []
    status, released = lock("status", "neo4j"), lock("release", "neo4j")
    assert (status.status, status.out) == (0, "neo4j: free\n")
    assert (released.status, released.out) == (0, "neo4j: free\n")


def test_without_a_terminal_nothing_is_released_unasked(
    lock: Lock, graph: Graph
) -> None:
    graph(DEAD)
    status, refused = lock("status"), lock("release", "neo4j")
    assert "ada, on h7, process 4711, since 2026-01-02 03:04:05" in status.out
    assert "the next run takes it over" in status.out
    assert refused.status == 6
    assert "ada, on h7" in refused.err
    assert "--yes" in refused.err
    assert graph(LOCKS) == [{"id": "dead"}]


def test_a_lock_of_the_java_tool_is_called_so_and_released(
    lock: Lock, graph: Graph
) -> None:
    graph(JAVA)
    assert "held by neo4j-migrations" in lock("status").out
    released = lock("release", "neo4j", "--yes", "--json")
    assert released.json["command"] == "lock release"
    assert released.json["stores"][0]["state"] == "changed"
    assert released.json["released"]["owner"] == "neo4j-migrations"
    assert graph(LOCKS) == []


@pytest.mark.parametrize(
    "words",
    [
        ["baseline", "neo4j", "1"],
        ["migrate-neo4j", "baseline", "1"],
        ["repair", "neo4j"],
        ["migrate-neo4j", "repair"],
        ["migrate-neo4j", "delete", "7"],
        ["clean", "neo4j"],
        ["migrate-neo4j", "clean"],
    ],
)
def test_whatever_takes_the_lock_is_told_how_long_to_wait_for_it(
    weave: Weave, environ: dict[str, str], graph: Graph, words: list[str]
) -> None:
    graph(JAVA)
    if "baseline" not in words:  # there must be something to do
        graph(
            "CREATE (:__Neo4jMigration {version: 'BASELINE'})-[:MIGRATED_TO {at: "
            "datetime(), in: duration('PT1S')}]->(:__Neo4jMigration {version: '7', "
            "source: 'V7__x.cypher', type: 'CYPHER', checksum: '1'})"
        )
    patience = ("--lock-timeout", "0")
    allowed = {**environ, "WEAVE_ALLOW_CLEAN": "true"}
    shown = weave("db", *words, "--yes", *patience, environ=allowed)
    assert shown.status == 4
    assert "was not free within 0 s" in shown.err


def test_json_gives_the_lock_and_its_life(lock: Lock, graph: Graph) -> None:
    graph(DEAD)
    report = lock("status", "--json").json
    shown = report["stores"][0]
    assert (report["command"], report["exit"]) == ("lock status", 0)
    assert shown["state"] == "locked"
    assert shown["lock"]["silent"] >= 50
    assert {**shown["lock"], "silent": 0} == {
        "owner": "ada",
        "host": "h7",
        "pid": 4711,
        "since": "2026-01-02T03:04:05+00:00",
        "lease": 30.0,
        "silent": 0,
    }


def test_a_holder_forges_no_line_of_the_output(
    lock: Lock, weave: Any, environ: dict[str, str], graph: Graph
) -> None:
    graph(DEAD)
    forged = "SET l.seen = datetime(), l.owner = 'x\\nerror[FAKE]: y', l.host = 'h\\nz'"
    graph(f"MATCH (l:__Neo4jMigrationsLock) {forged}")
    waiting = weave("db", "migrate", "neo4j", "--lock-timeout", "0", environ=environ)
    assert waiting.status == 4
    for shown in (lock("status").out, waiting.err):
        assert "x␊error[FAKE]: y" in shown
        assert "\nerror[FAKE]" not in shown
        assert "\nz" not in shown


@pytest.mark.parametrize(("typed", "status"), [("neo4j", 0), ("n", 6)])
def test_a_person_types_the_databases_name(
    graph: Graph, environ: dict[str, str], project: Path, typed: str, status: int
) -> None:
    graph(DEAD)
    ours, theirs = pty.openpty()
    os.write(ours, f"{typed}\n".encode())
    done = subprocess.run(
        [Path(sys.executable).with_name("weave"), "db", "lock", "release", "neo4j"],
        cwd=project,
        env={"PATH": os.environ["PATH"], **environ},
        stdin=theirs,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    os.close(ours)
    os.close(theirs)

    assert done.returncode == status
    assert "neo4j: locked, held by ada" in done.stderr
    assert "Type neo4j to release its lock" in done.stderr
    assert graph(LOCKS) == ([] if status == 0 else [{"id": "dead"}])
