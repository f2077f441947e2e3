"""One line out of whatever nodes a history has: the structural half of repair.

A line has one BASELINE, each version once, all in version order, and no node beside it.
What breaks this in practice: two writers without a lock (two beginnings, versions
twice), neo4j-migrations killed between the two transactions of an out-of-order insert
(a fork) or older than 2.10.3 (a wrong order), and nodes added or deleted by hand.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cmp_to_key
from itertools import pairwise
from typing import TYPE_CHECKING

from weave_migrate.errors import HistoryError
from weave_migrate.plan import chain_problems as problem
from weave_migrate.plan.chain_edit import NEVER, date_of, key_of
from weave_migrate.plan.chain_graph import (
    BASELINE,
    Node,
    is_foreign,
    nameless,
    read_chain,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from weave_migrate.plan.chain_edit import Graph
    from weave_migrate.plan.chain_problems import Compare, Order

_SHOWN = 3  # versions at either end of a long line


@dataclass(frozen=True, slots=True)
class Line:
    """The nodes of the chain to be, BASELINE first, and those that go.

    The BASELINE may be a node yet to be made.  Nodes of neo4j-flyway-database are on
    the line, too, where they were.  ``told`` are sentences.
    """

    nodes: tuple[Node, ...]
    removed: tuple[str, ...]
    told: tuple[str, ...]


def straighten(
    graph: Graph, *, order: Order, compare: Compare, target: str | None
) -> Line:
    """Find the line in a graph that has at least one node.

    Raises HistoryError: SORT_ORDER for a sound chain in the other order, which is a
    matter of settings, and HISTORY_DAMAGED where a person has to look.
    """
    _refuse_crossing(graph)
    start, *superfluous = _beginnings(graph, target)
    strays, others = _divided(graph)
    records = [node for node in others if not is_foreign(node)]
    _refuse_nameless(records)
    doubles = _doubles(records, graph)
    removed = [node.id for node in (*superfluous, *strays)] + list(doubles)
    walked = _walked(graph, start, others, doubles)
    ordered = _in_order(walked, graph, order=order, compare=compare, target=target)
    nodes = (start, *ordered)
    told = [
        *_told_beginnings(start, superfluous, graph),
        *(_told_stray(node) for node in strays),
        *_told_doubles(records, doubles, graph),
    ]
    if _pairs(nodes) != _pairs_now(graph, nodes):
        told.append(f"Join the chain in version order: {_shown(nodes)}.")
    return Line(nodes, tuple(removed), tuple(told))


def _refuse_crossing(graph: Graph) -> None:
    for id_, types in graph.others.items():
        if "MIGRATED_TO" in types:
            raise HistoryError(
                f"The node of version {graph.nodes[id_].version} is joined to one that "
                "is not of this target.",
                code="HISTORY_DAMAGED",
                hint="Delete that MIGRATED_TO by hand, and run again.",
            )


def _refuse_nameless(records: Iterable[Node]) -> None:
    for node in records:
        if not isinstance(node.version, str):
            found = nameless(node)
            raise HistoryError(found.message, code=found.code, hint=found.hint)


def _beginnings(graph: Graph, target: str | None) -> list[Node]:
    """Give the BASELINE to keep, the one that was followed first, and all others."""
    starts = [node for node in graph.nodes.values() if node.version == BASELINE]
    if not starts:
        return [
            Node(key_of(BASELINE), {"version": BASELINE, "migrationTarget": target})
        ]
    followed: dict[str, datetime] = {}
    for step in graph.steps:
        followed[step.start] = min(date_of(step), followed.get(step.start, NEVER))
    return sorted(starts, key=lambda node: followed.get(node.id, NEVER))


def _divided(graph: Graph) -> tuple[list[Node], list[Node]]:
    """Tell nodes that were never applied, as far as can be seen, from all others."""
    used = {
        end for link in (*graph.steps, *graph.loops) for end in (link.start, link.end)
    }
    nodes = [node for node in graph.nodes.values() if node.version != BASELINE]
    return (
        [node for node in nodes if node.id not in used],
        [node for node in nodes if node.id in used],
    )


def _doubles(records: Sequence[Node], graph: Graph) -> dict[str, Node]:
    """Give, for each node too many of a version, the one that is kept (§6.9).

    That is the one behind another version, and of several such the oldest.
    """
    arrivals = graph.arrivals()

    def preference(node: Node) -> tuple[bool, datetime]:
        step = arrivals.get(node.id)
        if step is None:
            return False, NEVER
        return graph.nodes[step.start].version == node.version, date_of(step)

    instead: dict[str, Node] = {}
    for same in _by_version(records).values():
        kept, *rest = sorted(same, key=preference)
        instead |= {node.id: kept for node in rest}
    return instead


def _by_version(records: Sequence[Node]) -> Mapping[object, list[Node]]:
    grouped: dict[object, list[Node]] = defaultdict(list)
    for node in records:
        grouped[node.version].append(node)
    return grouped


def _in_order(
    walked: list[Node],
    graph: Graph,
    *,
    order: Order,
    compare: Compare,
    target: str | None,
) -> list[Node]:
    """Sort what is not in version order; what is stays exactly as it is."""
    records = [node for node in walked if not is_foreign(node)]
    versions = [str(node.version) for node in records]
    if problem.breach(versions, order, compare) is None:
        return walked
    chain = read_chain(graph.nodes.values(), graph.steps, target=target)
    if not chain.problems:
        for refusal in problem.other_order(chain.applied, order, compare):
            raise HistoryError(refusal.message, code=refusal.code, hint=refusal.hint)
    if len(records) < len(walked):
        raise HistoryError(
            "The chain is not in version order, and neo4j-flyway-database has nodes on "
            "it, too.",
            code="HISTORY_DAMAGED",
            hint="Remove these (flyway_failed, or of type DELETE) by hand, and run "
            "again.",
        )

    def by_version(a: Node, b: Node) -> int:
        return compare(str(a.version), str(b.version), order=order)

    return sorted(records, key=cmp_to_key(by_version))


def _walked(
    graph: Graph, start: Node, others: Sequence[Node], doubles: Mapping[str, Node]
) -> list[Node]:
    """Give the nodes as one comes by them from BASELINE on, all others behind."""
    onwards = _onwards(graph)
    found: dict[str, Node] = {}
    seen: set[str] = set()
    waiting = [start.id]
    while waiting:
        here = waiting.pop()
        if here in seen:
            continue
        seen.add(here)
        waiting += reversed(onwards[here])
        if here in graph.nodes and graph.nodes[here].version != BASELINE:
            node = doubles.get(here, graph.nodes[here])
            found.setdefault(node.id, node)
    passed = {*found, *doubles}
    return [*found.values(), *(node for node in others if node.id not in passed)]


def _onwards(graph: Graph) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for step in graph.steps:
        found[step.start].append(step.end)
    return found


def _pairs(nodes: Sequence[Node]) -> set[tuple[str, str]]:
    return {(a.id, b.id) for a, b in pairwise(nodes)}


def _pairs_now(graph: Graph, nodes: Sequence[Node]) -> set[tuple[str, str]]:
    """Say which of these nodes follows which, passing over all that go."""
    kept = {node.id for node in nodes}
    onwards = _onwards(graph)
    found: set[tuple[str, str]] = set()
    for id_ in kept:
        seen: set[str] = set()
        waiting = list(onwards[id_])
        while waiting:
            here = waiting.pop()
            if here in kept:
                found.add((id_, here))
            elif here not in seen:
                seen.add(here)
                waiting += onwards[here]
    return found


def _told_beginnings(
    start: Node, superfluous: Sequence[Node], graph: Graph
) -> Iterator[str]:
    if start.id not in graph.nodes:
        yield "Create the BASELINE that a chain begins with."
    if superfluous:
        count = len(superfluous)
        yield f"Remove {count} of {count + 1} nodes BASELINE; a chain has one."


def _told_stray(node: Node) -> str:
    return (
        f"Remove the node of version {node.version} beside the chain, of which nothing "
        "says that it was applied."
    )


def _told_doubles(
    records: Sequence[Node], doubles: Mapping[str, Node], graph: Graph
) -> Iterator[str]:
    arrivals = graph.arrivals()
    for version, same in _by_version(records).items():
        gone = [node for node in same if node.id in doubles]
        if gone:
            step = arrivals.get(doubles[gone[0].id].id)
            of = f" of {date_of(step):%Y-%m-%d %H:%M:%S}" if step else ""
            yield (
                f"Remove {len(gone)} of {len(same)} records of version {version}; the "
                f"one{of} stays."
            )


def _shown(nodes: Sequence[Node]) -> str:
    versions = [str(node.version) for node in nodes if not is_foreign(node)]
    if len(versions) > 2 * _SHOWN:
        versions = [*versions[:_SHOWN], "…", *versions[-_SHOWN:]]
    return ", ".join(versions)
