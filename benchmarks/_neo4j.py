"""Neo4j: weave beside the bare driver and neo4j-migrations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks import _java, _servers
from benchmarks._measure import Contestant
from benchmarks._projects import cypher
from benchmarks._stores import WEAVE, Bench
from benchmarks._table import Section

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def measure(work: Path, *, runs: int, full: bool) -> Section:
    """Start the server and measure."""
    with _servers.neo4j() as server:
        section = Section(server.label)
        bench = Bench(
            server=server,
            work=work,
            bare="bare_neo4j.py",
            folder="neo4j/cypher",
            script=cypher,
            contestants=_contestants,
            language="cypher",
        )
        bench.measure(section, runs=runs, full=full)
    return section


def _contestants(
    bench: Bench, action: str, project: Path, scripts: Path
) -> list[Contestant]:
    weave = [WEAVE, "--project", str(project), "db", "migrate-neo4j"]
    return [
        Contestant("weave", weave, "weave"),
        Contestant("bare driver", bench.command(action, scripts), "floor"),
        _peer(bench.server.environ, scripts),
    ]


def _peer(environ: Mapping[str, str], scripts: Path) -> Contestant:
    name = f"neo4j-migrations {_java.NEO4J_MIGRATIONS}"
    try:
        java = _java.neo4j_migrations()
    except _java.MissingError as error:
        return Contestant(name, absent=str(error))
    options = ["-a", environ["NEO4J_URI"], "-u", environ["NEO4J_USER"]]
    options += ["--password:env", "NEO4J_PASSWORD", "--location", f"file://{scripts}"]
    return Contestant(name, [*java, *options, "migrate"], "peer")
