"""Groups that take a Java tool's commands and options in its own spelling."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar

import click

from weave_migrate.cli._command import Command, Group
from weave_migrate.cli._migrate import (
    dry_run_option,
    lock_timeout_option,
    run_migrate,
)
from weave_migrate.cli._read import run_validate

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from weave_migrate.config import Settings

    _F = TypeVar("_F", bound=Callable[..., Any])

_PAIR = re.compile(r"(mode)=(.+)", re.DOTALL)  # what the peer writes without dashes
_WORD = frozenset({"all"})


class _Boolean(click.Option):
    """A flag that may carry its value behind ``=``, and only there."""


class PeerGroup(Group):
    """Options may stand before the command; without a command it is ``migrate``.

    ``mode=LOCAL`` is read as ``--mode LOCAL`` and ``all`` as ``--all``, as the peer
    has them (neo4j-migrations reference, §9).
    """

    default = "migrate"

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Move the command to the front, and spell its words as options."""
        if ctx.resilient_parsing:  # completion asks for what may stand here
            return super().parse_args(ctx, args)
        _refuse_passwords(args, self.commands)
        if "--help" in args or "-h" in args:
            wanted = [arg for arg in args if arg in self.commands]
            return super().parse_args(ctx, [*wanted[:1], "--help"])
        words = list(self._words(args))
        at = next((place for place in words if args[place] in self.commands), None)
        if at is None:
            self._refuse_unknown(ctx, [args[place] for place in words])
        name = self.default if at is None else args[at]
        rest = [
            _spelled(arg) if place in words else arg
            for place, arg in enumerate(args)
            if place != at
        ]
        return super().parse_args(ctx, [name, *rest])

    def _refuse_unknown(self, ctx: click.Context, words: list[str]) -> None:
        unknown = [w for w in words if w not in _WORD and not _PAIR.fullmatch(w)]
        if not unknown:
            return
        from difflib import get_close_matches

        close = get_close_matches(unknown[0], self.commands, n=1)
        meant = f" Did you mean {close[0]}?" if close else ""
        raise click.UsageError(f"There is no command {unknown[0]!r}.{meant}", ctx)

    def _words(self, args: list[str]) -> Iterator[int]:
        """Give the places of what is neither an option nor an option's value."""
        takes_value = {
            name
            for command in self.commands.values()
            for param in command.params
            if isinstance(param, click.Option)
            and not (param.is_flag or param.count or isinstance(param, _Boolean))
            for name in param.opts
        }
        is_value = False
        for place, arg in enumerate(args):
            if not is_value and not arg.startswith("-"):
                yield place
            is_value = not is_value and arg in takes_value

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Give the commands in the order they were defined."""
        return list(self.commands)

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """List the commands as click does: these are all here already."""
        click.Group.format_commands(self, ctx, formatter)


def _refuse_passwords(args: list[str], commands: Collection[str]) -> None:
    """Refuse a password on the command line, without repeating it.

    The Java tools take ``-pSECRET`` and ``--password SECRET``; others can read a
    command line, so ours asks.
    """
    for place, arg in enumerate(args):
        following = args[place + 1 : place + 2]
        given = arg.startswith("-p") and arg != "-p" and not arg.startswith("--")
        if arg in ("-p", "--password") and following:
            word = following[0]
            given = not word.startswith("-") and word not in {*commands, *_WORD}
        if given or arg.startswith("--password="):
            raise click.UsageError(
                "A password does not belong on the command line: -p asks for it, "
                "--password:env NAME and --password:file PATH read it."
            )


def _spelled(arg: str) -> str:
    if match := _PAIR.fullmatch(arg):
        return f"--{match[1]}={match[2]}"
    return f"--{arg}" if arg in _WORD else arg


def add_commands(
    group: click.Group,
    store: str,
    connection: Callable[[Callable[..., None]], Callable[..., None]],
) -> None:
    """Give a group the commands that every peer's has: migrate and validate.

    ``connection`` adds the peer's options to a command and hands it ``settings``.
    """

    @group.command(cls=Command, name="migrate")
    @connection
    @dry_run_option
    @lock_timeout_option
    @click.pass_context
    def migrate(
        ctx: click.Context,
        *,
        settings: Settings,
        dry_run: bool,
        lock_timeout: float | None,
    ) -> None:
        """Apply what is pending."""
        status = run_migrate(
            settings,
            command=f"migrate-{store}",
            names=[store],
            dry_run=dry_run,
            lock_timeout=lock_timeout,
        )
        ctx.exit(status)

    @group.command(cls=Command, name="validate")
    @connection
    @click.pass_context
    def validate(ctx: click.Context, *, settings: Settings) -> None:
        """Exit 0 only if all is applied and history agrees with the files."""
        ctx.exit(run_validate(settings, [store], command=f"migrate-{store} validate"))


def given(**values: Any) -> dict[str, Any]:
    """Keep the options that were given: those that are not None and not empty."""
    return {k: v for k, v in values.items() if v is not None and v != ()}


def boolean_option(name: str, text: str) -> Callable[[_F], _F]:
    """Make a flag that may carry its value: ``--autocrlf``, ``--autocrlf=false``.

    It means what it says; the Java tool's bare flags invert their default.
    """
    return click.option(
        name,
        cls=_Boolean,
        is_flag=False,
        flag_value="true",
        metavar="[=true|false]",
        help=text,
    )
