"""``migrate-neo4j``: neo4j-migrations' commands and options, for the same people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from weave_migrate.cli._command import Command, out
from weave_migrate.cli._edit import (
    editing_options,
    run_baseline,
    run_clean,
    run_delete,
    run_repair,
)
from weave_migrate.cli._make import new_project, show_made
from weave_migrate.cli._migrate import INTERRUPTED_OPTIONS, dry_run_option
from weave_migrate.cli._neo4j_options import NAME, load_chosen, taking
from weave_migrate.cli._output import need
from weave_migrate.cli._peer import PeerGroup, add_commands
from weave_migrate.cli._read import callbacks_options, exit_code_option, read_report

if TYPE_CHECKING:
    from weave_migrate.config import Settings
    from weave_migrate.model import Plan, Report
    from weave_migrate.stores import Store

_MODES = ("COMPARE", "LOCAL", "REMOTE")
_connection = taking()
_migrating = taking(*INTERRUPTED_OPTIONS)


@click.group(cls=PeerGroup)
def migrate_neo4j() -> None:
    """Run neo4j-migrations' commands, with its options or ours.

    Options may stand before or after the command; without one it is migrate.
    """


def _outcome(settings: Settings, report: Report) -> str | None:
    """Give neo4j-migrations' word for what validate found; None without an answer."""
    from weave_migrate.model import StoreState
    from weave_migrate.plan.chain_outcome import judge

    (store,) = report.stores
    if settings.neo4j is None or store.state in (
        StoreState.FAILED,
        StoreState.UNREACHABLE,
    ):
        return None
    late = settings.neo4j.out_of_order
    return str(judge(store.entries, store.problems, out_of_order=late))


add_commands(
    migrate_neo4j,
    NAME,
    migrating=_migrating,
    validating=lambda command: callbacks_options(_connection(command)),
    judge=_outcome,
)


@migrate_neo4j.command(cls=Command, name="info")
@click.option(
    "--mode",
    type=click.Choice(_MODES, case_sensitive=False),
    default="COMPARE",
    help="Files and history, or one of them.",
)
@_connection
@exit_code_option
@callbacks_options
@click.pass_context
def _info(
    ctx: click.Context,
    *,
    settings: Settings,
    mode: str,
    exit_code: bool,
    callbacks: bool,
    lock_timeout: float | None,
) -> None:
    """Show the migrations, applied and pending."""
    from weave_migrate.cli._info import show_info

    command = "migrate-neo4j info"
    if mode.upper() == "LOCAL" and not callbacks:
        report = _report_files(settings, command, exit_code=exit_code)
    else:
        report = read_report(
            settings,
            command,
            [NAME],
            exit_code=exit_code,
            callbacks=callbacks,
            lock_timeout=lock_timeout,
            plan_of=_PLANS.get(mode.upper()),
        )
    ctx.exit(show_info(out(), report))


def _files(store: Store) -> Plan:
    from weave_migrate.stores.neo4j import Neo4jStore

    assert isinstance(store, Neo4jStore)  # noqa: S101 - the name says so
    return store.plan_files()


def _history(store: Store) -> Plan:
    from weave_migrate.stores.neo4j import Neo4jStore

    assert isinstance(store, Neo4jStore)  # noqa: S101 - the name says so
    return store.plan_history()


_PLANS = {"LOCAL": _files, "REMOTE": _history}


def _report_files(settings: Settings, command: str, *, exit_code: bool) -> Report:
    """Report the scripts alone: no server is asked, and each counts as pending."""
    from weave_migrate import engine

    with engine.opened(engine.select(settings, [NAME])) as (store,):
        plan = _files(store)
        report = engine.report_plan(store, plan, command=command, exit_code=exit_code)
    return report.with_warnings(*settings.warnings)


@migrate_neo4j.command(cls=Command, name="clean")
@click.option("--all", "everything", is_flag=True, help="Of all targets, and locks.")
@_connection
@editing_options
@click.pass_context
def _clean(
    ctx: click.Context,
    /,
    *,
    settings: Settings,
    everything: bool,
    **how: Any,
) -> None:
    """Remove history, and only that."""
    ctx.exit(run_clean(settings, NAME, everything=everything, **how))


@migrate_neo4j.command(cls=Command, name="repair")
@_connection
@editing_options
@click.pass_context
def _repair(ctx: click.Context, /, *, settings: Settings, **how: Any) -> None:
    """Make history agree with the files; runs no migration."""
    ctx.exit(run_repair(settings, NAME, **how))


@migrate_neo4j.command(cls=Command, name="delete")
@click.argument("version")
@_connection
@editing_options
@click.pass_context
def _delete(
    ctx: click.Context, /, *, version: str, settings: Settings, **how: Any
) -> None:
    """Take one version out of history: 1.2, or V1_2__name.cypher."""
    ctx.exit(run_delete(settings, NAME, version, **how))


@migrate_neo4j.command(cls=Command, name="baseline")
@click.argument("version")
@_connection
@editing_options
@click.pass_context
def _baseline(
    ctx: click.Context, /, *, version: str, settings: Settings, **how: Any
) -> None:
    """Record the files up to VERSION as applied, without running them."""
    ctx.exit(run_baseline(settings, NAME, version, **how))


@migrate_neo4j.command(cls=Command, name="run")
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option(
    "--migration",
    "migrations",
    multiple=True,
    metavar="FILE",
    help="The same, as the peer has it; repeatable, or with commas.",
)
@_connection
@dry_run_option
@click.pass_context
def _run(
    ctx: click.Context,
    *,
    settings: Settings,
    files: tuple[str, ...],
    migrations: tuple[str, ...],
    dry_run: bool,
) -> None:
    """Run Cypher files in the order given, whatever was applied.

    Nothing is locked or recorded, and no callbacks are run.  FILE is a path or a file:
    URL; the name need not be that of a migration.
    """
    from weave_migrate.cli._run_files import run_files

    named = [part.strip() for text in migrations for part in text.split(",")]
    need(
        not (files and named),
        "Give the files one way: their order would not be known otherwise.",
        "Leave --migration out.",
    )
    every = [*files, *filter(None, named)]
    command = "migrate-neo4j run"
    ctx.exit(run_files(settings, NAME, every, command=command, dry_run=dry_run))


def _load_new(**chosen: Any) -> Settings:
    """Make the project where there is none, and load settings with a location."""
    from weave_migrate.config import FOLDER, PEER_FILE, scripts_folder

    project = new_project()
    need(
        not (project / PEER_FILE).exists(),
        f"{project / PEER_FILE} exists already.",
        "Edit it, or see what is in force: weave db config",
    )
    (project / FOLDER).mkdir(parents=True, exist_ok=True)
    settings = load_chosen(**chosen)
    if settings.neo4j is None:  # no location is known, and there is no usual one
        usual = str(scripts_folder(project.resolve(), NAME))
        settings = load_chosen(**chosen | {"location": (usual,)})
    return settings


@migrate_neo4j.command(cls=Command, name="init")
@taking(load=_load_new)
def _init(*, settings: Settings) -> None:
    """Make a project that both tools read.

    The options are written into .migrations.properties, in the peer's names and
    without secrets; folders are made where they are missing.
    """
    from weave_migrate.config import PEER_FILE, peer_properties

    assert settings.neo4j is not None  # noqa: S101 - _load_new saw to it
    locations = settings.neo4j.locations
    folders = [p for p in locations if isinstance(p, Path) and not p.is_dir()]
    for folder in folders:
        folder.mkdir(parents=True)
    file = settings.project / PEER_FILE
    text, left_out = peer_properties(settings.neo4j, settings.project)
    with file.open("x", encoding="ascii") as written:
        written.write(text)
    show_made("init", [*folders, file], settings.project, left_out=left_out)
    output = out()
    if left_out:
        output.line(f"left out: {', '.join(left_out)}; see docs/neo4j.md")
    output.line('next: weave db create neo4j "what the first one does"', fg="cyan")
