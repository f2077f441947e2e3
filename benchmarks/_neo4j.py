"""Neo4j: weave beside the bare driver and neo4j-migrations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks import _chain, _java, _servers, _turns
from benchmarks._measure import Contestant
from benchmarks._projects import BIG_EFFECTS, big_cypher, cypher
from benchmarks._stores import WEAVE, Bench
from benchmarks._table import Section

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def measure(work: Path, *, runs: int, full: bool) -> list[Section]:
    """Start the server and measure the usual cases, or the big ones."""
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
            patient=True,
        )
        some, actions = (runs + 1) // 2, ("check", "info")
        if full:
            bench.measure_noop(section, 10_000, runs=some, actions=actions)
            bench.measure_growth(section)
            return [section, _chain.measure(bench)]
        bench.measure_noop(section, 3, runs=runs, actions=actions)
        bench.measure_noop(section, 1_000, runs=some, actions=actions)
        bench.measure_apply(section, 100, runs=some)
        bench.measure_apply(section, 1_000, runs=1)
        title = f"apply one script of 20 MB, {BIG_EFFECTS:,} statements"
        bench.measure_script(section, title, big_cypher, effects=BIG_EFFECTS, runs=1)
        return [section, _turns.measure(bench)]


def _contestants(
    bench: Bench, action: str, project: Path, scripts: Path
) -> list[Contestant]:
    weave = [WEAVE, "--project", str(project), "db", "migrate-neo4j"]
    peer = "migrate"
    if action == "info":
        action, peer = "check", "info"
        weave.append("info")
    return [
        Contestant("weave", weave, "weave"),
        Contestant("bare driver", bench.command(action, scripts), "floor"),
        _peer(bench.server.environ, scripts, peer),
    ]


def _peer(environ: Mapping[str, str], scripts: Path, command: str) -> Contestant:
    name = f"neo4j-migrations {_java.NEO4J_MIGRATIONS}"
    try:
        java = _java.neo4j_migrations()
    except _java.MissingError as error:
        return Contestant(name, absent=str(error))
    options = ["-a", environ["NEO4J_URI"], "-u", environ["NEO4J_USER"]]
    options += ["--password:env", "NEO4J_PASSWORD", "--location", f"file://{scripts}"]
    return Contestant(name, [*java, *options, command], "peer")
