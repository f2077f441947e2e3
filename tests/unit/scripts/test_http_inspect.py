"""The JSON values of one .http file."""

from __future__ import annotations

import json

import pytest

from weave_migrate.errors import ConfigError
from weave_migrate.scripts.inspect_http import inspect_http

KEYS = ["path", "store", "kind", "version", "description", "checksum", "requests",
        "unresolved", "error"]  # fmt: skip


def test_a_migration_is_shown_whole() -> None:
    data = b"# c\nPUT /${index}/${more}\nX: a\nX: b\nx: c\n\n{}\n"
    shown = inspect_http(
        data, path="es/V1.00__make_it.http", placeholders={"index": "products"}
    )
    assert shown == {
        "path": "es/V1.00__make_it.http",
        "store": "elasticsearch",
        "kind": "versioned",
        "version": "1",
        "description": "make it",
        "checksum": -1265815112,
        "requests": [
            {
                "method": "PUT",
                "path": "/products/${more}",
                "headers": {"X": "b", "x": "c"},
                "body": "{}\n",
                "line": 2,
            }
        ],
        "unresolved": ["more"],
        "error": None,
    }


def test_line_ends_and_trimming_are_heard() -> None:
    shown = inspect_http(
        b"foo\nbar\n", path="x", line_separator="\r\n", trim_trailing_newline=True
    )
    assert shown["checksum"] == 296925264


@pytest.mark.parametrize(
    ("name", "data", "kind", "checksum", "code"),
    [
        ("V1__x.http", b"content!", "versioned", -567321912, "SCRIPT_SYNTAX"),
        ("V1__x.http", b"\xff", "versioned", None, "ENCODING"),
        ("V1-x.http", b"PUT /a", "other", -1923601181, "NAME_INVALID"),
        ("V1__x.http", b"PUT http://a", "versioned", -2145476960, "SCRIPT_UNSUPPORTED"),
        ("scratch.http", b"content!", "other", -567321912, "SCRIPT_SYNTAX"),
    ],
)
def test_an_error_leaves_the_lists_empty(
    name: str, data: bytes, kind: str, checksum: int | None, code: str
) -> None:
    shown = inspect_http(data, path=name)
    assert list(shown) == KEYS
    assert (shown["kind"], shown["checksum"]) == (kind, checksum)
    assert (shown["requests"], shown["unresolved"]) == ([], [])
    error = shown["error"]
    assert isinstance(error, dict)
    assert list(error) == ["code", "message", "line"]
    assert error["code"] == code


def test_an_empty_file_is_no_error() -> None:
    shown = inspect_http(b"", path="V1__x.http")
    assert (shown["checksum"], shown["requests"], shown["error"]) == (0, [], None)


def test_a_file_with_another_name_is_read_all_the_same() -> None:
    shown = inspect_http(b"GET /", path="scratch.http")
    assert (shown["kind"], shown["version"]) == ("other", None)
    assert shown["requests"]


def test_everything_can_be_written_as_json() -> None:
    data = 'PUT /a\n\n{"n": "ä\x00\U0001f600"}'.encode()
    assert json.loads(json.dumps(inspect_http(data, path="V1__x.http")))


def test_placeholders_that_can_not_be_are_a_matter_of_configuration() -> None:
    with pytest.raises(ConfigError):
        inspect_http(b"PUT /a", path="V1__x.http", placeholders={"a": "}"})
