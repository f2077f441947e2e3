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
TEXTS = ("description", "checksum")  # of a node: text or nothing
USERS = ("by", "connectedAs")  # of a relationship: the same
FLAGS = ("repeatable", "flyway_failed")  # of a node: true, false or nothing
_SHOWN = 60  # characters of a value that should not be what it is


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
        if not isinstance(node.version, str):
            problems.append(nameless(node))
            continue
        repetitions = loops.get(node.id, ())
        problems += _flaws(node, link, repetitions)
        applied.append(_applied(node, node.version, link, newest(repetitions)))
        ids[node.version] = node.id
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


def nameless(node: Node) -> Problem:
    """Name a node of which nobody can say what it records."""
    number = node.id.isdigit()  # of Neo4j 4.4
    where = f"id(n) = {node.id}" if number else f"elementId(n) = {node.id!r}"
    return Problem(
        code="HISTORY_DAMAGED",
        message="The recorded history has a node whose version is no text: "
        f"{_shown(node.version)}.",
        hint="Give it its version as a text, or delete it, by hand; in cypher-shell: "
        f"MATCH (n:__Neo4jMigration) WHERE {where} RETURN n",
    )


def no_texts(link_or_node: Node | Link, names: Iterable[str]) -> list[str]:
    """Name the properties that are there and no text."""
    given = link_or_node.properties
    return [name for name in names if not isinstance(given.get(name), str | None)]


def no_flags(node: Node) -> list[str]:
    """Name those of FLAGS that are there and neither true nor false."""
    given = node.properties
    return [name for name in FLAGS if not isinstance(given.get(name), bool | None)]


def is_date(value: object) -> bool:
    """Tell whether ``at`` is what it has to be."""
    return isinstance(value, datetime) and value.tzinfo is not None


def is_readable(loop: Link) -> bool:
    """Tell whether neo4j-migrations can read a repetition."""
    run = loop.properties
    return (
        is_date(run.get("at"))
        and isinstance(run.get("in"), int)
        and not no_texts(loop, ("checksum", *USERS))
    )


def _flaws(node: Node, link: Link, loops: Iterable[Link]) -> Iterator[Problem]:
    """Name what makes every read of neo4j-migrations fail (§1.9, §4.1)."""
    version, kind = node.version, node.properties.get("type")
    if not (isinstance(kind, str) and kind in TYPES):
        yield _damage(f"gives version {version} the unknown type {_shown(kind)}")
    if not isinstance(node.properties.get("source"), str):
        yield _damage(f"gives version {version} no source")
    for name in (*no_texts(node, TEXTS), *no_texts(link, USERS)):
        yield _damage(f"gives version {version} a `{name}` that is no text")
    for name in no_flags(node):
        yield _damage(
            f"gives version {version} a `{name}` that is neither true nor false"
        )
    if not is_date(link.properties.get("at")):
        yield _damage(f"has no zoned date-time `at` before version {version}")
    if not isinstance(link.properties.get("in"), int):
        yield _damage(f"has no duration `in` before version {version}")
    if not all(map(is_readable, loops)):
        yield _damage(f"has a repetition of version {version} that can't be read")


def newest(loops: Iterable[Link]) -> Link | None:
    """Give the repetition that speaks for a node, if it has any."""
    return max(
        filter(is_readable, loops),
        key=lambda loop: loop.properties["at"],  # type: ignore[arg-type, return-value]
        default=None,
    )


def _applied(node: Node, version: str, link: Link, again: Link | None) -> Applied:
    own, run = node.properties, (again or link).properties
    at, took = run.get("at"), run.get("in")
    users = (_text(run.get(name)) for name in USERS)
    return Applied(
        version=version,
        description=_text(own.get("description")),
        type=_text(own.get("type")),
        source=_text(own.get("source")),
        checksum=_text((run if again else own).get("checksum")),
        applied_at=at if isinstance(at, datetime) and is_date(at) else None,
        applied_by="/".join(user for user in users if user) or None,
        duration_ms=took if isinstance(took, int) else None,
        repeatable=own.get("repeatable") is True,
    )


def _shown(value: object) -> str:
    """Show a value of any type, but not all of a long one."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]} …"


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
    return value if isinstance(value, str) else None


def _damage(what: str) -> Problem:
    return Problem(
        code="HISTORY_DAMAGED", message=f"The recorded history {what}.", hint=_REPAIR
    )
