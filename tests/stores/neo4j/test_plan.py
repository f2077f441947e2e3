"""Deciding: preconditions, discovery, and never an effect."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from weave_migrate.model import State

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.neo4j
CATALOG = '<migration xmlns="https://michael-simons.github.io/neo4j-migrations"/>'


def _codes(plan: Any) -> list[str]:
    return [problem.code for problem in plan.problems]


def test_planning_writes_nothing(project: Any, graph: Any) -> None:
    project.put("V1__a.cypher", "// assert in schema q'RETURN true\nCREATE (:A);\n")

    with project.store() as store:
        store.plan()
        store.lock_info()
        store.plan_clean(everything=True)

    assert graph("MATCH (n) RETURN count(n) AS n") == [{"n": 0}]
    assert graph("SHOW CONSTRAINTS YIELD name RETURN name") == []


@pytest.mark.parametrize(
    ("condition", "round_trips"),
    [
        ("// nothing to ask", 1),
        ("// assume that version is ge 4.0", 2),
        ("// assume q'RETURN true", 2),
    ],
)
def test_a_plan_takes_one_round_trip_and_one_a_question(
    project: Any, condition: str, round_trips: int
) -> None:
    for number in (1, 2):
        project.put(f"V{number}__a.cypher", f"{condition}\nCREATE (:A);\n")

    with project.store() as store:
        store.plan()
        # With something pending, one more: was it begun before?
        assert store.round_trips == round_trips + 1

    project.migrate()
    with project.store() as store:
        store.plan()
        assert store.round_trips == round_trips


@pytest.mark.parametrize(
    "condition",
    [
        "// assume that edition is enterprise",
        "// assume that version is 3.5",
        "// assume that version is lt 4.0",
        "// assume q'RETURN false",
        "// assume in schema q'MATCH (n:Nothing) RETURN count(n) > 0",
    ],
)
def test_an_unmet_assumption_leaves_its_script_out(
    project: Any, condition: str
) -> None:
    project.put("V1__a.cypher", f"{condition}\nCREATE (:A);\n")
    project.put("V2__b.cypher", "CREATE (:B);\n")

    plan = project.plan()

    assert _codes(plan) == []
    assert [each.version for each in plan.pending] == ["2"]
    assert {entry.version: entry.state for entry in plan.entries} == {
        "1": State.IGNORED,
        "2": State.PENDING,
    }


def test_an_unmet_assertion_stops_the_run(project: Any) -> None:
    path = project.put(
        "V1__a.cypher", "// assert that edition is enterprise\nCREATE (:A);\n"
    )

    (problem,) = project.plan().problems

    assert problem.code == "PRECONDITION_FAILED"
    assert problem.file == str(path)
    assert "// assert that edition is enterprise" in problem.message


@pytest.mark.parametrize(
    "query",
    [
        "RETURN 1",
        "UNWIND [true, true] AS x RETURN x",
        "MATCH (n:Nothing) RETURN true",
        "CREATE (n:Written) RETURN true",
        "NO CYPHER",
    ],
)
def test_a_query_without_a_boolean_answer_is_a_problem(
    project: Any, graph: Any, query: str
) -> None:
    project.put("V1__a.cypher", f"// assume q'{query}\nCREATE (:A);\n")

    assert _codes(project.plan()) == ["PRECONDITION_UNDECIDED"]
    assert graph("MATCH (n:Written) RETURN count(n) AS n") == [{"n": 0}]


def test_met_preconditions_are_no_hindrance(project: Any) -> None:
    project.put(
        "V1__a.cypher",
        "// assert that version is ge 4.4\n"
        "// assume that edition is community\n"
        "// assert q'RETURN true\n"
        "CREATE (:A);\n",
    )

    assert project.migrate() == ["1"]


def test_a_precondition_may_be_added_later(project: Any) -> None:
    project.put("V1__a.cypher", "// a comment\nCREATE (:A);\n")
    project.migrate()
    project.put(
        "V1__a.cypher", "// assume that version is ge 4.4\n// a comment\nCREATE (:A);\n"
    )

    assert _codes(project.plan()) == []


def test_what_is_before_a_catalog_may_run(project: Any) -> None:
    project.put("V1__a.cypher", "CREATE (:A);\n")
    path = project.put("V2__b.xml", CATALOG)
    project.put("V3__c.cypher", "CREATE (:C);\n")

    plan = project.plan()

    assert plan.problems == ()
    assert [migration.version for migration in plan.pending] == ["1"]
    assert (plan.stop.code, plan.stop.file) == ("CATALOG_UNSUPPORTED", str(path))


def test_a_catalog_whose_assumption_is_not_met_is_left_out(project: Any) -> None:
    project.put("V1__a.xml", f"<?assume that version is lt 4.0?>{CATALOG}")
    project.put("V2__b.cypher", "CREATE (:A);\n")

    assert project.migrate() == ["2"]


def test_every_bad_file_is_named_at_once(project: Any) -> None:
    project.put("V1__a.cypher", "CREATE (:A);\n").write_bytes(b"RETURN '\xff';\n")
    project.put("V2__b.cypher", "// assume that nobody does this\nRETURN 1;\n")
    project.put("V3__c.cypher.bak", "RETURN 1;\n")
    project.put("V99999999999999999999__d.cypher", "RETURN 1;\n")
    project.put("V5__e.cypher", "RETURN 1;\n")
    project.put("more/V5__ee.cypher", "RETURN 1;\n")

    assert sorted(_codes(project.plan())) == [
        "DUPLICATE_VERSION",
        "ENCODING",
        "NAME_INVALID",
        "PRECONDITION_INVALID",
        "VERSION_INVALID",
    ]


def test_near_misses_are_warned_of(project: Any) -> None:
    project.put("V1__foo-bar.cypher", "RETURN 1;\n")
    project.put("readme.txt", "not a script")

    plan = project.plan()

    assert plan.problems == ()
    (warning,) = plan.warnings
    assert "V1__foo_bar.cypher" in warning


def test_scripts_are_found_in_folders_and_through_links(project: Any) -> None:
    project.put("a/b/V1__a.cypher", "CREATE (:A);\n")
    project.put(".hidden/V2__b.cypher", "CREATE (:A);\n")
    (project.folder / "link").symlink_to(project.folder / "a")
    (project.folder / "circle").symlink_to(project.folder)

    plan = project.plan()

    assert [each.version for each in plan.pending] == ["1", "2"]
    assert plan.problems == ()


def test_a_link_out_of_the_location_is_refused(project: Any, tmp_path: Path) -> None:
    outside = tmp_path / "V1__a.cypher"
    outside.write_text("CREATE (:A);\n", encoding="utf-8")
    (project.folder / "V1__a.cypher").symlink_to(outside)

    plan = project.plan()

    assert _codes(plan) == ["OUTSIDE_LOCATION"]
    assert plan.pending == ()


def test_a_missing_location_is_warned_of(project: Any, tmp_path: Path) -> None:
    plan = project.plan(locations=(tmp_path / "nowhere",))

    (warning,) = plan.warnings
    assert "nowhere" in warning


def test_several_locations_are_one_set_of_scripts(project: Any, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "V1__a.cypher").write_text("CREATE (:A);\n", encoding="utf-8")
    project.put("V2__b.cypher", "CREATE (:B);\n")

    plan = project.plan(locations=(project.folder, other))

    assert [each.version for each in plan.pending] == ["1", "2"]


def test_a_stray_node_of_the_history_is_warned_of(project: Any, graph: Any) -> None:
    project.put("V1__a.cypher", "CREATE (:A);\n")
    project.migrate()
    graph("CREATE (:__Neo4jMigration {version: 'lost'})")

    (warning,) = project.plan().warnings

    assert "lost" in warning


_ONE_RECORD = """
CREATE (:__Neo4jMigration {{version: 'BASELINE'}})
  -[:MIGRATED_TO {{at: {at}, in: {took}, by: 'm', connectedAs: 'neo4j'}}]->
  (:__Neo4jMigration {{version: '1', type: 'CYPHER', source: 'V1__a.cypher'}})
"""


@pytest.mark.parametrize(
    "at",
    [
        "datetime('2023-03-06T10:55:07.971123456Z')",
        "datetime('2023-03-06T11:55:07.971123456[Europe/Berlin]')",
    ],
)
def test_when_and_how_long_are_read_to_the_microsecond_and_millisecond(
    project: Any, graph: Any, at: str
) -> None:
    graph(_ONE_RECORD.format(at=at, took="duration('P1DT1.2345S')"))

    applied = project.plan().entries[0].applied

    assert applied.applied_at == datetime(2023, 3, 6, 10, 55, 7, 971123, tzinfo=UTC)
    assert applied.duration_ms == 1234


@pytest.mark.parametrize(
    "value",
    [
        "null",
        "'2023-03-06T10:55:07Z'",
        "'PT5S'",
        "20230306",
        "true",
        "[1, 2]",
        "date('2023-03-06')",
        "localdatetime('2023-03-06T10:55:07')",
    ],
)
def test_values_of_other_types_are_damage(project: Any, graph: Any, value: str) -> None:
    graph(_ONE_RECORD.format(at=value, took=value))

    messages = [problem.message for problem in project.plan().problems]

    assert sum("no zoned date-time `at`" in each for each in messages) == 1
    assert sum("no duration `in`" in each for each in messages) == 1


def test_a_mismatch_says_what_explains_it(project: Any) -> None:
    path = project.put("V1__a.cypher", "CREATE\n(:A);\n")
    project.migrate()
    path.write_bytes(b"CREATE\r\n(:A);\r\n")

    (problem,) = project.plan().problems
    assert problem.code == "CHECKSUM_MISMATCH"
    assert "Only its line ends differ: it was applied with LF." in problem.message
    assert "autocrlf = true" in problem.hint

    plan = project.plan(validate_on_migrate=False)
    assert (plan.problems, plan.overlooked) == ((), (problem,))
    assert _codes(project.plan(autocrlf=True)) == []
