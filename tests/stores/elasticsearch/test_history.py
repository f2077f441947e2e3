"""The history index on a real cluster: read to its end, cleaned, and judged."""

from __future__ import annotations

import json
import urllib.request
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from fake_store import Listener

from weave_migrate.errors import StoreError
from weave_migrate.model import State
from weave_migrate.stores.elasticsearch import _history

if TYPE_CHECKING:
    from search_bench import SearchBench

ROW = {
    "version": "1",
    "description": "a",
    "scriptName": "V1__a.http",
    "checksum": 7,
    "executionTimestamp": "2026-02-09T08:15:30.123456789+01:00",
    "executionRuntimeInMillis": 87,
    "success": True,
    "locked": False,
    "indexName": None,
}


def put_rows(bench: SearchBench, count: int) -> None:
    lines = []
    for number in range(1, count + 1):
        row = ROW | {"version": str(number), "scriptName": f"V{number}__a.http"}
        lines += [json.dumps({"index": {"_id": str(number)}}), json.dumps(row)]
    request = urllib.request.Request(
        f"{bench.url}/{bench.history_index}/_bulk?refresh=true",
        data="".join(f"{line}\n" for line in lines).encode(),
        headers={"Content-Type": "application/x-ndjson"},
    )
    with urllib.request.urlopen(request) as answer:
        assert json.load(answer)["errors"] is False


@pytest.mark.parametrize("shards", [1, 3])
def test_a_history_of_several_pages_is_read_whole(
    bench: SearchBench, monkeypatch: pytest.MonkeyPatch, shards: int
) -> None:
    monkeypatch.setattr(_history, "_PAGE", 7)
    settings = {"settings": {"number_of_shards": shards, "number_of_replicas": 0}}
    bench.call("PUT", f"/{bench.history_index}", settings)
    put_rows(bench, 50)
    assert len(bench.plan().entries) == 50


def test_more_rows_than_the_peer_can_read_are_read(bench: SearchBench) -> None:
    put_rows(bench, 10_050)
    assert len(bench.plan().entries) == 10_050


def test_internal_documents_are_no_rows(bench: SearchBench) -> None:
    bench.put_row("0.1", ROW | {"version": "0.1", "locked": True})
    assert bench.plan().entries == ()


def test_a_row_of_java_code_is_external(bench: SearchBench) -> None:
    bench.put_row("1", ROW | {"scriptName": "V1__Load", "checksum": 0})
    (entry,) = bench.plan().entries
    assert entry.state is State.EXTERNAL


def test_damaged_documents_are_problems_that_name_them(bench: SearchBench) -> None:
    bench.put_row("1", ROW)
    bench.put_row("helper", {"note": "mine"})
    problems = bench.plan().problems
    assert [p.code for p in problems] == ["HISTORY_DAMAGED"]
    assert "helper" in problems[0].message


def test_a_closed_index_is_an_error_and_not_an_empty_history(
    bench: SearchBench,
) -> None:
    bench.put_row("1", ROW)
    bench.call("POST", f"/{bench.history_index}/_close")
    with pytest.raises(StoreError, match="index_closed_exception"):
        bench.plan()


def test_a_name_that_is_no_index_name_is_an_error(bench: SearchBench) -> None:
    bench.write("V1__a.http", "PUT /INDEX\n")
    with pytest.raises(StoreError, match="invalid_index_name_exception"):
        bench.migrate(history_index="No Index/../..")


def test_cleaning_removes_the_rows_that_were_shown(bench: SearchBench) -> None:
    put_rows(bench, 2)
    with closing(bench.store()) as store:
        changes = store.plan_clean(everything=False)
        bench.put_row("3", ROW | {"version": "3"})
        with store.lock(0, Listener()) as lock:
            store.edit(changes, lock)
    assert [c.summary for c in changes] == [
        f"Delete the row 1 (V1__a.http) of {bench.history_index}.",
        f"Delete the row 2 (V2__a.http) of {bench.history_index}.",
    ]
    assert bench.rows().keys() == {"3"}


def test_cleaning_leaves_a_row_that_changed_since(bench: SearchBench) -> None:
    put_rows(bench, 2)
    with closing(bench.store()) as store:
        changes = store.plan_clean(everything=False)
        bench.put_row("2", ROW | {"version": "2", "checksum": 8})
        with (
            pytest.raises(StoreError, match="version_conflict"),
            store.lock(0, Listener()) as lock,
        ):
            store.edit(changes, lock)
    assert bench.rows().keys() == {"2"}


def test_cleaning_everything_removes_the_index(bench: SearchBench) -> None:
    put_rows(bench, 2)
    listener = Listener()
    with closing(bench.store()) as store:
        changes = store.plan_clean(everything=True)
        with store.lock(0, listener) as lock:
            store.edit(changes, lock)
    assert len(changes) == 1
    assert "with its 2 documents" in changes[0].summary
    assert listener.events == []
    assert bench.call("HEAD", f"/{bench.history_index}")[0] == 404


def test_there_is_nothing_to_clean_without_a_history(bench: SearchBench) -> None:
    with closing(bench.store()) as store:
        assert store.plan_clean(everything=True) == ()
        assert store.plan_clean(everything=False) == ()
