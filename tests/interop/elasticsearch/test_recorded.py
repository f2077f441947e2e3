"""Histories that elasticsearch-evolution really wrote, and its verdicts on them."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fake_store import Listener

from weave_migrate.errors import LockTimeout
from weave_migrate.scripts.http import headers_to_send, parse_http

if TYPE_CHECKING:
    from search_bench import SearchBench

    from weave_migrate.model import Plan

RECORDED = json.loads((Path(__file__).parent / "recorded.json").read_text())
NEWEST = "1.0.0 (es client)"
SHAPES = RECORDED["shapes"][NEWEST]
# One request that it could send, and that we read by the same rules.
SENT_ALIKE = [
    name
    for name, shape in SHAPES.items()
    if len(shape["sent"]) == 1 and name.split()[0] not in ("2", "2b", "5", "12")
]


class Replay:
    """A run of the Java tool: its files, and its history after a step."""

    def __init__(self, bench: SearchBench, name: str) -> None:
        self.bench = bench
        self.run = RECORDED["runs"][name]
        self.settings: dict[str, Any] = {"placeholders": self.run["placeholders"]}
        if name.startswith("0.4"):
            self.settings["trim_trailing_newline"] = True
        for file_name, text in self.run["scripts"].items():
            self.write(file_name, text)

    def write(self, name: str, text: str = "GET /_cluster/health\n") -> Path:
        return self.bench.write(name, text.encode())

    def after(self, step: str) -> None:
        for document in self.run["steps"][step]["history"]:
            self.bench.put_row(document["_id"], document["_source"])

    def plan(self, **settings: Any) -> Plan:
        return self.bench.plan(**self.settings | settings)

    def pending(self, **settings: Any) -> list[str]:
        plan = self.plan(**settings)
        assert plan.problems == ()
        return [each.version for each in plan.pending]

    def codes(self, **settings: Any) -> list[str]:
        return [each.code for each in self.plan(**settings).problems]

    def exit(self, step: str) -> object:
        return self.run["steps"][step]["exit"]


@pytest.fixture(params=list(RECORDED["runs"]))
def replay(bench: SearchBench, request: pytest.FixtureRequest) -> Replay:
    return Replay(bench, request.param)


def test_all_is_pending_before_anything(replay: Replay) -> None:
    # The sample leaves ${unknown} in a script; here that is refused by default.
    (problem,) = replay.plan().problems
    assert problem.code == "PLACEHOLDER_UNKNOWN"
    known = replay.run["placeholders"] | {"unknown": "known"}
    assert replay.pending(placeholders=known) == ["1", "2", "3"]


def test_nothing_is_pending_after_its_run(replay: Replay) -> None:
    replay.after("1")
    assert replay.run["steps"]["2"]["output"] == "migrated 0"
    assert replay.pending() == []


def test_an_added_file_is_out_of_order_unless_allowed(replay: Replay) -> None:
    replay.after("1")
    replay.write("V002.5__between.http")
    assert (replay.exit("3"), replay.codes()) == (1, ["OUT_OF_ORDER"])
    assert replay.run["steps"]["4"]["output"] == "migrated 1"
    assert replay.pending(out_of_order=True) == ["2.5"]


def test_a_failed_script_and_what_follows_are_pending(replay: Replay) -> None:
    replay.after("5")
    replay.write("V002.5__between.http")
    replay.write("V004__fail.http", "PUT /a\n")
    replay.write("V005__after.http")
    assert replay.run["steps"]["7"]["output"] == "migrated 2"
    # The text of V002.5 was not recorded, so its checksum can't be had.
    assert replay.codes() == ["CHECKSUM_MISMATCH"]
    assert replay.pending(validate_on_migrate=False) == ["4", "5"]


def test_an_edited_file_is_refused_unless_allowed(replay: Replay) -> None:
    replay.after("1")
    replay.write("V001__a.http", "PUT /edited\n")
    assert (replay.exit("8"), replay.codes()) == (1, ["CHECKSUM_MISMATCH"])
    assert (replay.exit("8c"), replay.pending(validate_on_migrate=False)) == (0, [])


def test_a_renamed_file_is_the_same(replay: Replay) -> None:
    replay.after("1")
    first = replay.bench.folder / "V001__a.http"
    first.rename(first.with_name("V1.0__renamed.http"))
    assert (replay.exit("9"), replay.pending()) == (0, [])


def test_a_deleted_file_is_missing(replay: Replay) -> None:
    replay.after("1")
    (replay.bench.folder / "V001__a.http").unlink()
    assert (replay.exit("10"), replay.codes()) == (1, ["MISSING_LOCAL"])


def test_rows_of_a_killed_run_are_read_and_keep_us_out(replay: Replay) -> None:
    replay.after("11")
    assert replay.exit("12") == "killed after 8s"
    assert len(replay.plan().entries) == 6
    with (
        closing(replay.bench.store(**replay.settings)) as store,
        pytest.raises(LockTimeout, match=r"locked documents: 1, 2, 2\.5, 3, 4"),
        store.lock(0, Listener()),
    ):
        pass


@pytest.mark.parametrize("name", SENT_ALIKE)
def test_what_we_send_is_what_it_sent(name: str) -> None:
    shape = SHAPES[name]
    (sent,) = shape["sent"]
    script = parse_http(shape["file"].encode(), file="V1__x.http")
    assert script is not None
    (request,) = script.requests
    headers = dict(headers_to_send(request, default="application/json; charset=UTF-8"))
    assert (request.method, request.path) == (sent["method"], sent["path"])
    assert (request.body or "") == sent["body"]
    assert headers.get("Content-Type") == sent["headers"].get("Content-Type")
    assert script.checksum == shape["history"][0]["_source"]["checksum"]
