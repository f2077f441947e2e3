"""One run at a time, and nobody waits longer than needed."""

from __future__ import annotations

import threading
import time
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import make_url

from weave_migrate.errors import LockLost, LockTimeout, RefusedError
from weave_migrate.model import Secret

if TYPE_CHECKING:
    from weave_migrate.model import LockInfo

OUR_SESSIONS = (
    "SELECT pg_terminate_backend(pid) FROM pg_locks "
    "WHERE locktype = 'advisory' AND database = "
    "(SELECT oid FROM pg_database WHERE datname = current_database())"
)


def test_a_free_lock_has_no_holder(project: Any) -> None:
    assert project.store().lock_info() is None


def test_the_holder_is_named(project: Any, recorder: Any) -> None:
    with project.store().lock(1, recorder):
        holder: LockInfo = project.store().lock_info()
        assert holder.owner
        assert holder.owner.startswith("weave-migrate ")
        assert holder.pid in project.database.column("SELECT pid FROM pg_locks")
        assert holder.since is not None
        assert holder.since.tzinfo is not None


def test_a_second_run_gives_up_after_its_limit(project: Any, recorder: Any) -> None:
    with project.store().lock(1, recorder):
        holder = project.store().lock_info()
        with (
            pytest.raises(LockTimeout) as caught,
            project.store().lock(0.2, recorder),
        ):
            raise AssertionError("two hold the lock")
    assert caught.value.code == "LOCK_HELD"
    assert holder.owner in caught.value.message
    assert "weave db lock release app" in (caught.value.hint or "")
    assert recorder.holders[0] == holder


def test_it_is_free_again_after_use(project: Any, recorder: Any) -> None:
    with project.store().lock(0, recorder) as lock:
        lock.check()
    with project.store().lock(0, recorder):
        pass


def test_each_version_table_has_a_lock_of_its_own(project: Any, recorder: Any) -> None:
    with (
        project.store().lock(0, recorder),
        project.store(version_table="other").lock(0, recorder) as lock,
    ):
        lock.check()


def test_the_default_schema_named_or_not_is_one_lock(
    project: Any, recorder: Any
) -> None:
    with (
        project.store().lock(0, recorder),
        pytest.raises(LockTimeout),
        project.store(version_table_schema="public").lock(0, recorder),
    ):
        raise AssertionError("two hold the lock")


def test_a_lost_session_stops_the_run_before_the_next_revision(
    project: Any, recorder: Any
) -> None:
    project.chain("a", "b")
    store = project.store()
    with store.lock(1, recorder) as lock:
        plan = store.plan()
        project.database.execute(OUR_SESSIONS)
        with pytest.raises(LockLost):
            store.apply(plan, lock, recorder)
    assert project.database.tables() == []


def test_the_servers_limit_for_idle_sessions_does_not_end_it(
    project: Any, recorder: Any
) -> None:
    name = project.database.engine.url.database
    project.database.execute(f"ALTER DATABASE {name} SET idle_session_timeout = 50")
    with project.store().lock(1, recorder) as lock:
        time.sleep(0.5)
        lock.check()


def test_a_waiter_leaves_when_nothing_is_left_to_do(
    project: Any, recorder: Any
) -> None:
    project.chain("a")
    waiter, winner = project.store(), project.store()
    waiter.plan()
    left = threading.Event()

    def wait() -> None:
        with waiter.lock(60, recorder) as lock, pytest.raises(LockLost):
            lock.check()
        left.set()

    with winner.lock(1, recorder) as lock:
        thread = threading.Thread(target=wait)
        thread.start()
        while not recorder.holders:
            time.sleep(0.01)
        winner.apply(winner.plan(), lock, recorder)
        thread.join()  # while the winner still holds it
        assert left.is_set()


def test_a_session_that_is_gone_holds_nothing(project: Any, recorder: Any) -> None:
    project.add("a", do='op.execute("SELECT pg_sleep(60)")')
    process = project.start_process()
    project.wait_until_ready(process)
    project.go(process)
    while not project.store().lock_info():
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.communicate()
    project.database.execute(  # its statement would end when it is done sleeping
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()"
    )
    with project.store().lock(10, recorder) as lock:
        lock.check()
    assert project.database.tables() == []


def test_of_eight_processes_each_revision_is_run_by_one(project: Any) -> None:
    project.chain(*"abcdef")
    reports = project.in_processes(8)
    assert sorted(v for report in reports for v in report["new"]) == list("abcdef")
    assert project.database.versions() == ["f"]


def test_who_may_not_end_the_holders_session_is_told_who_can(
    project: Any, recorder: Any
) -> None:
    role = f"weak_{uuid.uuid4().hex[:8]}"
    url = make_url(project.database.url)
    weak = url.set(username=role, password="weak").render_as_string(hide_password=False)
    project.database.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'weak'")
    try:
        with project.store().lock(1, recorder) as lock:
            store = project.store(url=Secret(weak))
            holding = store.lock_info()
            with pytest.raises(RefusedError) as caught:
                store.release_lock(holding)
            lock.check()
    finally:
        project.database.execute(f"DROP ROLE {role}")
    assert f"pg_terminate_backend({holding.pid})" in (caught.value.hint or "")
    assert "pg_signal_backend" in (caught.value.hint or "")


def test_an_index_is_built_concurrently_while_seven_wait(project: Any) -> None:
    project.chain("a")
    project.add(
        "b",
        "a",
        do="""
        op.execute("SELECT pg_sleep(1)")  # so that all the others wait by now
        with op.get_context().autocommit_block():
            op.execute("CREATE INDEX CONCURRENTLY i ON t_a (id)")
        """,
    )
    reports = project.in_processes(8)
    assert sorted(v for report in reports for v in report["new"]) == ["a", "b"]
    assert {report["stores"][0]["state"] for report in reports} == {
        "migrated",
        "up to date",
    }
