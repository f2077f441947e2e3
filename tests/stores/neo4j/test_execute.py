"""How statements are run: indexes online, versions of Cypher, pauses, round trips."""

from __future__ import annotations

import traceback
from itertools import pairwise
from typing import Any, Literal

import pytest
from faulty_driver import Faults

from weave_migrate.errors import MigrationFailed

pytestmark = pytest.mark.neo4j

_BIG = "CREATE (:B {b: reduce(s = '', i IN range(1, 2000) | s + 'abcdefghij')})"
_STATES = "SHOW INDEXES YIELD name, state WHERE name = $name RETURN state"


def _failure(project: Any, **options: Any) -> MigrationFailed:
    with pytest.raises(MigrationFailed) as caught:
        project.migrate(**options)
    return caught.value


def test_a_migration_may_rely_on_the_indexes_before_it(
    project: Any, graph: Any
) -> None:
    graph("UNWIND range(1, 5000) AS i CREATE (:A {a: 'text ' + toString(i)})")
    project.put("V1__i.cypher", "CREATE FULLTEXT INDEX ft FOR (a:A) ON EACH [a.a];\n")
    project.put(
        "V2__use.cypher",
        "CALL db.index.fulltext.queryNodes('ft', 'text') YIELD node\n"
        "WITH count(node) AS found CREATE (:Found {n: found});\n",
    )
    states: list[Any] = []
    project.watcher.on_start = lambda _: states.append(graph(_STATES, name="ft"))

    project.migrate()

    assert states == [[], [{"state": "ONLINE"}]]
    assert graph("MATCH (f:Found) RETURN f.n AS n") == [{"n": 5000}]
    assert project.watcher.progress[0].startswith("waiting for index ft: ")


def test_an_index_that_can_not_be_filled_fails_its_migration(
    project: Any, graph: Any
) -> None:
    graph(_BIG)
    path = project.put(
        "V1__i.cypher", "CREATE (:A);\n:use neo4j;\nCREATE INDEX b FOR (n:B) ON (n.b);"
    )

    failure = _failure(project)

    assert failure.message.startswith(
        f"{path}, line 3: the index b could not be filled. Statements 1 to 2 are "
        "committed."
    )
    assert (failure.part, failure.line) == (2, 3)
    assert "Property value is too large to index" in str(failure.server_answer)
    assert "\tat " not in str(failure.server_answer)
    assert "DROP INDEX `b`" in str(failure.hint)
    # It is not recorded as long as it is so.
    assert "the index b could not be filled" in _failure(project).message

    graph("MATCH (b:B) DELETE b")
    graph("DROP INDEX b")
    graph("CREATE INDEX b FOR (n:B) ON (n.b)")
    assert project.migrate(on_interrupted="resume") == ["1"]
    assert len(graph("MATCH (a:A) RETURN a")) == 1


def test_indexes_of_others_are_nobodys_business(project: Any, graph: Any) -> None:
    graph(_BIG)
    graph("CREATE INDEX others FOR (n:B) ON (n.b)")
    while graph(_STATES, name="others") != [{"state": "FAILED"}]:
        pass
    # Its words are parts of this one's.
    project.put("V1__i.cypher", "CREATE INDEX a FOR (n:Bob) ON (n.bob);\n")

    assert project.migrate() == ["1"]


def test_a_traceback_shows_no_values_of_placeholders(project: Any) -> None:
    project.put("V1__a.cypher", "RETURN date('${nm:secret}');\n")

    failure = _failure(project, placeholders={"secret": "canary-value"})

    shown = "".join(traceback.format_exception(failure))
    assert "V1__a.cypher" in shown
    assert "canary-value" not in shown


def _sent(project: Any, **options: Any) -> list[str]:
    faults = Faults()
    with faults.injected():
        project.migrate(**options)
    faults.bury()
    return [
        each.removeprefix("before ")
        for each in faults.what
        if each.startswith("before ") and "Mark" in each
    ]


@pytest.mark.usefixtures("knows_cypher_5")
def test_statements_are_sent_with_the_version_of_cypher(project: Any) -> None:
    project.put(
        "V1__a.cypher",
        "CREATE (:Mark);\n"
        "// own\nCYPHER 5 CREATE (:Mark);\n"
        "cypher 5 runtime=slotted CREATE (:Mark);\n"
        "CYPHER runtime=slotted CREATE (:Mark);\n"
        "CREATE (:Mark {cypher: 5});\n"
        "UNWIND [1] AS i CALL { WITH i CREATE (:Mark) } IN TRANSACTIONS;\n",
    )

    assert _sent(project, cypher_version="cypher_5") == [
        "CYPHER 5 CREATE (:Mark)",
        "// own CYPHER 5 CREATE (:Mark)",
        "cypher 5 runtime=slotted CREATE (:Mark)",
        "CYPHER 5 CYPHER runtime=slotted CREATE (:Mark)",
        "CYPHER 5 CREATE (:Mark {cypher: 5})",
        "CYPHER 5 UNWIND [1] AS i CALL { WITH i CREATE (:Mark) } IN T",
    ]
    plan = project.plan()
    assert (plan.problems, plan.pending) == ((), ())


def test_without_a_version_statements_are_sent_as_they_are(project: Any) -> None:
    project.put("V1__a.cypher", "CREATE (:Mark);\n")

    assert _sent(project) == ["CREATE (:Mark)"]


@pytest.mark.parametrize("version", ["database_default", "cypher_5"])
def test_the_servers_columns_are_those_of_the_file(
    project: Any,
    request: pytest.FixtureRequest,
    version: Literal["database_default", "cypher_5"],
) -> None:
    if version == "cypher_5":
        request.getfixturevalue("knows_cypher_5")
    project.put("V1__a.cypher", "MATCH (n) RETURN nn;\n")

    failure = _failure(project, cypher_version=version)

    assert "(line 1, column 18 (offset: 17))" in str(failure.server_answer)
    assert failure.excerpt == f"MATCH (n) RETURN nn\n{' ' * 17}^"


def test_there_is_a_pause_between_migrations_only(project: Any) -> None:
    for number in (1, 2, 3):
        project.put(f"V{number}__a.cypher", "CREATE (:A);\n")

    project.migrate(delay_between_migrations=0.01)

    assert project.watcher.progress == [
        "waiting 0 s before version 2",
        "waiting 0 s before version 3",
    ]


_PLAIN = "CREATE (:A);\n"
_INDEX = "DROP INDEX nothing IF EXISTS;\n"
_BATCHES = "UNWIND [1] AS i CALL { WITH i CREATE (:A) } IN TRANSACTIONS;\n"


@pytest.mark.parametrize(
    ("script", "mode", "trips"),
    [
        # Begin, the statements, the record, commit.
        (_PLAIN, "per_migration", 4),
        (_PLAIN * 3, "per_migration", 6),
        # Begin, the statement, its line of the journal, commit; the last: its record.
        (_PLAIN * 3, "per_statement", 12),
        # Begin, the statement, the journal beside it, commit; begin, record, commit.
        (_INDEX, "per_migration", 7),
        # The journal once more between the two.
        (_INDEX * 2, "per_statement", 12),
        # The journal, the statement; begin, record, commit.
        (_BATCHES, "per_migration", 5),
        # The second line of the journal is also the end of the first.
        (_BATCHES * 2, "per_migration", 7),
        # Begin, record, commit.
        ("// nothing\n", "per_migration", 3),
    ],
)
def test_round_trips_are_counted(
    project: Any, script: str, mode: str, trips: int
) -> None:
    # The first record of all begins the chain, besides.
    for number in (1, 2, 3, 4):
        project.put(f"V{number}__x.cypher", script)
    asked: list[int] = []
    with project.store(transaction_mode=mode) as store:
        project.watcher.on_start = lambda _: asked.append(store.round_trips)
        with store.lock(5, project.watcher) as lock:
            store.apply(store.plan(), lock, project.watcher)

    assert [b - a for a, b in pairwise(asked)] == [trips + 1, trips, trips]
