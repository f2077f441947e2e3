"""How the nodes and relationships of a history become a chain, or are refused."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from weave_migrate.plan.chain_graph import Chain, Link, Node, read_chain

AT = datetime(2026, 1, 1, tzinfo=UTC)


def node(name: str, **properties: Any) -> Node:
    values = {"type": "CYPHER", "source": f"V{name}__x.cypher", "checksum": name}
    if name == "BASELINE":
        values = {}
    given = {**values, "version": name, **properties}
    return Node(name, {key: value for key, value in given.items() if value is not None})


def to(start: str, end: str, kind: str = "MIGRATED_TO", **properties: Any) -> Link:
    return Link(kind, start, end, {"at": AT, "in": 5, "by": "m", **properties})


def line(*names: str) -> list[Link]:
    return [to(a, b) for a, b in pairwise(names)]


def versions(chain: Chain) -> list[str]:
    return [each.version for each in chain.applied]


def test_no_node_is_no_history() -> None:
    assert read_chain([], []) == Chain()


def test_the_path_is_the_order() -> None:
    nodes = [node("2"), node("BASELINE"), node("1")]

    chain = read_chain(nodes, line("BASELINE", "2", "1"))

    assert versions(chain) == ["2", "1"]
    assert chain.problems == ()
    assert chain.ids == {"BASELINE": "BASELINE", "1": "1", "2": "2"}
    assert chain.next == {"BASELINE": "2", "2": "1"}


def test_a_record_tells_who_when_and_how_long() -> None:
    link = to("BASELINE", "1", by="m", connectedAs="neo4j")

    (applied,) = read_chain([node("BASELINE"), node("1")], [link]).applied

    assert (applied.applied_at, applied.duration_ms) == (AT, 5)
    assert applied.applied_by == "m/neo4j"
    assert applied.source == "V1__x.cypher"
    assert not applied.repeatable


def test_a_baseline_alone_is_an_empty_chain() -> None:
    chain = read_chain([node("BASELINE")], [])

    assert chain.applied == ()
    assert chain.ids == {"BASELINE": "BASELINE"}


def test_the_newest_repetition_speaks_for_a_migration() -> None:
    nodes = [node("BASELINE"), node("1", repeatable=True)]
    later = datetime(2026, 3, 1, tzinfo=UTC)
    loops = [
        to("1", "1", "REPEATED", at=later, checksum="new"),
        to("1", "1", "REPEATED", checksum="old"),
        to("1", "1", "REPEATED", at=None, checksum="undated"),
    ]

    (applied,) = read_chain(nodes, [*line("BASELINE", "1"), *loops]).applied

    assert (applied.checksum, applied.applied_at) == ("new", later)
    assert applied.repeatable


def test_a_repetition_without_a_checksum_has_none() -> None:
    nodes = [node("BASELINE"), node("1", repeatable=True)]

    (applied,) = read_chain(
        nodes, [*line("BASELINE", "1"), to("1", "1", "REPEATED")]
    ).applied

    assert applied.checksum is None


def test_each_target_has_its_own_chain() -> None:
    nodes = [
        Node("a", {"version": "BASELINE"}),
        Node("b", {"version": "BASELINE", "migrationTarget": "other"}),
        node("1"),
        node("2"),  # a repair of neo4j-migrations left it without its target
    ]
    links = [to("a", "1"), to("b", "2")]

    assert versions(read_chain(nodes, links)) == ["1"]
    assert versions(read_chain(nodes, links, target="other")) == ["2"]


@pytest.mark.parametrize(
    "foreign",
    [{"flyway_failed": True}, {"type": "DELETE"}, {"version": None}],
)
def test_records_of_flyway_are_passed_over(foreign: dict[str, Any]) -> None:
    nodes = [node("BASELINE"), node("1", **foreign), node("2")]

    chain = read_chain(nodes, line("BASELINE", "1", "2"))

    assert versions(chain) == ["2"]
    assert chain.problems == ()
    assert chain.next["BASELINE"] == "1"


def _damage(nodes: list[Node], links: list[Link]) -> str:
    (problem,) = read_chain(nodes, links).problems
    assert problem.code == "HISTORY_DAMAGED"
    assert problem.hint
    return problem.message


def test_two_beginnings_are_damage() -> None:
    nodes = [Node("a", {"version": "BASELINE"}), Node("b", {"version": "BASELINE"})]

    assert "2 nodes with version BASELINE" in _damage(nodes, [])


def test_a_chain_without_beginning_is_damage() -> None:
    assert "no BASELINE" in _damage([node("1")], [])


def test_a_fork_is_damage_and_named() -> None:
    nodes = [node("BASELINE"), node("1"), node("2"), node("3")]
    links = [*line("BASELINE", "1", "2"), to("1", "3")]

    assert "forks after 1, into 2 and 3" in _damage(nodes, links)


def test_a_circle_is_damage() -> None:
    nodes = [node("BASELINE"), node("1"), node("2")]

    message = _damage(nodes, line("BASELINE", "1", "2", "1"))

    assert "2 leads back to 1" in message


def test_a_way_into_another_target_is_damage() -> None:
    message = _damage([node("BASELINE")], [to("BASELINE", "elsewhere")])

    assert "leaves its target behind version BASELINE" in message


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"type": "PYTHON"}, "unknown type 'PYTHON'"),
        ({"type": None}, "unknown type None"),
        ({"type": ["CYPHER"]}, "unknown type ['CYPHER']"),
        ({"type": "P" * 99}, "unknown type 'PPP"),
        ({"source": None}, "no source"),
        ({"source": ["V1__x.cypher"]}, "no source"),
        ({"description": 5}, "`description` that is no text"),
        ({"checksum": [1]}, "`checksum` that is no text"),
        ({"repeatable": "true"}, "`repeatable` that is neither true nor false"),
        ({"flyway_failed": "true"}, "`flyway_failed` that is neither true nor false"),
        ({"version": ["1"]}, "version is no text: ['1']"),
    ],
)
def test_what_java_can_not_read_in_a_node_is_damage(
    wrong: dict[str, Any], named: str
) -> None:
    nodes = [node("BASELINE"), node("1", **wrong)]

    assert named in _damage(nodes, line("BASELINE", "1"))


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"at": None}, "`at`"),
        ({"at": datetime(2026, 1, 1)}, "`at`"),  # noqa: DTZ001 - that is the point
        ({"in": None}, "`in`"),
        ({"by": ["m"]}, "`by` that is no text"),
        ({"connectedAs": 5}, "`connectedAs` that is no text"),
    ],
)
def test_what_java_can_not_read_in_a_relationship_is_damage(
    wrong: dict[str, Any], named: str
) -> None:
    nodes = [node("BASELINE"), node("1")]

    assert named in _damage(nodes, [to("BASELINE", "1", **wrong)])


@pytest.mark.parametrize(
    "wrong", [{"at": None}, {"in": None}, {"by": 5}, {"checksum": [1]}]
)
def test_a_repetition_that_java_can_not_read_is_damage_and_says_nothing(
    wrong: dict[str, Any],
) -> None:
    nodes = [node("BASELINE"), node("1")]
    links = [*line("BASELINE", "1"), to("1", "1", "REPEATED", checksum="2")]
    bad = to("1", "1", "REPEATED", **{"checksum": "3", **wrong})

    assert "repetition of version 1" in _damage(nodes, [*links, bad])
    (applied,) = read_chain(nodes, [*links, bad]).applied
    assert applied.checksum == "2"


@pytest.mark.parametrize(
    ("id_", "where"), [("4:a:5", "elementId(n) = '4:a:5'"), ("5", "id(n) = 5")]
)
def test_a_node_without_a_readable_version_is_shown_by_its_id(
    id_: str, where: str
) -> None:
    nodes = [node("BASELINE"), Node(id_, {"version": 5})]

    (problem,) = read_chain(nodes, line("BASELINE", id_)).problems

    assert where in str(problem.hint)


def test_nodes_beside_the_chain_are_warned_of() -> None:
    nodes = [node("BASELINE"), node("1"), node("9"), node("8")]

    chain = read_chain(nodes, line("BASELINE", "1"))

    assert chain.problems == ()
    (warning,) = chain.warnings
    assert "version 8, 9" in warning


def test_a_node_on_the_chain_of_another_target_is_not_beside_ours() -> None:
    nodes = [node("BASELINE"), node("1"), node("9")]

    chain = read_chain(nodes, [*line("BASELINE", "1"), to("9", "elsewhere")])

    assert (chain.problems, chain.warnings) == ((), ())
