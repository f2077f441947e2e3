"""Scripts on a real cluster: what is sent, what is recorded, what a failure says."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from fake_store import Listener

from weave_migrate.errors import MigrationFailed
from weave_migrate.model import State

if TYPE_CHECKING:
    from search_bench import SearchBench

CREATE = 'PUT /INDEX\n\n{"settings": {"number_of_replicas": 0}}\n'
BULK = (
    "POST /INDEX/_bulk?refresh=true\nContent-Type: application/x-ndjson\n\n"
    '{"create": {"_id": "1"}}\n{"name": "café"}\n'
)


def failure(bench: SearchBench, **settings: object) -> MigrationFailed:
    with pytest.raises(MigrationFailed) as raised:
        bench.migrate(**settings)
    return raised.value


def test_scripts_run_in_version_order_and_once(bench: SearchBench) -> None:
    bench.write("V10__load.http", BULK)
    bench.write("V9__create.http", CREATE)
    assert bench.migrate() == ["9", "10"]
    assert bench.documents() == 1
    assert bench.migrate() == []


def test_a_row_has_the_nine_fields_of_the_peer(bench: SearchBench) -> None:
    bench.write("V001.00__create_it.http", CREATE)
    bench.migrate()
    row = bench.rows()["1"]
    stamp = datetime.fromisoformat(row.pop("executionTimestamp"))
    assert stamp.tzinfo is not None
    assert type(row.pop("executionRuntimeInMillis")) is int
    assert type(row.pop("checksum")) is int
    assert row == {
        "version": "1",
        "description": "create it",
        "scriptName": "V001.00__create_it.http",
        "success": True,
        "locked": False,
        "indexName": None,
    }


def test_nothing_but_the_rows_is_left_in_the_history(bench: SearchBench) -> None:
    bench.write("V1__create.http", CREATE)
    bench.migrate()
    assert bench.rows().keys() == {"1"}


def test_nothing_pending_makes_no_history_index(bench: SearchBench) -> None:
    assert bench.migrate() == []
    assert bench.call("HEAD", f"/{bench.history_index}")[0] == 404


def test_several_requests_of_one_file_run_in_order(bench: SearchBench) -> None:
    bench.write("V1__all.http", f"### Create\n{CREATE}\n### Load\n{BULK}")
    assert bench.migrate() == ["1"]
    assert bench.documents() == 1
    assert bench.rows().keys() == {"1"}


def test_the_form_of_rest_clients_runs(bench: SearchBench) -> None:
    bench.write("V1__form.http", f"# About this file.\n\n### Create it\n\n{CREATE}")
    assert bench.migrate() == ["1"]


def test_a_slash_is_put_before_the_path(bench: SearchBench) -> None:
    bench.write("V1__create.http", CREATE.replace("/INDEX", "INDEX"))
    assert bench.migrate() == ["1"]
    assert bench.documents() == 0


def test_a_percent_encoded_path_arrives_as_written(bench: SearchBench) -> None:
    bench.write("V1__put.http", 'PUT /INDEX/_doc/a%2Fb%20c?refresh\n\n{"n": 1}\n')
    bench.migrate()
    status, found = bench.call("GET", f"/{bench.index}/_doc/a%2Fb%20c")
    assert (status, found["_id"]) == (200, "a/b c")


def test_a_body_that_its_charset_can_not_hold_fails_unsent(bench: SearchBench) -> None:
    body = 'PUT /INDEX\nContent-Type: application/json; charset=US-ASCII\n\n{"é":1}'
    bench.write("V1__put.http", body)
    assert "can't be written in US-ASCII" in failure(bench).message
    assert bench.rows()["1"]["success"] is False


def test_yaml_goes_out_as_it_is(bench: SearchBench) -> None:
    body = "PUT /INDEX\nContent-Type: application/yaml\n\n---\nsettings:\n  index: {}\n"
    bench.write("V1__put.http", body)
    assert bench.migrate() == ["1"]


def test_placeholders_are_replaced(bench: SearchBench) -> None:
    bench.write("V1__create.http", CREATE.replace("INDEX", "${index}"))
    bench.migrate(placeholders={"index": bench.index})
    assert bench.documents() == 0


def test_an_unknown_placeholder_stops_before_anything_runs(bench: SearchBench) -> None:
    bench.write("V1__create.http", CREATE.replace("INDEX", "${index}"))
    (problem,) = bench.plan().problems
    assert problem.code == "PLACEHOLDER_UNKNOWN"
    assert problem.file is not None
    assert problem.file.endswith("V1__create.http")


def test_a_failure_says_where_what_and_what_next(bench: SearchBench) -> None:
    bench.write("V1__create.http", CREATE)
    bench.write(
        "V2__two.http",
        f"### Load\n{BULK}\n### Break\n"
        'PUT /INDEX/_mapping\n\n{"properties": {"name": {"type": "nonsense"}}}\n',
    )
    error = failure(bench)
    assert (error.code, error.line, error.part, error.parts) == (
        "MIGRATION_FAILED",
        9,
        2,
        2,
    )
    assert error.file is not None
    assert error.file.endswith("V2__two.http")
    assert "400 Bad Request: mapper_parsing_exception" in error.message
    assert "recorded as failed" in error.message
    assert error.excerpt == f"PUT /{bench.index}/_mapping"
    assert error.hint is not None
    assert "weave db migrate-elasticsearch" in error.hint


def test_a_failure_shows_the_file_and_no_value_of_a_placeholder(
    bench: SearchBench,
) -> None:
    bench.write("V1__a.http", "PUT /INDEX/_no/${key}/x/y\nX-Key: ${key}\n")
    error = failure(bench, placeholders={"key": "canary"})
    assert error.excerpt == f"PUT /{bench.index}/_no/${{key}}/x/y"
    assert error.hint is not None
    assert "canary" not in error.hint


def test_a_failed_script_is_recorded_stays_pending_and_may_be_edited(
    bench: SearchBench,
) -> None:
    bench.write("V1__create.http", "PUT /INDEX/_nonsense/\n\n{}\n")
    bench.write("V2__load.http", BULK)
    failure(bench)
    assert {k: v["success"] for k, v in bench.rows().items()} == {"1": False}
    plan = bench.plan()
    assert [e.state for e in plan.entries] == [State.FAILED, State.PENDING]
    bench.write("V1__create.http", CREATE)
    assert bench.migrate() == ["1", "2"]
    assert bench.rows()["1"]["success"] is True


def test_failing_items_of_a_bulk_request_fail_the_script(bench: SearchBench) -> None:
    bench.write("V1__load.http", BULK)
    bench.write("V2__again.http", f'{BULK}{{"create": {{"_id": "2"}}}}\n{{"n": 1}}\n')
    error = failure(bench)
    assert error.code == "BULK_FAILED"
    assert f"1 of 2 items failed: item 1 (create {bench.index}/1)" in error.message
    assert "version_conflict_engine_exception" in error.message
    assert bench.rows()["2"]["success"] is False


def test_head_404_is_a_failure(bench: SearchBench) -> None:
    bench.write("V1__head.http", "HEAD /INDEX\n")
    assert "404 Not Found" in failure(bench).message


def test_a_row_that_can_not_be_written_is_said(bench: SearchBench) -> None:
    # The lock's checksum is 0 and fits, the row's does not.
    mappings = {"properties": {"checksum": {"type": "byte"}}}
    bench.call("PUT", f"/{bench.history_index}", {"mappings": mappings})
    bench.write("V1__create.http", CREATE)
    error = failure(bench)
    assert error.code == "NOT_RECORDED"
    assert "was carried out, but its row could not be written" in error.message


def test_an_interrupt_leaves_a_failed_row_and_no_lock(bench: SearchBench) -> None:
    class Interrupting(Listener):
        def migration_applied(self, applied: object) -> None:
            raise KeyboardInterrupt

    bench.write("V1__create.http", CREATE)
    bench.write("V2__load.http", BULK)
    with closing(bench.store()) as store:
        listener = Interrupting()
        with (
            pytest.raises(KeyboardInterrupt),
            store.lock(0, listener) as lock,
        ):
            store.apply(store.plan(), lock, listener)
    assert bench.rows().keys() == {"1"}
    assert bench.migrate() == ["2"]


def test_a_request_that_reaches_the_history_is_warned_of(bench: SearchBench) -> None:
    bench.write("V1__wide.http", 'PUT /_all/_settings\n\n{"index": {}}\n')
    (warning,) = bench.plan().warnings
    assert "reaches the history index" in warning


def test_every_file_is_parsed_on_every_plan(bench: SearchBench) -> None:
    bench.write("V1__create.http", CREATE)
    bench.migrate()
    bench.write("V2__bad.http", "NONSENSE\n")
    bench.write("V3__bad.http", "PUT /a\nno header\n")
    problems = bench.plan().problems
    assert [p.line for p in problems] == [1, 2]
    assert all(p.file and p.excerpt for p in problems)


def test_a_changed_file_names_the_reading_that_would_match(bench: SearchBench) -> None:
    bench.write("V1__create.http", CREATE)
    bench.migrate(trim_trailing_newline=True)
    (problem,) = bench.plan().problems
    assert problem.code == "CHECKSUM_MISMATCH"
    assert "without its last line end" in problem.message


def test_facts_name_the_server(bench: SearchBench) -> None:
    with closing(bench.store()) as store:
        facts = store.facts()
    assert facts.flavour in ("opensearch", "elasticsearch")
    assert facts.version in facts.server


def test_indices_are_listed_with_their_aliases(bench: SearchBench) -> None:
    bench.write("V1__create.http", CREATE)
    bench.write("V2__alias.http", "PUT /INDEX/_alias/INDEX-now\n")
    bench.migrate()
    with closing(bench.store()) as store:
        found = {each.name: each for each in store.indices()}
    mine = found[bench.index]
    assert (mine.status, mine.documents) == ("open", 0)
    assert mine.aliases == (f"{bench.index}-now",)
    assert mine.health is not None
    assert mine.size is not None
    assert not any(name.startswith(".") for name in found)


def test_a_closed_index_has_no_numbers(bench: SearchBench) -> None:
    bench.write("V1__create.http", CREATE)
    bench.write("V2__close.http", "POST /INDEX/_close\n")
    bench.migrate()
    with closing(bench.store()) as store:
        found = {each.name: each for each in store.indices()}
    assert found[bench.index].status == "close"
    assert found[bench.index].documents is None


def test_a_value_that_the_server_repeats_is_put_back_behind_its_placeholder(
    bench: SearchBench,
) -> None:
    bench.write("V1__x.http", 'PUT /INDEX\n\n{"${key}": 1}\n')
    with closing(bench.store(placeholders={"key": "c4n4ry"})) as store:
        plan = store.plan()
        with pytest.raises(MigrationFailed) as caught:  # noqa: SIM117
            with store.lock(5, Listener()) as lock:
                store.apply(plan, lock, Listener())
    error = caught.value
    assert "${key}" in error.message
    assert "c4n4ry" not in f"{error} {error.server_answer} {error.hint}"
