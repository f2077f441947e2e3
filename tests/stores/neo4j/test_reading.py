"""Commands that only read: in read access mode, and the server has nothing to commit.

Neo4j Community knows no roles, so a user who may only read can't be had here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import neo4j
import pytest
from click.testing import CliRunner

from weave_migrate.cli._root import weave

if TYPE_CHECKING:
    from pathlib import Path

    from neo4j_graph import Graph

pytestmark = pytest.mark.neo4j

_SCRIPTS = {
    "V1__a.cypher": "// assert in schema q'RETURN true\nCREATE (:A);\n",
    "R2__b.cypher": "MERGE (:B);\n",
    "V3__c.cypher": "CREATE INDEX c FOR (c:C) ON (c.c);\nCREATE INDEX d FOR (d:D) "
    "ON (d.d);\n",
    "afterMigrate.cypher": "MERGE (:Called);\n",
    "beforeInfo.cypher": "MERGE (:Called);\n",
    "beforeValidate.cypher": "MERGE (:Called);\n",
}
_COMMANDS = [
    "status",
    "plan",
    "validate",
    "current neo4j",
    "history neo4j",
    "lock status",
    "migrate-all --dry-run",
    "repair --dry-run neo4j",
    "migrate-neo4j info",
    "migrate-neo4j info mode=REMOTE",
    "migrate-neo4j validate",
    "migrate-neo4j migrate --dry-run",
    "migrate-neo4j repair --dry-run",
    "migrate-neo4j delete 1 --dry-run",
    "migrate-neo4j clean all --dry-run --yes",
]


@pytest.fixture
def sessions(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note in which access mode each session is opened."""
    modes: list[str] = []
    opened = neo4j.Driver.session

    def session(self: Any, **options: Any) -> Any:
        modes.append(options["default_access_mode"])
        return opened(self, **options)

    monkeypatch.setattr(neo4j.Driver, "session", session)
    return modes


@pytest.fixture
def folder(
    graph: Graph, neo4j_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A project on an empty graph; nothing else says where that is."""
    folder = tmp_path / ".weave" / "migrations" / "neo4j" / "cypher"
    folder.mkdir(parents=True)
    for name, text in _SCRIPTS.items():
        (folder / name).write_text(text)
    (tmp_path / ".weave" / "weave.toml").write_text("allow_clean = true\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEO4J_URI", neo4j_server.uri)
    monkeypatch.setenv("NEO4J_USER", neo4j_server.user)
    monkeypatch.setenv("NEO4J_PASSWORD", neo4j_server.password)
    return folder


def _run(command: str) -> None:
    result = CliRunner().invoke(weave, ["db", *command.split()], standalone_mode=False)
    if result.exception:
        raise result.exception


@pytest.mark.parametrize("history", ["none", "with one pending"])
def test_commands_that_only_read_leave_no_trace(
    folder: Path, graph: Graph, sessions: list[str], history: str
) -> None:
    if history != "none":
        _run("migrate neo4j")
        assert graph("MATCH (:Called) RETURN 1")
        (folder / "V4__d.cypher").write_text("CREATE (:D);\n")
    before = graph.last_transaction()

    for command in _COMMANDS:
        sessions.clear()
        _run(command)
        assert set(sessions) == {"READ"}, command

    assert graph.last_transaction() == before
