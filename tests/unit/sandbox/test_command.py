from __future__ import annotations

import pytest

from weave_migrate.errors import ConfigError
from weave_migrate.sandbox._command import check, environment, foreign
from weave_migrate.sandbox._search import parse
from weave_migrate.sandbox._servers import PostgresServer


def test_variables_of_real_servers_are_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NEO4J_PASSWORD_FILE", "/run/secrets/neo4j")
    monkeypatch.setenv("ELASTICSEARCH_URL", "https://real.example")
    seen = environment({"NEO4J_URI": "bolt://127.0.0.1:1"})
    assert seen["NEO4J_URI"] == "bolt://127.0.0.1:1"
    assert "NEO4J_PASSWORD_FILE" not in seen
    assert seen["ELASTICSEARCH_URL"] == "https://real.example"  # not the sandbox's


def test_a_databases_own_variable_is_replaced() -> None:
    server = PostgresServer(
        host="127.0.0.1",
        port=5,
        user="postgres",
        password="canary",
        version="18.4",
        runtime="test",
        pid=None,
        databases=("slack-2",),
    )
    assert server.environ["DATABASE_URL_SLACK_2"].endswith("@127.0.0.1:5/slack-2")
    real = {"DATABASE_URL_SLACK_2": "x", "DATABASE_URL_OTHER": "y", "HOME": "/"}
    assert foreign(real, server.environ) == ["DATABASE_URL_OTHER"]
    assert "canary" not in repr(server)


def test_a_missing_command_is_a_usage_error() -> None:
    with pytest.raises(ConfigError, match="no-such-command"):
        check(["no-such-command"])


@pytest.mark.parametrize(
    "text", ["", "opensearch", "opensearch:", "solr:9.0.0", "elasticsearch:6.8.23"]
)
def test_an_unknown_search_server_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="no search server") as caught:
        parse(text)
    assert "opensearch:3.8.0" in str(caught.value.hint)
