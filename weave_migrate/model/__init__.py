"""Pure values that every room shares."""

from weave_migrate.model._migration import Applied, Callback, Entry, Migration
from weave_migrate.model._plan import Plan, Problem
from weave_migrate.model._report import LockInfo, Report, StoreReport
from weave_migrate.model._script import (
    CatalogScript,
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
    "Callback",
    "CatalogScript",
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
