"""What is decided for scripts on top of a recorded chain (neo4j-migrations §6.2)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from weave_migrate.model import (
    Applied,
    CatalogScript,
    CypherScript,
    Migration,
    Plan,
    State,
    Statement,
)
from weave_migrate.plan.chain import ChainPolicy, decide, decide_recorded
from weave_migrate.scripts.cypher_names import compare_versions


def file(
    version: str,
    checksum: str | None = "1",
    *,
    repeatable: bool = False,
    source: str | None = None,
    kind: str = "CYPHER",
    **script: Any,
) -> Migration:
    values = {
        "statements": (Statement("RETURN 1", 1),),
        "checksum": checksum or "",
        **script,
    }
    return Migration(
        version=version,
        description="x",
        type=kind,
        source=source or f"V{version}__x.cypher",
        checksum=checksum,
        repeatable=repeatable,
        script=CypherScript(**values) if kind == "CYPHER" else None,
    )


def record(
    version: str,
    checksum: str | None = "1",
    *,
    repeatable: bool = False,
    kind: str = "CYPHER",
) -> Applied:
    return Applied(
        version, "x", kind, f"V{version}__x", checksum, repeatable=repeatable
    )


def plan(local: list[Migration], recorded: list[Applied], **policy: Any) -> Plan:
    ignored = policy.pop("ignored", ())
    return decide(
        local,
        recorded,
        ChainPolicy(**policy),
        compare=compare_versions,
        ignored=ignored,
    )


def codes(decided: Plan) -> list[str]:
    return [problem.code for problem in decided.problems]


def states(decided: Plan) -> dict[str, State]:
    return {entry.version: entry.state for entry in decided.entries}


def pending(decided: Plan) -> list[str]:
    return [migration.version for migration in decided.pending]


def test_on_an_empty_database_everything_is_pending_in_version_order() -> None:
    decided = plan([file("10"), file("2"), file("1")], [])

    assert pending(decided) == ["1", "2", "10"]
    assert set(states(decided).values()) == {State.PENDING}
    assert decided.problems == ()


def test_the_lexicographic_order_is_that_of_text() -> None:
    decided = plan([file("10"), file("2")], [], order="lexicographic")

    assert pending(decided) == ["10", "2"]


def test_repeatables_stand_among_the_others_by_their_number() -> None:
    decided = plan([file("30"), file("20", repeatable=True), file("10")], [])

    assert pending(decided) == ["10", "20", "30"]


def test_what_is_recorded_is_not_pending() -> None:
    decided = plan([file("1"), file("2")], [record("1")])

    assert pending(decided) == ["2"]
    assert states(decided) == {"1": State.APPLIED, "2": State.PENDING}


def test_a_version_below_the_recorded_ones_is_out_of_order() -> None:
    decided = plan([file("1"), file("2")], [record("2")])

    assert codes(decided) == ["OUT_OF_ORDER"]
    assert states(decided)["1"] is State.OUT_OF_ORDER


def test_out_of_order_can_be_allowed() -> None:
    decided = plan(
        [file("0"), file("1"), file("2"), file("3"), file("4")],
        [record("1"), record("3")],
        out_of_order=True,
    )

    assert decided.problems == ()
    assert pending(decided) == ["0", "2", "4"]
    assert [entry.version for entry in decided.entries] == ["0", "1", "2", "3", "4"]


def test_an_edited_script_is_a_checksum_mismatch() -> None:
    decided = plan([file("1", "2")], [record("1", "1")])

    assert codes(decided) == ["CHECKSUM_MISMATCH"]
    assert states(decided) == {"1": State.CHANGED}
    assert decided.pending == ()


def test_without_validation_an_edit_is_shown_but_no_problem() -> None:
    decided = plan([file("1", "2")], [record("1", "1")], validate=False)

    assert decided.problems == ()
    assert states(decided) == {"1": State.CHANGED}
    assert decided.pending == ()


def test_an_edited_repeatable_runs_again() -> None:
    decided = plan(
        [file("1", "2", repeatable=True)], [record("1", "1", repeatable=True)]
    )

    assert decided.problems == ()
    assert pending(decided) == ["1"]
    assert states(decided) == {"1": State.CHANGED}


def test_a_version_that_became_repeatable_is_refused() -> None:
    decided = plan([file("1", repeatable=True)], [record("1")])

    (problem,) = decided.problems
    assert problem.code == "REPEATABLE_CHANGED"
    assert problem.hint == "Rename it to begin with V."


def test_a_version_that_ceased_to_be_repeatable_is_refused() -> None:
    decided = plan([file("1")], [record("1", repeatable=True)])

    (problem,) = decided.problems
    assert problem.hint == "Rename it to begin with R."


def test_the_checksum_without_preconditions_is_accepted() -> None:
    decided = plan([file("1", "2", alternatives=frozenset({"1"}))], [record("1", "1")])

    assert decided.problems == ()


def test_what_is_left_out_is_shown_behind_all_others() -> None:
    decided = plan([file("2")], [], ignored=[file("1")])

    assert pending(decided) == ["2"]
    assert [(entry.version, entry.state) for entry in decided.entries] == [
        ("2", State.PENDING),
        ("1", State.IGNORED),
    ]


def test_a_recorded_version_without_a_file_is_missing() -> None:
    decided = plan([file("2")], [record("1"), record("2")])

    assert codes(decided) == ["MISSING_LOCAL"]
    assert states(decided)["1"] is State.MISSING


def test_a_recorded_version_whose_file_is_left_out_says_so() -> None:
    decided = plan([], [record("1")], ignored=[file("1")])

    (problem,) = decided.problems
    assert "left out" in problem.message


def test_java_code_without_a_stand_in_is_external_and_stops() -> None:
    decided = plan([file("2")], [record("1", None, kind="JAVA"), record("2")])

    (problem,) = decided.problems
    assert problem.code == "MISSING_LOCAL"
    assert "Java code" in problem.message
    assert states(decided)["1"] is State.EXTERNAL


def test_a_script_without_statements_stands_in_for_java_code() -> None:
    decided = plan([file("1", "9", statements=())], [record("1", None, kind="JAVA")])

    assert decided.problems == ()
    assert states(decided) == {"1": State.APPLIED}


def test_a_script_that_does_something_is_no_stand_in() -> None:
    decided = plan([file("1", "9")], [record("1", None, kind="JAVA")])

    assert codes(decided) == ["CHECKSUM_MISMATCH"]


def test_java_code_with_a_checksum_is_compared() -> None:
    decided = plan([file("1", "9", statements=())], [record("1", "8", kind="JAVA")])

    assert codes(decided) == ["CHECKSUM_MISMATCH"]


def test_a_newer_history_stops_by_default() -> None:
    recorded = [record(str(number)) for number in range(1, 9)]

    decided = plan([file("1")], recorded)

    (problem,) = decided.problems
    assert problem.code == "MISSING_LOCAL"
    assert "2, 3, 4, 5, 6 and 2 more" in problem.message


def test_a_newer_history_can_be_warned_of() -> None:
    decided = plan([file("1")], [record("1"), record("2")], on_newer="warn")

    assert decided.problems == ()
    assert "2" in decided.warnings[0]


def test_a_newer_history_can_be_fine() -> None:
    decided = plan([], [record("1")], on_newer="ok")

    assert (decided.problems, decided.warnings) == ((), ())


def test_a_gap_is_no_newer_history() -> None:
    decided = plan([file("2")], [record("1"), record("2")], on_newer="ok")

    assert codes(decided) == ["MISSING_LOCAL"]


def test_two_files_of_one_version_are_both_named() -> None:
    decided = plan([file("1", source="V1__a.cypher"), file("1")], [])

    (problem,) = decided.problems
    assert problem.code == "DUPLICATE_VERSION"
    assert "V1__a.cypher, V1__x.cypher" in problem.message
    assert pending(decided) == ["1"]


def test_a_version_recorded_twice_is_refused() -> None:
    decided = plan([file("1")], [record("1"), record("1")])

    assert codes(decided) == ["DUPLICATE_VERSION"]


@pytest.mark.parametrize("recorded", [[], [record("1")]])
def test_versions_that_no_order_tells_apart_are_refused(
    recorded: list[Applied],
) -> None:
    decided = plan([file("1"), file("01")], recorded)

    assert codes(decided) == ["VERSIONS_EQUAL"]


def test_versions_of_the_same_place_may_be_recorded_already() -> None:
    decided = plan([file("01"), file("1")], [record("1"), record("01")])

    assert decided.problems == ()


def test_a_history_in_the_other_order_names_the_setting() -> None:
    recorded = [record("1"), record("10"), record("2")]

    decided = plan([file("1"), file("2"), file("10")], recorded)

    (problem,) = decided.problems
    assert problem.code == "SORT_ORDER"
    assert 'version_sort_order = "lexicographic"' in str(problem.hint)
    assert plan(
        [file("1"), file("2"), file("10")], recorded, order="lexicographic"
    ) == (Plan(entries=decided.entries))


def test_a_history_in_the_semantic_order_names_the_setting() -> None:
    decided = plan(
        [file("2"), file("10")], [record("2"), record("10")], order=("lexicographic")
    )

    assert 'version_sort_order = "semantic"' in str(decided.problems[0].hint)


def test_a_history_in_no_order_is_left_to_repair() -> None:
    decided = plan([file("1"), file("2")], [record("2"), record("1")])

    assert codes(decided) == ["SORT_ORDER"]
    assert "weave db repair" in str(decided.problems[0].hint)


def test_the_plan_stops_before_a_pending_catalog() -> None:
    local = [file("1"), file("2", kind="CATALOG"), file("3")]

    decided = plan(local, [])

    assert decided.problems == ()
    assert decided.stop is not None
    assert decided.stop.code == "CATALOG_UNSUPPORTED"
    assert decided.stop.file == "V2__x.cypher"
    assert pending(decided) == ["1"]
    assert set(states(decided).values()) == {State.PENDING}


def test_a_repeatable_behind_a_pending_catalog_waits_for_it() -> None:
    local = [file("1", kind="CATALOG"), file("2", "9", repeatable=True)]

    decided = plan(local, [record("2", repeatable=True)], out_of_order=True)

    assert pending(decided) == []
    assert states(decided) == {"1": State.OUT_OF_ORDER, "2": State.CHANGED}


def test_a_catalog_behind_the_target_stops_nothing() -> None:
    decided = plan([file("1"), file("2", kind="CATALOG")], [], target="1")

    assert decided.stop is None
    assert pending(decided) == ["1"]


def test_an_applied_catalog_is_judged_by_its_checksum() -> None:
    def judged(now: str | None, **script: Any) -> list[str]:
        local = replace(
            file("1", now, kind="CATALOG"), script=CatalogScript(now or "", **script)
        )
        return codes(plan([local], [record("1", "1", kind="CATALOG")]))

    assert judged("1") == []
    assert judged("2") == ["CHECKSUM_MISMATCH"]
    assert judged("2", alternatives=frozenset({"1"})) == []
    assert judged(None) == []


def test_a_script_that_could_not_be_read_is_not_judged() -> None:
    decided = plan([file("1", None)], [record("1")])

    assert decided.problems == ()


def test_all_violations_are_named_at_once() -> None:
    decided = plan(
        [file("2"), file("3", "9"), file("4", repeatable=True), file("4.1")],
        [record("1"), record("3"), record("4"), record("5"), record("6")],
    )

    assert codes(decided) == [
        "MISSING_LOCAL",
        "OUT_OF_ORDER",
        "CHECKSUM_MISMATCH",
        "REPEATABLE_CHANGED",
        "OUT_OF_ORDER",
        "MISSING_LOCAL",
    ]


def test_what_is_behind_the_target_waits() -> None:
    local = [file("1"), file("2"), file("3"), file("4", "9", repeatable=True)]
    recorded = [record("1"), record("4", repeatable=True)]

    decided = plan(local, recorded, out_of_order=True, target="2")

    assert pending(decided) == ["2"]
    assert states(decided) == {
        "1": State.APPLIED,
        "2": State.OUT_OF_ORDER,
        "3": State.ABOVE_TARGET,
        "4": State.CHANGED,
    }


def test_a_changed_repeatable_up_to_the_target_runs_again() -> None:
    local = [file("1", "9", repeatable=True), file("2")]

    decided = plan(local, [record("1", repeatable=True)], target="current")

    assert pending(decided) == ["1"]


def test_what_is_out_of_order_behind_the_target_is_refused_all_the_same() -> None:
    decided = plan(
        [file("1"), file("2"), file("3")], [record("1"), record("3")], target="1"
    )

    assert codes(decided) == ["OUT_OF_ORDER"]
    assert states(decided)["2"] is State.ABOVE_TARGET


def test_a_target_nobody_knows_is_a_problem() -> None:
    decided = plan([file("1")], [], target="V9")

    assert codes(decided) == ["TARGET_UNKNOWN"]


def test_history_alone_is_all_applied_and_judged_without_files() -> None:
    recorded = [record("2"), record("1"), record("1")]
    decided = decide_recorded(recorded, ChainPolicy(), compare=compare_versions)
    assert [(e.state, e.applied) for e in decided.entries] == [
        (State.APPLIED, each) for each in recorded
    ]
    assert codes(decided) == ["DUPLICATE_VERSION", "SORT_ORDER"]
    assert decided.pending == ()


def test_what_was_edited_or_lost_can_also_be_accepted() -> None:
    for local in ([file("1", "2"), file("2")], [file("2")]):
        decided = plan(local, [record("1"), record("2")])
        assert "weave db repair neo4j" in str(decided.problems[0].hint)
