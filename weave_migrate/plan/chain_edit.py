"""From one graph of a history to another, as a value that can be made at once.

An edit says which nodes there are in the end and in which order: its line.  What has to
be done for that is found here by comparing the line with the graph.  A MIGRATED_TO
describes the migration at its end (neo4j-migrations reference, §4.1), so a node that
gets another predecessor takes its own relationship's properties along.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from weave_migrate.errors import RefusedError
from weave_migrate.plan.chain_graph import BASELINE, Link, Node

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from weave_migrate.model import Migration

NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Graph:
    """The nodes of one target's history, whole or damaged, and what joins them.

    ``steps`` are its MIGRATED_TO, ``loops`` its REPEATED.  ``others`` names, for a
    node, the types of the relationships that it has with anything else.
    """

    nodes: Mapping[str, Node]
    steps: tuple[Link, ...] = ()
    loops: tuple[Link, ...] = ()
    others: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def arrivals(self) -> dict[str, Link]:
        """Give, for each node, the step that describes it: the oldest to end there."""
        found: dict[str, Link] = {}
        for step in self.steps:
            known = found.get(step.end)
            if known is None or date_of(step) < date_of(known):
                found[step.end] = step
        return found


@dataclass(frozen=True, slots=True)
class Join:
    """A MIGRATED_TO to make; ``like`` is the one whose properties it takes over.

    ``start`` and ``end`` are ids of nodes, or keys of nodes to be made.  Without
    ``like`` it says: just now, in no time.
    """

    start: str
    end: str
    like: str | None


@dataclass(frozen=True, slots=True)
class Rewrite:
    """All that one edit does to a graph, in the order in which it can be done.

    ``created`` are properties of nodes by their keys; ``cut`` are ids of MIGRATED_TO
    that go; ``removed`` are nodes, with the relationships of their history;
    ``settings`` are properties to set on nodes, ``loops`` checksums to set on REPEATED,
    by their ids; ``unread`` are REPEATED that go.  ``runs`` are properties to set on
    the MIGRATED_TO to a node.  To set None is to remove.  ``dated`` are nodes whose
    MIGRATED_TO gets the present time, ``timed`` those where it gets no duration: what
    stands there can't be read.
    """

    created: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    joins: tuple[Join, ...] = ()
    cut: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    settings: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    loops: Mapping[str, str] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    runs: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    dated: tuple[str, ...] = ()
    timed: tuple[str, ...] = ()


def date_of(link: Link) -> datetime:
    """Give when it was written; without a readable date it is later than any other."""
    at = link.properties.get("at")
    return at if isinstance(at, datetime) and at.tzinfo else NEVER


def own_graph(
    nodes: Iterable[Node],
    links: Iterable[Link],
    *,
    target: str | None,
    others: Mapping[str, Sequence[str]],
) -> Graph:
    """Pick what belongs to ``target`` out of everything labelled as history.

    Repairs by neo4j-migrations leave nodes without a target on the chain of one (§6.9):
    such a node belongs to the chain that leads to it.  ``others`` are types of
    relationships that are no history, by node.
    """
    known = {node.id: node for node in nodes}
    every = tuple(links)
    steps = [link for link in every if link.type == "MIGRATED_TO"]
    onwards: dict[str, list[str]] = {}
    for step in steps:
        onwards.setdefault(step.start, []).append(step.end)
    starts = [node for node in known.values() if node.version == BASELINE]
    ours = _reached((s.id for s in starts if s.target == target), onwards)
    theirs = _reached((s.id for s in starts if s.target != target), onwards)
    own = {
        node.id: node
        for node in known.values()
        if (node.target == target and (target is not None or node.id not in theirs))
        or (node.target is None and node.id in ours)
    }
    foreign: dict[str, list[str]] = {id_: list(others.get(id_, ())) for id_ in own}
    for link in every:
        if (link.start in own) != (link.end in own):
            foreign[link.start if link.start in own else link.end].append(link.type)
    inner = [link for link in every if link.start in own and link.end in own]
    return Graph(
        nodes=own,
        steps=tuple(link for link in inner if link.type == "MIGRATED_TO"),
        loops=tuple(link for link in inner if link.type == "REPEATED"),
        others={id_: tuple(types) for id_, types in foreign.items() if types},
    )


def _reached(
    starts: Iterable[str], onwards: Mapping[str, Sequence[str]]
) -> frozenset[str]:
    seen: set[str] = set()
    waiting = list(starts)
    while waiting:
        here = waiting.pop()
        if here not in seen:
            seen.add(here)
            waiting += onwards.get(here, ())
    return frozenset(seen)


def joined(
    graph: Graph, line: Sequence[str], removed: Sequence[str]
) -> tuple[tuple[Join, ...], tuple[str, ...]]:
    """Say which MIGRATED_TO to make, and which to cut, for ``line`` to be the chain.

    Raises RefusedError if a node that is to be removed has relationships of others.
    """
    _refuse_shared(graph, removed)
    arrivals = graph.arrivals()
    kept: set[str] = set()
    joins = []
    for start, end in pairwise(line):
        run = arrivals.get(end)
        if run and run.start == start:
            kept.add(run.id)
        else:
            joins.append(Join(start, end, run.id if run else None))
    scope = {*line, *removed}
    cut = tuple(
        step.id
        for step in graph.steps
        if step.id not in kept and step.start in scope and step.end in scope
    )
    return tuple(joins), cut


def _refuse_shared(graph: Graph, removed: Iterable[str]) -> None:
    for id_ in removed:
        if types := graph.others.get(id_):
            named = ", ".join(sorted(set(types)))
            raise RefusedError(
                f"The node of version {graph.nodes[id_].version} would be removed, but "
                f"it has relationships that are no part of its history: {named}.",
                hint="Give them another node, or delete them, and run again.",
            )


def record_of(migration: Migration, target: str | None) -> dict[str, object]:
    """Give the properties of a node that records ``migration`` (§4.1)."""
    return {
        "version": migration.version,
        "description": migration.description,
        "type": migration.type,
        "repeatable": migration.repeatable,
        "source": migration.source,
        "checksum": migration.checksum,
        "migrationTarget": target,
    }


def key_of(version: str) -> str:
    """Name a node that is yet to be made."""
    return f"new {version}"
