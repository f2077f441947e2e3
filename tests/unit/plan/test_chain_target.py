"""Where a run ends: words and versions of neo4j-migrations §6.4."""

from __future__ import annotations

import pytest

from weave_migrate.model import Applied, Entry, Migration, Problem, State
from weave_migrate.plan.chain_target import count_within, named_version
from weave_migrate.scripts.cypher_names import compare_versions


def done(version: str) -> Entry:
    return Entry(State.APPLIED, None, Applied(version, "x", "CYPHER", f"V{version}__x"))


def waiting(version: str) -> Entry:
    migration = Migration(version, "x", "CYPHER", f"V{version}__x.cypher")
    return Entry(State.PENDING, migration)


ENTRIES = [done("1"), done("1.2"), waiting("5"), waiting("010"), done("11")]


def within(target: str, entries: list[Entry] | None = None) -> list[str] | str:
    """Give the versions up to the target, or what is wrong with it."""
    chosen = ENTRIES if entries is None else entries
    count = count_within(chosen, target, "semantic", compare_versions)
    if isinstance(count, Problem):
        assert count.code == "TARGET_UNKNOWN"
        return f"{count.message} {count.hint}"
    return [entry.version for entry in chosen[:count]]


@pytest.mark.parametrize("target", ["current", "CURRENT", " Current? "])
def test_current_is_the_last_before_the_first_gap(target: str) -> None:
    assert within(target) == ["1", "1.2"]


def test_next_is_the_first_that_is_not_recorded() -> None:
    assert within("next") == ["1", "1.2", "5"]


def test_latest_is_everything() -> None:
    assert within("latest?") == [entry.version for entry in ENTRIES]


def test_current_with_nothing_applied_is_nothing() -> None:
    assert within("current", [waiting("1")]) == []
    assert within("current", [waiting("1"), done("2")]) == []


def test_next_with_nothing_pending_has_nothing_behind_it() -> None:
    assert within("next", [done("1")]) == ["1"]


@pytest.mark.parametrize(
    "target", ["V5", "R5", "5", "V5?", "V5__x.cypher", "V5?__any name", "V5__other.xml"]
)
def test_a_version_is_included_itself(target: str) -> None:
    assert within(target) == ["1", "1.2", "5"]


@pytest.mark.parametrize("target", ["V1_2", "V1.2", "1.2"])
def test_parts_are_divided_by_dots_or_underscores(target: str) -> None:
    assert within(target) == ["1", "1.2"]


def test_a_version_is_known_by_its_text() -> None:
    assert within("V010") == ["1", "1.2", "5", "010"]
    assert "Target version 10 is not available" in within("V10")
    assert "Did you mean 010" in within("V10")


def test_a_version_that_need_not_exist_stops_where_it_would_be() -> None:
    assert within("V7?") == ["1", "1.2", "5"]
    assert within("0?") == []
    assert within("V99?") == [entry.version for entry in ENTRIES]


def test_nothing_alike_leaves_the_question_mark() -> None:
    message = within("V77")

    assert "Did you mean" not in message
    assert "V77? stops where it would be." in message


@pytest.mark.parametrize(
    "target",
    ["", "v5", "V5.1_2", "U5", "V", "5_1", "V5__a-b", "V5 ?", "now", "9" * 90 + "?"],
)
def test_anything_else_is_malformed(target: str) -> None:
    assert "neither current, latest or next nor a version" in within(target)


def test_a_version_reads_back_as_it_is_recorded() -> None:
    assert named_version("V001_2__x.cypher") == ("001.2", False)
    assert named_version("BASELINE") is None
