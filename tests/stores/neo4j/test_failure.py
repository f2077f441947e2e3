"""What is said of a migration that failed, for errors no server gives on demand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from neo4j.exceptions import DriverError, IncompleteCommit, ServiceUnavailable

from weave_migrate.model import Statement
from weave_migrate.stores.neo4j._failure import Progress, Wording, mask
from weave_migrate.stores.neo4j._indexes import IndexFailed

if TYPE_CHECKING:
    from weave_migrate.errors import MigrationFailed

_STATEMENTS = (Statement("CREATE (:A)", 1), Statement("CREATE (:B)", 2))


def _failure(
    error: DriverError, *, current: int, committed: int = 0, recording: bool = False
) -> MigrationFailed:
    progress = Progress("V1__a.cypher", _STATEMENTS, current, committed, recording)
    return progress.failure(error, {})


def test_a_connection_lost_in_a_commit_leaves_a_doubt_and_says_so() -> None:
    failure = _failure(IncompleteCommit("gone"), current=2)

    assert "it is not known whether it happened" in failure.message
    assert failure.hint == "See whether it is recorded: weave db migrate-neo4j info"


def test_a_connection_lost_before_keeps_nothing() -> None:
    failure = _failure(ServiceUnavailable("gone"), current=2)

    assert "Nothing of this migration was kept." in failure.message
    assert "statement 2 of 2 failed" in failure.message
    assert failure.server_answer == "gone"


@pytest.mark.parametrize(
    ("committed", "said"),
    [(1, "Statement 1 is committed"), (2, "Statements 1 to 2 are committed")],
)
def test_a_record_that_fails_says_what_stays(committed: int, said: str) -> None:
    failure = _failure(
        ServiceUnavailable("gone"), current=2, committed=committed, recording=True
    )

    assert "could not be recorded" in failure.message
    assert said in failure.message
    assert failure.part is None


@pytest.mark.parametrize(
    ("committed", "in_doubt", "left", "hint"),
    [
        (0, 0, "Nothing of this migration was kept.", "Then run again: weave"),
        (1, 0, "Statement 1 is committed.", "--resume. To begin again with"),
        (2, 0, "Statements 1 to 2 are committed.", "Then let it be recorded: weave"),
        (0, 1, "not known whether statement 1 took effect.", "--assume not-done"),
        (
            0,
            2,
            "not known whether statements 1 to 2 took effect.",
            "whether statements 1 to 2 took effect, then",
        ),
        (1, 2, "Statement 1 is committed. It is not known", "--resume --assume done"),
    ],
)
def test_what_is_left_decides_what_to_type(
    committed: int, in_doubt: int, left: str, hint: str
) -> None:
    progress = Progress("V1__a.cypher", _STATEMENTS, 2, committed, in_doubt=in_doubt)

    failure = progress.failure(ServiceUnavailable("gone"), {})

    assert left in failure.message
    assert hint in str(failure.hint)


@pytest.mark.parametrize("is_recorded", [True, False])
def test_an_index_that_failed_is_to_be_dropped(is_recorded: bool) -> None:
    wording = Wording(is_recorded=is_recorded)
    progress = Progress("V1__a.cypher", _STATEMENTS, 2, 2, wording=wording)

    failure = progress.failure(IndexFailed("a`b", "too large", statement=1), {})

    assert failure.message.startswith("V1__a.cypher, line 1: the index a`b could not")
    assert failure.server_answer == "too large"
    assert "DROP INDEX `a``b`" in str(failure.hint)
    assert ("--restart" in str(failure.hint)) == is_recorded


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("no (line 2, column 4 (offset: 13)) x", "no (line 1, column 4 (offset: 4)) x"),
        ("no (line 1, column 8 (offset: 7))", "no "),
        ("nothing of the kind", "nothing of the kind"),
    ],
)
def test_a_place_behind_a_prefix_is_one_of_the_file(said: str, shown: str) -> None:
    progress = Progress("V1__a.cypher", _STATEMENTS)
    progress.begin(1, prefix="CYPHER 5\n")

    assert progress.failure(DriverError(said), {}).server_answer == shown


def test_the_longest_value_is_masked_first() -> None:
    values = {"short": "abc", "long": "abcdef", "tiny": "ab"}

    assert mask("abcdef abc ab", values) == "${nm:long} ${nm:short} ab"
