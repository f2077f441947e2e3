"""What can be said of one migration, and which kinds of store there are."""

from __future__ import annotations

from enum import StrEnum


class StoreKind(StrEnum):
    """The three kinds of database that weave migrates."""

    POSTGRES = "postgres"
    NEO4J = "neo4j"
    ELASTICSEARCH = "elasticsearch"


class State(StrEnum):
    """How one migration stands: files and history taken together."""

    APPLIED = "applied"
    PENDING = "pending"
    CHANGED = "changed"  # recorded with another checksum than the file has now
    FAILED = "failed"  # recorded as failed, or a part of it is done and no more
    MISSING = "missing"  # recorded, but there is no local file
    OUT_OF_ORDER = "out of order"  # not recorded, but older than what is
    IGNORED = "ignored"  # left out by a precondition or setting
    ABOVE_TARGET = "above target"  # pending, behind the version asked for
    BASELINE = "baseline"  # at or below the version where recording begins
    EXTERNAL = "external"  # recorded by another tool's code; weave can't run it
    IN_DOUBT = "in doubt"  # a run ended while it was being applied


class StoreState(StrEnum):
    """How a store stands after a command."""

    UP_TO_DATE = "up to date"
    PENDING = "pending"
    MIGRATED = "migrated"
    INVALID = "invalid"  # history and files disagree, or a script can't be read
    FAILED = "failed"
    NOT_RUN = "not_run"  # an earlier store failed
    UNREACHABLE = "unreachable"
    FREE = "free"  # of its lock, which is all that was asked for
    LOCKED = "locked"
    CHANGED = "changed"  # something other than a migration was done (clean, repair)
