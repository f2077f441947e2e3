"""Pure values that every room shares."""

from weave_migrate.model._migration import Applied, Entry, Migration
from weave_migrate.model._plan import Plan, Problem
from weave_migrate.model._report import LockInfo, Report, StoreReport
from weave_migrate.model._script import (
    CypherScript,
    HttpScript,
    Precondition,
    Request,
    Statement,
)
from weave_migrate.model._secret import Secret
from weave_migrate.model._state import State, StoreKind, StoreState

__all__ = [
    "Applied",
    "CypherScript",
    "Entry",
    "HttpScript",
    "LockInfo",
    "Migration",
    "Plan",
    "Precondition",
    "Problem",
    "Report",
    "Request",
    "Secret",
    "State",
    "Statement",
    "StoreKind",
    "StoreReport",
    "StoreState",
]
