"""What of a revision graph is applied, what a run would apply, and what forbids it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic.migration import MigrationContext
from alembic.script.revision import RevisionError
from alembic.util import CommandError

from weave_migrate.model import Applied, Entry, Migration, Plan, Problem, State
from weave_migrate.stores.postgres._revisions import TYPE, as_migration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic.script import Script
    from sqlalchemy import Connection

    from weave_migrate.config import PostgresSettings
    from weave_migrate.stores.postgres._revisions import Revisions


def load_heads(connection: Connection, settings: PostgresSettings) -> tuple[str, ...]:
    """Read Alembic's table; without the table nothing is applied."""
    options = {
        "version_table": settings.version_table,
        "version_table_schema": settings.version_table_schema,
    }
    context = MigrationContext.configure(connection, opts=options)
    return context.get_current_heads()


def make_plan(
    revisions: Revisions, recorded: Sequence[str], settings: PostgresSettings
) -> Plan:
    """Decide from files and history what a run would apply; pure."""
    if revisions.problems:
        return Plan(
            # Which of them have files can't be told while the files contradict.
            entries=tuple(_recorded(version, State.APPLIED) for version in recorded),
            problems=revisions.problems,
        )
    unknown = [version for version in recorded if not revisions.knows(version)]
    if unknown:
        return _newer(revisions, unknown, settings)
    try:
        pending = revisions.after(recorded)
        everything = revisions.after(()) if recorded else pending
    except (CommandError, RevisionError) as error:
        return Plan(problems=(_damaged(error, settings),))
    waiting = {script.revision for script in pending}
    return Plan(
        entries=tuple(
            _entry(script, is_applied=script.revision not in waiting)
            for script in everything
        ),
        pending=tuple(as_migration(script) for script in pending),
        problems=tuple(head_problems(revisions)) if pending else (),
        heads=tuple(sorted(recorded)),
    )


def as_applied(migration: Migration, *, duration_ms: int | None = None) -> Applied:
    """Give the record of a revision: Alembic keeps its id and nothing more."""
    return Applied(
        version=migration.version,
        description=migration.description,
        type=TYPE,
        source=migration.source,
        duration_ms=duration_ms,
    )


def head_problems(revisions: Revisions) -> list[Problem]:
    """Refuse heads that nobody made on purpose.

    Branches that all carry a label are wanted; two files that happen to follow the
    same one, usually after a merge of two lines of work, are not.
    """
    heads = revisions.directory.get_revisions("heads")
    if len(heads) < 2 or all(head.branch_labels for head in heads):
        return []
    names = ", ".join(Path(head.path).name for head in heads)
    first, last = heads[0], heads[-1]
    both = ", ".join(repr(head.revision) for head in heads)
    return [
        Problem(
            code="MULTIPLE_HEADS",
            message=f"{len(heads)} revisions are the last one: {names}.",
            hint=f"Where {Path(last.path).name} was never applied, put it behind the "
            f"other: set down_revision = {first.revision!r} at the beginning of its "
            f"branch. Otherwise add an empty revision with down_revision = ({both}).",
            file=last.path,
        )
    ]


def _entry(script: Script, *, is_applied: bool) -> Entry:
    migration = as_migration(script)
    if is_applied:
        return Entry(State.APPLIED, migration, as_applied(migration))
    return Entry(State.PENDING, migration)


def _recorded(version: str, state: State) -> Entry:
    record = Applied(version=version, description=None, type=TYPE, source=None)
    return Entry(state, applied=record)


def _newer(
    revisions: Revisions, unknown: list[str], settings: PostgresSettings
) -> Plan:
    """Judge a database that is at a revision of which there is no file.

    What lies before it can't be known.  ``on_newer`` warn and ok state that all local
    revisions do; otherwise they are shown as ignored.
    """
    is_newer = settings.on_newer != "fail"
    entries = [
        _entry(script, is_applied=True)
        if is_newer
        else Entry(State.IGNORED, as_migration(script))
        for script in revisions.after(())
    ]
    entries += [_recorded(version, State.MISSING) for version in unknown]
    message = (
        f"PostgreSQL database {settings.name} is at revision {', '.join(unknown)}, "
        f"of which there is no file in {settings.folder.name}/."
    )
    problem = Problem(
        code="MISSING_LOCAL",
        message=message,
        hint="Get the version of the project that has it (git pull), or set "
        'on_newer = "warn" where an older version may run on a newer database.',
    )
    return Plan(
        entries=tuple(entries),
        heads=tuple(unknown),
        problems=() if is_newer else (problem,),
        warnings=(message,) if settings.on_newer == "warn" else (),
    )


def _damaged(error: Exception, settings: PostgresSettings) -> Problem:
    return Problem(
        code="HISTORY_DAMAGED",
        message=f"The revisions in {settings.version_table} contradict the files: "
        f"{error}.",
        hint=f"Look into the table {settings.version_table}: a revision that lies "
        "before another one of the table does not belong there.",
    )
