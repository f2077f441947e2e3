"""Repair, baseline and delete on a real graph: what they say, and what they leave."""

from __future__ import annotations

from typing import Any

import pytest

from weave_migrate.errors import HistoryError, LockLost, RefusedError, WeaveError
from weave_migrate.model import State

pytestmark = pytest.mark.neo4j

_PATH = """
MATCH p = (b:__Neo4jMigration {version: 'BASELINE'})-[:MIGRATED_TO*]->(l)
WHERE NOT (l)-[:MIGRATED_TO]->()
RETURN [n IN nodes(p) | n.version] AS versions
"""
_RUNS = """
MATCH ()-[r:MIGRATED_TO]->(n) RETURN n.version AS version, properties(r) AS run
"""


def _path(graph: Any) -> list[str]:
    (row,) = graph(_PATH)
    return list(row["versions"])


def _runs(graph: Any) -> dict[str, Any]:
    return {row["version"]: row["run"] for row in graph(_RUNS)}


def _edit(project: Any, kind: str, *version: str, **options: Any) -> list[str]:
    """Plan and make an edit; give its sentences."""
    with project.store(**options) as store:
        changes = getattr(store, f"plan_{kind}")(*version)
        with store.lock(1, project.watcher) as lock:
            assert getattr(store, f"plan_{kind}")(*version) == changes
            store.edit(changes, lock)
        assert getattr(store, f"plan_{kind}")(*version) == ()
    return [change.summary for change in changes]


def _is_sound(project: Any, **options: Any) -> None:
    plan = project.plan(**options)
    assert (plan.problems, plan.warnings, plan.pending) == ((), (), ())


@pytest.fixture
def migrated(project: Any) -> Any:
    """Three versions, the second a repeatable that ran twice."""
    project.put("V1__a.cypher", "CREATE (:A);\n")
    project.put("R2__b.cypher", "MERGE (:B);\n")
    project.put("V3__c.cypher", "CREATE (:C);\n")
    project.migrate()
    project.put("R2__b.cypher", "MERGE (:B) // again\n")
    project.migrate()
    return project


def test_a_sound_history_needs_no_repair(migrated: Any) -> None:
    assert _edit(migrated, "repair") == []


def test_repair_of_an_empty_database_does_nothing(project: Any, graph: Any) -> None:
    project.put("V1__a.cypher", "CREATE (:A);\n")

    assert _edit(project, "repair") == []
    assert graph("MATCH (n) RETURN count(n) AS n") == [{"n": 0}]


def test_repair_accepts_edited_scripts_and_leaves_repeatables(
    migrated: Any, graph: Any
) -> None:
    before = _runs(graph)
    migrated.put("V1__a.cypher", "CREATE (:Other);\n")
    migrated.put("R2__b.cypher", "MERGE (:B) // and again\n")

    (told,) = _edit(migrated, "repair")

    assert told.startswith("Record the checksum of V1__a.cypher for version 1")
    assert _runs(graph) == before
    assert [each.version for each in migrated.plan().pending] == ["2"]
    assert graph("MATCH (n:Other) RETURN n") == []


def test_repair_removes_what_has_no_file_with_its_repetitions(
    migrated: Any, graph: Any
) -> None:
    before = _runs(graph)
    (migrated.folder / "R2__b.cypher").unlink()

    (told,) = _edit(migrated, "repair")

    assert told == (
        "Remove the record of version 2 (R2__b.cypher): there is no file for it."
    )
    assert _path(graph) == ["BASELINE", "1", "3"]
    assert _runs(graph) == {"1": before["1"], "3": before["3"]}
    _is_sound(migrated)


def test_repair_records_late_files_without_running_them(
    migrated: Any, graph: Any
) -> None:
    before = _runs(graph)
    migrated.put("V1.5__late.cypher", "CREATE (:Late);\n")
    migrated.put("V4__new.cypher", "CREATE (:New);\n")

    (told,) = _edit(migrated, "repair")

    assert "Record version 1.5 (V1.5__late.cypher) as applied" in told
    assert _path(graph) == ["BASELINE", "1", "1.5", "2", "3"]
    after = _runs(graph)
    late = after.pop("1.5")
    assert after == before
    assert late["at"].tzinfo is not None
    assert str(late["in"]) == "PT0S"
    assert graph("MATCH (n:Late) RETURN n") == []
    assert [each.version for each in migrated.plan().pending] == ["4"]


def test_late_files_that_may_still_run_are_not_recorded(migrated: Any) -> None:
    migrated.put("V1.5__late.cypher", "CREATE (:Late);\n")

    assert _edit(migrated, "repair", out_of_order=True) == []


def test_repair_mends_the_fork_that_a_crash_of_java_leaves(
    migrated: Any, graph: Any
) -> None:
    before = _runs(graph)
    migrated.put("V1.5__late.cypher", "CREATE (:Late);\n")
    migrated.migrate(out_of_order=True)
    graph(
        "MATCH (p {version: '1'}), (c {version: '1.5'})-[r:MIGRATED_TO]->(o) "
        "CREATE (p)-[n:MIGRATED_TO]->(o) SET n = properties(r) DELETE r"
    )
    assert [p.code for p in migrated.plan().problems] == ["HISTORY_DAMAGED"]
    late = _runs(graph)["1.5"]

    assert _edit(migrated, "repair") == [
        "Join the chain in version order: BASELINE, 1, 1.5, 2, 3."
    ]

    assert _runs(graph) == {**before, "1.5": late}
    _is_sound(migrated)


def test_repair_unites_what_two_writers_without_a_lock_made(
    migrated: Any, graph: Any
) -> None:
    graph(
        "CREATE (:__Neo4jMigration {version: 'BASELINE'})"
        "-[:MIGRATED_TO {at: datetime(), in: duration('PT1S')}]->"
        "(:__Neo4jMigration {version: '1', type: 'CYPHER', source: 'V1__a.cypher'})"
    )
    before = graph(
        "MATCH ()-[r:MIGRATED_TO]->(n {version: '1'}) WHERE n.checksum IS NOT NULL "
        "RETURN r.at AS at"
    )

    told = _edit(migrated, "repair")

    assert told[0] == "Remove 1 of 2 nodes BASELINE; a chain has one."
    assert told[1].startswith("Remove 1 of 2 records of version 1; the one of 20")
    assert _path(graph) == ["BASELINE", "1", "2", "3"]
    assert [{"at": _runs(graph)["1"]["at"]}] == before
    _is_sound(migrated)


def test_repair_keeps_what_java_wrote_when_it_ran_the_first_again(
    migrated: Any, graph: Any
) -> None:
    graph(
        "MATCH (b {version: 'BASELINE'})-[r:MIGRATED_TO]->(o) "
        "CREATE (n:__Neo4jMigration) SET n = properties(o) "
        "CREATE (b)-[:MIGRATED_TO {at: datetime(), in: duration('PT1S')}]->(n) "
        "CREATE (n)-[m:MIGRATED_TO]->(o) SET m = properties(r) DELETE r"
    )
    assert "DUPLICATE_VERSION" in [p.code for p in migrated.plan().problems]

    assert len(_edit(migrated, "repair")) == 1

    assert _path(graph) == ["BASELINE", "1", "2", "3"]
    _is_sound(migrated)


def test_repair_removes_strays_and_rejoins_what_was_torn_off(
    migrated: Any, graph: Any
) -> None:
    graph("CREATE (:__Neo4jMigration {version: '9', state: 'running'})")
    graph("MATCH ({version: '1'})-[r:MIGRATED_TO]->() DELETE r")

    told = _edit(migrated, "repair")

    assert told[0].startswith("Remove the node of version 9 beside the chain")
    assert told[1] == "Join the chain in version order: BASELINE, 1, 2, 3."
    _is_sound(migrated)


def test_repair_puts_a_chain_into_version_order(project: Any, graph: Any) -> None:
    for number in ("1", "2", "10", "3"):
        project.put(f"V{number}__x.cypher", f"CREATE (:X{number});\n")
    project.migrate()
    before = _runs(graph)
    graph(
        "MATCH (a {version: '1'})-[r:MIGRATED_TO]->(b {version: '2'})"
        "-[s:MIGRATED_TO]->(c {version: '3'})-[t:MIGRATED_TO]->(d {version: '10'}) "
        "CREATE (a)-[x:MIGRATED_TO]->(c) SET x = properties(s) "
        "CREATE (c)-[y:MIGRATED_TO]->(b) SET y = properties(r) "
        "CREATE (b)-[z:MIGRATED_TO]->(d) SET z = properties(t) DELETE r, s, t"
    )
    assert [p.code for p in project.plan().problems] == ["SORT_ORDER"]

    _edit(project, "repair")

    assert _path(graph) == ["BASELINE", "1", "2", "3", "10"]
    assert _runs(graph) == before


def test_a_chain_in_the_other_order_is_a_matter_of_settings(project: Any) -> None:
    for number in ("1", "2", "10"):
        project.put(f"V{number}__x.cypher", f"CREATE (:X{number});\n")
    project.migrate(version_sort_order="lexicographic")

    with pytest.raises(HistoryError, match="written in lexicographic order"):
        _edit(project, "repair")


def test_repair_sees_to_flags_times_and_types(migrated: Any, graph: Any) -> None:
    graph("MATCH (n {version: '1'}) SET n.repeatable = true, n.type = 'PYTHON'")
    graph("MATCH ()-[r:MIGRATED_TO]->(n {version: '3'}) SET r.at = 'now', r.in = 5")
    graph("MATCH (n {version: '3'}) REMOVE n.source")

    assert _edit(migrated, "repair") == [
        "Record version 1 as CYPHER: its type PYTHON is unknown.",
        "Record version 1 as not repeatable, like V1__a.cypher.",
        "Give version 3 the present time: its own is no zoned date-time.",
        "Give version 3 no time taken: its own is no duration.",
        "Record V3__c.cypher as the source of version 3.",
    ]
    _is_sound(migrated)


def test_repair_sets_the_checksum_that_counts(migrated: Any, graph: Any) -> None:
    """A repeatable that became versioned is judged by its last repetition."""
    (migrated.folder / "R2__b.cypher").unlink()
    migrated.put("V2__b.cypher", "MERGE (:B) // for good\n")
    first = graph("MATCH (n {version: '2'}) RETURN n.checksum AS c")

    assert len(_edit(migrated, "repair")) == 2

    assert graph("MATCH (n {version: '2'}) RETURN n.checksum AS c") == first
    _is_sound(migrated)


def test_repair_leaves_records_of_java_code_and_says_how_to_accept_them(
    migrated: Any, graph: Any
) -> None:
    graph("MATCH (n {version: '3'}) SET n.type = 'JAVA' REMOVE n.checksum")
    (migrated.folder / "V3__c.cypher").unlink()

    with migrated.store(on_newer="fail") as store:
        assert store.plan_repair() == ()
        plan = store.plan()
    assert plan.entries[-1].state is State.EXTERNAL
    migrated.put("V3__stand_in.cypher", "// done by Java code\n")
    _is_sound(migrated)


def test_repair_touches_its_own_target_only(migrated: Any, graph: Any) -> None:
    graph(
        "CREATE (:__Neo4jMigration {version: 'BASELINE', migrationTarget: 'other'})"
        "-[:MIGRATED_TO]->(:__Neo4jMigration {version: '2'})"
        "-[:MIGRATED_TO]->(:__Neo4jMigration {version: '7', migrationTarget: 'other'})"
    )
    (migrated.folder / "R2__b.cypher").unlink()

    assert len(_edit(migrated, "repair")) == 1

    others = graph(
        "MATCH p = ({migrationTarget: 'other', version: 'BASELINE'})"
        "-[:MIGRATED_TO*2]->() RETURN [n IN nodes(p) | n.version] AS v"
    )
    assert others == [{"v": ["BASELINE", "2", "7"]}]


def test_without_scripts_nothing_is_repaired(project: Any, graph: Any) -> None:
    graph("CREATE (:__Neo4jMigration {version: 'BASELINE'})")

    with pytest.raises(RefusedError, match="would remove the whole history"):
        _edit(project, "repair")


def test_a_bad_script_forbids_repair(migrated: Any) -> None:
    migrated.put("V3__c.cypher~", "")

    with pytest.raises(WeaveError) as caught:
        _edit(migrated, "repair")
    assert caught.value.code == "NAME_INVALID"


def test_a_node_that_others_use_is_not_removed(migrated: Any, graph: Any) -> None:
    graph("MATCH (n {version: '2'}) CREATE (:Team)-[:OWNS]->(n)-[:SEEN_BY]->(:Team)")
    (migrated.folder / "R2__b.cypher").unlink()

    with pytest.raises(RefusedError, match="OWNS, SEEN_BY"):
        _edit(migrated, "repair")
    with pytest.raises(RefusedError, match="OWNS, SEEN_BY"):
        _edit(migrated, "delete", "2")
    assert _path(graph) == ["BASELINE", "1", "2", "3"]


def test_an_edit_fails_as_a_whole_once_the_lock_is_gone(
    migrated: Any, graph: Any
) -> None:
    with migrated.store() as store, store.lock(1, migrated.watcher) as lock:
        changes = store.plan_delete("2")
        graph("MATCH (l:__Neo4jMigrationsLock) DELETE l")
        with pytest.raises(LockLost):
            store.edit(changes, lock)
    assert _path(graph) == ["BASELINE", "1", "2", "3"]


def test_an_edit_of_a_graph_that_changed_is_refused(migrated: Any, graph: Any) -> None:
    with migrated.store() as store, store.lock(1, migrated.watcher) as lock:
        changes = store.plan_delete("2")
        graph("MATCH (n {version: '3'}) DETACH DELETE n")
        with pytest.raises(HistoryError, match="somebody else changed it"):
            store.edit(changes, lock)


@pytest.mark.parametrize("version", ["2", "V2", "R2__b.cypher"])
def test_delete_bridges_over_a_version(migrated: Any, graph: Any, version: str) -> None:
    before = _runs(graph)

    (told,) = _edit(migrated, "delete", version)

    assert told.startswith("Remove the record of version 2 (R2__b.cypher)")
    assert _path(graph) == ["BASELINE", "1", "3"]
    assert _runs(graph) == {"1": before["1"], "3": before["3"]}


def test_delete_of_the_last_version_leaves_the_one_before(
    migrated: Any, graph: Any
) -> None:
    _edit(migrated, "delete", "3")

    assert _path(graph) == ["BASELINE", "1", "2"]
    assert migrated.migrate() == ["3"]


def test_an_unknown_version_is_not_deleted(migrated: Any) -> None:
    assert _edit(migrated, "delete", "77") == []


def test_the_beginning_of_a_chain_is_not_deleted(migrated: Any) -> None:
    with pytest.raises(RefusedError, match="BASELINE"):
        _edit(migrated, "delete", "BASELINE")


def test_a_baseline_records_without_running(project: Any, graph: Any) -> None:
    project.put("V1__a.cypher", "CREATE (:A);\n")
    project.put("R2__b.cypher", "MERGE (:B);\n")
    project.put("V3__c.cypher", "CREATE (:C);\n")

    assert len(_edit(project, "baseline", "V2")) == 2

    assert _path(graph) == ["BASELINE", "1", "2"]
    assert graph("MATCH (n) WHERE n:A OR n:B RETURN n") == []
    (record,) = graph("MATCH (n {version: '2'}) RETURN properties(n) AS p")
    assert record["p"]["repeatable"] is True
    assert project.migrate() == ["3"]
    _is_sound(project)


def test_a_baseline_goes_on_where_history_ends(project: Any, graph: Any) -> None:
    project.put("V1__a.cypher", "CREATE (:A);\n")
    project.migrate()
    project.put("V2__b.cypher", "CREATE (:B);\n")

    assert len(_edit(project, "baseline", "latest")) == 1

    assert _path(graph) == ["BASELINE", "1", "2"]
    _is_sound(project)


def test_a_baseline_with_later_records_is_refused(project: Any) -> None:
    project.put("V2__b.cypher", "CREATE (:B);\n")
    project.migrate()
    project.put("V1__a.cypher", "CREATE (:A);\n")

    with pytest.raises(RefusedError, match="Version 2 is recorded"):
        _edit(project, "baseline", "1", out_of_order=True)
    with pytest.raises(HistoryError, match="later versions are"):
        _edit(project, "baseline", "1")


def test_a_baseline_of_an_unknown_version_is_refused(project: Any) -> None:
    project.put("V1__a.cypher", "CREATE (:A);\n")

    with pytest.raises(HistoryError, match="Target version 7 is not available"):
        _edit(project, "baseline", "7")


def test_repair_mends_properties_of_other_types(migrated: Any, graph: Any) -> None:
    graph(
        "MATCH ()-[r:MIGRATED_TO]->(n {version: '1'}) SET r.by = [1], r.foo = point("
        "{x: 1, y: 2}), n.type = ['CYPHER'], n.source = 5, n.description = "
        "datetime('+99999-01-01T00:00Z'), "
        "n.checksum = [1.5], n.repeatable = 'false', n.flyway_failed = time(), "
        "n.bar = datetime('+99999-01-01T00:00Z')"
    )
    graph("MATCH (n {version: '2'})-[r:REPEATED]->(n) SET r.in = localtime()")

    assert "HISTORY_DAMAGED" in {each.code for each in migrated.plan().problems}
    assert len(_edit(migrated, "repair")) == 9

    plan = migrated.plan()
    assert [each.version for each in plan.pending] == ["2"]  # its content is unknown
    assert (plan.problems, plan.warnings) == ((), ())
    (first, *_) = (each.applied for each in plan.entries if each.applied)
    assert (first.type, first.description) == ("CYPHER", None)


def test_a_version_of_another_type_is_damage_that_repair_leaves_to_a_person(
    migrated: Any, graph: Any
) -> None:
    graph("MATCH (n {version: '3'}) SET n.version = ['3', 'x']")

    (problem,) = migrated.plan().problems
    assert problem.code == "HISTORY_DAMAGED"
    assert "['3', 'x']" in problem.message
    with pytest.raises(HistoryError, match=r"\['3', 'x'\]"):
        _edit(migrated, "repair")
