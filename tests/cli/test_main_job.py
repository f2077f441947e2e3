"""The main job on real servers: the sample of this repository, through the command."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Weave = Callable[..., Any]
Environ = dict[str, str]
SAMPLE = Path(__file__).resolve().parents[2] / ".weave"
APPLIED = {"insightmesh": 3, "slack": 4, "neo4j": 9, "elasticsearch": 9}


@pytest.fixture
def sample(project: Path) -> Path:
    shutil.rmtree(project / ".weave")
    shutil.copytree(
        SAMPLE,
        project / ".weave",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    return project / ".weave" / "migrations"


@pytest.fixture
def graph(neo4j_server: Any) -> Iterator[Any]:
    """Give a driver on an empty graph, and leave it empty."""
    import neo4j

    def clear() -> None:
        driver.execute_query("MATCH (n) DETACH DELETE n")
        for kind in ("CONSTRAINT", "INDEX"):
            names = driver.execute_query(
                f"SHOW {kind}ES YIELD name, type WHERE type <> 'LOOKUP' RETURN name"
                if kind == "INDEX"
                else "SHOW CONSTRAINTS YIELD name RETURN name"
            )
            for record in names.records:
                driver.execute_query(f"DROP {kind} `{record['name']}` IF EXISTS")

    auth = (neo4j_server.user, neo4j_server.password)
    with neo4j.GraphDatabase.driver(neo4j_server.uri, auth=auth) as driver:
        clear()
        yield driver
        clear()


@pytest.fixture
def search(search_server: Any) -> Iterator[str]:
    """Give the URL of a cluster without the sample's objects, and remove them."""

    def clear() -> None:
        for path in (
            "es_evolution",
            "messages-000001",
            "documents-000001",
            "_index_template/messages",
            "_ingest/pipeline/messages",
        ):
            request = urllib.request.Request(
                f"{search_server.url}/{path}", method="DELETE"
            )
            try:
                urllib.request.urlopen(request).close()
            except urllib.error.HTTPError as error:
                error.close()

    clear()
    yield search_server.url
    clear()


@pytest.fixture
def databases(postgres_server: Any) -> Iterator[Environ]:
    """Give two empty databases as the variables that name them."""
    import sqlalchemy as sa

    suffix = uuid.uuid4().hex[:8]
    server = sa.create_engine(postgres_server.url, isolation_level="AUTOCOMMIT")
    environ = {}
    with server.connect() as connection:
        for name in ("slack", "insightmesh"):
            connection.exec_driver_sql(f"CREATE DATABASE {name}_{suffix}")
            url = sa.make_url(postgres_server.url).set(database=f"{name}_{suffix}")
            environ[f"DATABASE_URL_{name.upper()}"] = url.render_as_string(
                hide_password=False
            )
        yield environ
        for name in ("slack", "insightmesh"):
            connection.exec_driver_sql(f"DROP DATABASE {name}_{suffix} WITH (FORCE)")
    server.dispose()


@pytest.fixture
def environ(graph: Any, search: str, databases: Environ, neo4j_server: Any) -> Environ:
    del graph
    return {
        **databases,
        "NEO4J_URI": neo4j_server.uri,
        "NEO4J_USER": neo4j_server.user,
        "NEO4J_PASSWORD": neo4j_server.password,
        "ELASTICSEARCH_URL": search,
    }


def counts(shown: Any, key: str = "applied") -> dict[str, int]:
    return {store["name"]: len(store[key]) for store in shown.json["stores"]}


def test_the_sample_migrates_and_a_second_run_finds_nothing_to_do(
    weave: Weave, sample: Path, environ: Environ, graph: Any
) -> None:
    planned = weave("db", "plan", "--json", environ=environ)
    assert planned.status == 0
    assert counts(planned, "pending") == APPLIED

    first = weave("db", "migrate-all", "--json", environ=environ)
    assert first.status == 0, first
    assert [s["name"] for s in first.json["stores"]] == list(APPLIED)
    assert {s["state"] for s in first.json["stores"]} == {"migrated"}
    assert counts(first) == APPLIED
    # What the scripts did is there, and not only their records.
    found = graph.execute_query(
        "MATCH (m:Message)-[:IN]->(c:Channel {name: 'general'}) RETURN count(m) AS n, "
        "c.messages AS counted"
    )
    assert dict(found.records[0]) == {"n": 5000, "counted": 5000}

    second = weave("db", "migrate-all", environ=environ)
    assert second.status == 0, second
    assert "Nothing to do" in second.out

    assert weave("db", "validate", environ=environ).status == 0
    status = weave("db", "status", environ=environ)
    assert status.out.startswith("Everything is up to date.")
    assert weave("db", "current", "slack", environ=environ).out == "f1d83e6b2a97\n"
    info = weave("db", "migrate-elasticsearch", "info", environ=environ)
    assert info.status == 0, info
    assert "messages-000001" in info.out
    local = weave("db", "migrate-neo4j", "info", "mode=LOCAL", environ=environ)
    assert "R009__Channel_statistics.cypher" in local.out
    listed = weave("db", "migrate-elasticsearch", "info", "--json", environ=environ)
    assert "messages-000001" in {index["name"] for index in listed.json["indices"]}


def test_kinds_can_be_left_out(weave: Weave, sample: Path, environ: Environ) -> None:
    shown = weave(
        "db",
        "migrate-all",
        "--no-include-neo4j",
        "--no-include-elasticsearch",
        "--json",
        environ=environ,
    )
    assert counts(shown) == {"insightmesh": 3, "slack": 4}


def test_a_dry_run_changes_nothing(
    weave: Weave, sample: Path, environ: Environ
) -> None:
    shown = weave("db", "migrate-all", "--dry-run", environ=environ)
    assert shown.status == 0
    assert "pending: V001__Unique_keys.cypher" in shown.out
    assert shown.out.endswith("next: the same command without --dry-run\n")
    after = weave("db", "status", "--json", environ=environ)
    assert counts(after) == dict.fromkeys(APPLIED, 0)


def test_a_failure_says_where_what_is_applied_and_what_next(
    weave: Weave, sample: Path, environ: Environ
) -> None:
    broken = sample / "neo4j" / "cypher" / "V004__Topics.cypher"
    broken.write_text("CREATE (:Topic {name: 'x'});\n\nTHIS IS NOT CYPHER;\n")
    shown = weave("db", "migrate-all", environ=environ)
    assert shown.status == 3
    assert "error[MIGRATION_FAILED]" in shown.err
    assert "V004__Topics.cypher:3" in shown.err
    assert "THIS IS NOT CYPHER" in shown.err
    assert "next: " in shown.err
    assert "not_run" in shown.out

    after = weave("db", "status", "--json", environ=environ)
    assert counts(after) == {
        "insightmesh": 3,
        "slack": 4,
        "neo4j": 3,
        "elasticsearch": 0,
    }
    shutil.copy(SAMPLE / "migrations/neo4j/cypher/V004__Topics.cypher", broken)
    again = weave("db", "migrate-all", "--json", environ=environ)
    assert again.status == 0, again
    assert counts(again) == APPLIED


def test_an_edited_script_stops_the_run_before_anything_is_touched(
    weave: Weave, sample: Path, environ: Environ
) -> None:
    assert weave("db", "migrate", "neo4j", environ=environ).status == 0
    script = sample / "neo4j" / "cypher" / "V001__Unique_keys.cypher"
    script.write_text(script.read_text() + "// edited\n")
    shown = weave("db", "migrate-all", "--json", environ=environ)
    assert shown.status == 6
    assert shown.json["error"]["code"] == "CHECKSUM_MISMATCH"
    assert shown.json["error"]["hint"]
    assert counts(shown)["slack"] == 0
    assert weave("db", "validate", environ=environ).status == 1
    assert weave("db", "status", environ=environ).status == 0


def test_clean_asks_first_and_is_off_by_default(
    weave: Weave, sample: Path, environ: Environ, graph: Any
) -> None:
    assert weave("db", "migrate", "neo4j", environ=environ).status == 0
    line = ["db", "migrate-neo4j", "clean"]
    refused = weave(*line, "--yes", environ=environ)
    assert refused.status == 6
    assert "allow_clean" in refused.err
    toml = sample.parent / "weave.toml"
    toml.write_text("allow_clean = true\n" + toml.read_text())
    assert weave(*line, environ=environ, stdin="").status == 6
    dry = weave(*line, "--dry-run", environ=environ)
    assert dry.status == 0
    assert "9" in dry.out
    listed = weave(*line, "--dry-run", "--json", environ=environ).json
    assert listed["changes"] == dry.out.splitlines()
    assert weave("db", "validate", "neo4j", environ=environ).status == 0
    cleaned = weave(*line, "all", "--yes", environ=environ)
    assert cleaned.status == 0, cleaned
    left = graph.execute_query(
        "MATCH (n) RETURN count(CASE WHEN n:__Neo4jMigration THEN 1 END) AS records, "
        "count(CASE WHEN n:Person THEN 1 END) AS people"
    )
    assert dict(left.records[0]) == {"records": 0, "people": 3}


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
)
def test_an_interrupted_run_releases_the_lock_and_can_be_continued(
    weave: Weave,
    project: Path,
    environ: Environ,
    graph: Any,
    number: signal.Signals,
    status: int,
) -> None:
    folder = project / ".weave/migrations/neo4j/cypher"
    folder.mkdir(parents=True)
    (folder / "V001__quick.cypher").write_text("CREATE (:Quick);\n")
    slow = folder / "V002__slow.cypher"
    slow.write_text("UNWIND range(1, 1000000000) AS i WITH sum(i) AS s RETURN s;\n")
    query = (
        "SHOW TRANSACTIONS YIELD currentQuery "
        "WHERE currentQuery STARTS WITH 'UNWIND range(1, 1000000000)' "
        "RETURN count(*) AS n"
    )
    with subprocess.Popen(
        [str(Path(sys.executable).with_name("weave")), "db", "migrate-all"],
        cwd=project,
        env={"PATH": "/usr/bin:/bin", **environ},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            deadline = time.monotonic() + 60
            while not graph.execute_query(query).records[0]["n"]:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            process.send_signal(number)
            _, err = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == status, err
    assert "error[INTERRUPTED]" in err
    assert "V002__slow.cypher" in err
    locks = graph.execute_query("MATCH (l:__Neo4jMigrationsLock) RETURN count(l) AS n")
    assert locks.records[0]["n"] == 0
    slow.write_text("CREATE (:Slow);\n")
    again = weave("db", "migrate-all", "--json", environ=environ)
    assert again.status == 0, again
    assert counts(again) == {"neo4j": 2}


def test_what_a_revision_prints_does_not_break_the_json(
    weave: Weave, sample: Path, environ: Environ
) -> None:
    revision = next((sample / "insightmesh").rglob("20b7c4f9e1a6_*.py"))
    revision.write_text(f"print('hello from a revision')\n{revision.read_text()}")
    shown = weave("db", "migrate", "insightmesh", "--json", environ=environ)
    assert shown.status == 0, shown
    assert counts(shown) == {"insightmesh": 3}
    assert "hello from a revision" in shown.err


def test_a_listener_that_goes_away_does_not_stop_a_run_half_way(
    project: Path, sample: Path, environ: Environ, weave: Weave
) -> None:
    line = f"{Path(sys.executable).with_name('weave')} db migrate neo4j 2>&1 | head -1"
    bare = {"PATH": "/usr/bin:/bin", **environ}
    subprocess.run(["bash", "-c", line], cwd=project, env=bare, check=True)
    assert weave("db", "validate", "neo4j", environ=environ).status == 0
