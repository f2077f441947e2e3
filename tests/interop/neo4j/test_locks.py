"""Locks that one tool left behind, and what the other makes of them."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = [pytest.mark.neo4j, pytest.mark.interop]

_KEPT_OUT = "Cannot create __Neo4jMigrationsLock node."


def test_a_lock_that_java_left_is_released_for_both(both: Any) -> None:
    both.put("V1__a.cypher", "CREATE (:A);\n")
    assert both.java("info").exit == 0  # makes the constraints
    both.query("CREATE (:__Neo4jMigrationsLock {id: 'x', name: 'John Doe'})")
    assert _KEPT_OUT in both.java("info").output

    store = both.store()
    assert store.release_lock(store.lock_info())
    store.close()

    assert both.java("migrate").exit == 0
    assert both.plan().pending == ()


def test_a_lock_that_weave_left_keeps_java_out_until_weave_heals_it(both: Any) -> None:
    both.put("V1__a.cypher", "CREATE (:A);\n")
    assert both.java("info").exit == 0  # makes the constraints
    both.query(
        "CREATE (:__Neo4jMigrationsLock {id: 'x', name: 'John Doe', owner: 'me', "
        "host: 'here', pid: 1, lease: 0.5, revision: 3, since: datetime(), "
        "seen: datetime()})"
    )
    assert _KEPT_OUT in both.java("migrate").output

    assert both.migrate(within=30) == ["1"]

    assert both.java("validate").exit == 0
