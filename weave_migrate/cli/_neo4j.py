"""``migrate-neo4j``: neo4j-migrations' commands and options, for the same people."""

from __future__ import annotations

import os
import sys
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from weave_migrate.cli._clean import run_clean
from weave_migrate.cli._command import Command, common, out
from weave_migrate.cli._consent import yes_option
from weave_migrate.cli._migrate import dry_run_option
from weave_migrate.cli._output import need
from weave_migrate.cli._peer import PeerGroup, add_commands, boolean_option, given
from weave_migrate.cli._read import exit_code_option, read_report

if TYPE_CHECKING:
    from collections.abc import Callable

    from weave_migrate.config import Settings

_NAME = "neo4j"
_MODES = ("COMPARE", "LOCAL", "REMOTE")


def _connection(command: Callable[..., None]) -> Callable[..., None]:
    """Add the peer's options to a command and hand it the settings they make."""
    options = [
        click.option("-a", "--address", metavar="URI", help="Bolt or neo4j URI."),
        click.option("-u", "--username", metavar="NAME", help="User name."),
        click.option("-p", "--password", "ask", is_flag=True, help="Ask for it."),
        click.option("--password:env", "password_env", metavar="NAME"),
        click.option(
            "--password:file",
            "password_file",
            type=click.Path(path_type=Path, dir_okay=False),
        ),
        click.option(
            "--location", "locations", multiple=True, metavar="PATH", help="Repeatable."
        ),
        click.option("-d", "--database", metavar="NAME", help="Target database."),
        click.option("--schema-database", metavar="NAME", help="Where history is."),
        click.option("--transaction-mode", metavar="PER_MIGRATION|PER_STATEMENT"),
        click.option("--transaction-timeout", metavar="DURATION", help="PT30S or 30."),
        click.option("--version-sort-order", metavar="SEMANTIC|LEXICOGRAPHIC"),
        boolean_option("--validate-on-migrate", "Compare checksums (default: true)."),
        boolean_option("--out-of-order", "Accept late versions (default: false)."),
        boolean_option("--autocrlf", "Read CRLF as LF (default: false)."),
        boolean_option("--use-flyway-compatible-checksums", "As Flyway makes them."),
        click.option("--placeholder", "placeholders", multiple=True, metavar="K=V"),
        click.option(
            "-c",
            "--config",
            "properties",
            type=click.Path(path_type=Path, dir_okay=False),
            help="A properties file in the peer's names.",
        ),
    ]

    @wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> None:
        names = (*_PLAIN, *_SECRET, "locations", "placeholders", "properties")
        chosen = {name: kwargs.pop(name) for name in names}
        command(*args, settings=_settings(**chosen), **kwargs)

    for option in reversed(options):
        wrapped = option(wrapped)
    return wrapped


_PLAIN = {
    "address": "uri",
    "username": "user",
    "database": "database",
    "schema_database": "schema_database",
    "transaction_mode": "transaction_mode",
    "transaction_timeout": "transaction_timeout",
    "version_sort_order": "version_sort_order",
    "validate_on_migrate": "validate_on_migrate",
    "out_of_order": "out_of_order",
    "autocrlf": "autocrlf",
    "use_flyway_compatible_checksums": "use_flyway_compatible_checksums",
}
_SECRET = ("ask", "password_env", "password_file")


def _settings(
    *,
    locations: tuple[str, ...],
    placeholders: tuple[str, ...],
    properties: Path | None,
    ask: bool,
    password_env: str | None,
    password_file: Path | None,
    **plain: Any,
) -> Settings:
    from weave_migrate.config import parse_location, parse_pairs

    values = given(**{_PLAIN[name]: value for name, value in plain.items()})
    if locations:
        parts = [part for text in locations for part in text.split(",")]
        values["locations"] = [parse_location(part, Path.cwd()) for part in parts]
    if placeholders:
        values["placeholders"] = parse_pairs(placeholders)
    password = _password(ask=ask, env=password_env, file=password_file)
    if password is not None:
        values["password"] = password
    return common().settings({_NAME: values}, properties=properties)


def _password(*, ask: bool, env: str | None, file: Path | None) -> object:
    """Give the password asked for; the first given of prompt, variable, file."""
    from weave_migrate.config import read_secret
    from weave_migrate.model import Secret

    if ask:
        need(
            sys.stdin.isatty(),
            "-p asks for the password, and there is no terminal to ask at.",
            "Use --password:env NAME or --password:file PATH.",
        )
        return Secret(click.prompt("Password", hide_input=True, err=True))
    if env:
        need(env in os.environ, f"The environment variable {env} is not set.")
        return Secret(os.environ[env])
    return read_secret(file, "--password:file") if file else None


@click.group(cls=PeerGroup)
def migrate_neo4j() -> None:
    """Run neo4j-migrations' commands, with its options or ours.

    Options may stand before or after the command; without one it is migrate.
    """


add_commands(migrate_neo4j, _NAME, _connection)


@migrate_neo4j.command(cls=Command, name="info")
@click.option(
    "--mode",
    type=click.Choice(_MODES, case_sensitive=False),
    default="COMPARE",
    help="Files and history, or one of them.",
)
@_connection
@exit_code_option
@click.pass_context
def _info(
    ctx: click.Context, *, settings: Settings, mode: str, exit_code: bool
) -> None:
    """Show the migrations, applied and pending."""
    from weave_migrate.cli._info import select_mode, show_info

    command = "migrate-neo4j info"
    report = read_report(settings, command, [_NAME], exit_code=exit_code)
    ctx.exit(show_info(out(), select_mode(report, mode.upper())))


@migrate_neo4j.command(cls=Command, name="clean")
@click.option("--all", "everything", is_flag=True, help="Of all targets, and locks.")
@_connection
@dry_run_option
@yes_option
@click.pass_context
def _clean(
    ctx: click.Context,
    *,
    settings: Settings,
    everything: bool,
    dry_run: bool,
    yes: bool,
) -> None:
    """Remove history, and only that."""
    ctx.exit(
        run_clean(settings, _NAME, everything=everything, dry_run=dry_run, yes=yes)
    )
