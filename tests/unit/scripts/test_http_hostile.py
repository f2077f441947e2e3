"""Hostile .http files end in values or a ScriptError, in linear time.

Nothing here is timed: each of these would take hours, or all memory, were reading it
quadratic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from weave_migrate.errors import ScriptError
from weave_migrate.scripts.http import parse_http
from weave_migrate.scripts.http_names import near_miss, parse_http_name

if TYPE_CHECKING:
    from weave_migrate.model import HttpScript

MILLION = 1_000_000
MANY = 200_000


def read(text: str, **values: str) -> HttpScript:
    script = parse_http(text.encode(), file="V1__x.http", placeholders=values)
    assert script is not None
    return script


@pytest.mark.parametrize(
    "body",
    ["{" * 20 * MILLION, " " * 3 * MILLION + "x", "###" * MILLION],
    ids=["braces", "blanks", "hashes"],
)
def test_a_body_of_one_long_line(body: str) -> None:
    (request,) = read(f"PUT /a\n\n{body}").requests
    assert request.body == (None if body.startswith("#") else body)


@pytest.mark.parametrize("end", ["x", "PUT /b", ""])
def test_a_million_separators(end: str) -> None:
    script = read("PUT /a\n\n{\n" + "###\n" * MILLION + end)
    assert len(script.requests) == (2 if end == "PUT /b" else 1)


def test_a_million_separators_between_headers() -> None:
    script = read("PUT /a\nX: y\n" + "###\n" * MILLION + "Z: z")
    assert script.requests[0].headers == (("X", "y"), ("Z", "z"))


def test_a_million_separators_with_text_between() -> None:
    script = read("PUT /a\n\n" + "###\n\nx\n" * 300_000)
    assert script.requests[0].body == "x\n\n" * 299_999 + "x\n"


def test_a_million_comments_and_blank_lines_first() -> None:
    script = read("# c\n\n" * MILLION + "PUT /a")
    assert script.requests[0].line == 2 * MILLION + 1


def test_a_million_comments_in_a_body() -> None:
    script = read("PUT /a\n\n" + "x\n# c\n" * MILLION)
    assert script.requests[0].body == "x\n" * MILLION


def test_very_many_headers() -> None:
    lines = "".join(f"X{n}: y\n" for n in range(MANY))
    assert len(read(f"PUT /a\n{lines}").requests[0].headers) == MANY


def test_many_requests() -> None:
    script = read("PUT /a\nX: y\n\n{}\n\n###\n" * 20_000)
    assert len(script.requests) == 20_000


@pytest.mark.parametrize(
    "path",
    [
        " " * MILLION + "x",
        "{{" * MILLION,
        "a " * MILLION + "b",
        "a/" * MILLION,
        "%" * MILLION,
    ],
    ids=["blanks", "braces", "words", "slashes", "percents"],
)
def test_a_long_path(path: str) -> None:
    assert read(f"PUT /{path}").requests[0].path == f"/{path}"


@pytest.mark.parametrize("mark", ["${", "${a", "$", "}", "${a}${"])
def test_a_million_marks_of_placeholders(mark: str) -> None:
    script = read(f"PUT /a\n\n{mark * MILLION}", a="x")
    assert script.requests[0].body == (mark * MILLION).replace("${a}", "x")


def test_very_many_lines_that_begin_with_a_placeholder() -> None:
    script = read("PUT /a\n\n" + "${a}\n" * MANY, a="x")
    assert script.requests[0].body == "x\n" * MANY


def test_a_value_of_a_million_lines() -> None:
    script = read("PUT /a\n\n${a}", a="\n" * MILLION + "x")
    assert script.requests[0].body == "x"


def test_very_many_lines_that_nearly_belong_to_an_editor() -> None:
    script = read("PUT /a\n\n" + "<x\n>y {{$z\n" * MANY)
    assert len(script.requests) == 1


def test_the_error_of_a_huge_line_shows_little_of_it() -> None:
    with pytest.raises(ScriptError) as caught:
        read("PUT /a\nX: y\n" + "z" * 3 * MILLION)
    assert len(str(caught.value)) + len(str(caught.value.excerpt)) < 400


@pytest.mark.parametrize(
    "data",
    [b"\xed\xa0\x80", b"PUT /a\n\n\xed\xb0\x80", b"\xff" * MILLION, b"\xf0\x9f\x98"],
    ids=["high surrogate", "low surrogate", "no UTF-8", "cut short"],
)
def test_bytes_that_are_no_text(data: bytes) -> None:
    with pytest.raises(ScriptError) as caught:
        parse_http(data, file="V1__x.http")
    assert caught.value.code == "ENCODING"
    assert caught.value.excerpt is not None


@pytest.mark.parametrize("data", [b"\x00" * MILLION, b"\x00PUT\x00 /a\x00", b"\n" * 9])
def test_nul_and_nothing(data: bytes) -> None:
    try:
        script = parse_http(data, file="V1__x.http")
    except ScriptError as error:
        assert error.line == 1  # noqa: PT017 - it may also be read
    else:
        assert script is not None
        assert script.requests[0].path == "/a"


@pytest.mark.parametrize(
    "name",
    ["V" + "1." * MILLION, "V1" + "_" * MILLION, "1_" * MILLION, "v" + "9" * MILLION],
    ids=["dots", "underscores", "pairs", "digits"],
)
def test_a_huge_name(name: str) -> None:
    try:
        assert parse_http_name(f"{name}.http") is None or name.startswith("V")
    except ScriptError as error:
        assert error.hint  # noqa: PT017 - it may also be a name
    near_miss(f"{name}.http")
