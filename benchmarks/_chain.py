"""Whether reading and extending a chain depends on what else the graph holds."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from benchmarks._measure import ask, say
from benchmarks._stores import HERE
from benchmarks._table import Section, met, time

if TYPE_CHECKING:
    from benchmarks._stores import Bench

_OTHERS = 1_000_000
_CHAINS = (10, 1_000, 10_000)
_RUNS = 9
_NOTE = (
    "Others are nodes that are no migrations, and as many relationships between them, "
    "half of them of the chain's own type. Hits are how often the server looked at "
    "something stored (PROFILE). Reading is one query and what weave makes of it; a "
    "record is the statement alone, rolled back. Medians of "
    f"{_RUNS}, without the first."
)
_SCANS = ("AllNodesScan", "RelationshipTypeScan", "AllRelationshipsScan")


def measure(bench: Bench) -> Section:
    """Measure chains alone, then among others."""
    section = Section(
        "Neo4j: a chain among a million others",
        notes=[_NOTE],
        header=("others", "applied", "reading", "hits", "a record", "hits "),
    )
    found: dict[tuple[int, int], dict[str, Any]] = {}
    bench.ask("wipe")
    for others in (0, _OTHERS):
        if others:
            say(f"{section.title}: making them")
            _do(bench, "others", others)
        for applied in _CHAINS:
            say(f"{section.title}: {applied:,} applied, {others:,} others")
            _do(bench, "fill", applied)
            one = found[others, applied] = json.loads(_do(bench, "measure", _RUNS))
            section.rows.append((f"{others:,}", f"{applied:,}", *_cells(one)))
    bench.ask("wipe")
    _conclude(section, found)
    return section


def _do(bench: Bench, action: str, number: int) -> str:
    command = [sys.executable, str(HERE / "chain_neo4j.py"), action, str(number)]
    return ask(command, environ=bench.environ, cwd=bench.work)


def _cells(found: dict[str, Any]) -> list[str]:
    cells = []
    for each in (found["read"], found["append"]):
        cells += [time(each["seconds"]), f"{each['hits']:,}"]
    return cells


def _conclude(section: Section, found: dict[tuple[int, int], dict[str, Any]]) -> None:
    """Say the plans, and what the numbers mean."""
    last = found[_OTHERS, _CHAINS[-1]]
    for name, what in (("read", "Reading"), ("append", "A record")):
        plan = last[name]["plan"]
        clean = not any(step.endswith(_SCANS) for step in plan)
        section.notes.append(
            f"{what}: {', '.join(reversed(plan))}. No scan of the whole graph: "
            f"{met(is_met=clean)}."
        )
    read, append = (last[name]["hits"] for name in ("read", "append"))
    alone, few = found[0, _CHAINS[-1]], found[_OTHERS, _CHAINS[0]]
    per_migration = read / _CHAINS[-1]
    section.notes.append(
        f"Reading looks at {per_migration:.0f} things for each migration, the same "
        f"number among others: {met(is_met=read == alone['read']['hits'])}. A record "
        "looks at as many behind 10,000 migrations as behind 10: "
        f"{met(is_met=append == few['append']['hits'])}."
    )
