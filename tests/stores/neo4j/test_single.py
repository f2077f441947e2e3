"""Single files on a real server: run as they are, and never recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from weave_migrate.errors import MigrationFailed, ScriptError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.neo4j


def _run(project: Any, *files: object, **options: Any) -> list[str]:
    with project.store(**options) as store:
        scripts = tuple(store.read_script(str(file)) for file in files)
        done = store.run_scripts(scripts, project.watcher)
        return [script.detail.source for script in done]


def _labels(graph: Any) -> list[str]:
    rows = graph("MATCH (n) RETURN DISTINCT labels(n)[0] AS l ORDER BY l")
    return [row["l"] for row in rows]


def test_files_run_in_the_order_given_and_leave_no_record(
    project: Any, graph: Any
) -> None:
    first = project.put("V2__b.cypher", "CREATE (:B {at: 1});\n")
    second = project.put("V1__a.cypher", "MATCH (b:B) SET b.at = 2;\nCREATE (:A);\n")
    project.put("beforeMigrate.cypher", "CREATE (:Callback);\n")

    assert _run(project, first, second) == ["V2__b.cypher", "V1__a.cypher"]

    assert _labels(graph) == ["A", "B"]
    assert graph("MATCH (b:B) RETURN b.at AS at") == [{"at": 2}]
    assert graph("SHOW CONSTRAINTS YIELD name") == []
    assert [note.partition(" (")[0] for note in project.watcher.notes] == [
        "ran V2__b.cypher",
        "ran V1__a.cypher",
    ]


def test_files_run_whoever_holds_the_lock(project: Any, graph: Any) -> None:
    file = project.put("V1__a.cypher", "CREATE (:A);\n")
    with project.store() as store, store.lock(1, project.watcher):
        assert _run(project, file) == ["V1__a.cypher"]


def test_a_file_runs_by_the_rules_of_migrations(project: Any, graph: Any) -> None:
    file = project.put(
        "any name.cypher",
        "// assume q'not asked\n"
        "CREATE (:A {name: '${nm:name}'});\n"
        "UNWIND range(1, 4) AS i CALL { WITH i CREATE (:B {i: i}) } "
        "IN TRANSACTIONS OF 2 ROWS;\n:use neo4j;\nCREATE (:C);\n",
    )

    _run(project, file, placeholders={"name": "x"})

    assert _labels(graph) == ["A", "B", "C"]
    assert graph("MATCH (a:A) RETURN a.name AS name") == [{"name": "x"}]


def test_the_first_failure_ends_it_and_says_what_is_left(
    project: Any, graph: Any
) -> None:
    first = project.put("V1__a.cypher", "CREATE (:A);\n")
    second = project.put("V2 b.cypher", "CREATE (:B);\nNOT CYPHER;\n")
    third = project.put("V3__c.cypher", "CREATE (:C);\n")

    with pytest.raises(MigrationFailed) as caught:
        _run(project, first, second, third)

    error = caught.value
    assert (error.file, error.line) == (str(second), 2)
    assert "Nothing of this script was kept." in error.message
    assert error.hint is not None
    assert error.hint.endswith(f"weave db migrate-neo4j run '{second}'")
    assert _labels(graph) == ["A"]


def test_the_delay_is_waited_between_files(project: Any, graph: Any) -> None:
    file = project.put("V1__a.cypher", "CREATE (:A);\n")
    _run(project, file, file, delay_between_migrations=0.1)
    waited = "waiting 0 s before V1__a.cypher"
    assert [*dict.fromkeys(project.watcher.progress)] == ["V1__a.cypher", waited]


def test_a_placeholder_without_a_value_is_refused(project: Any) -> None:
    file: Path = project.put("V1__a.cypher", "RETURN '${nm:x}';\n")
    with pytest.raises(ScriptError) as caught:
        _run(project, file)
    assert caught.value.code == "PLACEHOLDER_UNKNOWN"
