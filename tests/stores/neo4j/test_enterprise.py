"""What Neo4j Enterprise alone can do: several databases, acting as another user.

These have not run where no such server is at hand.  What we send is tested by value:
databases in test_names, impersonation in test_connection.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import neo4j
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Ask = Callable[..., list[dict[str, Any]]]

pytestmark = pytest.mark.enterprise

CHAIN = "MATCH (m:__Neo4jMigration) WHERE m.version <> 'BASELINE' RETURN m.version AS v"


@pytest.fixture
def ask(neo4j_enterprise: Any) -> Iterator[Ask]:
    """Ask one database; weavetarget and weaveschema are there, and empty."""
    auth = (neo4j_enterprise.user, neo4j_enterprise.password)
    with neo4j.GraphDatabase.driver(neo4j_enterprise.uri, auth=auth) as driver:

        def ask(query: str, database: str = "system") -> list[dict[str, Any]]:
            found = driver.execute_query(query, database_=database)
            return [record.data() for record in found.records]

        for name in ("weavetarget", "weaveschema"):
            ask(f"CREATE OR REPLACE DATABASE {name} WAIT")
        yield ask
        for name in ("weavetarget", "weaveschema"):
            ask(f"DROP DATABASE {name} IF EXISTS WAIT")


@pytest.fixture
def project(ask: Ask, neo4j_enterprise: Any, new_project: Any) -> Any:
    """A folder of scripts for weavetarget."""
    made = new_project(neo4j_enterprise)
    made.settings = replace(made.settings, database="weavetarget")
    return made


def test_history_can_be_kept_in_another_database(project: Any, ask: Ask) -> None:
    project.put("V1__a.cypher", "CREATE (:Thing);\n")
    project.settings = replace(project.settings, schema_database="weaveschema")

    assert project.migrate() == ["1"]

    assert ask("MATCH (t:Thing) RETURN count(t) AS n", "weavetarget") == [{"n": 1}]
    assert ask(CHAIN, "weavetarget") == []
    targets = "MATCH (m:__Neo4jMigration) RETURN DISTINCT m.migrationTarget AS t"
    assert ask(targets, "weaveschema") == [{"t": "weavetarget"}]
    assert project.migrate() == []


def test_a_group_of_statements_can_run_in_another_database(
    project: Any, ask: Ask
) -> None:
    project.put("V1__a.cypher", ":use weaveschema\nCREATE (:Other);\n")

    assert project.migrate() == ["1"]

    assert ask("MATCH (o:Other) RETURN count(o) AS n", "weaveschema") == [{"n": 1}]
    assert ask(CHAIN, "weavetarget") == [{"v": "1"}]


def test_migrations_run_and_are_recorded_as_the_impersonated_user(
    project: Any, ask: Ask
) -> None:
    ask(
        "CREATE OR REPLACE USER weavebob SET PASSWORD 'weave-bob-1' CHANGE NOT REQUIRED"
    )
    ask("GRANT ROLE admin TO weavebob")
    project.put("V1__a.cypher", "CREATE (:Thing);\n")
    project.settings = replace(project.settings, impersonated_user="weavebob")

    assert project.migrate() == ["1"]

    recorded = "MATCH ()-[r:MIGRATED_TO]->() RETURN r.connectedAs AS who"
    assert ask(recorded, "weavetarget") == [{"who": "weavebob"}]
    ask("DROP USER weavebob")
