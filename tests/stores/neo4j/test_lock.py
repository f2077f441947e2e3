"""The lock node, on a real server."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from typing import Any

import pytest

from weave_migrate.errors import LockLost, LockTimeout

pytestmark = pytest.mark.neo4j

_LOCKS = "MATCH (l:__Neo4jMigrationsLock) RETURN properties(l) AS l"
_BY_JAVA = "CREATE (:__Neo4jMigrationsLock {id: 'java', name: $name})"
_FREE = "MATCH (l:__Neo4jMigrationsLock) DELETE l"


def test_the_lock_is_the_peers_node_with_an_owner(project: Any, graph: Any) -> None:
    with project.store() as store, store.lock(1, project.watcher):
        (lock,) = (row["l"] for row in graph(_LOCKS))
        info = store.lock_info()

    assert lock["name"] == "John Doe"
    assert len(lock["id"]) == 36
    assert (info.host, info.pid) == (socket.gethostname(), os.getpid())
    assert info.owner
    assert info.since.tzinfo is not None


def test_the_lock_is_given_back(project: Any, graph: Any) -> None:
    with project.store() as store:
        with store.lock(1, project.watcher):
            pass
        assert store.lock_info() is None

    assert graph(_LOCKS) == []


def test_the_lock_is_given_back_when_the_run_fails(project: Any, graph: Any) -> None:
    with (
        project.store() as store,
        pytest.raises(KeyboardInterrupt),
        store.lock(1, project.watcher),
    ):
        raise KeyboardInterrupt

    assert graph(_LOCKS) == []


@pytest.mark.parametrize(
    ("database", "name"), [(None, "John Doe"), ("neo4j", "John Doe")]
)
def test_the_lock_has_the_name_that_the_peer_gives_it(
    project: Any, graph: Any, database: str | None, name: str
) -> None:
    with project.store(database=database) as store, store.lock(1, project.watcher):
        assert [row["l"]["name"] for row in graph(_LOCKS)] == [name]


def test_a_second_run_waits_for_the_first(project: Any, graph: Any) -> None:
    released = threading.Event()

    def let_go(holder: Any, seconds: float) -> None:
        if not released.is_set():
            released.set()
            graph(_FREE)

    with project.store() as first:
        with first.lock(1, project.watcher):
            pass  # makes the constraints
        graph(_BY_JAVA, name="John Doe")
        project.watcher.lock_waiting = let_go
        with first.lock(30, project.watcher) as lock:
            lock.check()

    assert released.is_set()


def test_a_timeout_names_the_holder_and_the_way_out(project: Any) -> None:
    with (
        project.store() as first,
        project.store() as second,
        first.lock(1, project.watcher),
        pytest.raises(LockTimeout) as caught,
        second.lock(0.1, project.watcher),
    ):
        pass

    named = (
        "The lock of Neo4j (named 'John Doe', as neo4j-migrations does) was not free"
    )
    assert caught.value.message.startswith(named)
    assert f"process {os.getpid()}" in caught.value.message
    assert socket.gethostname() in caught.value.message
    assert "weave db lock release neo4j" in str(caught.value.hint)
    assert caught.value.code == "LOCK_HELD"
    assert project.watcher.waited


def test_a_lock_of_the_java_tool_is_recognised(project: Any, graph: Any) -> None:
    with project.store() as store:
        with store.lock(1, project.watcher):
            pass
        graph(_BY_JAVA, name="John Doe")
        with (
            pytest.raises(LockTimeout, match="no owner, so neo4j-migrations"),
            store.lock(0, project.watcher),
        ):
            pass
        info = store.lock_info()

    assert (info.owner, info.host, info.lease) == ("neo4j-migrations", None, None)
    assert [row["l"]["id"] for row in graph(_LOCKS)] == ["java"]


def test_a_lock_of_another_target_is_no_hindrance(project: Any, graph: Any) -> None:
    with project.store() as store:
        with store.lock(1, project.watcher):
            pass
        graph(_BY_JAVA, name="other")
        with store.lock(0, project.watcher) as lock:
            lock.check()


def test_a_lock_taken_away_is_noticed(project: Any, graph: Any) -> None:
    with project.store() as store, store.lock(1, project.watcher) as lock:
        graph(_FREE)
        graph(_BY_JAVA, name="John Doe")
        with pytest.raises(LockLost):
            lock.check()

    assert [row["l"]["id"] for row in graph(_LOCKS)] == ["java"]


def test_unnamed_constraints_of_old_releases_are_used(project: Any, graph: Any) -> None:
    graph(
        "CREATE CONSTRAINT old FOR (l:__Neo4jMigrationsLock) REQUIRE l.name IS UNIQUE"
    )

    with project.store() as store, store.lock(1, project.watcher):
        names = graph("SHOW CONSTRAINTS YIELD name RETURN name ORDER BY name")

    assert [row["name"] for row in names] == [
        "__Neo4jMigrationsLock__has_unique_id",
        "old",
    ]


def test_an_interrupt_during_a_statement_releases_the_lock(
    project: Any, graph: Any
) -> None:
    project.put(
        "V1__slow.cypher",
        "UNWIND range(1, 1000000000) AS i MERGE (:Slow {i: 1});\n",
    )
    main = threading.main_thread().ident
    timer = threading.Timer(0.5, signal.pthread_kill, [main, signal.SIGINT])
    project.watcher.on_start = lambda _: timer.start()

    with pytest.raises(KeyboardInterrupt):
        project.migrate()

    assert graph(_LOCKS) == []
    assert graph("MATCH (n:__Neo4jMigration) RETURN n") == []


@pytest.mark.parametrize(
    "properties",
    [
        "",
        ", id: 5",
        ", id: ['a']",
        ", id: datetime('+99999-01-01T00:00Z')",
        ", id: 'x', owner: 'o', lease: 5, revision: 'q'",
        ", id: 'x', owner: [1], host: [2], pid: 'x', lease: '5', revision: 5",
        ", id: 'x', owner: 'o', lease: 0.0 / 0.0, revision: 5",
        ", id: ['x'], owner: 'o', lease: 5, revision: 5",
    ],
)
def test_a_lock_without_what_a_lease_needs_is_treated_as_the_peers(
    project: Any, graph: Any, properties: str
) -> None:
    graph(f"CREATE (:__Neo4jMigrationsLock {{name: 'John Doe'{properties}}})")
    with project.store() as store:
        with pytest.raises(LockTimeout, match="never expires"), store.lock(0, None):
            pass
        info = store.lock_info()

        assert info.lease is None
        assert store.release_lock(info)
        assert not store.release_lock(info)

    assert graph(_LOCKS) == []


def test_times_that_the_driver_can_not_hold_hinder_nobody(
    project: Any, graph: Any
) -> None:
    late = "datetime('+99999-01-01T00:00Z')"
    graph(
        "CREATE (:__Neo4jMigrationsLock {name: 'John Doe', id: 'x', owner: 'o', "
        f"lease: 5, revision: 1, since: {late}, seen: {late}}})"
    )
    with project.store() as store:
        info = store.lock_info()

        assert (info.owner, info.lease, info.since, info.silent) == ("o", 5, None, None)
        assert store.release_lock(info)


def test_a_release_spares_a_lock_that_came_in_the_place_of_the_one_seen(
    project: Any, graph: Any
) -> None:
    graph("CREATE (:__Neo4jMigrationsLock {name: 'John Doe', id: 'seen'})")
    with project.store() as store:
        info = store.lock_info()
        graph("MATCH (l:__Neo4jMigrationsLock) SET l.id = 'another'")

        assert not store.release_lock(info)

    assert [row["l"]["id"] for row in graph(_LOCKS)] == ["another"]


def test_who_waited_for_a_clean_of_all_makes_the_constraints_again(
    project: Any, graph: Any
) -> None:
    project.put("V1__a.cypher", "CREATE (:A);\n")
    project.migrate()

    def wait() -> None:
        with other.lock(5, project.watcher) as lock:
            other.apply(other.plan(), lock, project.watcher)

    with project.store() as cleaner, project.store() as other:
        waiter = threading.Thread(target=wait)
        with cleaner.lock(1, project.watcher) as held:
            waiter.start()
            while not project.watcher.waited:
                time.sleep(0.01)
            cleaner.edit(cleaner.plan_clean(everything=True), held)
        waiter.join(20)

    assert len(graph("SHOW CONSTRAINTS YIELD name RETURN name")) == 3
