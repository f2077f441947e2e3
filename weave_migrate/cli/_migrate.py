"""``migrate-all`` and ``migrate NAME``."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from typing import TYPE_CHECKING

import click

from weave_migrate.cli._command import Command, common, out

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weave_migrate.config import Settings

dry_run_option = click.option(
    "--dry-run", is_flag=True, help="Show what would be done, and do nothing."
)
lock_timeout_option = click.option(
    "--lock-timeout",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="How long to wait for another run (default: 60).",
)


@click.command(cls=Command)
@click.option("--no-include-postgres", is_flag=True, help="Leave PostgreSQL out.")
@click.option("--no-include-neo4j", is_flag=True, help="Leave Neo4j out.")
@click.option("--no-include-elasticsearch", is_flag=True, help="Leave search out.")
@dry_run_option
@lock_timeout_option
@click.pass_context
def migrate_all(
    ctx: click.Context,
    *,
    no_include_postgres: bool,
    no_include_neo4j: bool,
    no_include_elasticsearch: bool,
    dry_run: bool,
    lock_timeout: float | None,
) -> None:
    """Migrate every database: PostgreSQL by name, Neo4j, Elasticsearch.

    All are planned first, and any problem stops the run before anything is touched.
    Then each is migrated in turn; the first failure stops the run.
    """
    left_out = {
        "postgres": no_include_postgres,
        "neo4j": no_include_neo4j,
        "elasticsearch": no_include_elasticsearch,
    }
    status = run_migrate(
        common().settings(),
        command="migrate-all",
        without=[kind for kind, out_ in left_out.items() if out_],
        dry_run=dry_run,
        lock_timeout=lock_timeout,
    )
    ctx.exit(status)


@click.command(cls=Command)
@click.argument("name")
@dry_run_option
@lock_timeout_option
@click.pass_context
def migrate(
    ctx: click.Context, name: str, *, dry_run: bool, lock_timeout: float | None
) -> None:
    """Migrate one database: a PostgreSQL database's name, neo4j or elasticsearch."""
    status = run_migrate(
        common().settings(),
        command="migrate",
        names=[name],
        dry_run=dry_run,
        lock_timeout=lock_timeout,
    )
    ctx.exit(status)


def run_migrate(
    settings: Settings,
    *,
    command: str,
    names: Sequence[str] = (),
    without: Sequence[str] = (),
    dry_run: bool,
    lock_timeout: float | None,
) -> int:
    """Migrate the chosen stores, show what happens, and give the exit status."""
    from weave_migrate import engine
    from weave_migrate.cli._progress import ProgressSet
    from weave_migrate.cli._show import show_outcome, show_plan

    output = out()
    progress = ProgressSet(output)
    chosen = engine.select(settings, names, without=without)
    # What a revision prints is no result of ours: with --json it would break it.
    with engine.opened(chosen) as stores, redirect_stdout(sys.stderr):
        try:
            report = engine.migrate(
                stores,
                listen=progress,
                lock_timeout=(
                    settings.lock_timeout if lock_timeout is None else lock_timeout
                ),
                command=command,
                dry_run=dry_run,
            )
        finally:
            progress.stop()
    if dry_run:
        show_plan(output, report)
    else:
        show_outcome(output, report, progress.seconds)
    return output.report(report.with_warnings(*settings.warnings))
