"""The dictionary of ``weave db inspect --json`` for one Cypher script."""

from __future__ import annotations

import json
import zlib

import pytest

from weave_migrate.scripts.inspect_cypher import inspect_cypher


def crc32(text: str) -> str:
    return str(zlib.crc32(text.encode()))


def inspect(
    data: bytes, path: str = "V1__x.cypher", *, flyway: bool = False
) -> dict[str, object]:
    return inspect_cypher(
        data,
        path=path,
        placeholders={"known": "K"},
        autocrlf=False,
        flyway_checksums=flyway,
    )


def test_everything_a_script_is() -> None:
    script = (
        b"// assume that version is ge 5\nRETURN '${nm:known}${nm:other}';\n"
        b":use Other;\nCALL { RETURN 1 } IN TRANSACTIONS;\n// the end"
    )
    assert inspect(script, "dir/V01_2__It_works.cypher") == {
        "path": "dir/V01_2__It_works.cypher",
        "store": "neo4j",
        "kind": "versioned",
        "version": "01.2",
        "description": "It works",
        "checksum": crc32(
            "// assume that version is ge 5\nRETURN '${nm:known}${nm:other}'"
            ":use Other"
            "CALL { RETURN 1 } IN TRANSACTIONS"
            "// the end"
        ),
        "statements": [
            {
                "text": "// assume that version is ge 5\nRETURN 'K${nm:other}'",
                "database": None,
                "transaction": "managed",
                "line": 1,
            },
            {
                "text": "CALL { RETURN 1 } IN TRANSACTIONS",
                "database": "other",
                "transaction": "implicit",
                "peer_transaction": "managed",
                "line": 4,
            },
        ],
        "preconditions": [{"type": "assume", "text": "// assume that version is ge 5"}],
        "unresolved": ["other"],
        "error": None,
    }


@pytest.mark.parametrize(
    ("path", "kind", "version", "description"),
    [
        ("V1__x.cypher", "versioned", "1", "x"),
        ("R2__y_z.cypher", "repeatable", "2", "y z"),
        ("afterMigrate.cypher", "callback", None, None),
        ("afterMigrate__tell_all.cypher", "callback", None, "tell all"),
        ("anything.cypher", "other", None, None),
        ("V1__folder/V2__x.cypher", "versioned", "2", "x"),
        ("tmp%/x.cypher", "other", None, None),
    ],
)
def test_the_kind_comes_from_the_file_name(
    path: str, kind: str, version: str | None, description: str | None
) -> None:
    found = inspect(b"", path)
    assert (found["kind"], found["version"], found["description"]) == (
        kind,
        version,
        description,
    )
    assert found["error"] is None


@pytest.mark.parametrize(
    ("data", "path", "code", "line", "checksum"),
    [
        (b"\xff", "V1__x.cypher", "ENCODING", 1, None),
        (b"A\n:use abc\n:use abd", "x.cypher", "USE_INSIDE_STATEMENT", 3, None),
        (
            b"// assume that x",
            "x.cypher",
            "PRECONDITION_INVALID",
            1,
            crc32("// assume that x"),
        ),
        (b"RETURN 1", "V1__x.cypher.bak", "NAME_INVALID", None, crc32("RETURN 1")),
        (b"", "V1__beforeInfo x.cypher", "CALLBACK_NAME_INVALID", None, "0"),
    ],
)
def test_an_error_is_a_value_and_the_checksum_given_if_there_is_one(
    data: bytes, path: str, code: str, line: int | None, checksum: str | None
) -> None:
    found = inspect(data, path)
    error = found["error"]
    assert isinstance(error, dict)
    assert set(error) == {"code", "message", "line"}
    assert (error["code"], error["line"]) == (code, line)
    assert (found["statements"], found["preconditions"]) == ([], [])
    assert (found["unresolved"], found["checksum"]) == ([], checksum)
    json.dumps(found)


def test_the_flyway_checksum_needs_no_statements() -> None:
    found = inspect(b"A\n:use abc\n:use abd", flyway=True)
    assert found["checksum"] is not None


def test_comments_of_callbacks_are_no_preconditions() -> None:
    found = inspect(b"// assume that x\nRETURN 1", "afterInfo.cypher")
    assert (found["preconditions"], found["error"]) == ([], None)
