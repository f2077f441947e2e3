"""Java properties files, by the rules of java.util.Properties."""

from __future__ import annotations

import pytest

from weave_migrate.config._properties import parse_properties, render_properties


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=1", {"a": "1"}),
        ("a = 1 \n", {"a": "1 "}),
        ("a:1\r\nb 2\rc\t=\t3", {"a": "1", "b": "2", "c": "3"}),
        ("# no\n! no\n  # no\n\na=1", {"a": "1"}),
        ("a=1\na=2", {"a": "2"}),
        ("a=one \\\n   two", {"a": "one two"}),
        ("a=one\\\\\nb=2", {"a": "one\\", "b": "2"}),
        ("a\\=b=c", {"a=b": "c"}),
        ("a=\\u00e9\\t\\q", {"a": "é\tq"}),
        ("flag", {"flag": ""}),
        ("a=b=c:d", {"a": "b=c:d"}),
        ("a=1\\", {"a": "1"}),
        ("a=\\ud83d\\ude00\\ud83d", {"a": "😀\ufffd"}),
        ("", {}),
    ],
)
def test_lines_become_keys_and_values(text: str, expected: dict[str, str]) -> None:
    assert parse_properties(text) == expected


@pytest.mark.parametrize(
    "pairs",
    [
        {"a": "1", "b": ""},
        {"a:b = c": " x=y:z # ! \\ "},
        {"é": "\t\n\r\f\0 😀"},
    ],
)
def test_what_is_written_reads_the_same(pairs: dict[str, str]) -> None:
    assert parse_properties(render_properties(pairs)) == pairs


def test_what_is_written_is_ascii_as_java_writes_it() -> None:
    assert render_properties({"a": "é😀:"}) == "a=\\u00e9\\ud83d\\ude00\\:\n"
