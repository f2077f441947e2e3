"""Reading .http scripts: what is beside elasticsearch-evolution's own rules."""

from __future__ import annotations

import pytest

from weave_migrate.errors import ConfigError, ScriptError, ScriptSyntaxError
from weave_migrate.model import HttpScript, Request
from weave_migrate.scripts.http import (
    checksum_variants,
    headers_to_send,
    http_checksum,
    parse_http,
)


def read(text: str, **options: str) -> HttpScript:
    script = parse_http(text.encode(), file="V1__x.http", **options)  # type: ignore[arg-type]
    assert script is not None
    return script


def refusal(text: str) -> ScriptError:
    with pytest.raises(ScriptError) as caught:
        read(text)
    return caught.value


class TestOneRequest:
    def test_a_file_of_an_editor_for_rest_calls_is_read(self) -> None:
        script = read(
            "# What this does\n"
            "// and why\n"
            "\n"
            "### Create the index\n"
            "PUT /products?wait_for_active_shards=1 HTTP/1.1\n"
            "Content-Type: application/json\n"
            "\n"
            '{"settings": {}}\n'
        )
        assert script.requests == (
            Request(
                method="PUT",
                path="/products?wait_for_active_shards=1",
                headers=(("Content-Type", "application/json"),),
                body='{"settings": {}}\n',
                line=5,
            ),
        )

    def test_a_file_that_the_peer_reads_alike_has_no_notes(self) -> None:
        assert read("### Title\n# c\nPUT /a\nX: y\n\n{\n}\n\n###\n").notes == ()

    @pytest.mark.parametrize("text", ["\nPUT /a\n", "# c\n \nPUT /a\n"])
    def test_a_blank_line_before_the_request_is_noted(self, text: str) -> None:
        (note,) = read(text).notes
        assert "rejects this file" in note

    def test_an_http_version_is_noted(self) -> None:
        script = read("PUT /a  HTTP/1.1")
        assert script.requests[0].path == "/a"
        assert "HTTP version" in script.notes[0]

    @pytest.mark.parametrize("path", ["/a b", "/<a>", "/a|b", "/%zz", "/a[1]"])
    def test_a_path_the_peer_cannot_send_is_kept_and_noted(self, path: str) -> None:
        script = read(f"PUT {path}\n")
        assert script.requests[0].path == path
        assert "percent-encoded" in script.notes[0]

    @pytest.mark.parametrize("path", ["/a%20b", "/a?x=[1]", "/é", "a", "/${later}"])
    def test_a_path_the_peer_can_send_is_not_noted(self, path: str) -> None:
        assert read(f"PUT {path}\n").notes == ()

    @pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
    def test_a_body_that_the_peer_refuses_to_send_is_noted(self, method: str) -> None:
        assert f"{method} request" in read(f"{method} /a\n\n{{}}\n").notes[0]
        assert read(f"{method} /a\n\n\n").notes == ()

    def test_the_body_has_the_line_ends_that_were_asked_for(self) -> None:
        script = read("PUT /a\n\n{\n}\n", line_separator="\r\n")
        assert script.requests[0].body == "{\r\n}\r\n"

    def test_an_empty_file_is_skipped(self) -> None:
        assert parse_http(b"", file="V1__x.http") is None

    def test_a_file_without_a_request_is_refused(self) -> None:
        assert "no request" in refusal("# only a comment\n").message


class TestSeveralRequests:
    def test_each_request_is_read_on_its_own(self) -> None:
        script = read(
            "### one\n"
            "PUT /a\n"
            "X: 1\n"
            "\n"
            "{\n"
            "  # a comment\n"
            "}  \n"
            "\n"
            " \n"
            "  ### two, headers without a body\n"
            "\n"
            "# more\n"
            "delete /b\n"
            "Y: 2\n"
            "### three\n"
            "POST /c\n"
            "\n"
            "{}\n"
            "\n"
        )
        assert script.requests == (
            Request("PUT", "/a", (("X", "1"),), "{\n}  ", 2),
            Request("DELETE", "/b", (("Y", "2"),), None, 13),
            Request("POST", "/c", (), "{}\n\n", 16),
        )

    def test_they_are_noted(self) -> None:
        (note,) = read("PUT /a\n\n{}\n###\nPUT /b\n").notes
        assert "takes these 2 for one" in note

    def test_a_file_that_stops_the_peer_is_noted_as_such(self) -> None:
        (note,) = read("DELETE /a\n###\nDELETE /b\n").notes
        assert "rejects this file" in note

    @pytest.mark.parametrize(
        "request_line",
        ["POST /_bulk", "POST /a/_bulk?refresh", "POST /_msearch", "GET _msearch"],
    )
    def test_a_bulk_body_before_a_separator_ends_with_one_line_end(
        self, request_line: str
    ) -> None:
        script = read(f"{request_line}\n\n{{}}\n{{}}\n\n\n###\nPUT /b\n")
        assert script.requests[0].body == "{}\n{}\n"

    def test_so_does_a_body_of_that_media_type(self) -> None:
        script = read(
            "POST /a\ncontent-type: application/x-ndjson\n\n{}\n\n###\nGET /b\n"
        )
        assert script.requests[0].body == "{}\n"

    def test_a_separator_behind_the_last_request_trims_it_too(self) -> None:
        script = read("PUT /a\n\n{}\n###\nPUT /b\n\n{}\n\n###\n")
        assert [r.body for r in script.requests] == ["{}", "{}"]

    def test_blank_lines_alone_are_no_body(self) -> None:
        script = read("PUT /a\n\n \n\n###\nPUT /b\n")
        assert script.requests[0].body is None

    def test_the_checksum_is_that_of_the_whole_file(self) -> None:
        text = "PUT /a\n###\nPUT /b\n"
        assert read(text).checksum == http_checksum(text.encode(), file="x")

    @pytest.mark.parametrize(
        ("note", "left"),
        [
            ("### a note\n", ""),
            ("###\n", ""),
            ("### a\n# b\n\n### c\n", "\n"),
            ("  ###\n \n\n// x\n", " \n\n"),
        ],
    )
    def test_other_lines_of_that_form_stay_comments(self, note: str, left: str) -> None:
        script = read(f"PUT /a\n\n{{\n{note}}}\n")
        assert [r.body for r in script.requests] == [f"{{\n{left}}}\n"]
        assert script.notes == ()

    def test_a_separator_between_headers_is_a_comment(self) -> None:
        (request,) = read("PUT /a\n### note\nX: y\n\n{}").requests
        assert request.headers == (("X", "y"),)

    def test_what_looks_like_a_separator_within_a_line_is_none(self) -> None:
        text = "PUT /a\n\n" + "x" * 65536 * 3 + "###\nDELETE /b\n"
        assert len(read(text).requests) == 1

    def test_a_separator_far_down_a_long_body_is_found(self) -> None:
        text = "POST /_bulk\n\n" + "{}\n" * 5000 + "###\nDELETE /b\n"
        assert [r.line for r in read(text).requests] == [1, 5004]


class TestRefusals:
    @pytest.mark.parametrize(
        ("text", "line", "column"),
        [
            ("@host = x\nPUT /a\n", 1, 1),
            ("# c\nPUT /a/{{id}}\n", 2, 8),
            ("PUT /a\nX: {{token}}\n", 2, 4),
            ('PUT /a\n\n{"id": "{{$guid}}"}\n', 3, 9),
            ('PUT /a\n\n# c\n{"t": {{$timestamp -1 d}}}\n', 4, 7),
            ("PUT /a\n\n< ./body.json\n", 3, 1),
            ("PUT /a\n\n<@latin1 ./body.json\n", 3, 1),
            ("PUT /a\n\n{}\n\n> {%\n client.test()\n%}\n", 5, 1),
            ("PUT /a\n\n{}\n> ./handler.js\n", 4, 1),
            ("PUT /a\n\n{}\n<> ./old.json\n", 4, 1),
            ("PUT /a\n\n{}\n>>! ./answer.json\n", 4, 1),
            ("GET /_search\n    ?size=1\n", 2, 5),
            ("GET /_search?size=1\n    &from=1\n", 2, 5),
            ("PUT https://es:9200/a\n", 1, 5),
            ("PUT //es/a\n", 1, 5),
            ("PUT /a\n\n{}\n###\nPUT http://es/b\n", 5, 5),
        ],
    )
    def test_what_only_editors_know_is_refused(
        self, text: str, line: int, column: int
    ) -> None:
        error = refusal(text)
        assert (error.code, error.line, error.column) == (
            "SCRIPT_UNSUPPORTED",
            line,
            column,
        )
        assert error.hint
        assert str(error.excerpt).endswith("\n" + " " * (column - 1) + "^")

    @pytest.mark.parametrize(
        "body",
        [
            '{"template": "{{_ingest.timestamp}}"}',
            '{"source": {"match": {"{{field}}": "{{value}}"}}}',
            '{"text": "{{$index}} of an angular page"}',
            '{"html": "<b>", "to": "> {% x %}"}',
            '{"a":\n  "< b"}',
        ],
    )
    def test_a_body_that_only_resembles_it_is_sent_as_it_is(self, body: str) -> None:
        assert read(f"PUT /a\n\n{body}").requests[0].body == body

    def test_a_comment_in_a_body_may_say_anything(self) -> None:
        assert read("PUT /a\n\n# {{$guid}}\n{\n}").requests[0].body == "{\n}"

    @pytest.mark.parametrize(
        ("text", "line"),
        [
            ("FETCH /a\n", 1),
            ("PUT\n", 1),
            ("PUT\t/a\n", 1),
            ("/a\n", 1),
            ("\ufeffPUT /a\n", 1),
            ("PUT /a\nno header\n", 2),
            ("PUT /a\n: x\n", 2),
            ("PUT /a\nX Y: x\n", 2),
            ("PUT /a\n@x: y\n", 2),
            ('PUT /a\n{"a": 1}\n', 2),
            ("PUT /a\nX: a\x00b\n", 2),
            ("PUT /a\nX: \u20ac\n", 2),
            ("PUT /a\n\n{}\n###\nPUT /b\nno header\n", 6),
        ],
    )
    def test_a_malformed_line_is_named(self, text: str, line: int) -> None:
        error = refusal(text)
        assert isinstance(error, ScriptSyntaxError)
        assert (error.code, error.line) == ("SCRIPT_SYNTAX", line)
        assert error.excerpt

    def test_a_missing_blank_line_is_guessed(self) -> None:
        assert "empty line" in str(refusal('PUT /a\n{"a": 1}\n').hint)

    def test_undecodable_bytes_are_named(self) -> None:
        with pytest.raises(ScriptError) as caught:
            parse_http(b"PUT /a\n\n\xff\xed\xa0\x80\n", file="V1__x.http")
        error = caught.value
        assert (error.code, error.line, error.column) == ("ENCODING", 3, 1)

    def test_an_unknown_encoding_is_a_matter_of_configuration(self) -> None:
        with pytest.raises(ConfigError):
            parse_http(b"PUT /a\n", file="V1__x.http", encoding="klingon")

    def test_another_encoding_can_be_asked_for(self) -> None:
        script = parse_http(b"PUT /\xe4\n", file="x", encoding="latin-1")
        assert script is not None
        assert script.requests[0].path == "/ä"


JSON = "application/json; charset=UTF-8"


class TestHeadersToSend:
    """§9.1, as elasticsearch-evolution does since 0.7.0."""

    @pytest.mark.parametrize(
        ("headers", "sent"),
        [
            ((), (("Content-Type", JSON),)),
            ((("Content-Type", "application/json"),), (("Content-Type", JSON),)),
            (
                (("content-type", "application/x-ndjson"), ("X", "y")),
                (
                    ("X", "y"),
                    ("Content-Type", "application/x-ndjson; charset=UTF-8"),
                ),
            ),
            (
                (("Content-Type", "text/plain;charset=ISO-8859-1"),),
                (("Content-Type", "text/plain;charset=ISO-8859-1"),),
            ),
            (
                (("Content-Type", "a/b; Charset=utf-8"),),
                (("Content-Type", "a/b; Charset=utf-8; charset=UTF-8"),),
            ),
            (
                (("Content-Type", ""), ("CONTENT-TYPE", "a/b"), ("content-type", "c")),
                (("Content-Type", "a/b; charset=UTF-8"),),
            ),
        ],
    )
    def test_a_body_has_a_content_type_with_a_charset(
        self,
        headers: tuple[tuple[str, str], ...],
        sent: tuple[tuple[str, str], ...],
    ) -> None:
        request = Request("PUT", "/a", headers, "{}")
        assert headers_to_send(request, default=JSON, encoding="utf-8") == sent

    @pytest.mark.parametrize("body", [None, "", " \n\x00\t"])
    def test_without_a_body_headers_stay_as_written(self, body: str | None) -> None:
        headers = (("content-type", "a"), ("Content-Type", "b"))
        request = Request("PUT", "/a", headers, body)
        assert headers_to_send(request, default=JSON) == headers


class TestChecksumVariants:
    def test_they_are_those_of_older_versions_and_other_settings(self) -> None:
        assert checksum_variants(b"foo\r\nbar\r\n", file="x") == {
            "lf": 296775771,
            "lf trimmed": -683163249,
            "crlf": 1877337581,
            "crlf trimmed": 296925264,
        }
