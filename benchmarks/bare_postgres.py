"""PostgreSQL by psycopg alone: less than Alembic, which is the floor.

``check FOLDER`` reads the version table and compares it with the names of the files.
``apply FOLDER`` runs the SQL of every revision and records it, one transaction each.
``count`` prints how many revisions had their effect; ``wipe`` makes a fresh database.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

_TABLE = "CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)"


def _check(connection: psycopg.Connection, folder: Path) -> None:
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    last = max(path.name.partition("_")[0] for path in folder.glob("*.py"))
    if row != (last,):
        sys.exit(f"{last} is pending")


def _apply(connection: psycopg.Connection, folder: Path) -> None:
    connection.execute(_TABLE)
    connection.execute("INSERT INTO alembic_version VALUES ('')")
    connection.commit()
    for path in sorted(folder.glob("*.py")):
        text = path.read_text(encoding="utf-8")
        statement = text.partition('op.execute("')[2].partition('")')[0]
        connection.execute(statement.encode())
        set_version = "UPDATE alembic_version SET version_num = %s"
        connection.execute(set_version, [path.name.partition("_")[0]])
        connection.commit()


def _count(connection: psycopg.Connection) -> None:
    row = connection.execute("SELECT count(*) FROM bench").fetchone()
    print(row[0] if row else 0)


def _wipe() -> None:
    name = urlsplit(os.environ["DATABASE_URL_BENCH"]).path.removeprefix("/")
    url = _plain(os.environ["WEAVE_BENCH_MAINTENANCE_URL"])
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
        connection.execute(f'CREATE DATABASE "{name}"'.encode())


def _plain(url: str) -> str:
    return url.replace("postgresql+psycopg:", "postgresql:", 1)


def main() -> None:
    """Do what the first word says."""
    action, *rest = sys.argv[1:]
    if action == "wipe":
        _wipe()
        return
    with psycopg.connect(_plain(os.environ["DATABASE_URL_BENCH"])) as connection:
        match action:
            case "check":
                _check(connection, Path(rest[0]))
            case "apply":
                _apply(connection, Path(rest[0]))
            case _:
                _count(connection)


main()
