"""Placeholders of .http scripts (§3), and what their values must not do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from weave_migrate.errors import ConfigError, PlaceholderError
from weave_migrate.scripts.http import parse_http
from weave_migrate.scripts.http_placeholders import Placeholders

if TYPE_CHECKING:
    from weave_migrate.model import HttpScript


def read(text: str, **values: str) -> HttpScript:
    script = parse_http(text.encode(), file="V1__x.http", placeholders=values)
    assert script is not None
    return script


def body(text: str, **values: str) -> str | None:
    return read(f"PUT /a\n\n{text}", **values).requests[0].body


class TestReplacement:
    def test_values_are_put_in_everywhere(self) -> None:
        script = read("${m} /${i}\nX-${i}: ${v}\n\n${v}", m="PUT", i="idx", v="a b")
        (request,) = script.requests
        assert (request.method, request.path) == ("PUT", "/idx")
        assert request.headers == (("X-idx", "a b"),)
        assert request.body == "a b"

    def test_the_checksum_is_taken_before(self) -> None:
        assert read("PUT /${i}", i="a").checksum == read("PUT /${i}", i="b").checksum

    def test_unknown_ones_stay_and_are_listed_in_order(self) -> None:
        script = read("# ${no}\nPUT /${b}\nX: ${a}\n\n${b} ${c} ${known}", known="k")
        assert script.requests[0].path == "/${b}"
        assert script.unresolved == ("b", "a", "c")

    @pytest.mark.parametrize(
        ("template", "result"),
        [
            ("${a${b}}", "${aX}"),  # never looked at again
            ("${b}{ax}", "X{ax}"),
            ("$ {b}${ b}${B}", "$ {b}${ b}${B}"),
            ("$${b}}", "$X}"),
            ("${b", "${b"),
        ],
    )
    def test_it_is_a_single_pass(self, template: str, result: str) -> None:
        assert body(template, b="X", aX="no", ax="no") == result

    def test_values_that_together_form_a_placeholder_are_not_replaced(self) -> None:
        assert body("${a}{b}", a="$", b="no") == "${b}"

    def test_marks_are_plain_text(self) -> None:
        script = parse_http(
            b"PUT /.*i.* ${i}",
            file="x",
            placeholders={"i": "a+b"},
            placeholder_prefix=".*",
            placeholder_suffix=".*",
        )
        assert script is not None
        assert script.requests[0].path == "/a+b ${i}"
        assert script.unresolved == ()

    def test_it_can_be_switched_off(self) -> None:
        script = parse_http(
            b"PUT /a\n\n${i}",
            file="x",
            placeholders={"i": "}"},
            placeholder_replacement=False,
        )
        assert script is not None
        assert script.requests[0].body == "${i}"
        assert script.unresolved == ()


class TestValidation:
    @pytest.mark.parametrize(
        ("values", "prefix", "suffix"),
        [
            ({}, "", "}"),
            ({}, "${", " \t"),
            ({}, "${\n", "}"),
            ({"a}": "x"}, "${", "}"),
            ({"${a": "x"}, "${", "}"),
            ({"a": "{secret}"}, "${", "}"),
            ({"a": "secret${"}, "${", "}"),
            ({"a\nb": "x"}, "${", "}"),
            ({"a": "secret\udc80"}, "${", "}"),
        ],
    )
    def test_what_can_not_work_is_refused_without_its_value(
        self, values: dict[str, str], prefix: str, suffix: str
    ) -> None:
        with pytest.raises(ConfigError) as caught:
            Placeholders(values, prefix, suffix)
        assert "secret" not in str(caught.value)

    def test_values_are_in_no_repr(self) -> None:
        assert "secret" not in repr(Placeholders({"a": "secret"}))


class TestInjection:
    @pytest.mark.parametrize("value", ["a\nX: y", "a\r", "a\x00", "\r\n\r\nDELETE /"])
    @pytest.mark.parametrize(
        ("text", "line"),
        [
            ("${v} /a\n", 1),
            ("# c\nPUT /${v}\n", 2),
            ("PUT /a\nX: ${v}\n", 2),
            ("PUT /a\n${v}: x\n", 2),
            ("PUT /a\n\n{}\n###\nPUT /${v}\n", 5),
            ("PUT /a\n\n# ${v}\n{}\n", 3),
            ("// ${v}\nPUT /a\n", 1),
        ],
    )
    def test_a_line_end_or_nul_may_stand_in_a_body_only(
        self, text: str, line: int, value: str
    ) -> None:
        with pytest.raises(PlaceholderError) as caught:
            read(text, v=value)
        assert (caught.value.code, caught.value.line) == ("PLACEHOLDER_UNSAFE", line)

    @pytest.mark.parametrize("value", ["1\n2", "1\r\n2", "\x00", "1\n\n2"])
    def test_in_a_body_it_is_put_in_as_it_is(self, value: str) -> None:
        assert body("[${v}]", v=value) == f"[{value}]"

    def test_empty_lines_that_a_value_begins_a_body_with_are_swallowed(self) -> None:
        assert body("${v}", v="\n\n1") == "1"

    @pytest.mark.parametrize("value", ["1\n# 2", "1\n  // 2", "# 1\n2"])
    def test_a_value_that_makes_comment_lines_is_refused(self, value: str) -> None:
        with pytest.raises(PlaceholderError, match="would leave it out"):
            body("${v}", v=value)

    @pytest.mark.parametrize(
        ("text", "value"),
        [("${v}", "#1"), ("  ${v}", "// 1"), ("/${v}", "/a"), ("{\n${v}", "###")],
    )
    def test_a_value_that_makes_a_comment_of_its_line_is_refused(
        self, text: str, value: str
    ) -> None:
        with pytest.raises(PlaceholderError, match="makes a comment"):
            body(text, v=value)

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("{}\n### x\n${v}\n", "DELETE /b"),
            ("{}\n### x\n${v} /b\n", "DELETE"),
            ("{}\n#${v}\nDELETE /b\n", "##"),
            ("{}\n###\nDELETE ${v}\n", ""),
        ],
    )
    def test_a_value_never_begins_or_ends_a_request(
        self, text: str, value: str
    ) -> None:
        with pytest.raises(PlaceholderError, match="where requests begin"):
            body(text, v=value)

    def test_a_separator_with_a_value_behind_it_is_fine(self) -> None:
        script = read("### ${v}\nPUT /${v}\n### ${v}\nDELETE /${v}\n", v="a")
        assert [r.path for r in script.requests] == ["/a", "/a"]

    @pytest.mark.parametrize(
        "text",
        [
            "${v} /a",
            "PUT /a\n${v}\n",
            "PUT ${v}://x\n",
            "PUT /a\n\n${v}\n\n> {% %}",
            "PUT /a\n${v}: {{x}}\n",
        ],
    )
    def test_no_error_shows_a_value(self, text: str) -> None:
        with pytest.raises(Exception, match="line") as caught:
            read(text, v="hunter2")
        shown = f"{caught.value} {vars(caught.value)}"
        assert "hunter2" not in shown
