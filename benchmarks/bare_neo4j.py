"""The floor for Neo4j, a process of its own: the driver, and only what must be asked.

``check FOLDER`` reads the history and compares it with the names of the files.
``apply FOLDER`` runs every script and records it, one transaction each.
``count`` prints how many scripts had their effect; ``wipe`` makes the store fresh.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32

from neo4j import GraphDatabase

if TYPE_CHECKING:
    from neo4j import ManagedTransaction, Session

_HISTORY = """
MATCH (n:__Neo4jMigration)
OPTIONAL MATCH (n)-[r:MIGRATED_TO]->(:__Neo4jMigration)
RETURN n, r
"""
_UNIQUE = """
CREATE CONSTRAINT unique_version___Neo4jMigration IF NOT EXISTS
FOR (m:__Neo4jMigration) REQUIRE (m.version, m.migrationTarget) IS UNIQUE
"""
_BASELINE = "CREATE (p:__Neo4jMigration {version: 'BASELINE'}) RETURN elementId(p)"
_RECORD = """
MATCH (p:__Neo4jMigration) WHERE elementId(p) = $previous
CREATE (p)-[:MIGRATED_TO {at: datetime({timezone: 'UTC'}),
  in: duration({milliseconds: 1}), by: 'bench', connectedAs: 'neo4j'}]->
  (c:__Neo4jMigration)
SET c = $properties
RETURN elementId(c)
"""
_WIPE = """
MATCH (n) WHERE n:Bench OR n:BenchOther OR n:__Neo4jMigration
  OR n:__Neo4jMigrationsLock
CALL { WITH n DETACH DELETE n } IN TRANSACTIONS OF 5000 ROWS
"""
_SCHEMA = """
WHERE any(l IN coalesce(labelsOrTypes, [])
          WHERE l STARTS WITH '__Neo4jMigration' OR l = 'REPEATED')
RETURN name
"""


def _check(session: Session, folder: Path) -> None:
    recorded = {node["source"] for node, _ in session.run(_HISTORY)}
    pending = [path for path in _scripts(folder) if path.name not in recorded]
    if pending:
        sys.exit(f"{len(pending)} are pending")


def _apply(session: Session, folder: Path) -> None:
    session.run(_HISTORY).consume()
    session.run(_UNIQUE).consume()
    previous = session.run(_BASELINE).single(strict=True)[0]
    for path in _scripts(folder):
        previous = session.execute_write(_one, path, previous)


def _one(tx: ManagedTransaction, path: Path, previous: str) -> str:
    text = path.read_text(encoding="utf-8").removesuffix(";\n")
    for statement in text.split(";\n"):
        tx.run(statement).consume()
    version, _, description = path.stem.removeprefix("V").partition("__")
    properties = {
        "version": version,
        "description": description.replace("_", " "),
        "type": "CYPHER",
        "repeatable": False,
        "source": path.name,
        "checksum": str(crc32(text.encode())),
    }
    record = tx.run(_RECORD, previous=previous, properties=properties)
    return str(record.single(strict=True)[0])


def _count(session: Session) -> None:
    print(session.run("MATCH (n:Bench) RETURN count(n)").single(strict=True)[0])


def _wipe(session: Session) -> None:
    session.run(_WIPE).consume()
    for kind, plural in (("CONSTRAINT", "CONSTRAINTS"), ("INDEX", "INDEXES")):
        found = session.run(f"SHOW {plural} YIELD name, labelsOrTypes {_SCHEMA}")
        for name in found.value():
            session.run(f"DROP {kind} `{name}`").consume()


def _scripts(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def main() -> None:
    """Do what the first word says."""
    action, *rest = sys.argv[1:]
    auth = (os.environ["NEO4J_USER"], os.environ["NEO4J_PASSWORD"])
    with (
        GraphDatabase.driver(os.environ["NEO4J_URI"], auth=auth) as driver,
        driver.session(notifications_min_severity="OFF") as session,
    ):
        match action:
            case "check":
                _check(session, Path(rest[0]))
            case "apply":
                _apply(session, Path(rest[0]))
            case "count":
                _count(session)
            case _:
                _wipe(session)


main()
