"""``weave db inspect``: the output contract, and a readable form."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

Weave = Callable[..., Any]
CATALOG = """<?xml version="1.0"?>
<migration xmlns="https://michael-simons.github.io/neo4j-migrations">
  <?assume that edition is enterprise?>
  <catalog>
    <indexes>
      <index name="idx_name">
        <label>Person</label>
        <properties><property>name</property></properties>
      </index>
    </indexes>
  </catalog>
  <create ref="idx_name"/>
</migration>
"""


def test_a_cypher_script_in_full(weave: Weave, tmp_path: Path) -> None:
    path = tmp_path / "V007_1__Bond_new.cypher"
    path.write_text(
        "// assume that edition is enterprise\n"
        "CREATE (n:`${nm:label}`);\n"
        ":use system;\n"
        "MATCH (n) CALL (n) { SET n.x = 1 } IN TRANSACTIONS;\n"
        "// only a comment\n"
    )
    shown = weave("db", "inspect", "--json", str(path))
    assert shown.status == 0
    assert shown.json["schema"] == 1
    (found,) = shown.json["files"]
    assert isinstance(found.pop("checksum"), str)
    assert found == {
        "path": str(path),
        "store": "neo4j",
        "kind": "versioned",
        "version": "007.1",
        "description": "Bond new",
        "statements": [
            {
                "text": "// assume that edition is enterprise\n"
                "CREATE (n:`${nm:label}`)",
                "database": None,
                "transaction": "managed",
                "line": 1,
            },
            {
                "text": "MATCH (n) CALL (n) { SET n.x = 1 } IN TRANSACTIONS",
                "database": "system",
                "transaction": "implicit",
                "line": 4,
            },
        ],
        "preconditions": [
            {"type": "assume", "text": "// assume that edition is enterprise"}
        ],
        "unresolved": ["label"],
        "error": None,
    }


def test_an_http_script_in_full(weave: Weave, tmp_path: Path) -> None:
    path = tmp_path / "V001.10__Add_it.http"
    path.write_text(
        '### Title\nPUT /${index}/_doc/1?refresh\nX-A: 1\n\n{\n# no\n"a": 1}\n'
    )
    shown = weave("db", "inspect", "--json", "--placeholder", "index=i", str(path))
    (found,) = shown.json["files"]
    assert isinstance(found.pop("checksum"), int)
    assert found == {
        "path": str(path),
        "store": "elasticsearch",
        "kind": "versioned",
        "version": "1.10",
        "description": "Add it",
        "requests": [
            {
                "method": "PUT",
                "path": "/i/_doc/1?refresh",
                "headers": {"X-A": "1"},
                "body": '{\n"a": 1}\n',
                "line": 2,
            }
        ],
        "unresolved": [],
        "error": None,
    }


def test_files_stay_in_the_order_given_and_an_error_is_status_1(
    weave: Weave, tmp_path: Path
) -> None:
    good, bad = tmp_path / "V1__a.cypher", tmp_path / "V2__b.cypher"
    good.write_text("RETURN 1;\n")
    bad.write_bytes(b"RETURN 1;\nRETURN '\xff'\n")
    shown = weave("db", "inspect", "--json", str(bad), str(good))
    assert shown.status == 1
    first, second = shown.json["files"]
    assert first["error"]["code"] == "ENCODING"
    assert first["error"]["line"] == 2
    assert first["statements"] == []
    assert second["error"] is None


def test_an_unreadable_file_is_status_2(weave: Weave, tmp_path: Path) -> None:
    shown = weave("db", "inspect", "--json", str(tmp_path / "V1__no.cypher"))
    assert shown.status == 2
    assert shown.json["error"]["code"] == "UNREADABLE"


def test_flyway_checksums_are_signed(weave: Weave, tmp_path: Path) -> None:
    path = tmp_path / "V1__a.cypher"
    path.write_text("RETURN 1;\nRETURN 2;\n")
    shown = weave("db", "inspect", "--json", "--flyway-checksums", str(path))
    default = weave("db", "inspect", "--json", str(path))
    assert default.json["files"][0]["checksum"] == "1926902917"
    assert shown.json["files"][0]["checksum"] != "1926902917"


def test_the_readable_form_names_each_part_and_its_line(
    weave: Weave, tmp_path: Path
) -> None:
    path = tmp_path / "V1__a.cypher"
    path.write_text("RETURN 1;\n\nRETURN\n 2;\n")
    lines = weave("db", "inspect", str(path)).out.splitlines()
    assert "  1. line 1, managed: RETURN 1" in lines
    assert "  2. line 3, managed: RETURN …" in lines


def test_an_xml_migration_is_a_catalog_with_the_checksum_that_is_recorded(
    weave: Weave, tmp_path: Path
) -> None:
    path = tmp_path / "V003__cat_a_log.xml"
    path.write_text(CATALOG)

    shown = weave("db", "inspect", "--json", str(path))

    assert shown.status == 0
    assert shown.json["files"] == [
        {
            "path": str(path),
            "store": "neo4j",
            "kind": "versioned",
            "type": "CATALOG",
            "version": "003",
            "description": "cat a log",
            "checksum": "1347943033",
            "statements": [],
            "preconditions": [
                {"type": "assume", "text": "// assume that edition is enterprise"}
            ],
            "unresolved": [],
            "error": None,
        }
    ]
    assert "versioned catalog, version 003" in weave("db", "inspect", str(path)).out


def test_a_bad_xml_migration_is_an_error_with_its_line(
    weave: Weave, tmp_path: Path
) -> None:
    for name in ("R1__a.xml", "a.xml", "V1__.xml"):
        (tmp_path / name).write_text("<migration>\n<")

    shown = weave("db", "inspect", "--json", *map(str, sorted(tmp_path.glob("*.xml"))))

    assert shown.status == 1
    found = {each["path"].rpartition("/")[2]: each for each in shown.json["files"]}
    assert {name: each["kind"] for name, each in found.items()} == {
        "R1__a.xml": "repeatable",
        "a.xml": "other",
        "V1__.xml": "other",
    }
    assert found["R1__a.xml"]["error"]["code"] == "SCRIPT_SYNTAX"
    assert found["R1__a.xml"]["error"]["line"] == 2
    assert found["R1__a.xml"]["checksum"] is None
