"""Read a chain and append to it in a process of its own; print what that took.

``chain_neo4j.py fill COUNT`` records that many migrations anew; ``others COUNT`` makes
nodes that have nothing to do with them, joined by relationships of the chain's own
type; ``measure RUNS`` prints JSON: median ``seconds``, ``hits`` (what the server had to
look at) and ``plan`` (from the last operator to the first) of ``read`` and ``append``.
"""

from __future__ import annotations

import json
import os
import sys
import time
from statistics import median
from typing import TYPE_CHECKING, Any

from neo4j import GraphDatabase

from weave_migrate.config import Neo4jSettings
from weave_migrate.model import Secret
from weave_migrate.stores.neo4j import _history
from weave_migrate.stores.neo4j._lock_node import FENCE
from weave_migrate.stores.neo4j._names import resolve
from weave_migrate.stores.neo4j._session import Connection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from neo4j import Driver, Result, Session

_FILL = """
CREATE (b:__Neo4jMigration {version: 'BASELINE'})
WITH b UNWIND range(1, $count) AS i
CREATE (m:__Neo4jMigration {version: toString(i), description: 'Create node ' + i,
  type: 'CYPHER', repeatable: false, source: 'V' + i + '__Create_node.cypher',
  checksum: toString(i * 7919)})
WITH b, collect(m) AS made
UNWIND range(0, size(made) - 1) AS i
WITH CASE i WHEN 0 THEN b ELSE made[i - 1] END AS before, made[i] AS after
CREATE (before)-[:MIGRATED_TO {at: datetime(), in: duration({milliseconds: 5}),
  by: 'bench', connectedAs: 'neo4j'}]->(after)
"""
_OTHERS = """
UNWIND range(1, $count / 2) AS i
CALL { WITH i CREATE (a:BenchOther {n: i})-[:MIGRATED_TO]->(b:BenchOther {n: -i})
  CREATE (b)-[:BELONGS_TO]->(a) } IN TRANSACTIONS OF 20000 ROWS
"""
_CLEAR = "MATCH (n) WHERE n:__Neo4jMigration OR n:__Neo4jMigrationsLock DETACH DELETE n"
_LOCK = """
CREATE CONSTRAINT __Neo4jMigrationsLock__has_unique_name IF NOT EXISTS
FOR (l:__Neo4jMigrationsLock) REQUIRE l.name IS UNIQUE
"""


def _measure(driver: Driver, session: Session, runs: int) -> dict[str, Any]:
    settings = Neo4jSettings(
        locations=(),
        uri=os.environ["NEO4J_URI"],
        user=os.environ["NEO4J_USER"],
        password=Secret(os.environ["NEO4J_PASSWORD"]),
    )
    connection = Connection(settings)
    names = resolve(settings, lambda: "neo4j")
    try:
        chain = _history.load_chain(connection, names)
        last = chain.ids[chain.applied[-1].version]
        reading = [
            _seconds(lambda: _history.load_chain(connection, names))
            for _ in range(runs)
        ]
    finally:
        connection.close()
    return {
        "read": {"seconds": median(reading), **_profile_of_reading(session)},
        "append": _appending(driver, last, runs),
    }


def _appending(driver: Driver, last: str, runs: int) -> dict[str, Any]:
    query = FENCE + _history._APPEND
    parameters = {
        "lockId": "bench",
        "lockName": "bench",
        "previous": last,
        "properties": {"version": "next"},
        "took": 1,
        "by": "bench",
        "user": "neo4j",
    }
    seconds, profile = [], {}
    with driver.session() as session:
        for run in range(runs + 1):
            with session.begin_transaction() as tx:
                seconds.append(_seconds(lambda: tx.run(query, parameters).consume()))
                tx.rollback()
            if run == 0:  # compiled with this one
                seconds.clear()
        with session.begin_transaction() as tx:
            profile = _profile(tx.run(f"PROFILE {query}", parameters))
            tx.rollback()
    return {"seconds": median(seconds), **profile}


def _profile_of_reading(session: Session) -> dict[str, Any]:
    return _profile(session.run(f"PROFILE {_history._READ}", target=None))


def _profile(result: Result) -> dict[str, Any]:
    for _ in result:  # what is not fetched is not profiled
        pass
    steps = list(_steps(result.consume().profile))
    return {
        "hits": sum(step.get("dbHits", 0) for step in steps),
        "plan": [step["operatorType"].partition("@")[0] for step in steps],
    }


def _steps(profile: Any) -> Iterator[dict[str, Any]]:
    yield profile
    for child in profile.get("children", ()):
        yield from _steps(child)


def _seconds(work: Any) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> None:
    """Do what the first word says."""
    action, number = sys.argv[1], int(sys.argv[2])
    auth = (os.environ["NEO4J_USER"], os.environ["NEO4J_PASSWORD"])
    with (
        GraphDatabase.driver(os.environ["NEO4J_URI"], auth=auth) as driver,
        driver.session(notifications_min_severity="OFF") as session,
    ):
        match action:
            case "fill":
                session.run(_CLEAR).consume()
                session.run(_LOCK).consume()
                session.run(_FILL, count=number).consume()
                session.run(
                    "CREATE (:__Neo4jMigrationsLock {id: 'bench', name: 'bench', "
                    "revision: 0})"
                ).consume()
            case "others":
                session.run(_OTHERS, count=number).consume()
            case _:
                print(json.dumps(_measure(driver, session, number)))


main()
