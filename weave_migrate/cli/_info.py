"""``info``: all migrations of one store, and what belongs to its kind."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from weave_migrate.cli._show import show_entries, show_problem

if TYPE_CHECKING:
    from weave_migrate.cli._output import Output
    from weave_migrate.model import Report


def show_info(output: Output, report: Report, **more: object) -> int:
    """Show one store's migrations; give the exit status.

    ``more`` are keys of the JSON document beside the report's own.
    """
    store = report.stores[0]
    if store.server:
        output.line(f"{store.name} ({store.server}): {store.state}", bold=True)
    if store.entries or not store.problems:
        show_entries(output, store.entries)
    for problem in store.problems:
        show_problem(output, problem)
    shown = report if output.json else replace(report, error=None)
    return output.report(shown, **more)
