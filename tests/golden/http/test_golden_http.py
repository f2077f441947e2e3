"""Our reading of every recorded file beside elasticsearch-evolution's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from weave_migrate.errors import MigrationNameError, ScriptError
from weave_migrate.scripts.http import headers_to_send, http_checksum, parse_http
from weave_migrate.scripts.http_names import parse_http_name

HERE = Path(__file__).parent
CASES = json.loads((HERE / "cases.json").read_text(encoding="utf-8"))
RECORDED = json.loads((HERE / "recorded.json").read_text(encoding="utf-8"))

SCRIPTS = [case for case in CASES if "text" in case]
NAMES = [case for case in CASES if "name" in case]
SHAPES = RECORDED["1.0.0 (es client)"]["shapes"]
OTHER_SHAPES = {
    "2 two requests separated by ###",
    "2b two requests, the first without a body",
    "5 absolute URL",
    "12 body directly after the request line",
}
OPTIONS = ("line_separator", "trim_trailing_newline", "placeholders")

# Where we differ on purpose: a code is what we refuse with, a number how many requests
# we read.  Everything else is as recorded.
JSON = '\n\n{\n  "settings": {"number_of_replicas": 0}\n}\n'
DIFFERENT: dict[str, str | int] = {
    "\nPUT /a\n": 1,
    "  \nPUT /a\n": 1,
    "# c\n\nPUT /a\n": 1,
    "# comment\n\nPUT /a\n": 1,
    "### Title\n\nPUT /a\nContent-Type: application/json\n\n{}\n": 1,
    "PUT /a HTTP/1.1\n": 1,
    "PUT /a\n\n{}\n\n### two\nDELETE /b\n": 2,
    "PUT /a\n\n### two\nDELETE /b\n": 2,
    "DELETE /a\n###\nDELETE /b\n": 2,
    "DELETE /a\n###\nDELETE /b?x=1s\n": 2,
    "PUT http://h:9200/a\n": "SCRIPT_UNSUPPORTED",
    "GET http://h/a\n": "SCRIPT_UNSUPPORTED",
    "PUT //a\n": "SCRIPT_UNSUPPORTED",
    "@host = h\nPUT /a\n": "SCRIPT_UNSUPPORTED",
    "PUT /{{var}}\n": "SCRIPT_UNSUPPORTED",
    "PUT /a\nX: {{var}}\n": "SCRIPT_UNSUPPORTED",
    "GET /_search\n    ?a=1\n    &b=2\n": "SCRIPT_UNSUPPORTED",
    "PUT /a\n\n< ./body.json\n": "SCRIPT_UNSUPPORTED",
    "PUT /a\n\n{}\n\n> {% client.test() %}\n": "SCRIPT_UNSUPPORTED",
    "PUT /a\n\n{}\n\n<> answer.json\n": "SCRIPT_UNSUPPORTED",
    f"PUT /a\n: v{JSON}": "SCRIPT_SYNTAX",
    'PUT /a\n{"settings": {}}\n': "SCRIPT_SYNTAX",
}


def shape_name(shape: dict[str, Any]) -> str:
    return str(shape["name"])


def options(case: dict[str, Any]) -> dict[str, Any]:
    return {name: case[name] for name in OPTIONS if name in case}


def accepted(java: dict[str, Any]) -> bool:
    """Java makes a request without a method of a file that has only comments."""
    return java.get("method") is not None


@pytest.mark.parametrize(
    "case", SCRIPTS, ids=[f"{c['rule']} {c['text'][:40]!r}" for c in SCRIPTS]
)
class TestScripts:
    def test_the_checksum_is_the_peers(self, case: dict[str, Any]) -> None:
        kept = {k: v for k, v in options(case).items() if k != "placeholders"}
        checksum = http_checksum(case["text"].encode(), file="V1__x.http", **kept)
        assert checksum == case["java"].get("checksum", 0)

    def test_the_request_is_the_peers(self, case: dict[str, Any]) -> None:
        data, java = case["text"].encode(), case["java"]
        different = DIFFERENT.get(case["text"])
        if isinstance(different, str) or (different is None and "error" in java):
            with pytest.raises(ScriptError) as caught:
                parse_http(data, file="V1__x.http", **options(case))
            assert caught.value.code == (different or "SCRIPT_SYNTAX")
            assert caught.value.excerpt is not None
            return
        if different is None and "checksum" in java and not accepted(java):
            with pytest.raises(ScriptError, match="no request"):
                parse_http(data, file="V1__x.http", **options(case))
            return
        script = parse_http(data, file="V1__x.http", **options(case))
        if java.get("skipped"):
            assert script is None
            return
        assert script is not None
        if different is not None:
            assert len(script.requests) == different
            assert script.notes
            return
        (request,) = script.requests
        assert request.method == java["method"]
        assert request.path == java["path"]
        assert dict(request.headers) == dict(java["headers"])
        assert (request.body or "") == java["body"]
        assert script.checksum == java["checksum"]


@pytest.mark.parametrize("case", NAMES, ids=[c["name"] for c in NAMES])
def test_the_name_is_read_as_the_peer_does(case: dict[str, Any]) -> None:
    java, suffixes = case["java"], case.get("suffixes", [".http"])
    if "error" in java:
        with pytest.raises(MigrationNameError) as caught:
            parse_http_name(case["name"], suffixes=suffixes)
        corrected = str(caught.value.hint).removeprefix("Rename it to ")
        assert parse_http_name(corrected.removesuffix("."), suffixes=suffixes)
        return
    name = parse_http_name(case["name"], suffixes=suffixes)
    assert name is not None
    assert (name.version, name.description) == (java["version"], java["description"])
    assert name.source == case["name"]


def sent(shape: dict[str, Any]) -> dict[str, Any]:
    (request,) = shape["sent"]
    headers = {k: v for k, v in request["headers"].items() if k != "User-Agent"}
    return {**request, "headers": headers}


@pytest.mark.parametrize(
    "shape",
    [s for s in SHAPES if s["sent"] and s["name"] not in OTHER_SHAPES],
    ids=shape_name,
)
def test_what_version_1_0_0_sent_is_what_we_send(shape: dict[str, Any]) -> None:
    script = parse_http(shape["text"].encode(), file="V1__x.http")
    assert script is not None
    (request,) = script.requests
    recorded = sent(shape)
    assert request.method == recorded["method"]
    assert request.path == recorded["path"]
    assert (request.body or "") == recorded["body"]
    headers = headers_to_send(request, default="application/json; charset=UTF-8")
    assert dict(headers) == recorded["headers"]


@pytest.mark.parametrize("shape", [s for s in SHAPES if s["exit"]], ids=shape_name)
def test_what_version_1_0_0_failed_at_is_refused_or_noted(
    shape: dict[str, Any],
) -> None:
    try:
        script = parse_http(shape["text"].encode(), file="V1__x.http")
    except ScriptError:
        return
    assert script is not None
    assert script.notes


@pytest.mark.parametrize("tool", RECORDED)
def test_recorded_checksums_are_ours(tool: str) -> None:
    first, shapes = RECORDED[tool]["first_run"], RECORDED[tool].get("shapes", [])
    recorded = [(first["scripts"][n], c) for n, c in first["checksums"].items()]
    recorded += [
        (s["text"], s["checksum"])
        for s in shapes
        if s["checksum"] is not None and "NODE" not in s["text"]
    ]
    computed = [
        http_checksum(
            text.encode(),
            file="V1__x.http",
            trim_trailing_newline=tool.startswith("0.4.3"),
        )
        for text, _ in recorded
    ]
    assert computed == [checksum for _, checksum in recorded]


@pytest.mark.parametrize("tool", [t for t in RECORDED if t.startswith("1.0.0")])
def test_the_first_run_of_version_1_0_0_sends_what_we_send(tool: str) -> None:
    first = RECORDED[tool]["first_run"]
    for (name, text), recorded in zip(
        first["scripts"].items(), first["sent"], strict=True
    ):
        script = parse_http(
            text.encode(), file=name, placeholders=first["placeholders"]
        )
        assert script is not None
        (request,) = script.requests
        assert (request.method, request.path) == (recorded["method"], recorded["path"])
        assert request.body == recorded["body"]
        headers = dict(
            headers_to_send(request, default="application/json; charset=UTF-8")
        )
        assert headers["Content-Type"] == recorded["headers"]["Content-Type"]
