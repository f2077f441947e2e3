"""``init NAME`` and ``create NAME MESSAGE``: new folders and files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from weave_migrate.cli._command import Command, common, out
from weave_migrate.cli._output import need

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weave_migrate.config import Settings


@click.command(cls=Command)
@click.argument("name")
def init(name: str) -> None:
    """Make the folder of a new database: a PostgreSQL name, neo4j or elasticsearch."""
    from weave_migrate.config import SCRIPTS, scripts_folder

    project = new_project()
    if name in SCRIPTS:
        made = [scripts_folder(project, name)]
        need(not made[0].exists(), f"{made[0]} exists already.")
        made[0].mkdir(parents=True)
    else:
        from weave_migrate.stores.postgres import init as init_postgres

        made = list(init_postgres(project, name))
    show_made("init", made, project)
    out().line(f'next: weave db create {name} "what the first one does"', fg="cyan")


def new_project() -> Path:
    """Give the project; the first database makes one of the current folder."""
    from weave_migrate.config import find_project
    from weave_migrate.errors import ConfigError

    try:
        return common().folder or find_project()
    except ConfigError:
        return Path.cwd()


@click.command(cls=Command)
@click.argument("name")
@click.argument("message")
@click.option(
    "--auto", is_flag=True, help="Fill it from model changes (PostgreSQL only)."
)
def create(name: str, message: str, *, auto: bool) -> None:
    """Make a new revision or script file.

    For neo4j and elasticsearch it gets the next whole version and a form that the
    Java tool reads; for PostgreSQL it is an Alembic revision behind the head.
    """
    from weave_migrate.config import SCRIPTS, scripts_folder
    from weave_migrate.engine import create_script

    settings = common().settings()
    if name not in SCRIPTS:
        made: Path | None = _create_revision(settings, name, message, auto=auto)
    else:
        from weave_migrate.model import StoreKind

        need(not auto, "--auto is for PostgreSQL databases only.")
        store = settings.neo4j if name == "neo4j" else settings.elasticsearch
        usual = scripts_folder(settings.project, name)
        locations = store.locations if store else (usual,)
        folders = [each for each in locations if isinstance(each, Path)]
        need(
            folders,
            f"All locations of {name} are packages; weave writes into folders only.",
            "Put the file into the sources of the package.",
        )
        made = create_script(StoreKind(name), folders[0], message)
    show_made("create", [made] if made else [], settings.project)
    if not made:
        out().line("The models and the database agree: there is nothing to create.")


def _create_revision(
    settings: Settings, name: str, message: str, *, auto: bool
) -> Path | None:
    from weave_migrate import engine
    from weave_migrate.config import PostgresSettings
    from weave_migrate.stores.postgres import create as create_postgres

    chosen = engine.select(settings, [name])[0]
    assert isinstance(chosen, PostgresSettings)  # noqa: S101 - the other names are taken
    return create_postgres(chosen, message, auto=auto)


def show_made(
    command: str, paths: Sequence[Path], project: Path, **more: object
) -> None:
    """Say what was created; ``more`` are keys of the JSON document."""
    from weave_migrate.model import Report

    output = out()
    shown = [
        str(path.relative_to(project)) if path.is_relative_to(project) else str(path)
        for path in paths
    ]
    output.report(Report(command), created=shown, **more)
    for path in shown:
        output.line(f"created {path}")
