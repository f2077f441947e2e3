"""``weave db migrate-neo4j run``: which files, in which order, and what is said."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

Run = Callable[..., Any]


@pytest.fixture
def run(weave: Callable[..., Any], cypher: Callable[[str, str], Path]) -> Run:
    """Run files of a project whose server nobody can reach."""
    cypher("V1__a.cypher", "CREATE (:A);\n")
    nowhere = {"NEO4J_URI": "bolt://127.0.0.1:1"}
    return lambda *words: weave("db", "migrate-neo4j", "run", *words, environ=nowhere)


@pytest.fixture
def files(project: Path) -> Path:
    (project / "b.cypher").write_text("CREATE (:B);\nRETURN 1;\n")
    (project / "a.cypher").write_text("CREATE (:A);\n")
    return project


@pytest.mark.parametrize(
    "words",
    [
        ("b.cypher", "a.cypher"),
        ("--migration", "b.cypher,a.cypher"),
        ("--migration", "b.cypher", "--migration", "a.cypher"),
    ],
)
def test_a_dry_run_tells_the_order_and_asks_no_server(
    run: Run, files: Path, words: tuple[str, ...]
) -> None:
    result = run(*words, "--dry-run")
    assert (result.status, result.err) == (0, "")
    assert result.out.splitlines() == [
        "Run b.cypher (2 statements).",
        "Run a.cypher (1 statement).",
    ]


def test_everything_that_is_wrong_is_told_before_anything_runs(
    run: Run, files: Path
) -> None:
    result = run("a.cypher", "missing.cypher", "V1__x.xml")
    assert result.status == 6
    assert "error[UNREADABLE]: missing.cypher" in result.err
    assert "error[CATALOG_UNSUPPORTED]: V1__x.xml" in result.err
    assert result.out == "No script was run to its end.\n"


def test_a_server_that_is_not_there_is_status_5(run: Run, files: Path) -> None:
    result = run("a.cypher", "--json")
    assert (result.status, result.json["exit"]) == (5, 5)
    assert result.json["changes"] == []


@pytest.mark.parametrize("words", [(), ("a.cypher", "--migration", "b.cypher")])
def test_no_files_and_files_in_no_order_are_a_wrong_usage(
    run: Run, words: tuple[str, ...]
) -> None:
    result = run(*words)
    assert result.status == 2
    assert "error[USAGE]" in result.err
