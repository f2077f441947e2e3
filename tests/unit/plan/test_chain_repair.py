"""What repair makes of a history, and what it says first (neo4j-migrations §6.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from history_graph import (
    AT,
    NOW,
    file,
    graph,
    line,
    loop,
    node,
    rewritten,
    step,
)

from weave_migrate.errors import HistoryError, RefusedError
from weave_migrate.plan.chain import ChainPolicy
from weave_migrate.plan.chain_edit import Rewrite
from weave_migrate.plan.chain_graph import Link, Node, read_chain
from weave_migrate.plan.chain_repair import repair
from weave_migrate.scripts.cypher_names import compare_versions

if TYPE_CHECKING:
    from weave_migrate.model import Applied, Migration
    from weave_migrate.plan.chain_edit import Graph


def mended(
    before: Graph,
    local: list[Migration],
    *,
    target: str | None = None,
    ignored: list[Migration] | None = None,
    **policy: Any,
) -> tuple[list[str], Graph]:
    """Repair; give the sentences and the graph, which needs no second repair."""

    def once(known: Graph) -> tuple[tuple[str, ...], Rewrite]:
        return repair(
            known,
            local,
            ChainPolicy(**policy),
            compare=compare_versions,
            target=target,
            ignored=ignored or [],
        )

    told, edit = once(before)
    after = rewritten(before, edit)
    assert once(after) == ((), Rewrite())
    assert bool(told) == (edit != Rewrite())
    return list(told), after


def applied(known: Graph, target: str | None = None) -> list[Applied]:
    chain = read_chain(
        known.nodes.values(), (*known.steps, *known.loops), target=target
    )
    assert (chain.problems, chain.warnings) == ((), ())
    return list(chain.applied)


def versions(known: Graph, target: str | None = None) -> list[str]:
    return [each.version for each in applied(known, target)]


def test_what_agrees_is_left_alone() -> None:
    before = line("1", "2")

    assert mended(before, [file("1"), file("2"), file("3")]) == ([], before)


def test_nothing_recorded_is_nothing_to_repair() -> None:
    assert mended(graph([]), [file("1")])[0] == []


def test_without_files_repair_is_refused() -> None:
    with pytest.raises(RefusedError, match="would remove the whole history"):
        mended(line("1"), [])


def test_an_edited_script_is_recorded_as_it_is() -> None:
    told, after = mended(line("1"), [file("1", "9")])

    assert told == ["Record the checksum of V1__x.cypher for version 1: 1 becomes 9."]
    assert applied(after)[0].checksum == "9"


def test_the_checksum_that_counts_is_that_of_the_last_repetition() -> None:
    before = line("1")
    before = graph(
        before.nodes.values(),
        [*before.steps, loop("1", "a", 1), loop("1", "b", 2)],
    )

    _, after = mended(before, [file("1", "c")])

    assert applied(after)[0].checksum == "c"
    assert after.nodes["1"].properties["checksum"] == "1"


def test_an_edited_repeatable_is_left_to_run_again() -> None:
    before = graph(
        [node("BASELINE"), node("1", repeatable=True)], [step("BASELINE", "1")]
    )

    assert mended(before, [file("1", "9", repeatable=True)])[0] == []


def test_a_version_becomes_repeatable_or_ceases_to_be() -> None:
    before = graph(
        [node("BASELINE"), node("1", repeatable=True), node("2")],
        [step("BASELINE", "1"), step("1", "2")],
    )

    told, after = mended(before, [file("1"), file("2", repeatable=True)])

    assert told == [
        "Record version 1 as not repeatable, like V1__x.cypher.",
        "Record version 2 as repeatable, like V2__x.cypher.",
    ]
    assert [each.repeatable for each in applied(after)] == [False, True]


def test_a_record_without_a_file_is_removed_and_bridged() -> None:
    told, after = mended(line("1", "2", "3"), [file("1"), file("3")])

    assert told == [
        "Remove the record of version 2 (V2__x.cypher): there is no file for it."
    ]
    assert versions(after) == ["1", "3"]
    (last,) = (each for each in after.steps if each.end == "3")
    assert last.properties["by"] == "3"


def test_a_record_whose_file_is_left_out_is_removed() -> None:
    (told,), after = mended(line("1", "2"), [file("2")], ignored=[file("1")])

    assert "left out by an `assume`" in told
    assert versions(after) == ["2"]


def test_records_of_java_code_stay() -> None:
    before = graph(
        [node("BASELINE"), node("1", type="JAVA"), node("2")],
        [step("BASELINE", "1"), step("1", "2")],
    )

    assert mended(before, [file("2")]) == ([], before)


def test_a_newer_history_stays_where_the_settings_accept_it() -> None:
    local = [file("1")]

    assert mended(line("1", "2"), local, on_newer="warn")[0] == []
    assert len(mended(line("1", "2"), local)[0]) == 1
    told, _ = mended(line("1", "2", "3"), [file("2")], on_newer="ok")
    assert [each[:30] for each in told] == ["Remove the record of version 1"]


def test_a_late_file_is_recorded_as_just_applied() -> None:
    told, after = mended(line("1", "3"), [file("1"), file("2"), file("3"), file("4")])

    assert [each[:68] for each in told] == [
        "Record version 2 (V2__x.cypher) as applied, without running it: late"
    ]
    assert versions(after) == ["1", "2", "3"]
    record = applied(after)[1]
    assert (record.applied_at, record.duration_ms) == (NOW, 0)


def test_a_late_file_that_may_run_is_left_to_run() -> None:
    local = [file("1"), file("2"), file("3")]

    assert mended(line("1", "3"), local, out_of_order=True)[0] == []


def test_a_file_is_late_only_if_something_later_stays_recorded() -> None:
    told, after = mended(line("1", "3"), [file("1"), file("2")])

    assert len(told) == 1
    assert versions(after) == ["1"]


def test_the_target_to_stop_at_has_no_say() -> None:
    local = [file("1"), file("2"), file("3")]

    assert len(mended(line("1", "3"), local, target=None)[0]) == 1
    told, _ = mended(line("1", "3"), local)
    policy = ChainPolicy(target="V77")
    again, _ = repair(
        line("1", "3"), local, policy, compare=compare_versions, target=None
    )
    assert list(again) == told


def test_a_fork_is_joined_with_every_run_at_its_node() -> None:
    before = graph(
        [node(each) for each in ("BASELINE", "1", "2", "3")],
        [step("BASELINE", "1"), step("1", "3", 1), step("1", "2", 2)],
    )

    told, after = mended(before, [file("1"), file("2"), file("3")])

    assert told == ["Join the chain in version order: BASELINE, 1, 2, 3."]
    assert [each.applied_by for each in applied(after)] == ["1", "2", "3"]


def test_two_beginnings_become_one() -> None:
    before = graph(
        [node("BASELINE"), node("b", "BASELINE"), node("1"), node("y", "1")],
        [step("b", "1", 1), step("BASELINE", "y", 2)],
    )

    told, after = mended(before, [file("1")])

    assert told == [
        "Remove 1 of 2 nodes BASELINE; a chain has one.",
        "Remove 1 of 2 records of version 1; the one of 2026-01-02 00:00:00 stays.",
    ]
    assert set(after.nodes) == {"b", "1"}


def test_a_missing_beginning_is_made() -> None:
    before = graph([node("1"), node("2")], [step("1", "2")])

    told, after = mended(before, [file("1"), file("2")])

    assert told == [
        "Create the BASELINE that a chain begins with.",
        "Join the chain in version order: BASELINE, 1, 2.",
    ]
    assert versions(after) == ["1", "2"]


def test_of_a_version_twice_in_a_row_the_first_stays() -> None:
    before = graph(
        [node("BASELINE"), node("new", "1"), node("1"), node("2")],
        [step("BASELINE", "new", 9), step("new", "1"), step("1", "2", 1)],
    )

    told, after = mended(before, [file("1"), file("2")])

    assert len(told) == 1
    assert set(after.nodes) == {"BASELINE", "new", "2"}


def test_of_a_version_without_any_date_one_stays_all_the_same() -> None:
    before = graph(
        [node("BASELINE"), node("a", "1"), node("b", "1"), node("2"), node("3")],
        [step("a", "2"), step("b", "3")],
    )

    told, after = mended(before, [file("1"), file("2"), file("3")])

    assert told[0] == "Remove 1 of 2 records of version 1; the one stays."
    assert versions(after) == ["1", "2", "3"]


def test_a_node_beside_the_chain_is_removed() -> None:
    before = graph([node("BASELINE"), node("1"), node("2")], [step("BASELINE", "1")])

    told, after = mended(before, [file("1"), file("2")])

    assert [each[:46] for each in told] == [
        "Remove the node of version 2 beside the chain,"
    ]
    assert set(after.nodes) == {"BASELINE", "1"}


def test_what_was_torn_off_comes_back() -> None:
    before = graph(
        [node(each) for each in ("BASELINE", "1", "3", "4")],
        [step("BASELINE", "1"), step("3", "4")],
    )

    _, after = mended(before, [file("1"), file("3"), file("4")])

    assert versions(after) == ["1", "3", "4"]


def test_a_node_that_ran_again_was_applied() -> None:
    before = graph([node("BASELINE"), node("1", repeatable=True)], [loop("1", "1", 3)])

    _, after = mended(before, [file("1", repeatable=True)])

    assert versions(after) == ["1"]


def test_a_circle_is_opened() -> None:
    before = graph(
        [node(each) for each in ("BASELINE", "1", "2")],
        [step("BASELINE", "1"), step("1", "2"), step("2", "1", 5)],
    )

    _, after = mended(before, [file("1"), file("2")])

    assert versions(after) == ["1", "2"]


def test_a_chain_in_no_order_is_sorted() -> None:
    names = ["BASELINE", "1", "3", "2", "10", "11", "12", "13"]
    before = graph([node(each) for each in names], line(*names[1:]).steps)

    (told,), after = mended(before, [file(each) for each in names[1:]])

    assert told == "Join the chain in version order: BASELINE, 1, 2, …, 11, 12, 13."
    assert versions(after) == ["1", "2", "3", "10", "11", "12", "13"]


def test_a_chain_in_the_other_order_is_refused() -> None:
    with pytest.raises(HistoryError, match="in lexicographic order") as caught:
        mended(line("1", "10", "2"), [file("1"), file("10"), file("2")])
    assert caught.value.code == "SORT_ORDER"


def test_versions_that_no_order_tells_apart_stay_as_they_are() -> None:
    before = line("1.0", "1", "1.0.5")

    assert mended(before, [file("1"), file("1.0"), file("1.0.5")]) == ([], before)


def test_nodes_of_flyway_stay_where_they_are() -> None:
    before = graph(
        [
            node("BASELINE"),
            node("f", "1", flyway_failed=True),
            node("1"),
            node("2"),
            node("g", "9", type="DELETE"),
            node("3"),
        ],
        line("f", "1", "2", "g", "3").steps,
    )

    told, after = mended(before, [file("1"), file("3")])

    assert len(told) == 1
    path = {each.start: each.end for each in after.steps}
    assert path == {"BASELINE": "f", "f": "1", "1": "g", "g": "3"}


def test_nodes_of_flyway_on_a_chain_out_of_order_need_a_person() -> None:
    before = graph(
        [node("BASELINE"), node("2"), node("g", "9", type="DELETE"), node("1")],
        line("2", "g", "1").steps,
    )

    with pytest.raises(HistoryError, match="neo4j-flyway-database"):
        mended(before, [file("1"), file("2")])


def test_what_java_can_not_read_is_set_right() -> None:
    before = graph(
        [node("BASELINE"), node("1", type="PYTHON", source=None), node("2")],
        [step("BASELINE", "1", at=None), step("1", "2", took=None)],
    )

    told, after = mended(before, [file("1"), file("2")])

    assert told == [
        "Give version 1 the present time: its own is no zoned date-time.",
        "Record version 1 as CYPHER: its type PYTHON is unknown.",
        "Record V1__x.cypher as the source of version 1.",
        "Give version 2 no time taken: its own is no duration.",
    ]
    assert [each.applied_at for each in applied(after)] == [NOW, AT]


def test_a_node_gets_the_target_that_a_repair_by_java_left_out() -> None:
    nodes = [
        node("BASELINE", migrationTarget="db"),
        node("1"),
        node("2", migrationTarget="db"),
    ]
    before = graph(nodes, [step("BASELINE", "1"), step("1", "2")], target="db")

    (told,), after = mended(before, [file("1"), file("2")], target="db")

    assert told.startswith("Give version 1 its target db")
    assert after.nodes["1"].target == "db"


def test_other_targets_are_not_ours() -> None:
    nodes = [
        *(node("BASELINE"), node("1")),
        node("b", "BASELINE", migrationTarget="db"),
        node("x", "2"),  # left without its target by Java
        node("y", "3", migrationTarget="db"),
    ]
    links = [step("BASELINE", "1"), step("b", "x"), step("x", "y")]

    assert set(graph(nodes, links).nodes) == {"BASELINE", "1"}
    assert set(graph(nodes, links, target="db").nodes) == {"b", "x", "y"}
    assert mended(graph(nodes, links), [file("1")])[0] == []


def test_a_chain_joined_to_another_target_needs_a_person() -> None:
    nodes = [node("BASELINE"), node("1"), node("z", "2", migrationTarget="db")]
    before = graph(nodes, [step("BASELINE", "1"), step("1", "z")])

    with pytest.raises(HistoryError, match="joined to one that is not of this target"):
        mended(before, [file("1")])


def test_a_node_that_others_use_is_not_removed() -> None:
    before = graph(
        line("1", "2").nodes.values(),
        line("1", "2").steps,
        others={"1": ["OWNS", "OWNS"], "2": []},
    )

    with pytest.raises(RefusedError, match="no part of its history: OWNS"):
        mended(before, [file("2")])
    assert mended(before, [file("1")])[0] != []


def test_doubles_in_a_circle_of_their_own_go() -> None:
    before = graph(
        [node("BASELINE"), node("1"), node("a", "1"), node("b", "1")],
        [
            step("BASELINE", "1"),
            step("1", "a", 1),
            step("a", "b", 2),
            step("b", "a", 3),
        ],
    )

    _, after = mended(before, [file("1")])

    assert set(after.nodes) == {"BASELINE", "1"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": ["CYPHER"]},
        {"source": ["V1__x.cypher"]},
        {"description": 5},
        {"checksum": [1]},
        {"repeatable": "true"},
        {"flyway_failed": "no"},
    ],
)
def test_a_property_of_another_type_is_mended(wrong: dict[str, Any]) -> None:
    before = graph([node("BASELINE"), node("1", **wrong)], [step("BASELINE", "1")])

    told, after = mended(before, [file("1")])

    assert next(iter(wrong)) in " ".join(told)
    (record,) = applied(after)
    assert (record.type, record.source, record.checksum) == (
        "CYPHER",
        "V1__x.cypher",
        "1",
    )


def test_a_user_that_is_no_text_is_removed() -> None:
    run = step("BASELINE", "1", by=["m"], connectedAs="neo4j")
    before = graph([node("BASELINE"), node("1")], [run])

    told, after = mended(before, [file("1")])

    assert "`by`" in " ".join(told)
    assert [each.applied_by for each in applied(after)] == ["neo4j"]


def test_repetitions_that_can_not_be_read_are_removed() -> None:
    nodes = [node("BASELINE"), node("1", repeatable=True)]
    bad = Link("REPEATED", "1", "1", {"at": AT, "in": None}, "bad")
    local = file("1", "2", repeatable=True, source="R1__x.cypher")

    told, after = mended(
        graph(nodes, [step("BASELINE", "1"), loop("1", "2", 3), bad]), [local]
    )

    assert told == ["Remove 1 repetitions of version 1 that can't be read."]
    assert [each.checksum for each in applied(after)] == ["2"]


def test_a_version_that_is_no_text_is_for_a_person_to_mend() -> None:
    nodes = [node("BASELINE"), Node("1", {"version": ["1"]})]

    with pytest.raises(HistoryError, match=r"no text: \['1'\]") as caught:
        mended(graph(nodes, [step("BASELINE", "1")]), [file("1")])

    assert caught.value.code == "HISTORY_DAMAGED"


@pytest.mark.parametrize("wrong", [{"source": 5}, {"type": 5}])
def test_what_no_file_can_tell_is_refused(wrong: dict[str, Any]) -> None:
    nodes = [node("BASELINE"), node("1"), node("2", **wrong)]
    before = graph(nodes, [step("BASELINE", "1"), step("1", "2", 1)])

    with pytest.raises(HistoryError, match="version 2") as caught:
        mended(before, [file("1")], on_newer="ok")

    assert "delete 2" in str(caught.value.hint)
