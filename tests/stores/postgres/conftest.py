"""A fresh database for each test, and a folder of revisions for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent, indent
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import NullPool, create_engine, make_url, text

from weave_migrate.config import PostgresSettings
from weave_migrate.model import Applied, LockInfo, Migration, Plan, Secret
from weave_migrate.stores.postgres import PostgresStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RUNNER = Path(__file__).with_name("_run_migrate.py")


@dataclass
class Recorder:
    """An observer that remembers what it was told."""

    events: list[str] = field(default_factory=list)
    applied: list[Applied] = field(default_factory=list)
    holders: list[LockInfo | None] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def lock_waiting(self, holder: LockInfo | None, seconds: float) -> None:
        self.holders.append(holder)

    def migration_started(self, migration: Migration) -> None:
        self.events.append(f"started {migration.version}")

    def migration_applied(self, applied: Applied) -> None:
        self.events.append(f"applied {applied.version}")
        self.applied.append(applied)

    def progressed(self, message: str) -> None:
        pass

    def noted(self, message: str) -> None:
        pass

    def warned(self, message: str) -> None:
        self.warnings.append(message)


class Database:
    """One throwaway database."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = create_engine(
            url, poolclass=NullPool, isolation_level="AUTOCOMMIT"
        )

    def execute(self, sql: str) -> None:
        with self.engine.connect() as connection:
            connection.execute(text(sql))

    def column(self, sql: str) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.scalars(text(sql)))

    def tables(self, schema: str = "public") -> list[str]:
        return self.column(
            "SELECT tablename FROM pg_tables "
            f"WHERE schemaname = '{schema}' ORDER BY tablename"
        )

    def versions(self) -> list[str]:
        return self.column("SELECT version_num FROM alembic_version ORDER BY 1")


class Project:
    """A database and its folder of revisions."""

    def __init__(self, root: Path, database: Database) -> None:
        self.root = root
        self.database = database
        self.folder = root / ".weave" / "migrations" / "app"
        self.versions = self.folder / "versions"
        self.versions.mkdir(parents=True)

    def add(
        self,
        revision: str,
        after: str | tuple[str, ...] | None = None,
        *,
        do: str | None = None,
        head: str = "",
        labels: str | None = None,
        depends_on: str | None = None,
        folder: Path | None = None,
    ) -> Path:
        """Write a revision; without ``do`` it makes the table ``t_<revision>``."""
        body = do or f'op.execute("CREATE TABLE t_{revision} (id int)")'
        path = (folder or self.versions) / f"{revision}_step.py"
        path.write_text(
            f'"""step {revision}\n\nmore of it\n"""\n'
            "from alembic import op\nimport sqlalchemy as sa\n"
            f"{dedent(head)}\n"
            f"revision = {revision!r}\ndown_revision = {after!r}\n"
            f"branch_labels = {labels!r}\ndepends_on = {depends_on!r}\n\n\n"
            f"def upgrade():\n{indent(dedent(body).strip(), '    ')}\n\n\n"
            f"def downgrade():\n    op.execute('DROP TABLE IF EXISTS t_{revision}')\n",
            encoding="utf-8",
        )
        return path

    def chain(self, *revisions: str) -> None:
        """Write revisions that follow each other."""
        for before, revision in zip((None, *revisions), revisions, strict=False):
            self.add(revision, before)

    def settings(self, **more: Any) -> PostgresSettings:
        values: dict[str, Any] = {
            "name": "app",
            "folder": self.folder,
            "url": Secret(self.database.url),
        }
        return PostgresSettings(**values | more)

    def store(self, **more: Any) -> PostgresStore:
        return PostgresStore(self.settings(**more))

    def migrate(self, **more: Any) -> Recorder:
        """Plan, lock, plan again and apply, as the engine does."""
        store, recorder = self.store(**more), Recorder()
        assert store.plan().problems == ()
        with store.lock(10, recorder) as lock:
            store.apply(store.plan(), lock, recorder)
        return recorder

    def plan(self, **more: Any) -> Plan:
        return self.store(**more).plan()

    def alembic(self, *arguments: str) -> str:
        """Run Alembic's own command on this database."""
        ini = self.root / "alembic.ini"
        own = self.root / "alembic_env"
        if not ini.exists():
            own.mkdir()
            (own / "env.py").write_text(ALEMBIC_ENV)
            ini.write_text(
                f"[alembic]\nscript_location = {own}\npath_separator = newline\n"
                f"version_locations = {self.versions}\n"
            )
        done = subprocess.run(
            [sys.executable, "-m", "alembic", "-c", str(ini), *arguments],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"TEST_URL": self.database.url},
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def in_processes(self, count: int, *, timeout: float = 60) -> list[dict[str, Any]]:
        """Migrate with several processes that begin at once; their reports."""
        running = [self.start_process() for _ in range(count)]
        for process in running:
            self.wait_until_ready(process)
        for process in running:
            self.go(process)
        answers = []
        for process in running:
            out, err = process.communicate(timeout=timeout)
            assert process.returncode == 0, err
            answers.append(json.loads(out))
        return answers

    def start_process(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, str(RUNNER), str(self.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"TEST_URL": self.database.url},
        )

    def wait_until_ready(self, process: subprocess.Popen[str]) -> None:
        """Return when the process has imported all it needs."""
        assert process.stdout
        assert process.stdout.readline() == "ready\n"

    def go(self, process: subprocess.Popen[str]) -> None:
        """Let the process migrate."""
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()


ALEMBIC_ENV = """
import os
from alembic import context
from sqlalchemy import create_engine

with create_engine(os.environ["TEST_URL"]).connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
"""


@contextmanager
def _fresh(server_url: str) -> Iterator[Database]:
    server = create_engine(server_url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    name = f"weave_{uuid.uuid4().hex[:12]}"
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    url = make_url(server_url).set(database=name)
    try:
        yield Database(url.render_as_string(hide_password=False))
    finally:
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def fresh_database(postgres_server: Any) -> Iterator[Callable[[], Database]]:
    """Make as many databases as a test needs."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(_fresh(postgres_server.url))


@pytest.fixture
def database(fresh_database: Callable[[], Database]) -> Database:
    return fresh_database()


@pytest.fixture
def project(tmp_path: Path, database: Database) -> Project:
    return Project(tmp_path, database)


@pytest.fixture
def make_project(
    tmp_path: Path, fresh_database: Callable[[], Database]
) -> Callable[[str], Project]:
    return lambda name: Project(tmp_path / name, fresh_database())


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()
