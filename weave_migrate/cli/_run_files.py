"""``migrate-neo4j run``: single files, apart from lock and history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weave_migrate.cli._command import out
from weave_migrate.cli._output import need
from weave_migrate.cli._words import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weave_migrate.config import Settings


def run_files(
    settings: Settings,
    name: str,
    files: Sequence[str],
    *,
    command: str,
    dry_run: bool,
) -> int:
    """Run files, show which of them ran, and give the exit status."""
    from weave_migrate import engine
    from weave_migrate.cli._progress import ProgressSet

    need(files, "Which file is to be run?", f"weave db {command} V1__x.cypher")
    output = out()
    progress = ProgressSet(output)
    with engine.opened(engine.select(settings, [name])) as (store,):
        try:
            report, scripts = engine.run_scripts(
                store,
                files,
                command=command,
                listener=progress(store),
                dry_run=dry_run,
            )
        finally:
            progress.stop()
    if dry_run:
        for script in scripts:
            output.line(script.summary)
    elif report.ok:
        output.line(f"Ran {plural(len(scripts), 'script')}.", fg="green")
    elif scripts:
        output.line(f"Stopped after {plural(len(scripts), 'script')}.")
    else:
        output.line("No script was run to its end.")
    changes = [script.summary for script in scripts]
    report = report.with_warnings(*settings.warnings)
    status = output.report(report, changes=changes)
    for problem in report.stores[0].problems[1:]:
        output.problem(problem)
    return status
