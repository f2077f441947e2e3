"""New databases and new revisions, as files."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic import command
from alembic.script import Script
from alembic.util import CommandError

from weave_migrate.config import SCRIPTS, postgres_folders
from weave_migrate.errors import ConfigError, HistoryError, RefusedError, WeaveError
from weave_migrate.stores.postgres._connect import connected, open_engine
from weave_migrate.stores.postgres._environment import Environment
from weave_migrate.stores.postgres._plan import head_problems, load_heads, make_plan
from weave_migrate.stores.postgres._revisions import read_revisions

if TYPE_CHECKING:
    from sqlalchemy import Connection, MetaData

    from weave_migrate.config import PostgresSettings
    from weave_migrate.model import Problem

_NAME = re.compile(r"[A-Za-z0-9][\w-]*", re.ASCII)
_FORM = 'metadata = "package.models:Base.metadata"'


def init(project: Path, name: str) -> tuple[Path, ...]:
    """Make the folder of a new PostgreSQL database; gives what was created.

    ``project`` is the folder that holds, or shall hold, ``.weave/``.  Raises
    ConfigError for a name that can't be a database's, RefusedError where it exists.
    """
    if name in SCRIPTS or not _NAME.fullmatch(name):
        raise ConfigError(
            f"{name!r} can't be the name of a PostgreSQL database here.",
            hint="Take letters, digits, _ and -; neo4j and elasticsearch are not free.",
        )
    if name in postgres_folders(project):
        raise RefusedError(
            f"PostgreSQL database {name} is there already.",
            hint=f'Add a revision to it: weave db create {name} "message"',
        )
    versions = project / ".weave" / "migrations" / name / "versions"
    versions.mkdir(parents=True)
    keep = versions / ".gitkeep"  # git keeps no empty folder, and it makes the database
    keep.touch()
    return versions, keep


def create(
    settings: PostgresSettings, message: str, *, auto: bool = False
) -> Path | None:
    """Write a new revision behind the last one and give its path.

    With ``auto`` it holds the difference between the models and the database, which
    must be at the last revision; None when there is no difference.  Raises
    ConfigError, RefusedError, HistoryError, StoreUnavailable.
    """
    message = " ".join(message.split())
    if not re.search(r"[^\W_]", message):
        raise ConfigError(
            "The message needs at least one letter or digit.",
            hint=f'weave db create {settings.name} "add users"',
        )
    environment = Environment(settings)
    environment.check()
    revisions = read_revisions(environment)
    for problem in revisions.problems or head_problems(revisions):
        raise _as_error(problem)
    if not auto:
        return environment.run(lambda: _revision(environment, message))
    engine = open_engine(settings)
    with connected(engine, settings) as connection:
        plan = make_plan(revisions, load_heads(connection, settings), settings)
        for problem in plan.problems:
            raise _as_error(problem)
        if plan.pending:
            raise RefusedError(
                f"PostgreSQL database {settings.name} has {len(plan.pending)} pending "
                "revisions; models can be compared with the last one only.",
                hint=f"weave db migrate {settings.name}",
            )
        connection.rollback()  # Alembic begins its own
        return environment.run(lambda: _revision(environment, message, connection))


def _as_error(problem: Problem) -> WeaveError:
    return HistoryError(
        problem.message,
        code=problem.code,
        hint=problem.hint,
        file=problem.file,
        line=problem.line,
    )


def _revision(
    environment: Environment, message: str, connection: Connection | None = None
) -> Path | None:
    """Let Alembic write the file; with a connection, from the models."""
    config = environment.config()
    if connection is not None:
        config.attributes["connection"] = connection
        config.attributes["configure"] = _comparison(environment)
        assert config.cmd_opts is not None  # noqa: S101 - it is ours
        config.cmd_opts.autogenerate = True
    # The message goes into a docstring.
    text = message.replace("\\", "\\\\").replace('"""', "'''")
    if text.endswith('"'):
        text += " "
    try:
        script = command.revision(
            config,
            text,
            autogenerate=connection is not None,
            process_revision_directives=_leave_out_empty,
        )
    except CommandError as error:
        raise ConfigError(f"Alembic refused: {error}.") from error
    except FileNotFoundError as error:
        raise ConfigError(
            f"{environment.location} has an env.py and no script.py.mako.",
            hint="Copy it from alembic/templates/generic/script.py.mako.",
        ) from error
    return Path(script.path) if isinstance(script, Script) else None


def _leave_out_empty(_context: Any, _revision: Any, directives: list[Any]) -> None:
    opts = _context.config.cmd_opts
    if opts.autogenerate and all(each.upgrade_ops.is_empty() for each in directives):
        directives.clear()


def _comparison(environment: Environment) -> dict[str, Any]:
    """Give the options of ``context.configure`` for a comparison with the models."""
    settings = environment.settings
    options: dict[str, Any] = {
        "version_table": settings.version_table,
        "version_table_schema": settings.version_table_schema,
        "dont_mutate": True,  # or Alembic would make its table
    }
    if environment.has_own_env:
        return options
    metadata = load_metadata(settings)
    schemas = {table.schema for table in metadata.tables.values()}
    options["target_metadata"] = metadata
    if schemas - {None}:  # without this, Alembic looks at the default schema only
        options["include_schemas"] = True
        options["include_name"] = lambda name, kind, _parents: (
            kind != "schema" or name in schemas
        )
    return options


def load_metadata(settings: PostgresSettings) -> MetaData:
    """Import the models; the environment must be entered.

    Raises ConfigError (NO_METADATA) where they are not named or can't be imported.
    """
    from sqlalchemy import MetaData

    where = f"[postgres.{settings.name}] metadata"
    if settings.metadata is None:
        raise ConfigError(
            f"--auto compares models with the database, and {where} names none.",
            code="NO_METADATA",
            hint=f"Set it in .weave/weave.toml: {_FORM}",
        )
    name, _, attribute = settings.metadata.partition(":")
    try:
        found: Any = importlib.import_module(name)
        for part in attribute.split("."):
            found = getattr(found, part)
    except Exception as error:
        cause = f"{type(error).__name__}: {error}"
        raise ConfigError(
            f"The models of {where} ({settings.metadata}) can't be imported: {cause}",
            code="NO_METADATA",
            hint="Set prepend_sys_path to the folder that holds them.",
        ) from error
    if not isinstance(found, MetaData):
        raise ConfigError(
            f"{where} ({settings.metadata}) is no MetaData but a "
            f"{type(found).__name__}.",
            code="NO_METADATA",
            hint=f"It has the form {_FORM}",
        )
    return found
