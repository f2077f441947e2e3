"""Make a history agree with the files, without running any of them.

First the structure is brought into one line (``chain_mend``).  That line is then
compared with the files as for a run, and each difference ends where repair of
neo4j-migrations would bring it (reference, §6.9), or where that tool should have: only
this target is touched, time stamps stay, and repetitions keep their say.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from weave_migrate.errors import HistoryError, RefusedError
from weave_migrate.model import State
from weave_migrate.plan.chain import decide, newer_entries
from weave_migrate.plan.chain_edit import (
    NEVER,
    Rewrite,
    date_of,
    joined,
    key_of,
    record_of,
)
from weave_migrate.plan.chain_graph import (
    TEXTS,
    TYPES,
    USERS,
    Link,
    is_foreign,
    is_readable,
    newest,
    no_flags,
    no_texts,
    read_chain,
)
from weave_migrate.plan.chain_mend import straighten

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from weave_migrate.model import Applied, Entry, Migration
    from weave_migrate.plan.chain import ChainPolicy
    from weave_migrate.plan.chain_edit import Graph
    from weave_migrate.plan.chain_graph import Chain
    from weave_migrate.plan.chain_mend import Line
    from weave_migrate.plan.chain_problems import Compare

# Stands for the time of a node that has lost the relationship that knew it.
_LOST = {"at": datetime(1970, 1, 1, tzinfo=UTC), "in": 0}


def repair(
    graph: Graph,
    local: Sequence[Migration],
    policy: ChainPolicy,
    *,
    compare: Compare,
    target: str | None,
    ignored: Sequence[Migration] = (),
) -> tuple[tuple[str, ...], Rewrite]:
    """Say in sentences what is to be done, and give it as one edit.

    ``local`` and ``ignored`` are those of ``decide``.  Without a sentence there is
    nothing to do.  Raises RefusedError without any local script and for nodes that
    others use, HistoryError for what only a setting or a person can mend.
    """
    if not local:
        raise RefusedError(
            "There is no local migration; repair would remove the whole history.",
            hint="Check `locations` below [neo4j] in weave.toml.",
        )
    if not graph.nodes:
        return (), Rewrite()
    line = straighten(graph, order=policy.order, compare=compare, target=target)
    arrivals = graph.arrivals()
    chain = _chain_of(line, arrivals, graph.loops, target)
    lost, entries = _compared(chain.applied, local, policy, compare, ignored)
    content = _Content(graph, arrivals, chain, target)
    for entry in lost:
        content.remove(entry, ignored)
    for entry in entries:
        content.settle(entry, late_is_applied=not policy.out_of_order)
    removed = (*line.removed, *content.removed)
    joins, cut = joined(graph, content.order(line, entries), removed)
    start = line.nodes[0]
    created = {} if start.id in graph.nodes else {start.id: start.properties}
    return (*line.told, *content.told), Rewrite(
        created={**created, **content.created},
        joins=joins,
        cut=cut,
        removed=removed,
        settings=content.settings,
        loops=content.loops,
        unread=tuple(content.unread),
        runs=content.runs,
        dated=tuple(content.dated),
        timed=tuple(content.timed),
    )


def _chain_of(
    line: Line,
    arrivals: Mapping[str, Link],
    loops: Sequence[Link],
    target: str | None,
) -> Chain:
    """Read the line as if it were the chain already."""
    steps = [
        Link(
            "MIGRATED_TO",
            a.id,
            b.id,
            arrivals[b.id].properties if b.id in arrivals else _LOST,
        )
        for a, b in pairwise(line.nodes)
    ]
    return read_chain(line.nodes, (*steps, *loops), target=target)


def _compared(
    applied: Sequence[Applied],
    local: Sequence[Migration],
    policy: ChainPolicy,
    compare: Compare,
    ignored: Sequence[Migration],
) -> tuple[list[Entry], list[Entry]]:
    """Give the records that have to go, and then all entries without them.

    What a newer application recorded stays where the settings accept it, and so does
    what Java code did.
    """
    free = replace(policy, target=None)

    def entries_of(recorded: Sequence[Applied]) -> list[Entry]:
        plan = decide(local, recorded, free, compare=compare, ignored=ignored)
        return [entry for entry in plan.entries if entry.state is not State.IGNORED]

    entries = entries_of(applied)
    lost = [entry for entry in entries if entry.state is State.MISSING]
    if policy.on_newer != "fail":
        newer = newer_entries(entries, {each.version for each in ignored})
        lost = [entry for entry in lost if entry not in newer]
    gone = {entry.version for entry in lost}
    return lost, entries_of([each for each in applied if each.version not in gone])


@dataclass(slots=True)
class _Content:
    """What has to change about the records of a chain, entry by entry."""

    graph: Graph
    arrivals: Mapping[str, Link]
    chain: Chain
    target: str | None
    told: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    created: dict[str, Mapping[str, object]] = field(default_factory=dict)
    settings: dict[str, dict[str, object]] = field(default_factory=dict)
    loops: dict[str, str] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    runs: dict[str, dict[str, object]] = field(default_factory=dict)
    dated: list[str] = field(default_factory=list)
    timed: list[str] = field(default_factory=list)

    def remove(self, entry: Entry, ignored: Sequence[Migration]) -> None:
        """Remove a record without a file."""
        left_out = entry.version in {each.version for each in ignored}
        why = (
            "its file is left out by an `assume` that is not met"
            if left_out
            else "there is no file for it"
        )
        source = entry.applied and entry.applied.source
        self.removed.append(self.chain.ids[entry.version])
        self.told.append(
            f"Remove the record of version {entry.version} ({source}): {why}."
        )

    def settle(self, entry: Entry, *, late_is_applied: bool) -> None:
        """Let a record say what its file is, or record a file that comes too late."""
        local, record = entry.migration, entry.applied
        if record:
            self._amend(record)
            if local:
                self._agree(entry, local, record)
            elif record.type not in TYPES or record.source is None:
                raise _unknown(record)
        elif local and entry.state is State.OUT_OF_ORDER and late_is_applied:
            self.created[key_of(local.version)] = record_of(local, self.target)
            self.told.append(
                f"Record version {local.version} ({local.source}) as applied, without "
                "running it: later versions are."
            )

    def _amend(self, record: Applied) -> None:
        """Complete what neo4j-migrations needs in order to read or write behind it."""
        node = self.graph.nodes[self.chain.ids[record.version]]
        if node.target != self.target:
            self._set(node.id, migrationTarget=self.target)
            self.told.append(
                f"Give version {record.version} its target {self.target}, which a "
                "repair by neo4j-migrations leaves out."
            )
        wrong = (*no_texts(node, TEXTS), *no_flags(node))
        if wrong:
            self._set(node.id, **dict.fromkeys(wrong))
            self._tell_removed(record, wrong)
        self._drop_unread(record, node.id)
        step = self.arrivals.get(node.id)
        if step and (users := no_texts(step, USERS)):
            self.runs[node.id] = dict.fromkeys(users)
            self._tell_removed(record, users)
        if step and date_of(step) == NEVER:
            self.dated.append(node.id)
            self.told.append(
                f"Give version {record.version} the present time: its own is no zoned "
                "date-time."
            )
        if step and not isinstance(step.properties.get("in"), int):
            self.timed.append(node.id)
            self.told.append(
                f"Give version {record.version} no time taken: its own is no duration."
            )

    def _tell_removed(self, record: Applied, names: Sequence[str]) -> None:
        self.told += (
            f"Remove `{name}` from the record of version {record.version}: its value "
            "is of a type that it can't have."
            for name in names
        )

    def _drop_unread(self, record: Applied, id_: str) -> None:
        """Remove repetitions that can't be read: a repeatable runs once more then."""
        unread = [
            loop.id
            for loop in self.graph.loops
            if loop.start == id_ and not is_readable(loop)
        ]
        if unread:
            self.unread += unread
            self.told.append(
                f"Remove {len(unread)} repetitions of version {record.version} that "
                "can't be read."
            )

    def _agree(self, entry: Entry, local: Migration, record: Applied) -> None:
        id_, version = self.chain.ids[record.version], record.version
        if record.type not in TYPES:
            self._set(id_, type=local.type)
            self.told.append(
                f"Record version {version} as {local.type}: its type {record.type} is "
                "unknown."
            )
        if record.source is None:
            self._set(id_, source=local.source)
            self.told.append(
                f"Record {local.source} as the source of version {version}."
            )
        if record.repeatable != local.repeatable:
            self._set(id_, repeatable=local.repeatable)
            word = "repeatable" if local.repeatable else "not repeatable"
            self.told.append(
                f"Record version {version} as {word}, like {local.source}."
            )
        if entry.state is State.CHANGED and not local.repeatable and local.checksum:
            again = newest(loop for loop in self.graph.loops if loop.start == id_)
            if again:
                self.loops[again.id] = local.checksum
            else:
                self._set(id_, checksum=local.checksum)
            self.told.append(
                f"Record the checksum of {local.source} for version {version}: "
                f"{record.checksum or 'none'} becomes {local.checksum}."
            )

    def _set(self, id_: str, **values: object) -> None:
        self.settings.setdefault(id_, {}).update(values)

    def order(self, line: Line, entries: Sequence[Entry]) -> list[str]:
        """Give the ids of the chain to be; other tools' nodes stay where they are."""
        behind: dict[str, list[str]] = {}
        gone = set(self.removed)
        last = line.nodes[0].id
        for node in line.nodes[1:]:
            if is_foreign(node):
                behind.setdefault(last, []).append(node.id)
            elif node.id not in gone:
                last = node.id
        start = line.nodes[0].id
        found = [start, *behind.get(start, ())]
        for entry in entries:
            key = key_of(entry.version)
            if entry.applied:
                id_ = self.chain.ids[entry.version]
                found += [id_, *behind.get(id_, ())]
            elif key in self.created:
                found.append(key)
        return found


def _unknown(record: Applied) -> HistoryError:
    return HistoryError(
        f"The record of version {record.version} has no source, or a type that nobody "
        "knows, and there is no file that could tell.",
        code="HISTORY_DAMAGED",
        hint="Add its file, or remove the record: weave db migrate-neo4j delete "
        f"{record.version}",
    )
