"""Tables: drawn by rich on a terminal, aligned text for files and pipes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence


_LONG = frozenset({"Description", "File", "Value", "From", "Aliases", "By"})


def render_table(
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    on_terminal: bool,
    color: bool | None,
) -> None:
    """Write a table to standard output."""
    if on_terminal:
        _drawn(headers, rows, color)
        return
    widths = [max(map(len, column)) for column in zip(headers, *rows, strict=True)]
    for row in (headers, *rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def _drawn(
    headers: Sequence[str], rows: Sequence[Sequence[str]], color: bool | None
) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(
        box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False, collapse_padding=True
    )
    for header in headers:
        # Only names may be long; the rest is told apart by its form and never cut.
        table.add_column(header, no_wrap=header not in _LONG, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell, style=_style(cell)) for cell in row))
    Console(no_color=color is False, force_terminal=color, highlight=False).print(table)


def _style(cell: str) -> str:
    return {
        "applied": "green",
        "migrated": "green",
        "up to date": "green",
        "pending": "yellow",
        "out of order": "yellow",
        "not_run": "dim",
        "changed": "red",
        "failed": "red",
        "invalid": "red",
        "missing": "red",
        "unreachable": "red",
    }.get(cell, "")
