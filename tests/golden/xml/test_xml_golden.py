"""Our answers on XML migrations beside those of the Java tool (README.md)."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from weave_migrate.errors import ScriptError
from weave_migrate.scripts.catalog import parse_catalog

RECORDED = json.loads(Path(__file__).with_name("recorded.json").read_text("utf-8"))
DOCUMENTS: list[dict[str, Any]] = RECORDED["documents"]


def data(row: dict[str, Any]) -> bytes:
    if "base64" in row:
        return base64.b64decode(row["base64"])
    return str(row["text"]).encode()


@pytest.mark.parametrize("row", [row for row in DOCUMENTS if "checksum" in row])
def test_checksum_and_preconditions_are_the_tools(row: dict[str, Any]) -> None:
    script = parse_catalog(data(row), file="x.xml")
    assert script.checksum == row["checksum"]
    types = [said.split()[0] for said in row["preconditions"]]
    assert [each.type for each in script.preconditions] == types


@pytest.mark.parametrize("row", [row for row in DOCUMENTS if "error" in row])
def test_what_stops_the_tool_is_an_error_with_its_place(row: dict[str, Any]) -> None:
    with pytest.raises(ScriptError) as caught:
        parse_catalog(data(row), file="x.xml")
    assert caught.value.line
    assert caught.value.excerpt
