"""What neo4j-migrations calls the state of a database (reference, §6.6)."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from weave_migrate.model import State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weave_migrate.model import Entry, Problem

# What ends discovery there with an exception of its own, which validate catches ...
_DISCOVERY = frozenset(
    {
        "CALLBACK_NAME_INVALID",
        "ENCODING",
        "NAME_INVALID",
        "PRECONDITION_FAILED",
        "SCRIPT_INVALID",
        "SCRIPT_SYNTAX",
        "UNREADABLE",
        "USE_INSIDE_STATEMENT",
        "VERSION_INVALID",
    }
)
# ... and what with another one, or a chain that it can't read at all.
_UNCAUGHT = frozenset(
    {"HISTORY_DAMAGED", "PRECONDITION_INVALID", "PRECONDITION_UNDECIDED"}
)


class Outcome(StrEnum):
    """The six answers of neo4j-migrations' ``validate``."""

    VALID = "VALID"
    INCOMPLETE_DATABASE = "INCOMPLETE_DATABASE"
    INCOMPLETE_MIGRATIONS = "INCOMPLETE_MIGRATIONS"
    DIFFERENT_CONTENT = "DIFFERENT_CONTENT"
    DUPLICATE_VERSION = "DUPLICATE_VERSION"
    UNDEFINED = "UNDEFINED"


def judge(
    entries: Sequence[Entry], problems: Sequence[Problem], *, out_of_order: bool
) -> Outcome:
    """Give the answer for a plan's entries and problems.

    Checksums count whatever the settings say, a target does not, and a changed
    repeatable is valid.  UNDEFINED stands also for what ends that tool without any
    answer: a chain it can't read, a precondition it can't understand.
    """
    codes = {problem.code for problem in problems}
    if codes & _UNCAUGHT:
        return Outcome.UNDEFINED
    if "DUPLICATE_VERSION" in codes:
        return Outcome.DUPLICATE_VERSION
    if codes & _DISCOVERY:
        return Outcome.DIFFERENT_CONTENT
    local = [e for e in entries if e.migration and e.state is not State.IGNORED]
    recorded = [entry for entry in entries if entry.applied]
    if "SORT_ORDER" in codes:  # the entries are in that of the chain, files are not
        more = out_of_order or len(recorded) > len(local)
        return Outcome.INCOMPLETE_MIGRATIONS if more else Outcome.DIFFERENT_CONTENT
    return _compared(local, recorded, out_of_order=out_of_order)


def _compared(
    local: Sequence[Entry], recorded: Sequence[Entry], *, out_of_order: bool
) -> Outcome:
    """Compare position by position, as §6.2 does: the first difference decides."""
    more = len(recorded) > len(local)
    position = iter(local)
    for entry in recorded:
        for candidate in position:
            if candidate is entry:
                break
            if more:
                return Outcome.INCOMPLETE_MIGRATIONS
            if not out_of_order:
                return Outcome.DIFFERENT_CONTENT
        else:
            return Outcome.INCOMPLETE_MIGRATIONS
        if _differs(entry):
            return Outcome.DIFFERENT_CONTENT
    if len(local) > len(recorded):
        return Outcome.INCOMPLETE_DATABASE
    return Outcome.VALID


def _differs(entry: Entry) -> bool:
    local, record = entry.migration, entry.applied
    assert local is not None and record is not None  # noqa: S101, PT018 - just found
    if local.repeatable != record.repeatable:
        return True
    return entry.state is State.CHANGED and not record.repeatable
