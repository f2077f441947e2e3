"""neo4j-migrations' six words for how files and history agree (§6.6)."""

from __future__ import annotations

import pytest

from weave_migrate.model import Applied, Entry, Migration, Problem, State
from weave_migrate.plan.chain_outcome import Outcome, judge


def entry(
    state: State,
    version: str,
    *,
    repeatable: bool = False,
    recorded_repeatable: bool | None = None,
) -> Entry:
    """Make an entry with the file and the record that its state is about."""
    was = repeatable if recorded_repeatable is None else recorded_repeatable
    has_file = state is not State.MISSING
    has_record = state in {State.APPLIED, State.CHANGED, State.MISSING}
    source = f"V{version}__x.cypher"
    return Entry(
        state,
        Migration(version, "x", "CYPHER", source, repeatable=repeatable)
        if has_file
        else None,
        Applied(version, "x", "CYPHER", source, repeatable=was) if has_record else None,
    )


DONE = entry(State.APPLIED, "1")
MISSING = entry(State.MISSING, "2")
LATE = entry(State.OUT_OF_ORDER, "0")
PENDING = entry(State.PENDING, "3")


def outcome(*entries: Entry, codes: str = "", out_of_order: bool = False) -> Outcome:
    problems = [Problem(code, "…") for code in codes.split()]
    return judge(entries, problems, out_of_order=out_of_order)


def test_everything_applied_is_valid() -> None:
    assert outcome() == "VALID"
    assert outcome(DONE) == "VALID"


def test_what_an_assumption_leaves_out_does_not_count() -> None:
    assert outcome(DONE, entry(State.IGNORED, "2")) == "VALID"


@pytest.mark.parametrize("state", [State.PENDING, State.ABOVE_TARGET])
def test_something_pending_is_an_incomplete_database(state: State) -> None:
    assert outcome(DONE, entry(state, "2")) == "INCOMPLETE_DATABASE"


def test_more_records_than_files_are_incomplete_migrations() -> None:
    assert outcome(DONE, MISSING) == "INCOMPLETE_MIGRATIONS"
    assert outcome(MISSING, entry(State.APPLIED, "3")) == "INCOMPLETE_MIGRATIONS"


def test_a_file_missing_among_as_many_others_is_different_content() -> None:
    entries = (DONE, MISSING, PENDING)

    assert outcome(*entries) == "DIFFERENT_CONTENT"
    assert outcome(*entries, out_of_order=True) == "INCOMPLETE_MIGRATIONS"


def test_a_late_file_is_different_content_unless_it_is_allowed() -> None:
    assert outcome(LATE, DONE) == "DIFFERENT_CONTENT"
    assert outcome(LATE, DONE, out_of_order=True) == "INCOMPLETE_DATABASE"


def test_an_edited_script_is_different_content() -> None:
    assert outcome(entry(State.CHANGED, "1")) == "DIFFERENT_CONTENT"


def test_an_edited_repeatable_is_valid() -> None:
    assert outcome(entry(State.CHANGED, "1", repeatable=True)) == "VALID"


def test_a_version_that_became_repeatable_is_different_content() -> None:
    became = entry(State.APPLIED, "1", repeatable=True, recorded_repeatable=False)

    assert outcome(became) == "DIFFERENT_CONTENT"


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ("DUPLICATE_VERSION NAME_INVALID", "DUPLICATE_VERSION"),
        ("NAME_INVALID", "DIFFERENT_CONTENT"),
        ("PRECONDITION_FAILED", "DIFFERENT_CONTENT"),
        ("HISTORY_DAMAGED DUPLICATE_VERSION", "UNDEFINED"),
        ("TARGET_UNKNOWN VERSIONS_EQUAL CATALOG_UNSUPPORTED", "VALID"),
    ],
)
def test_what_stops_discovery_has_its_own_word(codes: str, expected: str) -> None:
    assert outcome(DONE, codes=codes) == expected


def test_a_chain_in_another_order_is_different_content() -> None:
    assert outcome(DONE, codes="SORT_ORDER") == "DIFFERENT_CONTENT"
    assert outcome(MISSING, codes="SORT_ORDER") == "INCOMPLETE_MIGRATIONS"
    assert (
        outcome(DONE, codes="SORT_ORDER", out_of_order=True) == "INCOMPLETE_MIGRATIONS"
    )
