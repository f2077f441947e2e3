"""Groups that take a Java tool's commands and options in its own spelling."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import click

from weave_migrate.cli._command import Command, Group, SectionOption, write_options
from weave_migrate.cli._migrate import (
    dry_run_option,
    lock_timeout_option,
    run_migrate,
)
from weave_migrate.cli._read import run_validate

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from click.shell_completion import CompletionItem

    from weave_migrate.config import Settings
    from weave_migrate.model import Report

    _F = TypeVar("_F", bound=Callable[..., Any])
    Connect = Callable[[Callable[..., None]], Callable[..., None]]

_PAIR = re.compile(r"(mode)=(.+)", re.DOTALL)  # what the peer writes without dashes
_WORD = frozenset({"all"})
# Options that ask for a secret: what it is, and how their help calls them.
_ASKING = {
    "-p": ("password", "-p", "--password"),
    "--password": ("password", "-p", "--password"),
    "--bearer": ("token", "--bearer", "--bearer"),
}


class _Boolean(SectionOption):
    """A flag that may carry its value behind ``=``, and only there."""


class PeerGroup(Group):
    """Options may stand before the command; without a command it is ``migrate``.

    ``mode=LOCAL`` is read as ``--mode LOCAL`` and ``all`` as ``--all``, as the peer
    has them (neo4j-migrations reference, §9); ``apply`` is ``migrate``, and ``help``
    before a command its ``--help``.
    """

    default = "migrate"
    aliases: ClassVar[Mapping[str, str]] = {"apply": "migrate"}
    # Of neo4j-migrations only; the other peer is a library.
    missing = frozenset({"show-catalog"})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, subcommand_metavar="[COMMAND]", **kwargs)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Move the command to the front, and spell its words as options."""
        if not ctx.resilient_parsing:
            _refuse_secrets(args, {*self.commands, *self.aliases})
        words = list(self._words(args))
        places = [at for at in words if self._is_command(args[at])]
        asks_help = [args[at] for at in words[:1]] == ["help"]
        if asks_help or "--help" in args or "-h" in args:
            wanted = [args[at] for at in places]
            return super().parse_args(ctx, [*wanted[:1], "--help"])
        at = next(iter(places), None)
        if at is None and ctx.resilient_parsing:  # what comes may be a command
            return super().parse_args(ctx, [])
        if at is None:
            self._refuse_unknown(ctx, [args[place] for place in words])
        name = self.default if at is None else args[at]
        rest = [
            _spelled(arg) if place in words else arg
            for place, arg in enumerate(args)
            if place != at
        ]
        return super().parse_args(ctx, [name, *rest])

    def _is_command(self, word: str) -> bool:
        return word in self.commands or word in self.aliases

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Give a command by its name or its other name."""
        return super().get_command(ctx, self.aliases.get(cmd_name, cmd_name))

    def shell_complete(
        self, ctx: click.Context, incomplete: str
    ) -> list[CompletionItem]:
        """Offer commands, and the options that may stand before one."""
        found = super().shell_complete(ctx, incomplete)
        offered = {item.value for item in found}
        more = self.commands[self.default].shell_complete(ctx, incomplete)
        return [*found, *(item for item in more if item.value not in offered)]

    def _refuse_unknown(self, ctx: click.Context, words: list[str]) -> None:
        unknown = [w for w in words if w not in _WORD and not _PAIR.fullmatch(w)]
        if not unknown:
            return
        if unknown[0] in self.missing:
            raise click.UsageError(
                f"{unknown[0]} is not supported yet: use neo4j-migrations for it.", ctx
            )
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

    def format_options(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """List the commands, and the options of the one that needs no name."""
        self.format_commands(ctx, formatter)
        write_options(self.commands[self.default], ctx, formatter)


def _refuse_secrets(args: list[str], commands: Collection[str]) -> None:
    """Refuse a password or token on the command line, without repeating it.

    The Java tools take ``-pSECRET``, ``--password SECRET`` and ``--bearer SECRET``;
    others can read a command line, so ours asks.
    """
    for place, arg in enumerate(args):
        name, _, value = arg.partition("=")
        if arg.startswith("-p"):
            name, value = "-p", arg.removeprefix("-p")
        if name not in _ASKING:
            continue
        word = next(iter(args[place + 1 : place + 2]), "-")
        if value or not (word.startswith("-") or word in {*commands, *_WORD}):
            what, short, long = _ASKING[name]
            raise click.UsageError(
                f"A {what} does not belong on the command line: {short} asks for it, "
                f"{long}:env NAME and {long}:file PATH read it."
            )


def _spelled(arg: str) -> str:
    if match := _PAIR.fullmatch(arg):
        return f"--{match[1]}={match[2]}"
    return f"--{arg}" if arg in _WORD else arg


def add_commands(
    group: click.Group,
    store: str,
    *,
    migrating: Connect,
    validating: Connect,
    judge: Callable[[Settings, Report], str | None] | None = None,
) -> None:
    """Give a group the commands that every peer's has: migrate and validate.

    ``migrating`` and ``validating`` add the peer's options to them and hand them
    ``settings``.  ``judge`` finds the peer's word for what validate found.
    """

    @group.command(cls=Command, name="migrate")
    @migrating
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
    @validating
    @click.pass_context
    def validate(ctx: click.Context, /, *, settings: Settings, **options: Any) -> None:
        """Exit 0 only if all is applied and history agrees with the files."""
        command = f"migrate-{store} validate"
        ctx.exit(
            run_validate(settings, [store], command=command, judge=judge, **options)
        )


def given(**values: Any) -> dict[str, Any]:
    """Keep the options that were given: a blank one counts as absent (§8)."""
    return {
        name: value
        for name, value in values.items()
        if value is not None and value != () and str(value).strip()
    }


def boolean_option(
    name: str, text: str, *, section: str = "Options"
) -> Callable[[_F], _F]:
    """Make a flag that may carry its value: ``--autocrlf``, ``--autocrlf=false``.

    It means what it says; the Java tool's bare flags invert their default.
    """
    return click.option(
        name,
        cls=_Boolean,
        section=section,
        is_flag=False,
        flag_value="true",
        metavar="[=true|false]",
        help=text,
    )
