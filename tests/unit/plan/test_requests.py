"""What is said about pending .http scripts before they run."""

from __future__ import annotations

import pytest

from weave_migrate.model import HttpScript, Migration, Request
from weave_migrate.plan.requests import check_scripts, reaches


def pending(script: HttpScript | None) -> list[Migration]:
    return [Migration("1", "x", "HTTP", "V1__x.http", None, "7", script=script)]


def script(
    *, notes: tuple[str, ...] = (), unresolved: tuple[str, ...] = ()
) -> HttpScript:
    return HttpScript((Request("PUT", "/a", line=3),), 7, notes, unresolved)


def test_a_clean_script_is_passed_in_silence() -> None:
    assert check_scripts(pending(script()), history_index="h") == ((), ())


def test_a_script_that_could_not_be_parsed_was_reported_elsewhere() -> None:
    assert check_scripts(pending(None), history_index="h") == ((), ())


def test_each_placeholder_without_a_value_is_a_problem() -> None:
    problems, _ = check_scripts(
        pending(script(unresolved=("a", "b"))), history_index="h"
    )
    assert [each.code for each in problems] == ["PLACEHOLDER_UNKNOWN"] * 2
    assert "placeholder a" in problems[0].message
    assert problems[0].file == "V1__x.http"


def test_notes_become_warnings_that_name_the_file() -> None:
    _, warnings = check_scripts(pending(script(notes=("Two.",))), history_index="h")
    assert warnings == ("V1__x.http: Two.",)


def test_a_request_that_reaches_the_history_is_a_warning_with_its_line() -> None:
    _, (warning,) = check_scripts(pending(script()), history_index="a")
    assert warning == (
        "V1__x.http, line 3: this PUT request reaches the history index a too."
    )


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/_all/_update_by_query"),
        ("DELETE", "/*"),
        ("DELETE", "*"),
        ("DELETE", "/%2A"),
        ("DELETE", "/logs,es_*"),
        ("PUT", "/_settings"),
        ("PUT", "/es_evolution/_doc/1"),
        ("PUT", "/-other,*/_settings"),
        ("PUT", "/*,-other/_settings?x=1"),
    ],
)
def test_these_reach_the_history(method: str, path: str) -> None:
    assert reaches(Request(method, path), "es_evolution")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/*"),
        ("HEAD", "/_all"),
        ("POST", "/*/_search"),
        ("POST", "/_all/_refresh"),
        ("POST", "/_bulk"),
        ("PUT", "/logs*/_settings"),
        ("PUT", "/es_evolution2"),
        ("PUT", "/es_evolutio?"),
        ("PUT", "/[e]s_evolution"),
        ("PUT", "/*,-es_*/_settings"),
        ("PUT", "/"),
    ],
)
def test_these_do_not(method: str, path: str) -> None:
    assert not reaches(Request(method, path), "es_evolution")
