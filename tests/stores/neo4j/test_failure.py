"""What is said of a migration that failed, for errors no server gives on demand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from neo4j.exceptions import DriverError, IncompleteCommit, ServiceUnavailable

from weave_migrate.model import Statement
from weave_migrate.stores.neo4j._failure import Progress, mask

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


def test_the_longest_value_is_masked_first() -> None:
    values = {"short": "abc", "long": "abcdef", "tiny": "ab"}

    assert mask("abcdef abc ab", values) == "${nm:long} ${nm:short} ab"
