"""The lock on a real cluster: exclusive, seen by the peer, never taken from others."""

from __future__ import annotations

import json
import threading
from contextlib import ExitStack, closing, suppress
from typing import TYPE_CHECKING, Any

import pytest
from fake_store import Listener

from weave_migrate.errors import LockLost, LockTimeout
from weave_migrate.stores.elasticsearch._transport import Cluster

if TYPE_CHECKING:
    from search_bench import SearchBench

    from weave_migrate.model import LockInfo
    from weave_migrate.stores import Lock, Store

JAVA_ROW = {
    "version": "1",
    "description": "a",
    "scriptName": "V001__a.http",
    "checksum": 7,
    "executionTimestamp": "2026-02-09T08:15:30.123456789+01:00",
    "executionRuntimeInMillis": 87,
    "success": True,
    "locked": True,
    "indexName": None,
}


def test_the_lock_document_is_one_the_peer_understands(bench: SearchBench) -> None:
    with closing(bench.store()) as store, store.lock(0, Listener()):
        document = bench.rows()["0.1"]
    assert document["version"] == "0.1"
    assert document["description"] == "lock entry"
    assert document["locked"] is True
    assert document["indexName"] == bench.history_index
    assert bench.rows() == {}


def test_who_holds_it_can_be_asked(bench: SearchBench) -> None:
    with closing(bench.store()) as store:
        assert store.lock_info() is None
        with store.lock(0, Listener()):
            info = store.lock_info()
        assert store.lock_info() is None
    assert info is not None
    assert info.pid is not None
    assert info.since is not None
    assert info.host


def test_a_second_run_is_kept_out_and_told_by_whom(bench: SearchBench) -> None:
    with closing(bench.store()) as one, closing(bench.store()) as two:
        listener = Listener()
        with (
            one.lock(0, Listener()),
            pytest.raises(LockTimeout) as raised,
            two.lock(0.1, listener),
        ):
            pass
        assert "weave-migrate, process" in raised.value.message
        assert "weave db lock release elasticsearch" in str(raised.value.hint)
        assert listener.events[0][0] == "waiting"
        assert listener.events[0][1] != "None"


def test_the_lock_is_had_as_soon_as_it_is_free(bench: SearchBench) -> None:
    class Releasing(Listener):
        def lock_waiting(self, holder: LockInfo | None, seconds: float) -> None:
            first.close()
            super().lock_waiting(holder, seconds)

    with closing(bench.store()) as one, closing(bench.store()) as two:
        first = ExitStack()
        first.enter_context(one.lock(0, Listener()))
        listener = Releasing()
        with two.lock(30, listener) as lock:
            lock.check()
    assert len(listener.events) == 1


def test_rows_that_the_peer_left_locked_keep_us_out_and_are_named(
    bench: SearchBench,
) -> None:
    bench.put_row("1", JAVA_ROW)
    with (
        closing(bench.store()) as store,
        pytest.raises(LockTimeout) as raised,
        store.lock(0, Listener()),
    ):
        pass
    assert "elasticsearch-evolution (locked documents: 1)" in raised.value.message
    assert "weave db lock release elasticsearch" in str(raised.value.hint)
    assert bench.rows() == {"1": JAVA_ROW}


def test_rows_that_the_peer_left_locked_can_be_released(bench: SearchBench) -> None:
    row = JAVA_ROW | {"version": "2", "locked": False}
    bench.put_row("1", JAVA_ROW)
    bench.put_row("2", row)
    with closing(bench.store()) as store:
        holding = store.lock_info()
        assert holding is not None
        assert store.release_lock(holding)
        assert store.lock_info() is None
    assert bench.rows() == {"1": JAVA_ROW | {"locked": False}, "2": row}


def test_the_peers_lock_of_an_empty_history_can_be_released(
    bench: SearchBench,
) -> None:
    bench.put_row("0.1", JAVA_ROW | {"version": "0.1"})
    with closing(bench.store()) as store:
        holding = store.lock_info()
        assert holding is not None
        assert store.release_lock(holding)
    assert bench.rows() == {}


def test_rows_locked_again_since_are_not_released(bench: SearchBench) -> None:
    bench.put_row("1", JAVA_ROW)
    with closing(bench.store()) as store:
        holding = store.lock_info()
        assert holding is not None
        bench.put_row("1", JAVA_ROW)
        assert not store.release_lock(holding)
    assert bench.rows() == {"1": JAVA_ROW}


def test_a_lock_that_was_released_by_others_is_noticed(bench: SearchBench) -> None:
    listener = Listener()
    with closing(bench.store()) as store, store.lock(0, listener) as lock:
        lock.check()
        bench.call("DELETE", f"/{bench.history_index}/_doc/0.1?refresh=true")
        with pytest.raises(LockLost):
            lock.check()
    assert [event for event, _ in listener.events] == ["warned"]


def test_a_lock_that_was_taken_by_others_is_left_to_them(bench: SearchBench) -> None:
    theirs = JAVA_ROW | {"version": "0.1"}
    with closing(bench.store()) as store, store.lock(0, Listener()) as lock:
        bench.put_row("0.1", theirs)
        with pytest.raises(LockLost):
            lock.check()
    assert bench.rows() == {"0.1": theirs}


def test_a_lost_lock_stops_before_the_next_request(bench: SearchBench) -> None:
    bench.write("V1__a.http", "PUT /INDEX\n")
    with closing(bench.store()) as store, store.lock(0, Listener()) as lock:
        plan = store.plan()
        bench.call("DELETE", f"/{bench.history_index}/_doc/0.1?refresh=true")
        with pytest.raises(LockLost):
            store.apply(plan, lock, Listener())
    assert bench.rows() == {}
    assert bench.call("HEAD", f"/{bench.index}")[0] == 404


def test_a_lock_lost_inside_a_file_says_how_far_it_came(bench: SearchBench) -> None:
    bench.write(
        "V1__two.http",
        f"### Break the lock\nDELETE /{bench.history_index}/_doc/0.1\n\n"
        "### Never sent\nPUT /INDEX\n",
    )
    with pytest.raises(LockLost) as raised:
        bench.migrate()
    assert "1 request of V1__two.http carried out" in raised.value.message
    assert bench.call("HEAD", f"/{bench.index}")[0] == 404


def test_a_lock_lost_while_a_script_runs_stops_the_next(bench: SearchBench) -> None:
    bench.write("V1__a.http", f"DELETE /{bench.history_index}/_doc/0.1\n")
    bench.write("V2__never.http", "PUT /INDEX\n")
    with pytest.raises(LockLost):
        bench.migrate()
    assert bench.rows().keys() == {"1"}
    assert bench.call("HEAD", f"/{bench.index}")[0] == 404


def test_a_lock_taken_while_a_script_runs_stops_the_next(bench: SearchBench) -> None:
    lock = json.dumps(JAVA_ROW | {"version": "0.1"})
    bench.write("V1__a.http", f"PUT /{bench.history_index}/_doc/0.1\n\n{lock}\n")
    bench.write("V2__never.http", "PUT /INDEX\n")
    with pytest.raises(LockLost):
        bench.migrate()
    assert bench.rows().keys() == {"0.1", "1"}
    assert bench.call("HEAD", f"/{bench.index}")[0] == 404


def test_a_look_at_the_lock_serves_one_request_only(bench: SearchBench) -> None:
    bench.write("V1__a.http", "PUT /INDEX\n")
    with closing(bench.store()) as store, store.lock(0, Listener()) as lock:
        store.apply(store.plan(), lock, Listener())
        bench.call("DELETE", f"/{bench.history_index}/_doc/0.1")
        with suppress(LockLost):
            lock.check()  # it was seen with the row, if that is not too long ago
        with pytest.raises(LockLost):
            lock.check()


def test_only_one_of_many_at_once_has_it(bench: SearchBench) -> None:
    holding: list[Lock] = []
    most: list[int] = []
    count = threading.Lock()

    def run() -> None:
        with closing(bench.store()) as store, store.lock(60, Listener()) as lock:
            with count:
                holding.append(lock)
                most.append(len(holding))
            lock.check()
            with count:
                holding.remove(lock)

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 6


def test_many_at_once_run_each_script_once(bench: SearchBench) -> None:
    bench.write("V1__add.http", 'POST /INDEX/_doc\n\n{"n": 1}\n')
    bench.write("V2__add.http", 'POST /INDEX/_doc\n\n{"n": 2}\n')
    errors: list[BaseException] = []

    def run() -> None:
        try:
            with closing(bench.store()) as store:
                listener = Listener()
                with store.lock(60, listener) as lock:
                    store.apply(store.plan(), lock, listener)
        except BaseException as error:  # noqa: BLE001 - shown by the assertion
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert bench.documents() == 2


def test_all_is_visible_to_a_search_once_the_lock_is_free(bench: SearchBench) -> None:
    # The peer's first look does not refresh.
    settings = {"settings": {"refresh_interval": -1}}
    bench.call("PUT", f"/{bench.history_index}", settings)
    bench.write("V1__a.http", "PUT /INDEX\n")
    bench.migrate()
    _, said = bench.call("POST", f"/{bench.history_index}/_search", {})
    assert [hit["_id"] for hit in said["hits"]["hits"]] == ["1"]


def test_a_lock_that_can_not_be_released_does_not_hide_what_failed(
    bench: SearchBench,
) -> None:
    listener = Listener()
    path = f"/{bench.history_index}/_settings"

    def fail_under_the_lock(store: Store) -> None:
        with store.lock(0, listener):
            bench.call("PUT", path, {"index.blocks.write": True})
            raise KeyError("the real reason")

    with closing(bench.store()) as store, pytest.raises(KeyError):
        fail_under_the_lock(store)
    ((event, message),) = listener.events
    assert event == "warned"
    assert "weave db lock release elasticsearch" in message


def test_an_interrupt_while_the_lock_is_made_leaves_none(
    bench: SearchBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(bench.store()) as store:
        tell = Cluster.tell

        def interrupted(self: Cluster, method: str, target: str, *a: Any, **k: Any):  # type: ignore[no-untyped-def]
            answer = tell(self, method, target, *a, **k)
            if "/_create/" in target:
                raise KeyboardInterrupt  # Ctrl-C, just when the answer came
            return answer

        monkeypatch.setattr(Cluster, "tell", interrupted)
        with pytest.raises(KeyboardInterrupt), store.lock(5, Listener()):
            pytest.fail("the lock was given in spite of the interrupt")
        monkeypatch.undo()
        assert store.lock_info() is None
