"""Which documents of the history are rows, by the rules of the reference, §5."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from weave_migrate.model import Applied, Problem
from weave_migrate.plan.positions import Row
from weave_migrate.stores.elasticsearch._rows import read_row, write_row

SOURCE: dict[str, Any] = {
    "version": "1.1",
    "description": "addDocument",
    "scriptName": "V001.01__addDocument.http",
    "checksum": -164793414,
    "executionTimestamp": "2026-02-09T08:15:30.123456789+01:00",
    "executionRuntimeInMillis": 87,
    "success": True,
    "locked": False,
    "indexName": None,
}


def read(**changes: object) -> Row | Problem | None:
    return read_row("1.1", SOURCE | changes, suffixes=(".http",))


def row(**changes: object) -> Row:
    found = read(**changes)
    assert isinstance(found, Row)
    return found


def test_a_row_is_read_with_every_field() -> None:
    assert row() == Row(
        (1, 1),
        Applied(
            version="1.1",
            description="addDocument",
            type="HTTP",
            source="V001.01__addDocument.http",
            checksum="-164793414",
            applied_at=datetime.fromisoformat("2026-02-09T08:15:30.123456+01:00"),
            duration_ms=87,
            success=True,
        ),
    )


def test_what_is_written_is_read_back() -> None:
    applied = Applied(
        version="1.0.2",
        description="a b",
        type="HTTP",
        source="V1.0.2__a_b.http",
        checksum="-7",
        applied_at=datetime(2026, 1, 2, tzinfo=UTC),
        duration_ms=3,
        success=False,
    )
    document = write_row(applied)
    assert list(document) == list(SOURCE)
    assert read_row("1.0.2", document, suffixes=(".http",)) == Row((1, 0, 2), applied)


def test_a_run_of_weeks_still_fits_the_field() -> None:
    long = Applied("1", "", "HTTP", "", applied_at=datetime.now(UTC), duration_ms=2**40)
    assert write_row(long)["executionRuntimeInMillis"] == 2**31 - 1


@pytest.mark.parametrize(
    "timestamp",
    [
        None,
        "2019-01-01T00:00:00Z",
        "2019-01-01T00:00Z",
        "2019-01-01T00:00:00.1+00",
        "2019-01-01T00:00:00+05:30",
    ],
)
def test_times_that_the_peer_reads(timestamp: str | None) -> None:
    assert row(executionTimestamp=timestamp).key == (1, 1)


def test_absent_fields_have_the_defaults_of_the_peer() -> None:
    found = read_row("1", {"version": "1"}, suffixes=(".http",))
    assert isinstance(found, Row)
    assert found.applied.success is False
    assert (found.applied.checksum, found.applied.duration_ms) == ("0", 0)


def test_further_fields_are_ignored() -> None:
    assert row(weave={"owner": "me"}) == row()


@pytest.mark.parametrize("version", ["0.1", "0", "0.9.1"])
def test_versions_below_one_are_internal(version: str) -> None:
    assert read(version=version) is None


@pytest.mark.parametrize("name", ["V1_2__Load", "Load", "V1__a.xml"])
def test_a_name_without_a_suffix_of_ours_is_code(name: str) -> None:
    assert row(scriptName=name).is_external


@pytest.mark.parametrize("name", ["V1__a.http", "V1__a.HTTP", None])
def test_a_script_is_not_code(name: str | None) -> None:
    assert not row(scriptName=name).is_external


@pytest.mark.parametrize(
    "changes",
    [
        {"version": None},
        {"version": 1},
        {"version": "abc"},
        {"version": ""},
        {"version": "2147483648"},
        {"checksum": 12.0},
        {"checksum": 2**31},
        {"checksum": "7"},
        {"checksum": True},
        {"executionRuntimeInMillis": -(2**31) - 1},
        {"success": "true"},
        {"locked": 1},
        {"description": 7},
        {"scriptName": ["a"]},
        {"executionTimestamp": 1234567890},
        {"executionTimestamp": "2019-01-01T00:00:00"},
        {"executionTimestamp": "2019-01-01 00:00:00Z"},
        {"executionTimestamp": "2019-01-01T00:00:00+0000"},
        {"executionTimestamp": "2019-13-01T00:00:00Z"},
        {"executionTimestamp": "2019-01-01T00:00:00.1234567890Z"},
    ],
)
def test_what_kills_the_peer_is_damage(changes: dict[str, object]) -> None:
    found = read(**changes)
    assert isinstance(found, Problem)
    assert found.code == "HISTORY_DAMAGED"
    assert "1.1" in found.message
