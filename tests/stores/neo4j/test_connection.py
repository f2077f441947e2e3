"""What is said when Neo4j can't be asked; no secret in any of it."""

from __future__ import annotations

import traceback
from typing import Any

import pytest

from weave_migrate.errors import ConfigError, StoreUnavailable, WeaveError
from weave_migrate.model import Secret

pytestmark = pytest.mark.neo4j


CANARY = "yranac"[::-1]  # not to be seen in this file's own lines


def _shown(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def test_a_refused_connection_names_the_host(project: Any) -> None:
    with pytest.raises(StoreUnavailable) as caught:
        project.plan(uri="bolt://127.0.0.1:1", password=Secret(CANARY))

    assert caught.value.code == "UNAVAILABLE"
    assert "bolt://127.0.0.1:1" in caught.value.message
    assert CANARY not in _shown(caught.value)


def test_a_wrong_password_is_said_and_not_shown(project: Any) -> None:
    with pytest.raises(StoreUnavailable) as caught:
        project.plan(password=Secret(CANARY))

    assert caught.value.code == "AUTHENTICATION_FAILED"
    assert CANARY not in _shown(caught.value)


def test_a_password_inside_the_uri_is_not_shown(project: Any) -> None:
    with pytest.raises(WeaveError) as caught:
        project.plan(uri=f"bolt://neo4j:{CANARY}@127.0.0.1:1")

    assert CANARY not in _shown(caught.value)


def test_an_unknown_scheme_is_a_matter_of_configuration(project: Any) -> None:
    with pytest.raises(ConfigError, match=r"gopher://127\.0\.0\.1"):
        project.plan(uri="gopher://127.0.0.1")


def test_an_unknown_database_is_named(project: Any) -> None:
    with pytest.raises(StoreUnavailable, match="nowhere"):
        project.plan(database="nowhere")


def test_facts_name_server_version_and_edition(project: Any) -> None:
    with project.store() as store:
        facts = store.facts()

    assert facts.server == f"Neo4j {facts.version} Community"
    assert facts.flavour == "community"


def test_closing_twice_is_fine(project: Any) -> None:
    with project.store() as store:
        store.facts()
        store.close()
