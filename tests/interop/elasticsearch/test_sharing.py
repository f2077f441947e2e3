"""One cluster, one folder, two tools: each continues what the other began."""

from __future__ import annotations

from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any

import pytest
from fake_store import Listener

from weave_migrate.errors import LockTimeout, MigrationFailed
from weave_migrate.model import State

if TYPE_CHECKING:
    from search_bench import SearchBench

pytestmark = pytest.mark.interop

CREATE = '# The index.\nPUT /INDEX\n\n{"settings": {"number_of_replicas": 0}}\n'
LOAD = (
    "POST /INDEX/_bulk?refresh=true\nContent-Type: application/x-ndjson\n\n"
    '{"index": {"_id": "1"}}\n{"name": "café 😀"}\n'
)
ADD = 'PUT /INDEX/_doc/2?refresh=true\n\n{"name": "two"}'
BAD = 'PUT /INDEX/_mapping\n\n{"properties": {"n": {"type": "nonsense"}}}'
GOOD = 'PUT /INDEX/_mapping\n\n{"properties": {"n": {"type": "long"}}}'


def states(bench: SearchBench, **settings: Any) -> list[State]:
    plan = bench.plan(**settings)
    assert plan.problems == ()
    return [each.state for each in plan.entries]


def test_it_migrates_and_we_continue(bench: SearchBench, evolution: Any) -> None:
    bench.write("V001__create.http", CREATE)
    bench.write("V001.10__load.http", LOAD)
    assert evolution.migrate() == (0, "migrated 2")
    assert states(bench) == [State.APPLIED, State.APPLIED]
    bench.write("V002__add.http", ADD)
    assert bench.migrate() == ["2"]
    assert bench.documents() == 2
    assert evolution.migrate() == (0, "migrated 0")


def test_we_migrate_and_it_continues(bench: SearchBench, each_evolution: Any) -> None:
    # Without a last line end, all of its versions have one checksum.
    bench.write("V001__create.http", CREATE.rstrip())
    bench.write("V1.10__add.http", ADD)
    assert bench.migrate() == ["1", "1.10"]
    assert each_evolution.migrate() == (0, "migrated 0")
    bench.write("V002__add.http", ADD.replace("doc/2", "doc/3"))
    assert each_evolution.migrate() == (0, "migrated 1")
    assert states(bench) == [State.APPLIED] * 3
    assert bench.documents() == 2


def test_both_write_the_same_row(bench: SearchBench, evolution: Any) -> None:
    bench.write("V001__create_it.http", CREATE)
    bench.migrate()
    ours = bench.rows()
    bench.remove()
    evolution.migrate()
    theirs = bench.rows()
    for row in (ours["1"], theirs["1"]):
        assert isinstance(row.pop("executionTimestamp"), str)
        assert type(row.pop("executionRuntimeInMillis")) is int
    assert ours == theirs


def test_rows_of_old_versions_name_how_they_were_read(
    bench: SearchBench, build_evolution: Any, evolution: Any
) -> None:
    old = type(evolution)(build_evolution("0.4.3"), bench)
    bench.write("V001__create.http", CREATE)
    assert old.migrate() == (0, "migrated 1")
    (problem,) = bench.plan().problems
    assert problem.code == "CHECKSUM_MISMATCH"
    assert "trim_trailing_newline = true" in problem.message
    assert states(bench, trim_trailing_newline=True) == [State.APPLIED]


def test_it_repairs_what_failed_with_us(bench: SearchBench, evolution: Any) -> None:
    bench.write("V001__create.http", CREATE)
    bench.write("V002__map.http", BAD)
    with pytest.raises(MigrationFailed):
        bench.migrate()
    bench.write("V002__map.http", GOOD)
    assert evolution.migrate() == (0, "migrated 1")
    assert states(bench) == [State.APPLIED, State.APPLIED]


def test_we_repair_what_failed_with_it(bench: SearchBench, evolution: Any) -> None:
    bench.write("V001__create.http", CREATE)
    bench.write("V002__map.http", BAD)
    status, output = evolution.migrate()
    assert (status, "mapper_parsing_exception" in output) == (1, True)
    assert states(bench) == [State.APPLIED, State.FAILED]
    bench.write("V002__map.http", GOOD)
    assert bench.migrate() == ["2"]
    assert evolution.migrate() == (0, "migrated 0")


def test_both_refuse_a_changed_file(bench: SearchBench, evolution: Any) -> None:
    bench.write("V001__create.http", CREATE)
    bench.migrate()
    bench.write("V001__create.http", f"{CREATE}\n")
    assert "different checksum" in evolution.migrate()[1]
    assert [p.code for p in bench.plan().problems] == ["CHECKSUM_MISMATCH"]


def test_both_refuse_and_both_allow_what_is_out_of_order(
    bench: SearchBench, evolution: Any
) -> None:
    bench.write("V001__create.http", CREATE)
    bench.write("V003__add.http", ADD)
    bench.migrate()
    bench.write("V002__load.http", LOAD)
    assert "Out of order" in evolution.migrate()[1]
    assert [p.code for p in bench.plan().problems] == ["OUT_OF_ORDER"]
    assert bench.migrate(out_of_order=True) == ["2"]
    assert evolution.migrate() == (0, "migrated 0")
    bench.write("V002.5__add.http", ADD.replace("doc/2", "doc/3"))
    assert evolution.migrate(out_of_order=True) == (0, "migrated 1")
    assert states(bench) == [State.APPLIED] * 4


def test_both_pass_a_missing_file_at_the_end(
    bench: SearchBench, evolution: Any
) -> None:
    bench.write("V001__create.http", CREATE)
    last = bench.write("V002__add.http", ADD)
    bench.migrate()
    last.unlink()
    assert evolution.migrate() == (0, "migrated 0")
    assert states(bench) == [State.APPLIED, State.MISSING]


def test_it_waits_while_we_hold_the_lock(bench: SearchBench, evolution: Any) -> None:
    bench.write("V001__create.http", CREATE)
    with closing(bench.store()) as store, ExitStack() as stack:
        lock = stack.enter_context(store.lock(0, Listener()))
        with evolution.start(level="info") as process:
            said = iter(process.stdout)
            assert any("is locked, waiting" in line for line in said)
            lock.check()
            assert bench.rows().keys() == {"0.1"}
            stack.close()
            assert "migrated 1\n" in list(said)
    assert process.returncode == 0
    assert bench.rows().keys() == {"1"}


def test_we_wait_while_it_holds_the_lock_and_say_who_it_is(
    bench: SearchBench, evolution: Any
) -> None:
    bench.write("V001__create.http", CREATE)
    assert evolution.migrate() == (0, "migrated 1")
    # What a killed run leaves behind: its rows stay locked.
    bench.put_row("1", bench.rows()["1"] | {"locked": True})
    bench.write("V002__add.http", ADD)
    with (
        closing(bench.store()) as store,
        pytest.raises(LockTimeout, match=r"elasticsearch-evolution .*documents: 1"),
        store.lock(1, Listener()),
    ):
        pass
