"""The shared values: what they refuse, what they never show, how they become JSON."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime
from typing import Any

import pytest

from weave_migrate.errors import ConfigError, MigrationFailed
from weave_migrate.model import (
    Applied,
    Entry,
    LockInfo,
    Migration,
    Problem,
    Report,
    Secret,
    State,
    StoreKind,
    StoreReport,
    StoreState,
)

MIGRATION = Migration("1", "x y", "CYPHER", "V1__x_y.cypher", checksum="7")
AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
RECORD = Applied(
    "1", None, "CYPHER", "V1__x_y.cypher", "6", AT, "me/neo4j", duration_ms=12
)


def test_a_secret_never_shows_itself() -> None:
    secret = Secret("c4n4ry")
    assert secret.reveal() == "c4n4ry"
    assert "c4n4ry" not in f"{secret} {secret!r} {[secret]}"
    with pytest.raises(TypeError):
        pickle.dumps(secret)


def test_secrets_are_compared_by_their_text() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1


def test_an_entry_needs_a_file_or_a_record() -> None:
    with pytest.raises(ValueError, match="a file or a record"):
        Entry(State.PENDING)


def test_an_entry_takes_from_the_record_what_it_has_and_the_rest_from_the_file() -> (
    None
):
    assert Entry(State.CHANGED, MIGRATION, RECORD).to_dict() == {
        "version": "1",
        "description": "x y",
        "type": "CYPHER",
        "state": "changed",
        "file": "V1__x_y.cypher",
        "checksum": "6",
        "applied_at": "2026-01-02T03:04:05+00:00",
        "applied_by": "me/neo4j",
        "duration_ms": 12,
    }


def test_a_pending_entry_has_nulls_for_what_has_not_happened() -> None:
    shown = Entry(State.PENDING, MIGRATION).to_dict()
    assert shown["checksum"] == "7"
    assert shown["applied_at"] is shown["applied_by"] is shown["duration_ms"] is None


def test_a_problem_says_what_the_server_said_once() -> None:
    error = MigrationFailed("It failed.", file="f", line=2, server_answer="no")
    assert Problem.from_error(error).message == "It failed.\nThe server said: no"
    told = MigrationFailed("It failed: no", server_answer="no")
    assert Problem.from_error(told).message == "It failed: no"
    assert Problem.from_error(ConfigError("Wrong.")).exit == 2


def test_a_report_has_every_key_of_the_schema() -> None:
    store = StoreReport(
        "neo4j",
        StoreKind.NEO4J,
        StoreState.INVALID,
        server="Neo4j 5",
        lock=LockInfo("me", "here", 7, AT),
        entries=(Entry(State.APPLIED, MIGRATION, RECORD),),
        problems=(Problem("X", "wrong"),),
        warnings=("look",),
    )
    shown = Report("status", (store,), warnings=("all",)).with_warnings("more")
    document: dict[str, Any] = shown.to_dict()
    assert document["ok"] is True
    assert document["warnings"] == ["all", "more", "neo4j: look"]
    assert list(document) == [
        "schema",
        "command",
        "ok",
        "exit",
        "error",
        "stores",
        "warnings",
    ]
    first = document["stores"][0]
    assert list(first) == [
        "name",
        "kind",
        "state",
        "server",
        "lock",
        "applied",
        "pending",
        "callbacks",
        "problems",
    ]
    assert first["lock"] == {
        "owner": "me",
        "host": "here",
        "pid": 7,
        "since": "2026-01-02T03:04:05+00:00",
        "lease": None,
        "silent": None,
    }
    assert first["problems"] == [
        {"code": "X", "message": "wrong", "hint": None, "file": None, "line": None}
    ]


def test_a_failed_record_is_pending_and_not_applied() -> None:
    failed = Applied("1", "x", "HTTP", "V1__x.http", success=False)
    report = StoreReport(
        "elasticsearch",
        StoreKind.ELASTICSEARCH,
        StoreState.PENDING,
        entries=(Entry(State.FAILED, None, failed),),
    )
    assert report.applied == ()
    assert len(report.pending) == 1


@pytest.mark.parametrize(
    ("lease", "silent", "expected"),
    [(30.0, 5.0, True), (30.0, None, True), (30.0, 30.0, False), (None, None, False)],
)
def test_a_holder_is_alive_within_its_lease(
    lease: float | None, silent: float | None, expected: object
) -> None:
    assert LockInfo(lease=lease, silent=silent).is_alive is expected
