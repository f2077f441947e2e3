"""Render stores and their migrations for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weave_migrate.cli._words import duration_text, holder_text, plural
from weave_migrate.model import State, StoreReport, StoreState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weave_migrate.cli._output import Output
    from weave_migrate.model import Entry, Problem, Report

_COLOURS = {
    StoreState.UP_TO_DATE: "green",
    StoreState.MIGRATED: "green",
    StoreState.PENDING: "yellow",
    StoreState.NOT_RUN: "yellow",
}
_QUIET = frozenset({State.APPLIED, State.BASELINE})


def show_status(output: Output, report: Report) -> None:
    """Verdict first, then each store with what is not yet as it should be."""
    problems = sum(len(store.problems) for store in report.stores)
    parts = _waiting(*report.stores)
    if not parts and not problems:
        output.line("Everything is up to date.", fg="green", bold=True)
    else:
        parts += [plural(problems, "problem")] * bool(problems)
        colour = "red" if problems else "yellow"
        output.line(f"{', '.join(parts)}.", fg=colour, bold=True)
    for store in report.stores:
        output.line()
        _store(output, store)
    _next(output, report)


def _waiting(*stores: StoreReport) -> list[str]:
    """Say how much is pending, and apart from it how much is above the target."""
    above = sum(_above(store) for store in stores)
    pending = sum(len(store.pending) for store in stores) - above
    counts = {"pending": pending, "above target": above}
    return [f"{count} {what}" for what, count in counts.items() if count]


def _above(store: StoreReport) -> int:
    return sum(entry.state is State.ABOVE_TARGET for entry in store.entries)


def _store(output: Output, store: StoreReport) -> None:
    facts = [str(store.state), f"{len(store.applied)} applied", *_waiting(store)]
    if store.lock:
        facts.append(f"locked{holder_text(store.lock)}")
    server = f" ({store.server})" if store.server else ""
    output.line(f"{store.name}{server}", bold=True)
    output.line(f"  {', '.join(facts)}", fg=_COLOURS.get(store.state, "red"))
    for entry in store.entries:
        if entry.state not in _QUIET:
            output.line(f"  {entry.state}: {label(entry)}")
    _callbacks(output, store)
    for problem in store.problems:
        show_problem(output, problem)


def _callbacks(output: Output, store: StoreReport) -> None:
    for name in store.callbacks:
        output.line(f"  callback: {name}")


def show_problem(output: Output, problem: Problem) -> None:
    """Show one problem among results."""
    output.line(f"  {problem.code}: {problem.message}", fg="red")
    if problem.file and problem.file not in problem.message:
        where = f":{problem.line}" if problem.line else ""
        output.line(f"    in {problem.file}{where}")
    for line in (problem.excerpt or "").splitlines():
        output.line(f"    | {line}")
    if problem.hint:
        output.line(f"    next: {problem.hint}", fg="cyan")


def _next(output: Output, report: Report, command: str | None = None) -> None:
    if any(store.problems for store in report.stores):
        return
    waiting = [store.name for store in report.stores if store.to_run]
    if waiting:
        output.line()
        if command is None:
            what = f"migrate {waiting[0]}" if len(waiting) == 1 else "migrate-all"
            command = f"weave db {what}"
        output.line(f"next: {command}", fg="cyan")


def label(entry: Entry) -> str:
    """Name a migration: its file where it has one, else version and description."""
    if entry.migration:
        return entry.migration.source
    described = entry.applied.description if entry.applied else None
    return f"{entry.version} {described or ''}".rstrip()


def show_entries(output: Output, entries: Sequence[Entry]) -> None:
    """Show migrations as a table, in the store's order.

    A column that would be empty is left out; so is, on a narrow terminal, what the
    file's name says anyway.
    """
    if not entries:
        output.line("No migrations found.")
        return
    width = output.width
    columns: list[tuple[str, list[str]]] = [
        ("Version", [entry.version for entry in entries]),
        ("Description", [_description(entry) for entry in entries]),
        ("State", [str(entry.state) for entry in entries]),
        ("Installed on", [_installed_on(entry) for entry in entries]),
        ("By", [(e.applied.applied_by or "") if e.applied else "" for e in entries]),
        ("Time", [_time(entry) for entry in entries]),
        ("File", [_file(entry) for entry in entries]),
    ]
    least = {"Description": 120, "By": 100}
    kept = [
        (name, cells)
        for name, cells in columns
        if any(cells) and (width is None or width >= least.get(name, 0))
    ]
    headers = [name for name, _ in kept]
    output.table(headers, list(zip(*(cells for _, cells in kept), strict=True)))


def _description(entry: Entry) -> str:
    record, local = entry.applied, entry.migration
    return (record and record.description) or (local and local.description) or ""


def _installed_on(entry: Entry) -> str:
    at = entry.applied.applied_at if entry.applied else None
    return f"{at:%Y-%m-%d %H:%M:%S}" if at else ""


def _time(entry: Entry) -> str:
    return duration_text(entry.applied.duration_ms) if entry.applied else ""


def _file(entry: Entry) -> str:
    record, local = entry.applied, entry.migration
    return (local and local.source) or (record and record.source) or ""


def show_outcome(output: Output, report: Report, seconds: float) -> None:
    """Close a run: a table of the stores, and one sentence."""
    rows = [
        (
            store.name,
            str(store.state),
            store.applied[-1].version if store.applied else "",
            str(len(store.newly_applied)),
            str(len(store.applied)),
            str(len(store.pending) - _above(store)),
        )
        for store in report.stores
    ]
    headers = ("Database", "State", "Version", "Now applied", "All applied", "Pending")
    output.table(headers, rows)
    count = sum(len(store.newly_applied) for store in report.stores)
    if report.ok and not count:
        idle = not any(store.callbacks for store in report.stores)
        what = "Nothing to do" if idle else "Nothing but callbacks to run"
        output.line(f"{what}: everything is up to date.", fg="green")
    elif report.ok:
        output.line(
            f"Applied {plural(count, 'migration')} in {seconds:.1f} s.", fg="green"
        )
    elif count:
        output.line(f"Stopped after {plural(count, 'migration')}, which stay applied.")
    elif any(store.state is StoreState.FAILED for store in report.stores):
        # Statements of the one that failed may be committed, and callbacks ran.
        output.line("No migration was finished.")
    else:
        output.line("Nothing was applied.")
    if len(report.stores) == 1 and rows[0][2]:
        output.line(f"{rows[0][0]} is at version {rows[0][2]}.")


def show_plan(output: Output, report: Report, *, command: str | None = None) -> None:
    """Show what a run would do: how much in all, then store by store.

    ``command`` is what to type for that run, where options decide about it.
    """
    count = sum(len(store.to_run) for store in report.stores)
    problems = any(store.problems for store in report.stores)
    if count and not problems:
        output.line(f"{plural(count, 'migration')} to apply.", fg="yellow", bold=True)
    for store in report.stores:
        output.line(f"{store.name}: {store.state}", bold=True)
        for entry in store.pending:
            word = "again" if entry.state is State.CHANGED else entry.state
            output.line(f"  {word}: {label(entry)}")
        _callbacks(output, store)
        for problem in store.problems:
            show_problem(output, problem)
    _next(output, report, command)
