"""Which statements are committed together (neo4j-migrations §2.3, §2.6)."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from weave_migrate.scripts.cypher import parse_cypher
from weave_migrate.stores.neo4j._transactions import units

BATCHED = "MATCH (n) CALL { WITH n DELETE n } IN TRANSACTIONS"


def _units(
    text: str,
    mode: Literal["per_migration", "per_statement"] = "per_migration",
) -> list[tuple[Any, ...]]:
    script = parse_cypher(text.encode(), file="x")
    return [
        (unit.database, unit.implicit, [number for number, _ in unit.statements])
        for unit in units(script, mode)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("RETURN 1;\nRETURN 2;\n", [(None, False, [1, 2])]),
        (
            "RETURN 1;\n:use foo;\nRETURN 2;\nRETURN 3;\n",
            [(None, False, [1]), ("foo", False, [2, 3])],
        ),
        (
            ":use foo;\nRETURN 1;\n:use foo;\nRETURN 2;\n",
            [("foo", False, [1]), ("foo", False, [2])],
        ),
        (
            f"RETURN 1;\n{BATCHED};\nRETURN 3;\n",
            [(None, False, [1]), (None, True, [2]), (None, False, [3])],
        ),
        (
            f"{BATCHED};\n:use foo;\nRETURN 2;\nRETURN 3;\n",
            [(None, True, [1]), ("foo", False, [2, 3])],
        ),
    ],
)
def test_a_group_is_one_transaction_unless_a_statement_is_implicit(
    text: str, expected: list[tuple[Any, ...]]
) -> None:
    assert _units(text) == expected


def test_per_statement_each_stands_alone() -> None:
    assert _units("RETURN 1;\nRETURN 2;\n", "per_statement") == [
        (None, False, [1]),
        (None, False, [2]),
    ]
