"""How the server finds what our queries ask for: never by looking at the whole graph.

The planner chooses by the text of a query, so a small graph shows it; the benchmarks
(``chain``) measure it on one of a million nodes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import neo4j
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.neo4j

_BY_LABEL = "NodeByLabelScan"
# Where a plan may begin, besides at what is already there.
_BY_KEY = {"NodeByElementIdSeek", "NodeByIdSeek", "NodeUniqueIndexSeek"}
_OUR_LABELS = ("__Neo4jMigration", "__Neo4jMigrationsLock", "__WeaveJournal")
_NO_PLAN = ("SHOW", "CALL", "CREATE CONSTRAINT", "CREATE INDEX", "DROP", "TERMINATE")

Asked = dict[str, dict[str, Any]]


@pytest.fixture
def listen(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Asked]:
    """Note each query with its parameters, from the call on."""
    asked: Asked = {}

    def note(run: Callable[..., Any]) -> Callable[..., Any]:
        def noting(self: Any, query: Any, parameters: Any = None, **more: Any) -> Any:
            asked[getattr(query, "text", query)] = {**(parameters or {}), **more}
            return run(self, query, parameters, **more)

        return noting

    def listen() -> Asked:
        for kind in (neo4j.Session, neo4j.ManagedTransaction):
            monkeypatch.setattr(kind, "run", note(kind.run))
        return asked

    return listen


@pytest.fixture
def asked(project: Any, graph: Any, listen: Callable[[], Asked]) -> Asked:
    """Whatever weave asks the server in the life of a history, but for its scripts."""
    project.put("V1__a.cypher", "CREATE (:A);\n")
    project.put("V3__c.cypher", "CREATE (:C);\n")
    project.put("R4__d.cypher", "MERGE (:D);\n")
    project.migrate()
    graph("MATCH (n) WHERE NOT n:__Neo4jMigration DELETE n")  # begin with the chain
    graph("MATCH (n:__Neo4jMigration) DETACH DELETE n")
    asked = listen()

    project.migrate()
    project.put("V2__b.cypher", "CREATE (:B);\n")
    project.put("R4__d.cypher", "MERGE (:E);\n")
    project.put("V5__e.cypher", "CREATE INDEX e FOR (e:E) ON (e.e);\nMERGE (:F);\n")
    project.migrate(out_of_order=True, transaction_mode="per_statement")
    with project.store() as store, store.lock(5, project.watcher) as lock:
        store.lock_info()
        lock.check()
        (project.folder / "V5__e.cypher").write_text("CREATE (:G);\n")
        store.edit(store.plan_repair(), lock)
        store.edit(store.plan_delete("5"), lock)
        store.edit(store.plan_clean(everything=False), lock)
        store.edit(store.plan_baseline("2"), lock)
        store.edit(store.plan_clean(everything=True), lock)
    project.migrate()  # the constraints are there again when the plans are looked at
    return {
        query: parameters
        for query, parameters in asked.items()
        if "__" in query and not query.lstrip().startswith(_NO_PLAN)
    }


def _leaves(plan: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Give operator and details of what a plan begins with."""
    children = plan.get("children", ())
    if not children:
        operator = plan["operatorType"].partition("@")[0].partition("(")[0]
        yield operator, str(plan["args"].get("Details", ""))
    for child in children:
        yield from _leaves(child)


def _begins(graph: Any, query: str, parameters: dict[str, Any]) -> list[str]:
    """Say with what a plan begins, but for what there is already."""
    result = graph.driver.execute_query(f"EXPLAIN {query}", parameters)
    plan = result.summary.plan
    assert plan is not None
    begins = []
    for operator, details in _leaves(plan):
        if operator == _BY_LABEL:
            label = details.partition(":")[2]
            assert label in _OUR_LABELS, query
            begins.append(f"{operator} {label}")
        elif operator != "Argument":
            begins.append(operator)
    return begins


def test_no_query_begins_with_the_whole_graph(asked: Asked, graph: Any) -> None:
    begins = {query: _begins(graph, query, asked[query]) for query in asked}

    assert len(begins) > 10
    scans = {(q, each) for q, all_ in begins.items() for each in all_ if "Scan" in each}
    assert {each for _, each in scans} <= {f"{_BY_LABEL} {one}" for one in _OUR_LABELS}


def test_what_is_written_for_each_migration_scans_no_chain(
    asked: Asked, graph: Any
) -> None:
    records = [q for q in asked if "CREATE (p)-[:M" in q or "CREATE (n)-[again" in q]
    assert len(records) >= 3  # appended, inserted, repeated

    for query in records:
        begins = _begins(graph, query, asked[query])
        assert set(begins) - {f"{_BY_LABEL} __WeaveJournal"} <= _BY_KEY, query


def test_every_query_is_cypher_25_too(asked: Asked, graph: Any) -> None:
    versions = graph(
        "CALL dbms.components() YIELD name, versions WITH * WHERE name = 'Cypher' "
        "RETURN versions"
    )
    if not versions or "25" not in versions[0]["versions"]:
        pytest.skip("needs a server that knows Cypher 25: Neo4j 2025.06 or newer")

    for query, parameters in asked.items():
        graph(f"CYPHER 25 EXPLAIN {query}", **parameters)
