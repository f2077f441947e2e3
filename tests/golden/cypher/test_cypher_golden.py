"""Our answers beside those that the Java tool gave (README.md tells how)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from weave_migrate.errors import MigrationNameError, ScriptError
from weave_migrate.scripts.cypher import cypher_checksum, parse_cypher
from weave_migrate.scripts.cypher_names import compare_versions, parse_migration_name
from weave_migrate.scripts.cypher_transactions import peer_transaction
from weave_migrate.scripts.preconditions import (
    EditionIs,
    QueryHolds,
    VersionList,
    VersionRange,
    parse_precondition,
)

HERE = Path(__file__).parent
RECORDED = json.loads((HERE / "recorded.json").read_text())["migrations"]
CLASSES: dict[str, list[Any]] = json.loads((HERE / "classes.json").read_text())
# The peer sends such a piece to the server, which refuses it; weave leaves it out.
NOTHING = re.compile(r"(?:[\x00-\x20;]|//[^\r\n]*+|/\*(?s:.)*?\*/)*+")


@pytest.mark.parametrize("row", RECORDED, ids=lambda row: row["file"])
def test_name_and_checksum_are_what_the_tool_recorded(row: dict[str, Any]) -> None:
    name = parse_migration_name(f"scripts/{row['file']}")
    assert name is not None
    assert (name.version, name.description, name.repeatable, name.source) == (
        row["version"],
        row["description"],
        row["repeatable"],
        row["source"],
    )
    data = row["text"].encode()
    assert parse_cypher(data, file="x").checksum == row["checksum"]
    assert parse_cypher(data, file="x", autocrlf=True).checksum == row["autocrlf"]
    flyway = parse_cypher(data, file="x", flyway_checksums=True)
    assert flyway.checksum == row["flyway"]


@pytest.mark.parametrize("row", CLASSES["scripts"], ids=lambda row: repr(row["text"]))
def test_checksums_and_groups_are_the_tools(row: dict[str, Any]) -> None:
    data = row["text"].encode()
    if "error" in row:
        with pytest.raises(ScriptError):
            parse_cypher(data, file="x", with_preconditions=False)
        return
    assert cypher_checksum(data, file="x") == row["checksum"]
    assert cypher_checksum(data, file="x", autocrlf=True) == row["autocrlf"]
    assert cypher_checksum(data, file="x", flyway_checksums=True) == row["flyway"]
    parsed = parse_cypher(data, file="x", with_preconditions=False)
    assert [(s.database, s.text) for s in parsed.statements] == [
        (database, text)
        for database, texts in row["groups"]
        for text in texts
        if not NOTHING.fullmatch(text)
    ]
    without = row["without_preconditions"]
    if without is None:
        with pytest.raises(ScriptError, match="begins like a precondition"):
            parse_cypher(data, file="x")
    else:
        expected = {without} - {row["checksum"]}
        assert parse_cypher(data, file="x").alternatives == expected


@pytest.mark.parametrize(("text", "mode"), CLASSES["transactions"])
def test_transaction_modes_are_the_tools(text: str, mode: str) -> None:
    assert peer_transaction(text).upper() == mode


@pytest.mark.parametrize(("line", "expected"), CLASSES["preconditions"])
def test_preconditions_are_the_tools(line: str, expected: str | None) -> None:
    try:
        assert rendered(line) == expected
    except ScriptError:
        assert expected == "WRONG"


@pytest.mark.parametrize(("order", "a", "b", "expected"), CLASSES["versions"])
def test_order_is_the_tools(order: Any, a: str, b: str, expected: int | None) -> None:
    if expected is None:
        with pytest.raises(MigrationNameError):
            compare_versions(a, b, order=order)
    else:
        assert compare_versions(a, b, order=order) == expected


def rendered(line: str) -> str | None:
    """Write a precondition the way the tool's toString does."""
    condition = parse_precondition(line, file="x", line_number=1)
    match condition:
        case None:
            return None
        case VersionRange(operator=operator, version=version):
            said = f"that version is {operator} {version}"
        case VersionList(versions=versions):
            said = f"that version is {', '.join(sorted(set(versions)))}"
        case EditionIs(edition=edition):
            said = f"that edition is {edition.upper()}"
        case QueryHolds(database=database, query=query):
            said = f"in {database.upper()} q'{query}"
    return f"{condition.type} // {condition.type} {said}"
