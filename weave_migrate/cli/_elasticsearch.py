"""``migrate-elasticsearch``: elasticsearch-evolution has no command line; this is it.

Its settings are options under their own names, in kebab-case.
"""

from __future__ import annotations

from dataclasses import asdict
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from weave_migrate.cli._command import Command, common, out
from weave_migrate.cli._peer import PeerGroup, add_commands, boolean_option, given
from weave_migrate.cli._read import exit_code_option, read_report
from weave_migrate.cli._words import size_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from weave_migrate.cli._output import Output
    from weave_migrate.config import Settings
    from weave_migrate.stores.elasticsearch._indices import IndexInfo

_NAME = "elasticsearch"
_OPTIONS = {
    "url": "url",
    "history_index": "history_index",
    "baseline_version": "baseline_version",
    "line_separator": "line_separator",
    "request_timeout": "request_timeout",
    "validate_on_migrate": "validate_on_migrate",
    "out_of_order": "out_of_order",
    "trim_trailing_newline_in_migrations": "trim_trailing_newline",
}


def _connection(command: Callable[..., None]) -> Callable[..., None]:
    """Add the peer's settings as options and hand over the settings they make."""
    options = [
        click.option("--url", metavar="URL", help="Nodes, separated by commas."),
        click.option(
            "--location", "locations", multiple=True, metavar="PATH", help="Repeatable."
        ),
        click.option("--history-index", metavar="NAME"),
        click.option("--baseline-version", metavar="VERSION"),
        click.option("--line-separator", metavar="lf|crlf|cr"),
        click.option("--request-timeout", metavar="SECONDS"),
        boolean_option("--validate-on-migrate", "Compare checksums (default: true)."),
        boolean_option("--out-of-order", "Accept late versions (default: false)."),
        boolean_option(
            "--trim-trailing-newline-in-migrations", "Hash without the last newline."
        ),
        click.option("--placeholder", "placeholders", multiple=True, metavar="K=V"),
    ]

    @wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> None:
        chosen = {name: kwargs.pop(name) for name in _OPTIONS}
        settings = _settings(
            kwargs.pop("locations"), kwargs.pop("placeholders"), **chosen
        )
        command(*args, settings=settings, **kwargs)

    for option in reversed(options):
        wrapped = option(wrapped)
    return wrapped


def _settings(
    locations: tuple[str, ...], placeholders: tuple[str, ...], **plain: Any
) -> Settings:
    from weave_migrate.config import parse_location, parse_pairs

    values = given(**{_OPTIONS[name]: value for name, value in plain.items()})
    if locations:
        values["locations"] = [parse_location(text, Path.cwd()) for text in locations]
    if placeholders:
        values["placeholders"] = parse_pairs(placeholders)
    return common().settings({_NAME: values})


@click.group(cls=PeerGroup)
def migrate_elasticsearch() -> None:
    """Migrate Elasticsearch or OpenSearch, with elasticsearch-evolution's settings.

    Options may stand before or after the command; without one it is migrate.
    """


add_commands(
    migrate_elasticsearch, _NAME, migrating=_connection, validating=_connection
)


@migrate_elasticsearch.command(cls=Command, name="info")
@_connection
@exit_code_option
@click.pass_context
def _info(ctx: click.Context, *, settings: Settings, exit_code: bool) -> None:
    """Show the migrations, and the indices that are there now."""
    from weave_migrate.cli._info import show_info

    command = "migrate-elasticsearch info"
    report = read_report(settings, command, [_NAME], exit_code=exit_code)
    is_there = report.stores[0].server is not None
    indices = _indices(settings) if is_there else []
    output = out()
    status = show_info(output, report, indices=[asdict(index) for index in indices])
    if is_there:
        _show_indices(output, indices)
    ctx.exit(status)


def _indices(settings: Settings) -> list[IndexInfo]:
    from weave_migrate.stores.elasticsearch import ElasticsearchStore

    assert settings.elasticsearch is not None  # noqa: S101 - the report came from it
    store = ElasticsearchStore(settings.elasticsearch)
    try:
        return store.indices()
    finally:
        store.close()


def _show_indices(output: Output, indices: list[IndexInfo]) -> None:
    output.line()
    if not indices:
        output.line("There are no indices.")
        return
    rows = [
        (
            index.name,
            index.health or index.status,
            "" if index.documents is None else str(index.documents),
            size_text(index.size),
            ", ".join(index.aliases),
        )
        for index in indices
    ]
    output.table(("Index", "Health", "Documents", "Size", "Aliases"), rows)
