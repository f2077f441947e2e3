"""Signs of life, their absence, and what becomes of a lock then; on a real server.

A script that has to pass the gate waits, on the server, for as long as a test holds it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from weave_migrate.errors import LockLost, LockTimeout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

pytestmark = pytest.mark.neo4j

RUNNER = Path(__file__).with_name("_run_migrate.py")
SUPPORT = Path(__file__).parents[2] / "support"
LONG = 60.0  # seconds; nothing here takes them
GATED = "MERGE (g:Gate {id: 1}) SET g.passed = true;\nCREATE (:Step);\n"
_LOCK = "MATCH (l:__Neo4jMigrationsLock) RETURN properties(l) AS l, labels(l) AS labels"
_BLOCKED = """
SHOW TRANSACTIONS YIELD transactionId AS id, currentQuery AS query, waitTime AS wait
WHERE query CONTAINS $text AND wait.milliseconds > 50 RETURN id
"""
_ALIVE = "SHOW TRANSACTIONS YIELD transactionId AS id WHERE id = $id RETURN id"
_STEPS = "MATCH (s:Step) RETURN count(s) AS steps"


def until(condition: Callable[[], Any]) -> Any:
    """Wait for something to be true; give it."""
    deadline = time.monotonic() + LONG
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def revision(graph: Any) -> int:
    found: int = graph(_LOCK)[0]["l"]["revision"]
    return found


@contextmanager
def kept(graph: Any, query: str, **parameters: Any) -> Iterator[Any]:
    """Keep what a query locks until the block ends; then commit it."""
    with graph.driver.session() as session, session.begin_transaction() as tx:
        tx.run(query, parameters).consume()
        yield tx
        tx.commit()


@pytest.fixture
def beside() -> Iterator[Callable[[Callable[[], Any]], Future[Any]]]:
    """Run something beside the test."""
    with ThreadPoolExecutor(8) as pool:
        yield pool.submit


@pytest.fixture
def gate(graph: Any) -> Callable[[], Any]:
    """Close the gate for a block."""
    graph("CREATE (:Gate {id: 1})")

    @contextmanager
    def closed() -> Iterator[None]:
        with graph.driver.session() as session, session.begin_transaction() as tx:
            tx.run("MATCH (g:Gate) SET g.closed = true").consume()
            yield
            tx.rollback()

    return closed


@pytest.fixture
def process(project: Any, neo4j_server: Any) -> Iterator[Callable[[], Any]]:
    """Start a process that migrates with a lease of a second."""
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        server = neo4j_server
        paths = [str(SUPPORT), *filter(None, [os.environ.get("PYTHONPATH")])]
        started.append(
            subprocess.Popen(
                [
                    *(sys.executable, str(RUNNER)),
                    *(server.uri, server.user, str(project.folder), "1"),
                ],
                stdout=subprocess.PIPE,
                text=True,
                env={
                    **os.environ,
                    "NEO4J_PASSWORD": server.password,
                    "PYTHONPATH": os.pathsep.join(paths),
                },
            )
        )
        return started[-1]

    yield start
    for each in started:
        with each:  # waits for it, and closes its pipe
            each.kill()


def test_a_lock_that_is_held_gives_signs_of_life(project: Any, graph: Any) -> None:
    with (
        project.store(lock_lease=0.3) as store,
        store.lock(1, project.watcher) as lock,
    ):
        (first,) = graph(_LOCK)
        until(lambda: revision(graph) >= 3)
        (later,) = graph(_LOCK)
        info = store.lock_info()
        lock.check()

    assert first["l"]["revision"] == 0
    assert first["l"]["lease"] == info.lease == 0.3
    assert later["l"]["seen"] > first["l"]["seen"]
    assert info.token.endswith(f" {later['l']['id']}")
    assert info.silent is not None


def test_signs_of_life_take_no_round_trip_of_the_run(project: Any, graph: Any) -> None:
    with project.store(lock_lease=0.3) as store, store.lock(1, project.watcher):
        before = store.round_trips
        until(lambda: revision(graph) >= 2)
        assert store.round_trips == before


def test_a_long_statement_delays_no_sign_of_life(
    project: Any, graph: Any, gate: Any, beside: Any
) -> None:
    project.put("V1__gated.cypher", GATED)
    with gate():
        run = beside(lambda: project.migrate(lock_lease=2))
        until(lambda: graph(_BLOCKED, text="Gate"))
        with (
            project.store() as second,
            pytest.raises(LockTimeout),
            second.lock(3, project.watcher),
        ):
            pass

    assert run.result(LONG) == ["1"]
    assert graph(_STEPS) == [{"steps": 1}]


def test_a_slow_commit_keeps_the_lock(project: Any, graph: Any, beside: Any) -> None:
    """Neither does its heartbeat die of waiting, nor does a waiter win by it."""
    with (
        project.store(lock_lease=1.5) as first,
        project.store() as second,
        first.lock(1, project.watcher) as lock,
    ):

        def wait() -> None:
            with second.lock(3, project.watcher):
                pytest.fail("two hold the lock")

        waiter = beside(wait)
        until(lambda: project.watcher.waited)
        with graph.driver.session() as session, session.begin_transaction() as tx:
            lock.fence(tx)  # as the last statement of a transaction
            fenced = revision(graph)
            # The heartbeat, and the waiter that wants to take over.
            until(lambda: len(graph(_BLOCKED, text="__Neo4jMigrationsLock")) == 2)
            tx.commit()
        assert isinstance(waiter.exception(LONG), LockTimeout)
        until(lambda: revision(graph) > fenced + 3)
        lock.check()


def test_a_heartbeat_survives_what_the_server_does_to_it(
    project: Any, graph: Any
) -> None:
    with project.store(lock_lease=0.5) as store, store.lock(1, project.watcher) as lock:
        with kept(graph, "MATCH (l:__Neo4jMigrationsLock) SET l.revision = 10"):
            (beat,) = until(lambda: graph(_BLOCKED, text="__Neo4jMigrationsLock"))
            graph("TERMINATE TRANSACTIONS $id", id=beat["id"])
            until(lambda: not graph(_ALIVE, id=beat["id"]))
        until(lambda: revision(graph) > 11)
        lock.check()


def test_a_killed_run_heals_by_itself(
    project: Any, graph: Any, gate: Any, process: Any
) -> None:
    project.put("V1__gated.cypher", GATED)
    with gate():
        killed = process()
        until(lambda: graph(_BLOCKED, text="Gate"))
        (before,) = graph(_LOCK)
        killed.kill()
        killed.wait()

    assert project.migrate(within=LONG) == ["1"]

    assert graph(_STEPS) == [{"steps": 1}]
    assert graph(_LOCK) == []
    (warning,) = project.watcher.warnings
    assert f"process {before['l']['pid']}" in warning
    assert "no sign of life for 1 s" in warning


def test_a_run_that_was_paused_for_too_long_commits_nothing_more(
    project: Any, graph: Any, gate: Any, process: Any
) -> None:
    project.put("V1__gated.cypher", GATED)
    with gate():
        paused = process()
        until(lambda: graph(_BLOCKED, text="Gate"))
        graph("MATCH (l:__Neo4jMigrationsLock) SET l:Same")
        (before,) = graph(_LOCK)
        paused.send_signal(signal.SIGSTOP)
        with project.store() as store, store.lock(LONG, project.watcher):
            (after,) = graph(_LOCK)
    # The gate is open; what has been sent runs to its end in spite of the pause.
    until(lambda: not graph(_BLOCKED, text="Gate"))
    paused.send_signal(signal.SIGCONT)
    out, _ = paused.communicate(timeout=LONG)
    report = json.loads(out)

    assert report["error"]["code"] == "LOCK_LOST"
    assert report["new"] == []
    assert graph(_STEPS) == [{"steps": 0}]
    assert "Same" in after["labels"], "the name was free for a moment"
    assert after["l"]["id"] != before["l"]["id"]
    assert graph("MATCH (m:__Neo4jMigration) RETURN m") == []


def test_of_a_paused_and_a_second_run_one_applies(
    project: Any, graph: Any, gate: Any, process: Any, beside: Any
) -> None:
    project.put("V1__gated.cypher", GATED)
    with gate():
        paused = process()
        until(lambda: graph(_BLOCKED, text="Gate"))
        paused.send_signal(signal.SIGSTOP)
        second = beside(lambda: project.migrate(within=LONG))
        # Both stand before the gate, the second with the lock.
        until(lambda: len(graph(_BLOCKED, text="Gate")) == 2)
        paused.send_signal(signal.SIGCONT)
    out, _ = paused.communicate(timeout=LONG)

    assert second.result(LONG) == ["1"]
    assert json.loads(out)["error"]["code"] == "LOCK_LOST"
    assert graph(_STEPS) == [{"steps": 1}]
    assert "Took over the lock" in project.watcher.warnings[0]


def test_a_lock_that_changes_hands_while_a_fence_waits_lets_it_fail(
    project: Any, graph: Any, beside: Any
) -> None:
    def fence() -> None:
        with graph.driver.session() as session, session.begin_transaction() as tx:
            lock.fence(tx)

    with project.store() as store, store.lock(1, project.watcher) as lock:
        with kept(graph, "MATCH (l:__Neo4jMigrationsLock) SET l.id = 'theirs'"):
            fenced = beside(fence)
            until(lambda: graph(_BLOCKED, text="__Neo4jMigrationsLock"))
        assert isinstance(fenced.exception(LONG), LockLost)
        (left,) = graph(_LOCK)

    assert left["l"]["revision"] == 0
    assert [row["l"]["id"] for row in graph(_LOCK)] == ["theirs"]


def test_a_lock_of_the_java_tool_never_expires(project: Any, graph: Any) -> None:
    with project.store(lock_lease=0.1) as store:
        with store.lock(1, project.watcher):
            pass
        graph("CREATE (:__Neo4jMigrationsLock {id: 'java', name: 'John Doe'})")
        with (
            pytest.raises(LockTimeout, match="never expires"),
            store.lock(0.5, project.watcher),
        ):
            pass

    assert [row["l"]["id"] for row in graph(_LOCK)] == ["java"]


def test_a_timeout_below_the_lease_says_when_it_will_expire(
    project: Any, graph: Any
) -> None:
    with project.store() as store:
        with store.lock(1, project.watcher):
            pass
        graph(
            "CREATE (:__Neo4jMigrationsLock {id: 'dead', name: 'John Doe', "
            "owner: 'ada', host: 'h', pid: 1, lease: 30.0, revision: 7, "
            "since: datetime(), seen: datetime() - duration('PT20S')})"
        )
        with pytest.raises(LockTimeout) as caught, store.lock(0, project.watcher):
            pass

    assert "ada on h, process 1" in caught.value.message
    assert "no sign of life for 30 s takes it over" in caught.value.message
    assert "--lock-timeout" in str(caught.value.hint)


def test_a_lock_that_is_about_to_commit_can_not_be_released(
    project: Any, graph: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("weave_migrate.stores.neo4j._lock_node.PATIENCE", 0.1)
    with (
        project.store() as first,
        project.store() as second,
        first.lock(1, project.watcher) as lock,
    ):
        holding = second.lock_info()
        with graph.driver.session() as session, session.begin_transaction() as tx:
            lock.fence(tx)
            with pytest.raises(LockTimeout, match="has not ended"):
                second.release_lock(holding)
        assert second.release_lock(holding)


def test_of_eight_runs_at_once_each_script_is_run_by_one(
    project: Any, graph: Any, beside: Any
) -> None:
    for number in (1, 2, 3):
        project.put(f"V{number}__step.cypher", "CREATE (:Step);\n")
    with project.store() as store, store.lock(1, project.watcher):
        pass  # makes the constraints

    runs = [beside(lambda: project.migrate(within=LONG)) for _ in range(8)]

    assert [run.exception(LONG) for run in runs] == [None] * 8
    assert graph(_STEPS) == [{"steps": 3}]
    assert graph(_LOCK) == []
