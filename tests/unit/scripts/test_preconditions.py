"""Lines that are preconditions, lines that are none, and lines that are wrong."""

from __future__ import annotations

import pytest

from weave_migrate.errors import ScriptError, ScriptSyntaxError
from weave_migrate.scripts.preconditions import (
    Condition,
    EditionIs,
    QueryHolds,
    VersionList,
    VersionRange,
    is_met,
    parse_precondition,
)


def parse(line: str) -> Condition | None:
    return parse_precondition(line, file="V1__x.cypher", line_number=7)


@pytest.mark.parametrize(
    ("line", "operator", "version"),
    [
        ("// assume that version is ge 5.0", "ge", "5.0"),
        ("//assert that version is lt 4.4.1", "lt", "4.4.1"),
        ("//  ASSUME THAT VERSION IS LT 5 whatever follows", "lt", "5"),
        ("// assert that version is ge 5.x", "ge", "5"),
    ],
)
def test_a_version_range(line: str, operator: str, version: str) -> None:
    condition = parse(line)
    assert isinstance(condition, VersionRange)
    assert (condition.operator, condition.version) == (operator, version)
    assert condition.text == line


@pytest.mark.parametrize(
    ("line", "versions"),
    [
        ("// assume that version is 5", ("5",)),
        ("// assume that version is   4.3, 4.4 or 5.1.2", ("4.3", "4.4", "5.1.2")),
        ("// assume that version is 4or5", ("4", "5")),
        ("// assume that version is 4,,", ("4",)),
        ("// assume that version is 4 or", ("4",)),
        ("// assume that version is 4; and more", ("4",)),
        ("// assume that version is 4 - or so", ("4",)),
        ("// assume that version is 5\x85", ("5",)),
        ("// assume that version is 5é", ("5",)),
    ],
)
def test_a_version_list(line: str, versions: tuple[str, ...]) -> None:
    condition = parse(line)
    assert isinstance(condition, VersionList)
    assert condition.versions == versions


@pytest.mark.parametrize("edition", ["enterprise", "Community", "UNDEFINED"])
def test_an_edition(edition: str) -> None:
    condition = parse(f"// assert that edition is   {edition}")
    assert isinstance(condition, EditionIs)
    assert condition.edition == edition.lower()


@pytest.mark.parametrize(
    ("line", "query", "database"),
    [
        ("// assume q'RETURN true", "RETURN true", "target"),
        ("// assert in target q' RETURN 1 = 1 ;'", "RETURN 1 = 1 ;'", "target"),
        ("// assert IN SCHEMA Q'RETURN true", "RETURN true", "schema"),
        ("// assume q'RETURN ' in schema q'", "RETURN ' in schema q'", "target"),
        ("// assume that edition is what q'RETURN 1", "RETURN 1", "target"),
        ("// assume that x q'RETURN 1", "RETURN 1", "target"),
        ("// assume q'\xa0", "\xa0", "target"),
    ],
)
def test_a_query(line: str, query: str, database: str) -> None:
    condition = parse(line)
    assert isinstance(condition, QueryHolds)
    assert (condition.query, condition.database) == (query, database)


def test_assume_goes_before_assert_in_a_line_with_both() -> None:
    condition = parse("// assert that version is 5 // assume that it is")
    assert condition is None or condition.type == "assume"
    query = parse("// assert q'x' // assume that y")
    assert query is not None
    assert query.type == "assume"


@pytest.mark.parametrize(
    "line",
    [
        "// an ordinary comment",
        "// assume die Welt ist schlecht",
        "// assumed that version is 5",
        "// I assume that version is 5",
        "// assume  that version is 5",
        "// a\u017f\u017fume that version is 5",
        "//",
    ],
)
def test_ordinary_comments(line: str) -> None:
    assert parse(line) is None


@pytest.mark.parametrize(
    "line",
    [
        "// assume that nobody does this",
        "// assume that version is 4.3 and up",
        "// assume that version is 4.4.",
        "// assume that version is",
        "// assume that version is lt  5",
        "// assume that version is 4 OR 5",
        "// assume that version is 4,,5",
        "// assume that version is 4, ,",
        "// assume that version is 5\u20286",
        "// assume that version is ge 5\x85",
        "// assume that edition is enterprise.",
        "// assume that edition is",
        "// assume that edition is aura",
        "// assume in schema that version is 5",
        "// assume in target that edition is community",
        "// assume that q'RETURN true",
        "// assume q'",
        "// assume q' \u2003",
        "// assume q'RETURN\u2028true",
        "// see // assume that x",
    ],
)
def test_lines_that_only_begin_like_one_are_errors(line: str) -> None:
    with pytest.raises(ScriptSyntaxError) as caught:
        parse(line)
    error = caught.value
    assert (error.code, error.line) == ("PRECONDITION_INVALID", 7)
    assert error.hint is not None
    assert "// assume that version is ge 5.0" in error.hint
    assert error.excerpt


@pytest.mark.parametrize(
    ("line", "server", "expected"),
    [
        ("that version is ge 5.0", "Neo4j/5.26.30", True),
        ("that version is ge 5.26.30", "5.26.30", True),
        ("that version is ge 5.26.31", "5.26.30", False),
        ("that version is lt 5", "5.0.0", False),
        ("that version is lt 5", "4.4.48", True),
        ("that version is ge 5.9", "5.26.0", True),
        ("that version is ge 5", "2026.08.1", True),
        ("that version is ge 5.27", "5.27-aura", True),
        ("that version is 5.2", "5.26.30", True),
        ("that version is 5.3", "5.26.30", False),
        ("that version is 4, 5", "5.26.30", True),
        ("that edition is community", "5", True),
        ("that edition is enterprise", "5", False),
        ("that edition is undefined", "5", False),
    ],
)
def test_versions_and_editions_are_answered(
    line: str, server: str, expected: object
) -> None:
    condition = parse(f"// assume {line}")
    assert condition is not None
    assert not isinstance(condition, QueryHolds)
    assert is_met(condition, version=server, edition="COMMUNITY") is expected


def test_an_unknown_edition_is_undefined() -> None:
    condition = parse("// assert that edition is undefined")
    assert isinstance(condition, EditionIs)
    assert is_met(condition, version="5", edition="aura")


@pytest.mark.parametrize("server", ["5.x.1", "five", "5..1", "5." + "9" * 5000])
def test_a_server_version_without_numbers_can_not_be_compared(server: str) -> None:
    condition = parse("// assume that version is ge 5.0")
    assert isinstance(condition, VersionRange)
    with pytest.raises(ScriptError) as caught:
        is_met(condition, version=server, edition="")
    assert caught.value.code == "PRECONDITION_UNDECIDED"
