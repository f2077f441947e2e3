"""``weave`` and ``weave db``: which commands there are, and in which order."""

from __future__ import annotations

from typing import Any

import click

from weave_migrate import __version__
from weave_migrate.cli._command import Group

_CLI = "weave_migrate.cli"
_DB = {
    "migrate-all": (f"{_CLI}._migrate:migrate_all", "Migrate every database."),
    "status": (f"{_CLI}._read:status", "Show how every database stands."),
    "plan": (f"{_CLI}._read:plan", "Show what a migrate would do."),
    "validate": (f"{_CLI}._read:validate", "Exit 1 unless all is applied and intact."),
    "init": (f"{_CLI}._make:init", "Make the folder of a new database."),
    "create": (f"{_CLI}._make:create", "Make a new revision or script file."),
    "migrate": (f"{_CLI}._migrate:migrate", "Migrate one database."),
    "current": (f"{_CLI}._read:current", "Show a database's current version."),
    "history": (f"{_CLI}._read:history", "Show what was applied to a database."),
    "repair": (f"{_CLI}._edit:repair", "Make history agree with the files."),
    "baseline": (f"{_CLI}._edit:baseline", "Record files as applied, running none."),
    "clean": (f"{_CLI}._edit:clean", "Remove history; never user data."),
    "lock": (f"{_CLI}._lock:lock", "Show or release locks."),
    "migrate-neo4j": (
        f"{_CLI}._neo4j:migrate_neo4j",
        "neo4j-migrations' commands and options.",
    ),
    "migrate-elasticsearch": (
        f"{_CLI}._elasticsearch:migrate_elasticsearch",
        "elasticsearch-evolution's settings as options.",
    ),
    "inspect": (f"{_CLI}._inspect:inspect", "Show what a script is to weave."),
    "config": (f"{_CLI}._config:config", "Show each setting and where it came from."),
}


def _version(ctx: click.Context, _param: click.Parameter, value: Any) -> None:
    if not value:
        return
    click.echo(f"weave-migrate {__version__}")
    ctx.exit()


@click.group(
    cls=Group,
    lazy={
        "db": (f"{_CLI}._root:db", "Migrate databases and look at their history."),
        "sandbox": (f"{_CLI}.sandbox:sandbox", "Start real throwaway servers."),
    },
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option(
    "-V",
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Show the version and exit.",
)
def weave() -> None:
    """Migrate PostgreSQL, Neo4j and Elasticsearch from one folder, .weave/.

    Start with: weave db status
    """


@click.group(cls=Group, lazy=_DB)
def db() -> None:
    """Migrate databases and look at their history.

    NAME is the folder of a PostgreSQL database, neo4j or elasticsearch.
    """
