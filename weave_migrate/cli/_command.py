"""The options every command has, before or after its name, and what they decide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from weave_migrate.cli._lazy import LazyGroup

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from weave_migrate.cli._output import Output
    from weave_migrate.config import Settings

_META = "weave_migrate.common"
_DEBUG = 2


class Common:
    """What the common options said, wherever they stood.

    Not a dataclass: importing those would cost ``--help`` a tenth of its time.
    """

    def __init__(self) -> None:
        self.project: str | None = None
        self.env: str | None = None
        self.json = False
        self.quiet = False
        self.verbose = 0
        self.debug = False

    @property
    def folder(self) -> Path | None:
        """The project that --project names."""
        from pathlib import Path

        return Path(self.project) if self.project else None

    def settings(
        self,
        options: Mapping[str, Mapping[str, Any]] | None = None,
        *,
        properties: Path | None = None,
    ) -> Settings:
        """Load the settings of the project this command is about."""
        from weave_migrate.config import load_settings

        return load_settings(
            project=self.folder, env=self.env, options=options, properties=properties
        )


def common() -> Common:
    """Give the common options of the command that runs."""
    found = click.get_current_context().meta.setdefault(_META, Common())
    assert isinstance(found, Common)  # noqa: S101 - nobody else knows the key
    return found


def out() -> Output:
    """Give the output of the command that runs, and start its logging."""
    from weave_migrate.cli._output import Output

    options = common()
    if options.verbose:
        from weave_migrate.cli._logging import log_to_stderr

        log_to_stderr(debug=options.verbose >= _DEBUG)
    return Output(json=options.json, quiet=options.quiet, debug=options.debug)


def _store(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    if value:  # an option that was not given must not undo one before the command
        options = ctx.meta.setdefault(_META, Common())
        setattr(options, str(param.name), value)


class SectionOption(click.Option):
    """An option that ``--help`` lists below a heading of its own."""

    def __init__(self, *args: Any, section: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.section = section


def write_options(
    command: click.Command, ctx: click.Context, formatter: click.HelpFormatter
) -> None:
    """Write a command's options below their headings; its own come first."""
    sections: dict[str, list[tuple[str, str]]] = {"Options": []}
    for param in command.get_params(ctx):
        record = param.get_help_record(ctx)
        if record is not None and isinstance(param, click.Option):
            section = getattr(param, "section", "Options")
            sections.setdefault(section, []).append(record)
    for section, records in sections.items():
        if records:
            with formatter.section(section):
                formatter.write_dl(records)


def _options() -> list[click.Option]:
    shared: dict[str, Any] = {"expose_value": False, "callback": _store}
    folder = click.Path(exists=True, file_okay=False)
    return [
        click.Option(
            ["--project"],
            type=folder,
            help="The folder that holds .weave/ (default: found upwards).",
            **shared,
        ),
        click.Option(
            ["--env"], metavar="NAME", help="Use [env.NAME] of weave.toml.", **shared
        ),
        click.Option(
            ["--json"], is_flag=True, help="Write the result as JSON.", **shared
        ),
        click.Option(
            ["-q", "--quiet"], is_flag=True, help="No progress, no warnings.", **shared
        ),
        click.Option(
            ["-v", "--verbose"], count=True, help="Log events; -vv more.", **shared
        ),
        click.Option(
            ["--debug"], is_flag=True, help="Show tracebacks of errors.", **shared
        ),
    ]


class Command(click.Command):
    """A command with the common options."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.extend(_options())

    def format_options(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """Write the options below their headings."""
        write_options(self, ctx, formatter)


class Group(LazyGroup):
    """A lazy group with the common options."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("lazy", {})
        super().__init__(*args, **kwargs)
        self.params.extend(_options())
