"""From the nodes and relationships of a Neo4j history to one chain, or its damage.

A history is one line per target: BASELINE, then a node for each migration, joined by
MIGRATED_TO; each of these describes the migration at its end.  A repeatable that ran
again carries REPEATED loops, the newest of which speaks for it (neo4j-migrations
reference, §4.1 and §4.3).  Nothing else is a chain: two beginnings, two ends or a
circle can't be read by neo4j-migrations either.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from weave_migrate.model import Applied, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

BASELINE = "BASELINE"
TYPES = frozenset({"JAVA", "CYPHER", "CATALOG"})  # any other: Java reads nothing at all
_REPAIR = "See what would mend it: weave db repair neo4j --dry-run"


@dataclass(frozen=True, slots=True)
class Node:
    """One ``__Neo4jMigration``; ``id`` is the server's, stable for one run."""

    id: str
    properties: Mapping[str, object]

    @property
    def version(self) -> object:
        """Its version, or None."""
        return self.properties.get("version")

    @property
    def target(self) -> object:
        """The database it is about, where that is not the one it is in."""
        return self.properties.get("migrationTarget")


@dataclass(frozen=True, slots=True)
class Link:
    """One MIGRATED_TO or REPEATED; ``at`` as datetime, ``in`` as milliseconds.

    A value of another type than the server's zoned date-time or duration is None.
    ``id`` is the server's, for those who change it.
    """

    type: str
    start: str
    end: str
    properties: Mapping[str, object]
    id: str = ""


@dataclass(frozen=True, slots=True)
class Chain:
    """A history in order.

    ``ids`` finds the node of a version (BASELINE's too), ``next`` the node that
    follows a node; both are what a record is inserted by.
    """

    applied: tuple[Applied, ...] = ()
    ids: Mapping[str, str] = field(default_factory=dict)
    next: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()


def read_chain(
    nodes: Iterable[Node], links: Iterable[Link], *, target: str | None = None
) -> Chain:
    """Follow the one chain of ``target`` from its BASELINE.

    Only BASELINE's target counts: repairs by neo4j-migrations leave inner nodes
    without one (§4.3).  What can't be followed is a problem (HISTORY_DAMAGED).
    """
    known = {node.id: node for node in nodes}
    own = [node for node in known.values() if node.target == target]
    starts = [node for node in own if node.version == BASELINE]
    if not own:
        return Chain()
    if len(starts) != 1:
        return Chain(problems=(_beginnings(starts, own),))

    onwards: dict[str, list[Link]] = {}
    loops: dict[str, list[Link]] = {}
    for link in links:
        by_type = loops if link.type == "REPEATED" else onwards
        by_type.setdefault(link.start, []).append(link)

    def leads_on(node: Node) -> bool:
        # Into another target's chain, which a repair left it without the name of.
        return any(link.end not in known for link in onwards.get(node.id, ()))

    problems: list[Problem] = []
    path = list(_walk(starts[0], known, onwards, problems))
    applied: list[Applied] = []
    ids = {BASELINE: starts[0].id}
    for link in path:
        node = known[link.end]
        if is_foreign(node):
            continue
        problems += _flaws(node, link)
        applied.append(_applied(node, _last_run(link, loops.get(node.id, ()))))
        ids[str(node.version)] = node.id
    seen = {starts[0].id, *(link.end for link in path)}
    return Chain(
        applied=tuple(applied),
        ids=ids,
        next={link.start: link.end for link in path},
        problems=tuple(problems),
        warnings=_strays(
            node for node in own if node.id not in seen and not leads_on(node)
        ),
    )


def _beginnings(starts: Sequence[Node], own: Sequence[Node]) -> Problem:
    what = (
        f"{len(starts)} nodes with version BASELINE"
        if starts
        else f"no BASELINE before its {len(own)} migration nodes"
    )
    return _damage(f"has {what}, where a chain has exactly one")


def _walk(
    start: Node,
    known: Mapping[str, Node],
    onwards: Mapping[str, list[Link]],
    problems: list[Problem],
) -> Iterator[Link]:
    """Give the links of the path; stop at the first place where it is none."""
    seen = {start.id}
    here = start
    while links := onwards.get(here.id, []):
        ends = [known.get(link.end) for link in links]
        if len(links) > 1:
            versions = " and ".join(str(end.version) for end in ends if end)
            problems.append(_damage(f"forks after {here.version}, into {versions}"))
            return
        following = ends[0]
        if following is None:
            problems.append(_damage(f"leaves its target behind version {here.version}"))
            return
        if following.id in seen:
            problems.append(
                _damage(
                    f"runs in a circle: {here.version} leads back to "
                    f"{following.version}"
                )
            )
            return
        yield links[0]
        here = following
        seen.add(here.id)


def is_foreign(node: Node) -> bool:
    """Tell what neo4j-migrations skips: records of neo4j-flyway-database (§4.3)."""
    return (
        node.properties.get("flyway_failed") is True
        or node.version is None
        or node.properties.get("type") == "DELETE"
    )


def _flaws(node: Node, link: Link) -> Iterator[Problem]:
    """Name what makes every read of neo4j-migrations fail (§1.9, §4.1)."""
    kind, at = node.properties.get("type"), link.properties.get("at")
    if kind not in TYPES:
        yield _damage(f"gives version {node.version} the unknown type {kind!r}")
    if not isinstance(node.properties.get("source"), str):
        yield _damage(f"gives version {node.version} no source")
    if not (isinstance(at, datetime) and at.tzinfo):
        yield _damage(f"has no zoned date-time `at` before version {node.version}")
    if not isinstance(link.properties.get("in"), int):
        yield _damage(f"has no duration `in` before version {node.version}")


def newest(loops: Iterable[Link]) -> Link | None:
    """Give the repetition that speaks for a node, if it has any."""
    dated = [
        (at, loop)
        for loop in loops
        if isinstance(at := loop.properties.get("at"), datetime) and at.tzinfo
    ]
    return max(dated, key=lambda pair: pair[0])[1] if dated else None


def _last_run(link: Link, loops: Iterable[Link]) -> Mapping[str, object]:
    """Lay the newest repetition over the first application."""
    again = newest(loops)
    return {"checksum": None, **again.properties} if again else link.properties


def _applied(node: Node, run: Mapping[str, object]) -> Applied:
    values = {**node.properties, **run}
    at, took = values.get("at"), values.get("in")
    users = (values.get("by"), values.get("connectedAs"))
    return Applied(
        version=str(node.version),
        description=_text(values.get("description")),
        type=_text(values.get("type")),
        source=_text(values.get("source")),
        checksum=_text(values.get("checksum")),
        applied_at=at if isinstance(at, datetime) and at.tzinfo else None,
        applied_by="/".join(str(user) for user in users if user) or None,
        duration_ms=took if isinstance(took, int) else None,
        repeatable=values.get("repeatable") is True,
    )


def _strays(nodes: Iterable[Node]) -> tuple[str, ...]:
    versions = ", ".join(sorted(str(node.version) for node in nodes))
    if not versions:
        return ()
    stray = (
        f"Nodes labelled __Neo4jMigration are not on the chain (version {versions}). "
        "They make neo4j-migrations run its first migration again: remove them."
    )
    return (stray,)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _damage(what: str) -> Problem:
    return Problem(
        code="HISTORY_DAMAGED", message=f"The recorded history {what}.", hint=_REPAIR
    )
