"""Many processes, some of them the Java tool, want to migrate one database at once."""

from __future__ import annotations

import os
import random
import time
from typing import TYPE_CHECKING

import pytest
from neo4j_arena import go, wait
from neo4j_peer import finish

if TYPE_CHECKING:
    from neo4j_arena import Arena

pytestmark = [pytest.mark.neo4j, pytest.mark.interop]

RACES = int(os.environ.get("WEAVE_SOAK_RACES") or 2)
LEASE = 30  # seconds; nobody dies here, so nobody may be taken for dead
_RAN = "CREATE (:Ran {version: '%s'});\n"
_SCRIPTS = {
    "V001__first.cypher": _RAN % "001",
    # Fails when it runs twice.
    "V002__schema.cypher": "CREATE INDEX ran FOR (r:Ran) ON (r.version);\n",
    "V003__two.cypher": "CREATE (:Other);\n" + _RAN % "003",
    "R004__view.cypher": _RAN % "004",
    # Takes about a second.
    "V005__slow.cypher": "UNWIND range(1, 4000000) AS i WITH count(sin(i)) AS n\n"
    + _RAN % "005",
    "V006__apart.cypher": "UNWIND [1] AS i\nCALL { WITH i CREATE (:Ran {version: '006'}"
    ") } IN TRANSACTIONS;\n",
    "V007__where.cypher": ":use neo4j;\n" + _RAN % "007",
    "V008__last.cypher": _RAN % "008",
}
_VERSIONS = ["001", "002", "003", "004", "005", "006", "007", "008"]
_LOCKED_OUT = ("Cannot create __Neo4jMigrationsLock", "Could not ensure uniqueness")


@pytest.fixture(scope="module", autouse=True)
def _scripts(arena: Arena) -> None:
    for name, text in _SCRIPTS.items():
        arena.put(name, text)


@pytest.fixture(scope="module")
def java_seconds(arena: Arena) -> float:
    """How long it takes the Java tool to want the lock, here and now."""
    began = time.monotonic()
    assert arena.java("validate").exit == 1
    return time.monotonic() - began


@pytest.mark.parametrize("race", range(RACES))
def test_each_migration_runs_once(
    arena: Arena, java_seconds: float, seed: int, race: int
) -> None:
    print(f"WEAVE_SOAK_SEED={seed}")
    chance = random.Random(seed + race)
    weaves = [arena.start("db", "migrate-neo4j") for _ in range(12)]
    wait(*weaves)
    javas = [arena.java.start("migrate") for _ in range(4)]
    if race % 2:
        _wait_for_a_lock(arena)
    else:
        time.sleep(chance.uniform(0, 3 * java_seconds))
    go(*weaves)

    by_weave, by_java = [finish(p) for p in weaves], [finish(p) for p in javas]
    winner = "Java" if any("Applied" in each.output for each in by_java) else "weave"
    print(f"{winner} had the lock first")

    assert [each.output for each in by_weave if each.exit] == []
    failures = [each.output for each in by_java if each.exit]
    assert [f for f in failures if not any(why in f for why in _LOCKED_OUT)] == []
    ran = arena.graph("MATCH (r:Ran) RETURN r.version AS v ORDER BY v")
    assert [row["v"] for row in ran] == [v for v in _VERSIONS if v != "002"]
    plan = arena.plan()
    assert (plan.problems, plan.pending) == ((), ())
    assert [entry.version for entry in plan.entries if entry.applied] == _VERSIONS
    assert arena.graph("MATCH (l:__Neo4jMigrationsLock) RETURN l") == []
    assert arena.weave("db", "migrate-neo4j", "validate")["exit"] == 0
    validated = arena.java("validate")
    assert validated.exit == 0, validated.output


def _wait_for_a_lock(arena: Arena) -> None:
    """Let Java be the first; nobody else has started."""
    give_up = time.monotonic() + 60
    while not arena.graph("MATCH (l:__Neo4jMigrationsLock) RETURN l"):
        assert time.monotonic() < give_up


def test_nothing_pending_means_no_lock_and_no_write(arena: Arena) -> None:
    assert arena.weave("db", "migrate-neo4j")["exit"] == 0
    before = arena.graph.last_transaction()
    weaves = [arena.start("db", "migrate-neo4j") for _ in range(16)]
    wait(*weaves)
    go(*weaves)

    ended = [finish(process) for process in weaves]

    assert [each.output for each in ended if each.exit] == []
    assert arena.graph.last_transaction() == before
