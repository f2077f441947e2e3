"""Files against recorded rows, position by position, as elasticsearch-evolution does.

The peer sorts files and rows by version and compares them pair by pair until one list
ends (reference §7.1); any pair that differs stops it.  So files and rows agree exactly
when no recorded version without a file has a file above it, and no file without a row
has a row above it.  Said that way, every violation can be named, not the first only.

A row of Java code counts as row and file: the class is the other side's business.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar

from weave_migrate.model import Entry, Plan, Problem, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from weave_migrate.model import Applied, Migration

    # Says how else the file must be read to have the recorded checksum, if at all.
    Explain = Callable[[Migration, str], str | None]

Key = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class File:
    """A local script and its version as numbers, without trailing zeros."""

    key: Key
    migration: Migration


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the history and its version as numbers.

    ``is_external`` is True where the row was written by code of the peer (a Java
    migration), for which there never was a file.
    """

    key: Key
    applied: Applied
    is_external: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the peer lets its users decide (reference §8), and ``on_newer``.

    ``on_newer`` is about rows above every file: the peer only warns.
    """

    baseline: Key = (1,)
    out_of_order: bool = False
    validate_checksums: bool = True
    on_newer: Literal["fail", "warn", "ok"] = "warn"


def plan_positions(
    files: Sequence[File], rows: Sequence[Row], policy: Policy, *, explain: Explain
) -> Plan:
    """Decide what is pending, in version order, and find every violation."""
    board = _Board(policy, explain)
    local = board.unique_files(f for f in files if f.key >= policy.baseline)
    below = {f.key: f for f in files if f.key < policy.baseline}
    record = board.unique_rows(rows)
    external = {r.key for r in rows if r.is_external} - local.keys()
    board.newest_file = max(local.keys() | external, default=())
    board.newest_row = max(record, default=())
    for key in sorted(below.keys() | local.keys() | record.keys()):
        file, row = local.get(key), record.get(key)
        if file and row:
            board.add_both(file.migration, row.applied)
        elif row:
            board.add_row(row, below.get(key))
        elif file:
            board.add_file(file)
        else:
            board.entries.append(Entry(State.BASELINE, below[key].migration))
    board.say_missing()
    return Plan(
        entries=tuple(board.entries),
        pending=tuple(board.pending),
        problems=tuple(board.problems),
        overlooked=tuple(board.overlooked),
        warnings=tuple(board.warnings),
    )


@dataclass(slots=True)
class _Board:
    """Where the verdicts are collected."""

    policy: Policy
    explain: Explain
    newest_file: Key = ()
    newest_row: Key = ()
    entries: list[Entry] = field(default_factory=list)
    pending: list[Migration] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    overlooked: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    missing: list[Row] = field(default_factory=list)  # tolerated by the policy
    newer: list[Row] = field(default_factory=list)

    def unique_files(self, files: Iterable[File]) -> Mapping[Key, File]:
        """Key the files; a version that occurs twice is a problem naming both."""
        unique, doubled = _keyed(files)
        for first, second in doubled:
            one, two = first.migration, second.migration
            self.problems.append(
                Problem(
                    code="DUPLICATE_VERSION",
                    message=f"{place(one)} and {place(two)} both have version "
                    f"{one.version}.",
                    hint="Give one of them another version, or delete it.",
                    file=place(two),
                )
            )
        return unique

    def unique_rows(self, rows: Iterable[Row]) -> Mapping[Key, Row]:
        """Key the rows; the peer would pick one of two at random (§5.3)."""
        unique, doubled = _keyed(rows)
        for first, _ in doubled:
            self.problems.append(
                Problem(
                    code="HISTORY_DAMAGED",
                    message=f"The history has more than one row for version "
                    f"{first.applied.version}.",
                    hint="Delete all but the right one from the history index.",
                )
            )
        return unique

    def add_both(self, migration: Migration, applied: Applied) -> None:
        """Compare a file with its row; only successful rows bind the file (§7.1)."""
        if not applied.success:
            self.entries.append(Entry(State.FAILED, migration, applied))
            self.pending.append(migration)
            return
        same = migration.checksum in (None, applied.checksum)
        state = State.APPLIED if same else State.CHANGED
        self.entries.append(Entry(state, migration, applied))
        if not same:
            checks = self.policy.validate_checksums
            judged = self.problems if checks else self.overlooked
            judged.append(self._changed(migration, applied))

    def _changed(self, migration: Migration, applied: Applied) -> Problem:
        recorded = applied.checksum or "0"
        variant = self.explain(migration, recorded)
        message = (
            f"{migration.source} is not what was applied: the history records "
            f"checksum {recorded}, the file has {migration.checksum}."
        )
        if variant:
            message += f" The recorded one is that of this very file {variant}."
        return Problem(
            code="CHECKSUM_MISMATCH",
            message=message,
            hint="Restore the file as it was applied, and put changes into a new one.",
            file=place(migration),
        )

    def add_row(self, row: Row, below: File | None) -> None:
        """Judge a row without a file (or with one that the baseline leaves out)."""
        applied = row.applied
        if row.is_external and not below:
            self.entries.append(Entry(State.EXTERNAL, None, applied))
            return
        migration = below.migration if below else None
        self.entries.append(Entry(State.MISSING, migration, applied))
        if row.key > self.newest_file:
            self.newer.append(row)
        elif self.policy.out_of_order:
            self.missing.append(row)
        else:
            self.problems.append(_missing(row, migration))

    def add_file(self, file: File) -> None:
        """Judge a file without a row: it will run, unless it comes too late."""
        migration = file.migration
        late = file.key < self.newest_row and not self.policy.out_of_order
        state = State.OUT_OF_ORDER if late else State.PENDING
        self.entries.append(Entry(state, migration))
        if not late:
            self.pending.append(migration)
            return
        newest = ".".join(map(str, self.newest_row))
        self.problems.append(
            Problem(
                code="OUT_OF_ORDER",
                message=f"{migration.source} was not applied, but version {newest} "
                "above it was.",
                hint=f"Rename it to a version above {newest}, or allow it with "
                "out_of_order = true.",
                file=place(migration),
            )
        )

    def say_missing(self) -> None:
        """Sum up the rows without a file that are no violation by themselves."""
        if self.missing:
            self.warnings.append(f"No file for {_list(self.missing)}.")
        if not self.newer or self.policy.on_newer == "ok":
            return
        text = f"The history is newer than the files: no file for {_list(self.newer)}."
        if self.policy.on_newer == "warn":
            self.warnings.append(text)
            return
        self.problems.append(
            Problem(
                code="MISSING_LOCAL",
                message=text,
                hint='Update your files, or allow it with on_newer = "warn".',
            )
        )


def _missing(row: Row, below: Migration | None) -> Problem:
    version, source = row.applied.version, row.applied.source
    if below:
        return Problem(
            code="MISSING_LOCAL",
            message=f"Version {version} ({source}) was applied, but the baseline "
            f"version leaves its file {below.source} out.",
            hint=f"Set baseline_version to {version} or lower.",
            file=place(below),
        )
    if row.applied.success:
        said, hint = "was applied", f"Bring {source} back."
    else:
        said = "failed and is still recorded"
        hint = (
            f"Bring {source} back, or delete document {version} from the history index."
        )
    return Problem(
        code="MISSING_LOCAL",
        message=f"Version {version} ({source}) {said}, but there is no file for it, "
        "though there are files above it.",
        hint=hint,
    )


class _Keyed(Protocol):
    @property
    def key(self) -> Key: ...


_T = TypeVar("_T", bound=_Keyed)


def _keyed(values: Iterable[_T]) -> tuple[dict[Key, _T], list[tuple[_T, _T]]]:
    unique: dict[Key, _T] = {}
    doubled = []
    for value in values:
        first = unique.setdefault(value.key, value)
        if first is not value:
            doubled.append((first, value))
    return unique, doubled


def place(migration: Migration) -> str:
    """Where a migration is, for people."""
    return str(migration.path or migration.source)


def _list(rows: Sequence[Row]) -> str:
    named = [f"{r.applied.version} ({r.applied.source})" for r in rows[:5]]
    if len(rows) > len(named):
        named.append(f"{len(rows) - len(named)} more")
    return ", ".join(named)
