"""Histories of Neo4j as plain values, and edits made on them as the server would."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from weave_migrate.model import Migration
from weave_migrate.plan.chain_edit import Graph, own_graph
from weave_migrate.plan.chain_graph import Link, Node

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from weave_migrate.plan.chain_edit import Rewrite

AT = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def file(version: str, checksum: str | None = None, **values: Any) -> Migration:
    """Make a local script; its checksum is its version unless another is given."""
    return Migration(
        **{
            "version": version,
            "description": "x",
            "type": "CYPHER",
            "source": f"V{version}__x.cypher",
            "checksum": checksum or version,
            **values,
        }
    )


def node(id_: str, version: object = None, **properties: Any) -> Node:
    """Make a node as a run of ``file`` would; ``id_`` is its version as well."""
    known = id_ if version is None else version
    values = {"version": known}
    if known != "BASELINE":
        values |= {
            "type": "CYPHER",
            "source": f"V{known}__x.cypher",
            "checksum": str(known),
        }
    given = {**values, **properties}
    return Node(id_, {key: value for key, value in given.items() if value is not None})


def step(
    start: str, end: str, day: int = 0, *, took: int | None = 5, **properties: Any
) -> Link:
    """Make a MIGRATED_TO, so many days after the first."""
    run = {"at": AT + timedelta(days=day), "in": took, "by": end, **properties}
    return Link("MIGRATED_TO", start, end, run, f"{start}>{end}")


def loop(id_: str, checksum: str, day: int) -> Link:
    """Make a REPEATED."""
    run = {"at": AT + timedelta(days=day), "in": 5, "checksum": checksum}
    return Link("REPEATED", id_, id_, run, f"{id_}@{day}")


def graph(
    nodes: Iterable[Node],
    links: Iterable[Link] = (),
    *,
    target: str | None = None,
    others: dict[str, list[str]] | None = None,
) -> Graph:
    """Make what is read of one target."""
    return own_graph(nodes, links, target=target, others=others or {})


def line(*ids: str) -> Graph:
    """Make a sound history: BASELINE and the versions given, a day apart."""
    names = ("BASELINE", *ids)
    links = [step(a, b, day) for day, (a, b) in enumerate(pairwise(names))]
    return graph([node(each) for each in names], links)


def rewritten(before: Graph, edit: Rewrite) -> Graph:
    """Make the edit, checking that each of its parts has what it is about."""
    nodes = {
        **before.nodes,
        **{key: Node(key, dict(values)) for key, values in edit.created.items()},
    }
    steps = {each.id: each for each in before.steps}
    made = []
    for join in edit.joins:
        run: Any = steps[join.like].properties if join.like else {"at": NOW, "in": 0}
        assert join.start in nodes
        assert join.end in nodes
        made.append(
            Link("MIGRATED_TO", join.start, join.end, run, f"{join.start}>>{join.end}")
        )
    for id_ in edit.cut:
        del steps[id_]
    for id_ in edit.removed:
        del nodes[id_]
    gone = set(edit.removed)
    left = [*steps.values(), *made]
    assert not any({each.start, each.end} & gone for each in left), "cut before removal"
    for id_, values in edit.settings.items():
        nodes[id_] = Node(id_, _set(nodes[id_].properties, values))
    loops = {
        each.id: each
        for each in before.loops
        if each.start not in gone and each.id not in edit.unread
    }
    for id_, checksum in edit.loops.items():
        run = {**loops[id_].properties, "checksum": checksum}
        loops[id_] = replace(loops[id_], properties=run)
    fixes: dict[str, dict[str, object]] = {
        id_: dict(values) for id_, values in edit.runs.items()
    }
    for id_ in edit.dated:
        fixes.setdefault(id_, {})["at"] = NOW
    for id_ in edit.timed:
        fixes.setdefault(id_, {})["in"] = 0
    left = [
        replace(each, properties=_set(each.properties, fixes.get(each.end, {})))
        for each in left
    ]
    return Graph(nodes, tuple(left), tuple(loops.values()), before.others)


def _set(
    before: Mapping[str, object], values: Mapping[str, object]
) -> dict[str, object]:
    """Set properties as the server does: None removes."""
    given = {**before, **values}
    return {name: value for name, value in given.items() if value is not None}
