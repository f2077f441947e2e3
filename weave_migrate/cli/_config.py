"""``config``: each setting and where it came from."""

from __future__ import annotations

import click

from weave_migrate.cli._command import Command, common, out


@click.command(cls=Command)
def config() -> None:
    """Show each setting, its value and where it came from; secrets are masked."""
    from weave_migrate.model import Report

    settings = common().settings()
    output = out()
    rows = [(o.key, o.value, o.source) for o in settings.origins]
    output.table(("Setting", "Value", "From"), rows)
    report = Report("config", warnings=settings.warnings)
    output.report(
        report,
        project=str(settings.project),
        settings=[
            {"key": key, "value": value, "source": source}
            for key, value, source in rows
        ],
    )
