"""``sandbox up``, ``down`` and ``run``: real throwaway servers."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import click

from weave_migrate.cli._command import Command, Group, common, out
from weave_migrate.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from weave_migrate.cli._output import Output
    from weave_migrate.sandbox import Sandbox
    from weave_migrate.sandbox._keeper import Wish

_COMMANDS = {
    "run": (f"{__name__}:run", "Run a command with servers of its own."),
    "up": (f"{__name__}:up", "Start servers that stay."),
    "down": (f"{__name__}:down", "Stop the servers that stay; remove their data."),
}


@click.group(cls=Group, lazy=_COMMANDS)
def sandbox() -> None:
    """Start real throwaway servers on this machine.

    Each has the PostgreSQL databases of the project, empty.
    """


def _which_servers(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("--no-elasticsearch", is_flag=True, help="No search server."),
        click.option("--no-neo4j", is_flag=True, help="No Neo4j."),
        click.option("--no-postgres", is_flag=True, help="No PostgreSQL."),
        click.option(
            "--search",
            metavar="FLAVOUR:VERSION",
            help="Such as opensearch:3.8.0 (the default) or elasticsearch:9.5.3.",
        ),
        click.option(
            "--neo4j-version", metavar="VERSION", help="Such as 5.26.30 (the default)."
        ),
    ):
        command = option(command)
    return command


@click.command(
    cls=Command,
    context_settings={"allow_interspersed_args": False},  # they are COMMAND's own
)
@_which_servers
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_context
def run(ctx: click.Context, /, command: Sequence[str], **options: Any) -> None:
    """Run COMMAND with servers of its own, and end as it ends.

    Options of weave stand before COMMAND, best with -- between. The servers and
    their data are gone afterwards.
    """
    from weave_migrate.sandbox import _command
    from weave_migrate.sandbox import sandbox as start

    _command.check(command)
    with start(**_wish(**options).options) as servers:
        _say_servers(out(), servers)
        status = _command.execute(command, servers.environ)
    ctx.exit(status)


@click.command(cls=Command)
@_which_servers
def up(**options: Any) -> None:
    """Start servers that stay; write how to reach them as shell commands.

    Use it so: eval "$(weave sandbox up)"
    """
    import os

    from weave_migrate.sandbox import _keeper
    from weave_migrate.sandbox._command import foreign

    servers, started = _keeper.up(_wish(**options))
    output = out()
    if not started:
        output.note("The sandbox runs already.")
    _say_servers(output, servers)
    if alien := foreign(os.environ, servers.environ):
        output.line(f"unset {shlex.join(alien)}")
    for name, value in servers.environ.items():
        output.line(f"export {name}={shlex.quote(value)}")
    output.document(_document("sandbox up", servers))


@click.command(cls=Command)
def down() -> None:
    """Stop the servers that ``sandbox up`` started, and remove their data."""
    from weave_migrate.sandbox import _keeper

    output = out()
    stopped = _keeper.down()
    output.note("The sandbox is stopped." if stopped else "No sandbox runs.")
    output.document(_document("sandbox down", None))


def _wish(
    *,
    no_postgres: bool,
    no_neo4j: bool,
    no_elasticsearch: bool,
    neo4j_version: str | None,
    search: str | None,
) -> Wish:
    from weave_migrate.sandbox._keeper import Wish

    left_out = {
        "postgres": no_postgres,
        "neo4j": no_neo4j,
        "elasticsearch": no_elasticsearch,
    }
    return Wish(
        stores=tuple(store for store, without in left_out.items() if not without),
        databases=() if no_postgres else _databases(),
        neo4j_version=neo4j_version,
        search_server=search,
    )


def _databases() -> tuple[str, ...]:
    """Name the PostgreSQL databases of the project, if there is one."""
    from weave_migrate.config import find_project, postgres_folders

    if (project := common().folder) is None:
        try:
            project = find_project()
        except ConfigError:
            return ()
    return tuple(postgres_folders(project))


def _say_servers(output: Output, servers: Sandbox) -> None:
    for server in servers.servers.values():
        output.note(f"{server.label} at {server.address}")


def _document(command: str, servers: Sandbox | None) -> dict[str, object]:
    """Give the JSON schema's document, and the environment beside."""
    from weave_migrate.model import Report

    document = Report(command).to_dict()
    if servers is not None:
        document["servers"] = [
            {"name": name, "server": server.label, "address": server.address}
            for name, server in servers.servers.items()
        ]
        document["environment"] = servers.environ
    return document
