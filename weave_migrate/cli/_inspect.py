"""``inspect FILE…``: what a script is to weave."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from weave_migrate.cli._command import Command, out
from weave_migrate.config import LINE_SEPARATORS, parse_pairs
from weave_migrate.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@click.command(cls=Command)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--autocrlf", is_flag=True, help="CRLF inside statements becomes LF.")
@click.option(
    "--flyway-checksums", is_flag=True, help="Cypher: checksums as Flyway makes them."
)
@click.option(
    "--line-separator",
    type=click.Choice(list(LINE_SEPARATORS)),
    default="lf",
    help="HTTP: what line ends become before hashing.",
)
@click.option(
    "--trim-trailing-newline", is_flag=True, help="HTTP: hash without the last one."
)
@click.option(
    "--placeholder", "placeholders", multiple=True, metavar="K=V", help="Repeatable."
)
@click.pass_context
def inspect(
    ctx: click.Context,
    files: Sequence[str],
    *,
    autocrlf: bool,
    flyway_checksums: bool,
    line_separator: str,
    trim_trailing_newline: bool,
    placeholders: Sequence[str],
) -> None:
    """Show version, checksum, and statements or requests of scripts.

    Exit 1 if a file has an error, 2 if one can't be read.
    """
    from weave_migrate.scripts.inspect_catalog import inspect_catalog
    from weave_migrate.scripts.inspect_cypher import inspect_cypher
    from weave_migrate.scripts.inspect_http import inspect_http

    values = parse_pairs(placeholders)
    results: list[dict[str, Any]] = []
    for name in files:
        data = _read(name)
        if name.lower().endswith(".http"):
            result = inspect_http(
                data,
                path=name,
                placeholders=values,
                line_separator=LINE_SEPARATORS[line_separator],
                trim_trailing_newline=trim_trailing_newline,
            )
        elif name.lower().endswith(".xml"):
            result = inspect_catalog(data, path=name)
        else:
            result = inspect_cypher(
                data,
                path=name,
                placeholders=values,
                autocrlf=autocrlf,
                flyway_checksums=flyway_checksums,
            )
        results.append(result)
    output = out()
    output.document({"schema": 1, "files": results})
    if not output.json:
        for result in results:
            _show(result)
    ctx.exit(1 if any(result["error"] for result in results) else 0)


def _read(name: str) -> bytes:
    path = Path(name)
    try:
        if path.exists() and not path.is_file():  # a pipe would never end
            raise ConfigError(f"{name} is no file.", code="UNREADABLE", file=name)
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"{name} can't be read: {error.strerror}.", code="UNREADABLE", file=name
        ) from error


def _show(result: Mapping[str, Any]) -> None:
    output = out()
    output.line(str(result["path"]), bold=True)
    version = f"version {result['version']}" if result["version"] else "no version"
    described = f", {result['description']!r}" if result["description"] else ""
    kind = f"{result['kind']} catalog" if "type" in result else result["kind"]
    output.line(f"  {result['store']} {kind}, {version}{described}")
    output.line(f"  checksum {result['checksum']}")
    for condition in result.get("preconditions", ()):
        output.line(f"  {condition['type']}: {condition['text']}")
    for number, part in enumerate(result.get("statements", ()), 1):
        where = f" in {part['database']}" if part["database"] else ""
        output.line(
            f"  {number}. line {part['line']}, {part['transaction']}{where}: "
            f"{_first_line(part['text'])}"
        )
    for number, part in enumerate(result.get("requests", ()), 1):
        body = f", body of {len(part['body'])} characters" if part["body"] else ""
        target = _first_line(f"{part['method']} {part['path']}")
        output.line(f"  {number}. line {part['line']}: {target}{body}")
    for name in result["unresolved"]:
        output.line(f"  placeholder without a value: {name}", fg="yellow")
    if result["error"]:
        error = result["error"]
        output.line(f"  {error['code']}: {error['message']}", fg="red")


def _first_line(text: str, width: int = 60) -> str:
    from weave_migrate.scripts._source import printable

    first = text.strip().splitlines()[0] if text.strip() else ""
    shown = printable(first)
    return shown if len(shown) <= width and first == text else f"{shown[:width]} …"
