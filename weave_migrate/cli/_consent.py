"""Let a person agree to what can't be undone."""

from __future__ import annotations

import sys

import click

from weave_migrate.errors import RefusedError

yes_option = click.option("--yes", is_flag=True, help="Do not ask.")


def ask(name: str, purpose: str) -> None:
    """Let ``name`` be typed, in order to do what ``purpose`` says of it.

    Raises RefusedError where something else is typed or nobody can type.
    """
    if not sys.stdin.isatty():
        raise RefusedError(
            f"{name}: it takes a person's consent to {purpose}.",
            hint="Type it in a terminal, or add --yes.",
        )
    typed = click.prompt(f"Type {name} to {purpose}", err=True)
    if typed != name:
        raise RefusedError(f"{typed!r} is not {name!r}; nothing was done.")
