"""Find the project and the databases in it."""

from __future__ import annotations

import re
from pathlib import Path

from weave_migrate.errors import ConfigError

FOLDER = ".weave"
# The other stores' folders below .weave/migrations/, and the one their scripts are in.
SCRIPTS = {"neo4j": "cypher", "elasticsearch": "scripts"}
_REVISION = re.compile(rb"^revision\s*(?::[^=\n]+)?=", re.MULTILINE)


def find_project(start: Path | None = None) -> Path:
    """Give the nearest folder, from ``start`` upwards, that holds ``.weave/``.

    Raises ConfigError (NO_PROJECT) where there is none.
    """
    try:
        here = (start or Path.cwd()).resolve()
    except FileNotFoundError:
        raise ConfigError(
            "The current folder does not exist any more.", code="NO_PROJECT"
        ) from None
    for folder in (here, *here.parents):
        if (folder / FOLDER).is_dir():
            return folder
    raise ConfigError(
        f"There is no {FOLDER}/ folder in {here} or above it.",
        code="NO_PROJECT",
        hint="Change to your project, give --project DIR, or type: weave db init NAME",
    )


def scripts_folder(project: Path, store: str) -> Path:
    """Give the usual folder of ``neo4j``'s or ``elasticsearch``'s scripts."""
    return project / FOLDER / "migrations" / store / SCRIPTS[store]


def postgres_folders(project: Path) -> dict[str, Path]:
    """Give the PostgreSQL databases of a project: name and folder, by name.

    A direct subfolder of ``.weave/migrations/`` is one when it holds an env.py, a
    ``versions/`` or a Python file that defines ``revision``.
    """
    migrations = project / FOLDER / "migrations"
    if not migrations.is_dir():
        return {}
    return {
        folder.name: folder
        for folder in sorted(migrations.iterdir())
        if folder.is_dir()
        and folder.name not in SCRIPTS
        and not folder.name.startswith((".", "_"))
        and _is_postgres(folder)
    }


def _is_postgres(folder: Path) -> bool:
    if (folder / "env.py").is_file() or (folder / "versions").is_dir():
        return True
    return any(_REVISION.search(path.read_bytes()) for path in folder.glob("*.py"))
