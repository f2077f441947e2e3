"""Elasticsearch and OpenSearch: weave beside the transport and the Java library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks import _java, _servers
from benchmarks._measure import Contestant
from benchmarks._projects import http
from benchmarks._stores import WEAVE, Bench
from benchmarks._table import Section

if TYPE_CHECKING:
    from pathlib import Path

_HISTORY = "weave-bench-history"


def measure(work: Path, *, runs: int, full: bool) -> list[Section]:
    """Start the server and measure."""
    with _servers.elasticsearch() as server:
        section = Section(server.label)
        bench = Bench(
            server=server,
            work=work,
            bare="bare_elasticsearch.py",
            folder="elasticsearch/scripts",
            script=http,
            contestants=_contestants,
            language="http",
        )
        bench.measure(section, runs=runs, full=full)
    return [section]


def _contestants(
    bench: Bench, action: str, project: Path, scripts: Path
) -> list[Contestant]:
    weave = [WEAVE, "--project", str(project), "db", "migrate-elasticsearch"]
    weave += ["--history-index", _HISTORY]
    return [
        Contestant("weave", weave, "weave"),
        Contestant("bare driver", bench.command(action, scripts), "floor"),
        _peer(bench.server.environ["ELASTICSEARCH_URL"], scripts),
    ]


def _peer(url: str, scripts: Path) -> Contestant:
    name = f"elasticsearch-evolution {_java.ELASTICSEARCH_EVOLUTION}"
    try:
        java = _java.elasticsearch_evolution()
    except _java.MissingError as error:
        return Contestant(name, absent=str(error))
    return Contestant(name, [*java, url, str(scripts), _HISTORY, "false"], "peer")
