"""Real servers for tests: one of a kind in a session, started when first asked for.

A server given by WEAVE_TEST_POSTGRES_URL, WEAVE_TEST_NEO4J_URI (with _USER and
_PASSWORD) or WEAVE_TEST_ELASTICSEARCH_URL is used instead; WEAVE_TEST_NEO4J_VERSION
chooses the Neo4j that is started.  A test whose server can't be had fails and says what
to install; --skip-servers skips such tests visibly.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import pytest

from weave_migrate import sandbox
from weave_migrate.errors import WeaveError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

T = TypeVar("T")
# Which marker a test gets by asking for a fixture.
_FIXTURES = {
    "postgres_server": "postgres",
    "neo4j_server": "neo4j",
    "neo4j_enterprise": "enterprise",
    "search_server": "elasticsearch",
}


@dataclass(frozen=True)
class PostgresUnderTest:
    """A PostgreSQL: ``url`` is the SQLAlchemy URL of a maintenance database."""

    url: str = field(repr=False)


@dataclass(frozen=True)
class Neo4jUnderTest:
    """A Neo4j and how to log in."""

    uri: str
    user: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class SearchUnderTest:
    """An OpenSearch or Elasticsearch."""

    url: str


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--skip-servers",
        action="store_true",
        help="skip tests that need a real server",
    )


@pytest.hookimpl(tryfirst=True)  # before pytest's own -m looks at the markers
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    skip = pytest.mark.skip(reason="needs a real server; --skip-servers is given")
    for item in items:
        for fixture in _FIXTURES.keys() & set(getattr(item, "fixturenames", ())):
            item.add_marker(_FIXTURES[fixture])
        needs_server = any(item.get_closest_marker(m) for m in _FIXTURES.values())
        if needs_server and config.getoption("--skip-servers"):
            item.add_marker(skip)


@contextmanager
def _or_fail(server: AbstractContextManager[T]) -> Iterator[T]:
    """Run a server; fail the test with what to install if it can't be had."""
    try:
        running = server.__enter__()
    except WeaveError as error:
        pytest.fail(f"{error}\n{error.hint}", pytrace=False)
    try:
        yield running
    finally:
        server.__exit__(None, None, None)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresUnderTest]:
    """A real PostgreSQL; make databases of your own in it."""
    if url := os.environ.get("WEAVE_TEST_POSTGRES_URL"):
        yield PostgresUnderTest(url)
        return
    with _or_fail(sandbox.postgres()) as server:
        yield PostgresUnderTest(server.url)


@pytest.fixture(scope="session")
def neo4j_server() -> Iterator[Neo4jUnderTest]:
    """A real Neo4j; leave it as empty as you found it."""
    if uri := os.environ.get("WEAVE_TEST_NEO4J_URI"):
        yield Neo4jUnderTest(
            uri,
            os.environ.get("WEAVE_TEST_NEO4J_USER", "neo4j"),
            os.environ.get("WEAVE_TEST_NEO4J_PASSWORD", ""),
        )
        return
    chosen = os.environ.get("WEAVE_TEST_NEO4J_VERSION")
    with _or_fail(
        sandbox.neo4j(version=chosen) if chosen else sandbox.neo4j()
    ) as server:
        yield Neo4jUnderTest(server.uri, server.user, server.password)


@pytest.fixture(scope="session")
def neo4j_enterprise() -> Neo4jUnderTest:
    """A real Neo4j Enterprise; no registry has one, so it must be given."""
    name = "WEAVE_TEST_NEO4J_ENTERPRISE"
    if not (uri := os.environ.get(f"{name}_URI")):
        pytest.skip(f"needs Neo4j Enterprise: {name}_URI, {name}_USER, {name}_PASSWORD")
    return Neo4jUnderTest(
        uri,
        os.environ.get(f"{name}_USER", "neo4j"),
        os.environ.get(f"{name}_PASSWORD", ""),
    )


@pytest.fixture(scope="session")
def search_server() -> Iterator[SearchUnderTest]:
    """A real OpenSearch or Elasticsearch; use index names of your own in it."""
    if url := os.environ.get("WEAVE_TEST_ELASTICSEARCH_URL"):
        yield SearchUnderTest(url)
        return
    with _or_fail(sandbox.search()) as server:
        yield SearchUnderTest(server.url)
