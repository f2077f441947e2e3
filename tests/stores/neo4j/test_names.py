"""Databases, targets and lock names, as the table of neo4j-migrations has them (§4.4).

Community has one database, so what would be asked for is compared by value.
"""

from __future__ import annotations

import pytest

from weave_migrate.config import Neo4jSettings
from weave_migrate.stores.neo4j._names import Names, resolve


def _names(database: str | None, schema: str | None) -> Names:
    settings = Neo4jSettings(locations=(), database=database, schema_database=schema)
    return resolve(settings, lambda: "neo4j")


@pytest.mark.parametrize(
    ("schema", "database", "stored_in", "target", "lock"),
    [
        (None, None, None, None, "John Doe"),
        (None, "db1", "db1", None, "db1"),
        (None, "neo4j", "neo4j", None, "John Doe"),
        (None, "Db1", "Db1", None, "db1"),
        ("s", None, "s", "neo4j", "John Doe"),
        ("neo4j", None, "neo4j", None, "John Doe"),
        ("s", "s", "s", None, "s"),
        ("s", "Db1", "s", "db1", "db1"),
        ("s", "neo4j", "s", "neo4j", "John Doe"),
        ("foo", "Foo", "foo", "foo", "foo"),
    ],
)
def test_names_follow_from_the_two_options(
    schema: str | None,
    database: str | None,
    stored_in: str | None,
    target: str | None,
    lock: str,
) -> None:
    names = _names(database, schema)

    assert (names.schema, names.target, names.lock) == (stored_in, target, lock)


def test_the_home_database_is_asked_for_only_where_it_matters() -> None:
    def never() -> str:
        raise AssertionError("the home database was asked for")

    for database, schema in ((None, None), ("a", None), ("a", "s")):
        settings = Neo4jSettings(
            locations=(), database=database, schema_database=schema
        )
        assert resolve(settings, never).database == database


@pytest.mark.parametrize(
    ("database", "schema", "group", "same"),
    [
        (None, None, None, True),
        (None, None, "other", False),
        ("db1", None, None, True),
        ("db1", None, "DB1", True),
        ("db1", "s", None, False),
        ("db1", "s", "s", True),
        (None, "neo4j", None, True),
        (None, "s", None, False),
    ],
)
def test_a_record_joins_only_where_history_surely_is(
    database: str | None, schema: str | None, group: str | None, same: bool
) -> None:
    assert _names(database, schema).is_history(group) is same
