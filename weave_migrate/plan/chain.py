"""Decide on a Neo4j run: local scripts against the recorded chain.

neo4j-migrations compares both position by position and stops at the first difference
(reference, §6.2).  Here both are merged into one line: the recorded path as it is, and
each script that is not recorded at its place in the version order.  Every difference is
then visible at once, and the verdict is the peer's: a run is fine for both or neither.
The target has a say last: it only divides what runs now from what has to wait.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cmp_to_key
from typing import TYPE_CHECKING, Literal

from weave_migrate.model import (
    CatalogScript,
    CypherScript,
    Entry,
    Plan,
    Problem,
    State,
)
from weave_migrate.plan import chain_problems as problem
from weave_migrate.plan.chain_target import count_within

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from weave_migrate.model import Applied, Migration
    from weave_migrate.plan.chain_problems import Compare, Explain, Order


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainPolicy:
    """What the settings allow; the defaults are the peer's.

    ``target`` is the version to stop at, in one of the forms of §6.4.
    """

    order: Order = "semantic"
    validate: bool = True
    out_of_order: bool = False
    on_newer: Literal["fail", "warn", "ok"] = "fail"
    target: str | None = None


def decide(
    local: Iterable[Migration],
    recorded: Sequence[Applied],
    policy: ChainPolicy,
    *,
    compare: Compare,
    explain: Explain = problem.unexplained,
    ignored: Iterable[Migration] = (),
) -> Plan:
    """Give the plan for ``local`` scripts on top of the ``recorded`` chain.

    ``compare`` orders versions; its errors come through.  ``explain`` says why a
    checksum is not the recorded one.  ``ignored`` are scripts that
    an unmet assumption leaves out.  The content of a script without a checksum, which
    could not be read, is not judged.
    """
    left_out = tuple(ignored)
    files = _by_version(local)
    scripts = _sorted((same[0] for same in files.values()), policy.order, compare)
    merged = _merged(scripts, recorded, policy.order, compare)
    entries = [_judged(entry) for entry in merged]
    absent = {each.version for each in left_out}
    newer = newer_entries(entries, absent)

    problems = [
        *problem.duplicates(files),
        *problem.recorded_twice(recorded),
        *problem.wrong_order(recorded, policy.order, compare),
        *problem.same_place(entries, policy.order, compare),
    ]
    overlooked: list[Problem] = []
    for entry in entries[: len(entries) - len(newer)]:
        problems += _objections(entry, policy, left_out=entry.version in absent)
        mismatch = _mismatch(entry, explain)
        (problems if policy.validate else overlooked).extend(mismatch)
    if newer and policy.on_newer == "fail":
        problems.append(problem.newer(newer))
    within: int | Problem = len(entries)
    if policy.target is not None:
        within = count_within(entries, policy.target, policy.order, compare)
    if isinstance(within, Problem):
        problems.append(within)
        within = len(entries)
    pending, stop = _up_to_a_catalog(entries[:within])
    return Plan(
        entries=(
            *entries[:within],
            *map(_above_target, entries[within:]),
            *(Entry(State.IGNORED, each) for each in left_out),
        ),
        pending=pending,
        problems=tuple(problems),
        warnings=(problem.newer(newer).message,)
        if newer and policy.on_newer == "warn"
        else (),
        stop=stop,
        overlooked=tuple(overlooked),
    )


def decide_recorded(
    recorded: Sequence[Applied], policy: ChainPolicy, *, compare: Compare
) -> Plan:
    """Give what is recorded alone: all of it counts as applied (§6.2, REMOTE)."""
    return Plan(
        entries=tuple(Entry(State.APPLIED, None, each) for each in recorded),
        problems=(
            *problem.recorded_twice(recorded),
            *problem.wrong_order(recorded, policy.order, compare),
        ),
    )


def _by_version(local: Iterable[Migration]) -> dict[str, list[Migration]]:
    """Group scripts by identity: the version as text, nothing else (§1.4)."""
    grouped: dict[str, list[Migration]] = {}
    for migration in local:
        grouped.setdefault(migration.version, []).append(migration)
    return grouped


def _sorted(
    scripts: Iterable[Migration], order: Order, compare: Compare
) -> list[Migration]:
    def by_version(a: Migration, b: Migration) -> int:
        return compare(a.version, b.version, order=order)

    return sorted(scripts, key=cmp_to_key(by_version))


def _merged(
    scripts: Sequence[Migration],
    recorded: Sequence[Applied],
    order: Order,
    compare: Compare,
) -> Iterator[Entry]:
    """Give the recorded path, with every unrecorded script at its place in it."""
    known = {each.version for each in recorded}
    by_version = {each.version: each for each in scripts}
    waiting = [each for each in scripts if each.version not in known]
    first = 0
    for record in recorded:
        while first < len(waiting) and (
            compare(waiting[first].version, record.version, order=order) < 0
        ):
            yield Entry(State.OUT_OF_ORDER, waiting[first])
            first += 1
        yield Entry(State.APPLIED, by_version.get(record.version), record)
    for migration in waiting[first:]:
        yield Entry(State.PENDING, migration)


def _judged(entry: Entry) -> Entry:
    """Give a recorded entry the state that its file, or the lack of one, means."""
    local, record = entry.migration, entry.applied
    if record is None:
        return entry
    if local is None:
        lost = State.EXTERNAL if record.type == "JAVA" else State.MISSING
        return Entry(lost, None, record)
    if local.checksum is None or _stands_in(local, record):
        return entry
    if record.checksum == local.checksum or record.checksum in _alternatives(local):
        return entry
    return Entry(State.CHANGED, local, record)


def _alternatives(local: Migration) -> frozenset[str]:
    """Give the other checksums that the script is accepted under (§3.2)."""
    script = local.script
    if not isinstance(script, (CypherScript, CatalogScript)):
        return frozenset()
    return script.alternatives


def _stands_in(local: Migration, record: Applied) -> bool:
    """Accept a script that does nothing for a Java class that ran (§1.9).

    A class is recorded without a checksum, which no script can match; a script
    without statements says on purpose that there is nothing left to do.
    """
    return (
        record.type == "JAVA"
        and record.checksum is None
        and isinstance(local.script, CypherScript)
        and not local.script.statements
    )


def _up_to_a_catalog(
    entries: Sequence[Entry],
) -> tuple[tuple[Migration, ...], Problem | None]:
    """Give what runs, up to the first catalog, and that as what stops the run."""
    runs: list[Migration] = []
    for entry in entries:
        local, record = entry.migration, entry.applied
        again = record and record.repeatable and entry.state is State.CHANGED
        if local is None or (record and not again):
            continue
        if local.type == "CATALOG":
            return tuple(runs), problem.catalog(local)
        runs.append(local)
    return tuple(runs), None


def _above_target(entry: Entry) -> Entry:
    return entry if entry.applied else replace(entry, state=State.ABOVE_TARGET)


def newer_entries(entries: Sequence[Entry], absent: set[str]) -> list[Entry]:
    """Find what is recorded above all files: the work of a newer application."""
    last = max(
        (
            index
            for index, entry in enumerate(entries)
            if entry.migration is not None or entry.version in absent
        ),
        default=-1,
    )
    return list(entries[last + 1 :])


def _objections(
    entry: Entry, policy: ChainPolicy, *, left_out: bool
) -> Iterator[Problem]:
    """Name what forbids a run because of this entry (§6.2)."""
    local, record = entry.migration, entry.applied
    if local is None:
        yield problem.missing(entry, left_out=left_out)
        return
    if record is None:
        if entry.state is State.OUT_OF_ORDER and not policy.out_of_order:
            yield problem.out_of_order(local)
        return
    if local.repeatable != record.repeatable:
        yield problem.repeatable_changed(local, record)


def _mismatch(entry: Entry, explain: Explain) -> Iterator[Problem]:
    """Name a script that changed and will not run again because of it (§6.2)."""
    local, record = entry.migration, entry.applied
    if not (local and record) or local.repeatable or record.repeatable:
        return
    if entry.state is State.CHANGED:
        yield problem.checksum_mismatch(local, record, explain)
