"""Our .http reading against a plain rendering of the reference's rules."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from weave_migrate.errors import ScriptError
from weave_migrate.scripts import _evolution
from weave_migrate.scripts.http import checksum_variants, parse_http
from weave_migrate.scripts.http_names import canonical, parse_http_name, parse_version
from weave_migrate.scripts.inspect_http import inspect_http

pytestmark = pytest.mark.property

SEPARATORS = st.sampled_from(["\n", "\r\n", "\r"])
BREAKS = ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"]

# Pieces that meet at every rule; the refused constructs of editors are left out.
PIECES = st.sampled_from(
    [
        *BREAKS, "\n", "\n", "\n", "\n", "\x00", "\x1c", "\x1f", "\t", " ", "  ",
        "\ufeff", "\xa0", "\u2003", "#", "//", "/", "###", "### x", "  // y", "\xa0#",
        "PUT /a", "put b", "DELETE /b?x=1s", "GET ", "POST", "HEAD /c",
        "X: y", "X=y", "Y : z:=", "no header", "{", "}", '{"a":1}', "ä€😀", ":", "=",
    ]
)  # fmt: skip
LINES = st.sampled_from(
    [
        "PUT /a", "  GET  /a b\t", "### t", "###", "# c", " // d", "", "", " ", "{",
        "X: y", "X = z", "x=", "\t### q", "\xa0# n", "POST /_bulk", "PATCH /d", "Ä: ö",
    ]
)  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=30),
    st.lists(PIECES, max_size=14).map("".join),
    st.builds(
        lambda head, lines, ends: (
            head + "".join(map("".join, zip(lines, ends, strict=False)))
        ),
        st.sampled_from(["", "PUT /a\n", "PUT /a\n\n", "# c\nPUT /a\nX: y\n\n{\n"]),
        st.lists(LINES, max_size=10),
        st.lists(st.sampled_from(BREAKS + ["\n"] * 8), min_size=10, max_size=10),
    ),
)


# --- §4.1 and §2.1, written as the reference says them, line by line ---------------


def plain_normalised(text: str, separator: str, *, trim: bool) -> str:
    text = re.sub("\r\n|[\n\x0b\x0c\r\x85\u2028\u2029]", lambda _: separator, text)
    return text[: -len(separator)] if trim and text.endswith(separator) else text


def plain_checksum(text: str) -> int:
    units, h = text.encode("utf-16-be", "surrogatepass"), 0
    for i in range(0, len(units), 2):
        h = (31 * h + (units[i] << 8 | units[i + 1])) & 0xFFFFFFFF
    return h - (1 << 32) if h & 0x80000000 else h


def plain_trim(text: str) -> str:
    while text and text[0] <= " ":
        text = text[1:]
    while text and text[-1] <= " ":
        text = text[:-1]
    return text


def is_comment(line: str) -> bool:
    return plain_trim(line).startswith(("#", "//"))


@dataclass
class Plain:
    method: str = ""
    path: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""


def plain_request(text: str, separator: str) -> Plain | None:
    request, state = Plain(), "REQUEST"
    for line in text.split(separator):
        trimmed = plain_trim(line)
        if trimmed.startswith(("#", "//")):
            continue
        if state == "REQUEST":
            method, *rest = re.split(" +", trimmed, maxsplit=1)
            if not rest or plain_trim(method).upper() not in _evolution.METHODS:
                return None
            request.method = plain_trim(method).upper()
            request.path, state = plain_trim(rest[0]), "HEADER"
        elif state == "HEADER":
            if not trimmed:
                state = "BODY"
                continue
            found = re.match("([^:=]*)[:=](.*)", trimmed, re.DOTALL)
            if not found:
                return None
            request.headers[plain_trim(found[1])] = plain_trim(found[2])
        else:
            request.body += (separator if request.body else "") + line
    return request if state != "REQUEST" else None


REQUEST_LINE = re.compile(
    r"(GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH) +\S", re.IGNORECASE | re.ASCII
)


def plain_separators(lines: list[str]) -> list[int]:
    """§11.5, item 2: which lines end the request before them."""
    found, begun = [], False
    for number, line in enumerate(lines):
        trimmed = plain_trim(line)
        if trimmed and not is_comment(line):
            begun = True
        if not begun or not trimmed.startswith("###"):
            continue
        following = (
            plain_trim(other)
            for other in lines[number + 1 :]
            if plain_trim(other) and not is_comment(other)
        )
        after = next(following, None)
        if after is None or REQUEST_LINE.match(after):
            found.append(number)
            begun = False
    return found


def has_one_request(text: str) -> bool:
    lines = text.split("\n")
    separators = plain_separators(lines)
    return not any(
        plain_trim(line) and not is_comment(line)
        for number in separators[:1]
        for line in lines[number:]
    )


# -----------------------------------------------------------------------------------


@given(TEXTS, SEPARATORS, st.booleans())
def test_the_checksum_is_javas(text: str, separator: str, trim: bool) -> None:
    normal = _evolution.normalise(text)
    normal = normal.removesuffix("\n") if trim else normal
    computed = _evolution.checksum(normal, line_separator=separator)  # type: ignore[arg-type]
    assert computed == plain_checksum(plain_normalised(text, separator, trim=trim))


@given(st.integers(4090, 4100), st.text(st.sampled_from("a\n😀é\uffff"), max_size=20))
def test_it_is_javas_where_its_chunks_meet(before: int, text: str) -> None:
    text = "x" * before + text
    assert _evolution.checksum(text) == plain_checksum(text)


@given(TEXTS, SEPARATORS, st.booleans())
def test_one_request_is_read_as_the_rules_say(
    text: str,
    separator: str,
    trim: bool,
) -> None:
    normal = plain_normalised(text, "\n", trim=False)
    assume(normal)
    normal = plain_normalised(text, "\n", trim=trim)
    assume(has_one_request(normal))
    plain = plain_request(plain_normalised(text, separator, trim=trim), separator)
    try:
        script = parse_http(
            text.encode(),
            file="V1__x.http",
            line_separator=separator,  # type: ignore[arg-type]
            trim_trailing_newline=trim,
        )
    except ScriptError as error:
        assert plain is None or is_refused(plain), error  # noqa: PT017
        return
    assert script is not None
    if plain is None:
        assert "rejects this file" in script.notes[0]
        return
    (request,) = script.requests
    assert request.method == plain.method
    assert request.path == plain.path
    assert dict(request.headers) == plain.headers
    assert (request.body or "") == plain.body
    assert script.checksum == plain_checksum(
        plain_normalised(text, separator, trim=trim)
    )


def is_refused(plain: Plain) -> bool:
    """Say whether we refuse on purpose what the rules let through."""
    return plain.path.startswith("//") or any(
        not re.fullmatch(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+", name)
        or name.startswith("&")
        or not re.fullmatch(r"[\t\x20-\x7e\x80-\xff]*", value)
        for name, value in plain.headers.items()
    )


@given(st.lists(LINES, max_size=16))
def test_requests_are_divided_as_the_rules_say(lines: list[str]) -> None:
    text = "PUT /first\n" + "\n".join(lines)
    separators = plain_separators(text.split("\n"))
    all_lines = text.split("\n")
    starts = [1]
    for number in separators:
        after = next(
            (
                n
                for n in range(number + 1, len(all_lines))
                if plain_trim(all_lines[n]) and not is_comment(all_lines[n])
            ),
            None,
        )
        if after is not None:
            starts.append(after + 1)
    try:
        script = parse_http(text.encode(), file="V1__x.http")
    except ScriptError:
        assume(False)
    assert script is not None
    assert [request.line for request in script.requests] == starts


@given(st.one_of(st.binary(max_size=60), TEXTS.map(str.encode)))
def test_any_bytes_end_in_values_or_a_script_error(data: bytes) -> None:
    try:
        script = parse_http(data, file="V1__x.http", placeholders={"a": "b"})
    except ScriptError as error:
        assert error.line is not None  # noqa: PT017 - both are right
        assert error.column is not None  # noqa: PT017
        assert error.excerpt is not None  # noqa: PT017
    else:
        assert script is None or script.requests
    shown = inspect_http(data, path="V1__x.http")
    assert (shown["error"] is None) == bool(shown["requests"] or not data)


@given(TEXTS, st.text(st.sampled_from("\n\r\x00#/ ax:"), max_size=6))
def test_a_value_makes_no_header_and_no_request(text: str, value: str) -> None:
    template = f"PUT /x\nA: b\n\n{{}}{text}\n${{v}}\n"
    try:
        plain = parse_http(template.encode(), file="x", placeholders={"v": "0"})
        script = parse_http(template.encode(), file="x", placeholders={"v": value})
    except ScriptError:
        return
    assert plain is not None
    assert script is not None
    assert [(r.line, len(r.headers)) for r in script.requests] == [
        (r.line, len(r.headers)) for r in plain.requests
    ]


@given(TEXTS)
def test_one_of_the_variants_is_the_checksum(text: str) -> None:
    variants = checksum_variants(text.encode(), file="x")
    assert variants["crlf trimmed"] == plain_checksum(
        plain_normalised(text, "\r\n", trim=True)
    )
    assert variants["lf"] == plain_checksum(plain_normalised(text, "\n", trim=False))


VERSIONS = st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=5)


@given(VERSIONS, st.sampled_from("._"), st.integers(0, 3))
def test_a_version_is_its_canonical_form(
    parts: list[int], dot: str, zeros: int
) -> None:
    text = dot.join("0" * zeros + str(part) for part in parts)
    key = parse_version(text)
    assert parse_version(canonical(key)) == key
    assert parse_version(f"{text}.0") == key


@given(VERSIONS, VERSIONS)
def test_keys_order_as_padded_parts_do(left: list[int], right: list[int]) -> None:
    keys = [parse_version(canonical(tuple(parts))) for parts in (left, right)]
    padded = [tuple(parts + [0] * (5 - len(parts))) for parts in (left, right)]
    assert (keys[0] < keys[1]) == (padded[0] < padded[1])
    assert (keys[0] == keys[1]) == (padded[0] == padded[1])


@given(st.text(st.sampled_from("V1_0.+-x a\u0662\U0001d7cfé"), max_size=12))
def test_any_name_is_read_ignored_or_refused_with_a_name_that_is_not(
    stem: str,
) -> None:
    try:
        name = parse_http_name(f"{stem}.http")
    except ScriptError as error:
        hint = str(error.hint).removeprefix("Rename it to ").removesuffix(".")
        assert parse_http_name(hint) is not None
    else:
        assert (name is None) == (not stem.startswith("V"))
