"""What the contract suite needs of each store: files, effects, a clean start."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
import uuid
from typing import TYPE_CHECKING, Protocol

import pytest
from fake_store import FakeDatabase, FakeStore

from weave_migrate.config import (
    ElasticsearchSettings,
    Neo4jSettings,
    PostgresSettings,
)
from weave_migrate.model import Secret
from weave_migrate.stores import Store, open_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Harness(Protocol):
    """One database of one kind, with a folder of migrations."""

    def add(self, number: int, *, fails: bool = False) -> None:
        """Add migration ``number``; one that fails does so on the server."""

    def store(self) -> Store:
        """Open another store on the same database and files."""

    def effects(self) -> list[int]:
        """Ask the database which migrations have had their effect."""

    def lose_lock(self) -> None:
        """Take the lock away from whoever holds it."""


class FakeHarness:
    def __init__(self) -> None:
        self.database = FakeDatabase()

    def add(self, number: int, *, fails: bool = False) -> None:
        self.database.add(str(number), fails=fails)

    def store(self) -> Store:
        return FakeStore(self.database)

    def effects(self) -> list[int]:
        return [int(version) for version in self.database.effects]

    def lose_lock(self) -> None:
        self.database.holder = None


class Neo4jHarness:
    def __init__(self, folder: Path, settings: Neo4jSettings) -> None:
        import neo4j

        assert settings.password is not None
        self.folder = folder
        self.settings = settings
        self.driver = neo4j.GraphDatabase.driver(
            settings.uri, auth=(settings.user, settings.password.reveal())
        )

    def add(self, number: int, *, fails: bool = False) -> None:
        text = (
            "THIS IS NOT CYPHER;\n" if fails else f"CREATE (:Step {{n: {number}}});\n"
        )
        (self.folder / f"V{number:03}__step.cypher").write_text(text)

    def store(self) -> Store:
        return open_store(self.settings)

    def effects(self) -> list[int]:
        found = self.driver.execute_query("MATCH (s:Step) RETURN s.n AS n ORDER BY n")
        return [record["n"] for record in found.records]

    def lose_lock(self) -> None:
        self.driver.execute_query("MATCH (l:__Neo4jMigrationsLock) DELETE l")

    def clear(self) -> None:
        run = self.driver.execute_query
        run("MATCH (n) DETACH DELETE n")
        for record in run("SHOW CONSTRAINTS YIELD name").records:
            run(f"DROP CONSTRAINT `{record['name']}` IF EXISTS")
        for record in run(
            "SHOW INDEXES YIELD name, type WHERE type <> 'LOOKUP'"
        ).records:
            run(f"DROP INDEX `{record['name']}` IF EXISTS")


class SearchHarness:
    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url
        self.name = f"contract-{uuid.uuid4().hex[:8]}"
        self.settings = ElasticsearchSettings(
            locations=(folder,), urls=(url,), history_index=f"{self.name}-history"
        )

    def add(self, number: int, *, fails: bool = False) -> None:
        target = "_no_such_api" if fails else f"{self.name}/_doc/{number}?refresh=true"
        (self.folder / f"V{number}__step.http").write_text(
            f'PUT /{target}\nContent-Type: application/json\n\n{{"n": {number}}}\n'
        )

    def store(self) -> Store:
        return open_store(self.settings)

    def effects(self) -> list[int]:
        found = self.ask("GET", f"/{self.name}/_search?ignore_unavailable=true&size=99")
        return sorted(hit["_source"]["n"] for hit in found["hits"]["hits"])

    def lose_lock(self) -> None:
        self.ask("DELETE", f"/{self.name}-history/_doc/0.1?refresh=true")

    def ask(self, method: str, path: str):  # type: ignore[no-untyped-def]
        request = urllib.request.Request(f"{self.url}{path}", method=method)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def clear(self) -> None:
        for index in (self.name, f"{self.name}-history"):
            try:
                self.ask("DELETE", f"/{index}")
            except urllib.error.HTTPError as error:
                error.close()


class PostgresHarness:
    def __init__(self, folder: Path, url: str) -> None:
        import sqlalchemy as sa

        self.versions = folder / "versions"
        self.versions.mkdir(parents=True)
        self.name = f"contract_{uuid.uuid4().hex[:8]}"
        self.server = sa.create_engine(url, isolation_level="AUTOCOMMIT")
        self.execute(f"CREATE DATABASE {self.name}")
        own = sa.make_url(url).set(database=self.name)
        self.engine = sa.create_engine(own, poolclass=sa.NullPool)
        self.settings = PostgresSettings(
            name="contract",
            folder=folder,
            url=Secret(own.render_as_string(hide_password=False)),
        )
        self.last: str | None = None

    def execute(self, statement: str) -> None:
        with self.server.connect() as connection:
            connection.exec_driver_sql(statement)

    def add(self, number: int, *, fails: bool = False) -> None:
        revision = f"{number:04}"
        statement = (
            "THIS IS NOT SQL" if fails else f"CREATE TABLE step_{number} (n int)"
        )
        (self.versions / f"{revision}_step.py").write_text(
            f'"""step"""\n\nfrom alembic import op\n\n'
            f"revision = {revision!r}\ndown_revision = {self.last!r}\n\n\n"
            f"def upgrade():\n    op.execute({statement!r})\n"
        )
        self.last = revision

    def store(self) -> Store:
        return open_store(self.settings)

    def effects(self) -> list[int]:
        query = "SELECT tablename FROM pg_tables WHERE starts_with(tablename, 'step')"
        with self.engine.connect() as connection:
            names = connection.exec_driver_sql(query).scalars().all()
        return sorted(int(name.removeprefix("step_")) for name in names)

    def lose_lock(self) -> None:
        self.execute(
            "SELECT pg_terminate_backend(l.pid) FROM pg_locks l "
            "JOIN pg_database d ON d.oid = l.database "
            f"WHERE l.locktype = 'advisory' AND d.datname = '{self.name}'"
        )

    def clear(self) -> None:
        self.execute(f"DROP DATABASE {self.name} WITH (FORCE)")
        self.server.dispose()


@pytest.fixture(
    params=[
        "fake",
        pytest.param("neo4j", marks=pytest.mark.neo4j),
        pytest.param("elasticsearch", marks=pytest.mark.elasticsearch),
        pytest.param("postgres", marks=pytest.mark.postgres),
    ]
)
def harness(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Harness]:
    """Give each kind of store in turn, clean."""
    if request.param == "fake":
        yield FakeHarness()
    elif request.param == "neo4j":
        server = request.getfixturevalue("neo4j_server")
        graph = Neo4jHarness(
            tmp_path,
            Neo4jSettings(
                locations=(tmp_path,),
                uri=server.uri,
                user=server.user,
                password=Secret(server.password),
            ),
        )
        graph.clear()
        yield graph
        graph.clear()
        graph.driver.close()
    elif request.param == "elasticsearch":
        server = request.getfixturevalue("search_server")
        search = SearchHarness(tmp_path, server.url)
        yield search
        search.clear()
    else:
        server = request.getfixturevalue("postgres_server")
        database = PostgresHarness(tmp_path / "contract", server.url)
        yield database
        database.clear()
