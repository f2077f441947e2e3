"""Single records: delete one, or record a baseline (neo4j-migrations §6.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from history_graph import file, graph, line, node, rewritten, step

from weave_migrate.errors import HistoryError, RefusedError
from weave_migrate.plan.chain import ChainPolicy
from weave_migrate.plan.chain_edit import Rewrite
from weave_migrate.plan.chain_graph import read_chain
from weave_migrate.plan.chain_records import baseline, delete
from weave_migrate.scripts.cypher_names import compare_versions

if TYPE_CHECKING:
    from weave_migrate.model import Migration
    from weave_migrate.plan.chain_edit import Graph

NOTHING = ((), Rewrite())


def versions(known: Graph) -> list[str]:
    chain = read_chain(known.nodes.values(), known.steps)
    assert chain.problems == ()
    return [each.version for each in chain.applied]


def without(before: Graph, version: str) -> Graph:
    told, edit = delete(before, version, target=None)
    assert len(told) == 1
    return rewritten(before, edit)


@pytest.mark.parametrize("version", ["1.2", "V1_2", "V1_2__x.cypher"])
def test_a_version_is_bridged_over(version: str) -> None:
    after = without(line("1", "1.2", "2"), version)

    assert versions(after) == ["1", "2"]
    assert after.arrivals()["2"].properties["by"] == "2"


def test_the_last_and_the_only_one_can_go() -> None:
    assert versions(without(line("1", "2"), "2")) == ["1"]
    assert versions(without(line("1"), "1")) == []


def test_a_version_of_another_form_is_taken_as_recorded() -> None:
    assert versions(without(line("a-b", "c"), "a-b")) == ["c"]


def test_an_unknown_version_is_nothing_to_do() -> None:
    assert delete(line("1"), "2", target=None) == NOTHING
    assert delete(graph([]), "2", target=None) == NOTHING


@pytest.mark.parametrize("version", ["BASELINE", "baseline"])
def test_the_beginning_stays(version: str) -> None:
    with pytest.raises(RefusedError, match="where the chain begins"):
        delete(line("1"), version, target=None)


def test_nothing_is_deleted_from_what_is_no_chain() -> None:
    forked = graph(
        [node("BASELINE"), node("1"), node("2")],
        [step("BASELINE", "1"), step("BASELINE", "2")],
    )

    with pytest.raises(HistoryError, match="forks"):
        delete(forked, "2", target=None)


def test_a_version_recorded_twice_is_left_to_repair() -> None:
    twice = graph(
        [node("BASELINE"), node("a", "1"), node("b", "1")],
        [step("BASELINE", "a"), step("a", "b")],
    )

    with pytest.raises(HistoryError, match="recorded 2 times"):
        delete(twice, "1", target=None)


def based(
    before: Graph, local: list[Migration], version: str, **policy: Any
) -> tuple[tuple[str, ...], Rewrite]:
    return baseline(
        before,
        local,
        version,
        ChainPolicy(**policy),
        compare=compare_versions,
        target=None,
        ignored=[file("0")],
    )


LOCAL = [file("1"), file("2", repeatable=True), file("3")]


def test_a_baseline_begins_a_chain() -> None:
    told, edit = based(graph([]), LOCAL, "V2")

    assert told == (
        "Record version 1 (V1__x.cypher) as applied, without running it.",
        "Record version 2 (V2__x.cypher) as applied, without running it.",
    )
    assert versions(rewritten(graph([]), edit)) == ["1", "2"]


def test_a_baseline_goes_on_with_a_chain() -> None:
    before = line("1")

    told, edit = based(before, LOCAL, "latest")

    assert len(told) == 2
    assert versions(rewritten(before, edit)) == ["1", "2", "3"]


def test_a_baseline_twice_is_nothing_to_do() -> None:
    assert based(line("1"), LOCAL, "1") == NOTHING


def test_a_baseline_is_not_put_before_later_records() -> None:
    with pytest.raises(RefusedError, match="Version 3 is recorded"):
        based(line("3"), LOCAL, "1", out_of_order=True)


def test_a_baseline_needs_files_and_history_to_agree() -> None:
    with pytest.raises(HistoryError) as caught:
        based(line("3"), LOCAL, "1")
    assert caught.value.code == "OUT_OF_ORDER"
    assert caught.value.file == "V1__x.cypher"
    with pytest.raises(HistoryError, match="no BASELINE"):
        based(graph([node("1")]), LOCAL, "1")
