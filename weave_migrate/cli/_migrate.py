"""``migrate-all`` and ``migrate NAME``."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any, TypeVar

import click

from weave_migrate.cli._command import Command, common, out
from weave_migrate.cli._output import need

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from weave_migrate.config import Settings

    _F = TypeVar("_F", bound=Callable[..., Any])

dry_run_option = click.option(
    "--dry-run", is_flag=True, help="Show what would be done, and do nothing."
)


def _seconds(value: str) -> float:
    """Read it as the setting is read: PT1M30S, too, but no nan."""
    from weave_migrate.config import seconds

    try:
        return seconds(value)
    except ValueError as error:
        raise click.BadParameter(f"It must be {error}.") from None


lock_timeout_option = click.option(
    "--lock-timeout",
    type=_seconds,
    metavar="SECONDS",
    help="How long to wait for another run (default: 60).",
)
INTERRUPTED_OPTIONS = (
    click.option("--resume", is_flag=True, help="Go on in a migration left half-done."),
    click.option(
        "--restart", is_flag=True, help="Begin a migration left half-done anew."
    ),
    click.option(
        "--assume",
        type=click.Choice(("done", "not-done")),
        help="How to take the one statement that is in doubt.",
    ),
)


def interrupted_options(command: _F) -> _F:
    """Add the options that say what becomes of a migration left half-done."""
    for option in reversed(INTERRUPTED_OPTIONS):
        command = option(command)
    return command


def interrupted(*, resume: bool, restart: bool, assume: str | None) -> dict[str, str]:
    """Give the settings that these options are."""
    need(not (resume and restart), "--resume and --restart exclude each other.")
    need(
        not (restart and assume),
        "--assume is for --resume: with --restart every statement runs again.",
    )
    found = {"on_interrupted": "resume"} if resume else {}
    found |= {"on_interrupted": "restart"} if restart else {}
    return found | ({"assume": assume} if assume else {})


@click.command(cls=Command)
@click.option("--no-include-postgres", is_flag=True, help="Leave PostgreSQL out.")
@click.option("--no-include-neo4j", is_flag=True, help="Leave Neo4j out.")
@click.option("--no-include-elasticsearch", is_flag=True, help="Leave search out.")
@interrupted_options
@dry_run_option
@lock_timeout_option
@click.pass_context
def migrate_all(
    ctx: click.Context,
    /,
    *,
    no_include_postgres: bool,
    no_include_neo4j: bool,
    no_include_elasticsearch: bool,
    dry_run: bool,
    lock_timeout: float | None,
    **half_done: Any,
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
        common().settings({"neo4j": interrupted(**half_done)}),
        command="migrate-all",
        without=[kind for kind, out_ in left_out.items() if out_],
        dry_run=dry_run,
        lock_timeout=lock_timeout,
    )
    ctx.exit(status)


@click.command(cls=Command)
@click.argument("name")
@interrupted_options
@dry_run_option
@lock_timeout_option
@click.pass_context
def migrate(
    ctx: click.Context,
    /,
    name: str,
    *,
    dry_run: bool,
    lock_timeout: float | None,
    **half_done: Any,
) -> None:
    """Migrate one database: a PostgreSQL database's name, neo4j or elasticsearch."""
    options = interrupted(**half_done)
    need(
        not options or name == "neo4j",
        "--resume, --restart and --assume are for neo4j: the others leave no "
        "migration half-done in a way that could be known.",
    )
    status = run_migrate(
        common().settings({"neo4j": options}),
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
        show_plan(output, report, command="the same command without --dry-run")
    else:
        show_outcome(output, report, progress.seconds)
    return output.report(report.with_warnings(*settings.warnings))
