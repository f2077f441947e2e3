"""Numbers, sizes and holders as people read them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from weave_migrate.cli._words import duration_text, holder_text, plural, size_text
from weave_migrate.model import LockInfo


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (None, ""),
        (0, "0 ms"),
        (999, "999 ms"),
        (1_000, "1.0 s"),
        (59_900, "59.9 s"),
        (60_000, "1 min 0 s"),
        (3_725_000, "62 min 5 s"),
    ],
)
def test_durations(milliseconds: int | None, text: str) -> None:
    assert duration_text(milliseconds) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (None, ""),
        (0, "0 B"),
        (999, "999 B"),
        (1_024, "1.0 KiB"),
        (5 * 1024**2, "5.0 MiB"),
        (3 * 1024**4, "3.0 TiB"),
        (5_000 * 1024**4, "5000.0 TiB"),
    ],
)
def test_sizes(size: int | None, text: str) -> None:
    assert size_text(size) == text


def test_counts() -> None:
    assert plural(1, "problem") == "1 problem"
    assert plural(2, "problem") == "2 problems"


def test_holders_are_named_as_far_as_they_are_known() -> None:
    assert holder_text(None) == ""
    assert holder_text(LockInfo()) == ", held by another run"
    since = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    known = LockInfo("me", "here", 7, since)
    text = ", held by me, on here, process 7, since 2026-01-02 03:04:05+0000"
    assert holder_text(known) == text
    alive = replace(known, lease=30, silent=4.4)
    assert holder_text(alive) == f"{text}, last sign of life 4 s ago"


def test_a_holder_is_one_line_whatever_it_calls_itself() -> None:
    forged = LockInfo(owner="ada\nerror[FAKE]: x", host="h\u202e1\x1b[2J")
    assert holder_text(forged) == ", held by ada␊error[FAKE]: x, on h\ufffd1␛[2J"
