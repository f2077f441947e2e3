"""Histories that releases 1.16 to 4.1 of neo4j-migrations really left behind."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import neo4j
import pytest

from weave_migrate.model import Migration
from weave_migrate.plan.chain import ChainPolicy, decide
from weave_migrate.plan.chain_graph import Link, Node, read_chain
from weave_migrate.plan.chain_outcome import judge
from weave_migrate.scripts.catalog import parse_catalog
from weave_migrate.scripts.cypher import parse_cypher
from weave_migrate.scripts.cypher_names import compare_versions, parse_migration_name
from weave_migrate.stores.neo4j import Neo4jStore

if TYPE_CHECKING:
    from weave_migrate.config import Neo4jSettings
    from weave_migrate.model import Plan

RELEASES = ["4.1.2", "3.3.1", "2.20.1", "2.17.3", "1.16.0"]
_SECONDS = re.compile(r"PT(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?")


def _milliseconds(value: dict[str, str]) -> int:
    match = _SECONDS.fullmatch(value["value"])
    assert match is not None, value
    return round((int(match[1] or 0) * 60 + float(match[2] or 0)) * 1000)


def _links(step: dict[str, Any]) -> list[Link]:
    return [
        Link(
            each["type"],
            str(each["start"]),
            str(each["end"]),
            {
                **each["properties"],
                "at": datetime.fromisoformat(
                    # Nine digits of a second are more than Python 3.11 reads.
                    re.sub(r"(\.\d{6})\d+", r"\1", each["properties"]["at"]["value"])
                ),
                "in": _milliseconds(each["properties"]["in"]),
            },
        )
        for each in step["relationships"]
    ]


def _nodes(step: dict[str, Any]) -> list[Node]:
    return [
        Node(str(each["id"]), each["properties"])
        for each in step["nodes"]
        if each["labels"] == ["__Neo4jMigration"]
    ]


def _migrations(step: dict[str, Any]) -> list[Migration]:
    found = []
    for file, text in step["files"].items():
        for kind, extension in (("CYPHER", "cypher"), ("CATALOG", "xml")):
            name = parse_migration_name(file, extension=extension)
            if name is None:
                continue
            parse = parse_cypher if kind == "CYPHER" else parse_catalog
            script = parse(text.encode(), file=file)
            found.append(
                Migration(
                    version=name.version,
                    description=name.description,
                    type=kind,
                    source=name.source,
                    checksum=script.checksum,
                    repeatable=name.repeatable,
                    script=script,
                )
            )
    return found


def _verdict(plan: Plan) -> str:
    """Say what `validate` of neo4j-migrations calls it."""
    return str(judge(plan.entries, plan.problems, out_of_order=False))


def _steps(histories: list[dict[str, Any]], release: str) -> list[dict[str, Any]]:
    return [
        step for run in histories if run["tool"] == release for step in run["steps"]
    ]


@pytest.mark.parametrize("release", RELEASES)
def test_every_recorded_chain_is_read_whole(
    histories: list[dict[str, Any]], release: str
) -> None:
    for step in _steps(histories, release):
        nodes = _nodes(step)
        chain = read_chain(nodes, _links(step))

        assert chain.problems == ()
        assert chain.warnings == ()
        assert len(chain.applied) == max(len(nodes) - 1, 0)


@pytest.mark.parametrize("release", RELEASES)
def test_the_verdict_is_that_of_validate(
    histories: list[dict[str, Any]], release: str
) -> None:
    judged = []
    for step in _steps(histories, release):
        chain = read_chain(_nodes(step), _links(step))
        local = _migrations(step)
        policy = ChainPolicy(
            order="semantic" if release[0] in "34" else "lexicographic"
        )
        plan = decide(local, chain.applied, policy, compare=compare_versions)
        verdict = _verdict(plan)
        if release == "1.16.0":  # did not count what is missing locally
            verdict = verdict.replace("INCOMPLETE_MIGRATIONS", "DIFFERENT_CONTENT")
        judged.append((step["step"], verdict, step["validate"]))

    assert len(judged) >= 8
    assert [each[:2] for each in judged] == [(each[0], each[2]) for each in judged]


_RESTORE = """
UNWIND $nodes AS row
CREATE (n:__Neo4jMigration) SET n = row.properties
WITH collect([row.id, n]) AS made
UNWIND $links AS row
WITH row, [pair IN made WHERE pair[0] = row.start | pair[1]][0] AS a,
     [pair IN made WHERE pair[0] = row.end | pair[1]][0] AS b
WITH row, a, b, {
  at: datetime(row.at), in: duration(row.took), by: row.by,
  connectedAs: row.user} AS run
FOREACH (_ IN CASE row.type WHEN 'REPEATED' THEN [1] ELSE [] END |
  CREATE (a)-[r:REPEATED]->(b) SET r = run, r.checksum = row.checksum)
FOREACH (_ IN CASE row.type WHEN 'REPEATED' THEN [] ELSE [1] END |
  CREATE (a)-[r:MIGRATED_TO]->(b) SET r = run)
"""


def _restore(driver: neo4j.Driver, step: dict[str, Any]) -> None:
    driver.execute_query("MATCH (n) DETACH DELETE n")
    driver.execute_query(
        _RESTORE,
        nodes=[n for n in step["nodes"] if n["labels"] == ["__Neo4jMigration"]],
        links=[
            {
                "type": each["type"],
                "start": each["start"],
                "end": each["end"],
                "at": each["properties"]["at"]["value"].replace("+00:00", "[UTC]"),
                "took": each["properties"]["in"]["value"],
                "by": each["properties"]["by"],
                "user": each["properties"]["connectedAs"],
                "checksum": each["properties"].get("checksum"),
            }
            for each in step["relationships"]
        ],
    )


@pytest.mark.neo4j
def test_recorded_graphs_are_read_from_a_server(
    histories: list[dict[str, Any]], settings: Neo4jSettings
) -> None:
    run = next(run for run in histories if run["tool"] == "4.1.2")
    password = settings.password.reveal() if settings.password else ""
    (folder,) = settings.locations
    assert isinstance(folder, Path)
    store = Neo4jStore(settings)
    with neo4j.GraphDatabase.driver(
        settings.uri, auth=(settings.user, password), warn_notification_severity="OFF"
    ) as driver:
        for step in run["steps"]:
            _restore(driver, step)
            for old in folder.iterdir():
                old.unlink()
            for name, text in step["files"].items():
                (folder / name).write_text(text, encoding="utf-8")

            plan = store.plan()

            assert _verdict(plan) == step["validate"], step["step"]
        driver.execute_query("MATCH (n) DETACH DELETE n")
    store.close()
