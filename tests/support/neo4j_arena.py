"""Many real processes on one Neo4j: a project, its server, and ways to start them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from weave_migrate.stores.neo4j import Neo4jStore

if TYPE_CHECKING:
    from pathlib import Path

    from neo4j_graph import Graph
    from neo4j_peer import Java

    from weave_migrate.config import Neo4jSettings
    from weave_migrate.model import Plan

# All imports are done when the gate opens: what follows is the run itself.
_GATED = """
import sys
import lark, neo4j, weave_migrate.cli._neo4j, weave_migrate.stores.neo4j
from weave_migrate.cli import main
print("ready", flush=True)
sys.stdin.readline()
main()
"""


@dataclass(frozen=True)
class Arena:
    """A project whose scripts many processes apply to one database."""

    project: Path
    graph: Graph
    java: Java
    settings: Neo4jSettings

    def put(self, name: str, text: str) -> None:
        (self.java.folder / name).write_text(text, encoding="utf-8")

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start weave up to its gate, where it waits for ``go``."""
        return subprocess.Popen(
            [sys.executable, "-c", _GATED, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if "--json" in words else subprocess.STDOUT,
            text=True,
            cwd=self.project,
            env={
                **os.environ,
                "NEO4J_URI": self.java.uri,
                "NEO4J_USER": self.java.user,
                "NEO4J_PASSWORD": self.java.password,
            },
        )

    def weave(self, *words: str) -> dict[str, Any]:
        """Run weave to its end; give its JSON."""
        process = self.start(*words, "--json")
        wait(process)
        go(process)
        out, err = process.communicate(timeout=120)
        assert out, err
        report: dict[str, Any] = json.loads(out)
        return report

    def plan(self) -> Plan:
        """See what weave makes of history and files."""
        with closing(Neo4jStore(self.settings)) as store:
            return store.plan()


def wait(*processes: subprocess.Popen[str]) -> None:
    """Wait until each has come to its gate."""
    for each in processes:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n", each.communicate()[1]


def go(*processes: subprocess.Popen[str]) -> None:
    """Open the gate of all that wait at it."""
    for each in processes:
        assert each.stdin is not None
        each.stdin.write("\n")
        each.stdin.flush()
