"""One .migrations.properties for both tools."""

from __future__ import annotations

import os
import subprocess
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from weave_migrate.config import load_settings, peer_properties
from weave_migrate.stores.neo4j import Neo4jStore

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.interop, pytest.mark.neo4j]

MAIN = "ac.simons.neo4j.migrations.cli.MigrationsCli"


def test_both_tools_read_the_file_that_weave_writes(both: Any, tmp_path: Path) -> None:
    both.put("V1__a.cypher", "CREATE (:Thing);\n")
    project = tmp_path / "project with ö"
    (project / ".weave").mkdir(parents=True)
    settings = replace(both.settings, transaction_timeout=60.0, target="V1?")
    text, left_out = peer_properties(settings, project)
    assert left_out == ["password"]
    text += "password=${env:GRAPH_PASSWORD}\n"
    (project / ".migrations.properties").write_text(text)
    bare = {k: v for k, v in os.environ.items() if not k.startswith("NEO4J_")}
    environ = {"GRAPH_PASSWORD": both.settings.password.reveal()}

    done = subprocess.run(
        ["java", "-Xmx256m", "-cp", f"{both.java.jars}/*", MAIN, "migrate"],
        cwd=project,
        env={**bare, **environ, "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert "Database migrated to version 1." in done.stdout, done.stderr[:300]

    read = load_settings(project=project, environ=environ).neo4j
    assert read is not None
    assert read == settings
    with closing(Neo4jStore(read)) as store:
        plan = store.plan()
    assert (plan.problems, plan.pending, plan.current) == ((), (), ("1",))
