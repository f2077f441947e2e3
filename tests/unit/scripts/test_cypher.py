"""What a Cypher script is: statements, databases, comments, placeholders, checksums."""

from __future__ import annotations

import pytest

from weave_migrate.errors import ScriptError, ScriptSyntaxError
from weave_migrate.scripts.cypher import cypher_checksum, parse_cypher


def texts(script: str | bytes, *, autocrlf: bool = False) -> list[str]:
    data = script.encode() if isinstance(script, str) else script
    parsed = parse_cypher(data, file="V1__x.cypher", autocrlf=autocrlf)
    return [statement.text for statement in parsed.statements]


def checksum(script: str, *, autocrlf: bool = False, flyway: bool = False) -> str:
    parsed = parse_cypher(
        script.encode(),
        file="V1__x.cypher",
        autocrlf=autocrlf,
        flyway_checksums=flyway,
    )
    return parsed.checksum


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        pytest.param("A;\nB;\r\nC;\rD", ["A", "B", "C", "D"], id="three line ends"),
        pytest.param("A; \nB;\n", ["A; \nB"], id="blank behind the semicolon"),
        pytest.param("A; // note\nB", ["A; // note\nB"], id="comment behind it"),
        pytest.param("A; B;\n", ["A; B"], id="two on one line"),
        pytest.param("RETURN 'a;\nb'", ["RETURN 'a", "b'"], id="inside a string"),
        pytest.param("A /* x;\ny */", ["A /* x", "y */"], id="inside a comment"),
        pytest.param("A;;\nB", ["A", "B"], id="two semicolons"),
        pytest.param("A;;;\nB", ["A;", "B"], id="only two are dropped"),
        pytest.param("A;", ["A"], id="last without line end"),
        pytest.param("A;;", ["A;"], id="last, only one is dropped"),
        pytest.param("A;\x85", ["A\x85"], id="Java's $ before NEL"),
        pytest.param("A;\u2028", ["A\u2028"], id="Java's $ before LS"),
        pytest.param("A;\x85;", ["A;\x85"], id="one semicolon only"),
        pytest.param(";\n\n;\r\n \t;\n", [], id="empty pieces"),
        pytest.param("", [], id="empty file"),
        pytest.param("\x00A\x1f;\n\x0bB", ["A", "B"], id="all up to blank is trimmed"),
        pytest.param("\xa0A\x85;\n", ["\xa0A\x85"], id="NBSP and NEL are not"),
        pytest.param("\ufeffA;\n", ["\ufeffA"], id="a byte order mark stays"),
        pytest.param("A /* c */ B", ["A /* c */ B"], id="block comments stay"),
        pytest.param("A\r\nB\rC;\n", ["A\r\nB\rC"], id="inner line ends stay"),
    ],
)
def test_pieces_end_at_a_semicolon_directly_before_a_line_end(
    script: str, expected: list[str]
) -> None:
    assert texts(script) == expected


def test_autocrlf_changes_only_crlf_inside_statements() -> None:
    assert texts("A\r\nB\rC;\r\n", autocrlf=True) == ["A\nB\rC"]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        pytest.param("// a\n// b", [], id="line comments"),
        pytest.param("// a;\nRETURN 1;\n", ["RETURN 1"], id="ended by its semicolon"),
        pytest.param("  // a\r\t// b;\n", [], id="indented, lone CR"),
        pytest.param("// a\n\n// b", [], id="blank line between (the peer fails)"),
        pytest.param("/* x */;\n", [], id="block comment (the peer fails)"),
        pytest.param("/* x; */ // y\n/**/;;\n", [], id="mixed (the peer fails)"),
        pytest.param(";;;\nA", ["A"], id="stray semicolons (the peer fails)"),
        pytest.param("// a\nA;\n", ["// a\nA"], id="comment above a statement"),
        pytest.param("/* x\nA", ["/* x\nA"], id="unclosed block comment"),
        pytest.param("/ a", ["/ a"], id="one slash"),
        pytest.param(":use abc\n// only;\nA", ["A"], id="comment behind :use"),
        pytest.param("\ufeff// a", ["\ufeff// a"], id="byte order mark hides slashes"),
    ],
)
def test_pieces_without_cypher_are_not_executed(
    script: str, expected: list[str]
) -> None:
    assert texts(script) == expected


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (":use foo;\nA;\nB;\n", [("foo", "A"), ("foo", "B")]),
        (":use foo\nA;\n", [("foo", "A")]),
        (":use foo\r\nA", [("foo", "A")]),
        (":USE   Foo-1.b;\nA", [("foo-1.b", "A")]),
        ("A;\n:use foo;\nB;\n:use bar;\nC", [(None, "A"), ("foo", "B"), ("bar", "C")]),
        # The name has three characters at least.
        (":use ab;\nA", [(None, ":use ab"), (None, "A")]),
        # In the middle: it counts for the whole statement.
        ("A\n:use foo\nB", [("foo", "A\nB")]),
        # In strings and comments too; what is left is not trimmed again.
        ("RETURN 'type :use system now'", [("system", "RETURN 'type  now'")]),
        (":use foo B", [("foo", " B")]),
        # On one line any number; the last one wins.
        (":use foo A :use bar B", [("bar", " A  B")]),
        ("A\r:use foo\rB:use bar", [("bar", "A\rB")]),
        # What reads :use once another one was cut out switches as well.
        (":u:use xyz;se bar;\nA", [("bar", "A")]),
        (":use foo;", []),
        (":use foo :use bar", []),
    ],
)
def test_use_is_cut_out_and_names_the_database(
    script: str, expected: list[tuple[str | None, str]]
) -> None:
    parsed = parse_cypher(script.encode(), file="x")
    assert [(s.database, s.text) for s in parsed.statements] == expected


def test_each_use_begins_a_group_even_for_the_same_database() -> None:
    parsed = parse_cypher(b"A;\n:use foo;\nB;\nC;\n:use foo;\nD", file="x")
    assert [s.group for s in parsed.statements] == [0, 1, 1, 2]


def test_a_second_use_in_a_statement_of_several_lines_is_an_error() -> None:
    with pytest.raises(ScriptSyntaxError) as caught:
        parse_cypher(b"A;\n\n:use foo\nB\n C :use bar", file="dir/V1__x.cypher")
    error = caught.value
    assert (error.code, error.file) == ("USE_INSIDE_STATEMENT", "dir/V1__x.cypher")
    assert (error.line, error.column) == (5, 4)
    assert error.excerpt == " C :use bar\n   ^"
    assert error.hint


@pytest.mark.parametrize(
    ("script", "lines"),
    [
        ("A;\nB;\r\nC;\rD", [1, 2, 3, 4]),
        ("\n\r\n\rA\nx\r\ny\rz;\n\n B", [4, 9]),
        ("// c\n// d\nA;\n// only\n;\nB", [1, 6]),
        (":use foo;\nA", [2]),
        (":use foo\n\nA", [2]),  # the rest is not trimmed: it begins with the LF
        ("A\n:use foo\nB;\nC", [1, 4]),
        ("x;;\ny", [1, 2]),
    ],
)
def test_line_is_that_of_the_first_character_kept(
    script: str, lines: list[int]
) -> None:
    parsed = parse_cypher(script.encode(), file="x")
    assert [s.line for s in parsed.statements] == lines


def test_lines_go_on_over_the_parts_a_large_file_is_read_in() -> None:
    script = f"// {'x' * 10_000}\r\nRETURN 1\r\n;\r\n" * 500
    statements = parse_cypher(script.encode(), file="x").statements
    assert len(statements) == 500
    assert statements[-1].line == 499 * 3 + 1


def test_a_statement_longer_than_any_token_is_one_statement() -> None:
    long = "RETURN '" + ";x\n" * 1_000_000 + "'"
    script = f"RETURN 1;\n{long};\n:use foo\nRETURN 2;\n"
    statements = parse_cypher(script.encode(), file="x").statements
    assert [s.text for s in statements] == ["RETURN 1", long, "RETURN 2"]
    assert [s.line for s in statements] == [1, 2, 1_000_004]


def test_given_placeholders_are_replaced_in_statements_only() -> None:
    script = b"// ${nm:a}\nCREATE (:`${nm:a}` {b: '${nm:b-1._}'});\nRETURN '${nm:b}'"
    with_value = parse_cypher(script, file="x", placeholders={"a": "${nm:b}$1\\"})
    without = parse_cypher(script, file="x")
    assert [s.text for s in with_value.statements] == [
        "// ${nm:b}$1\\\nCREATE (:`${nm:b}$1\\` {b: '${nm:b-1._}'})",
        "RETURN '${nm:b}'",
    ]
    assert with_value.unresolved == ("b-1._", "b")
    assert without.unresolved == ("a", "b-1._", "b")
    assert with_value.checksum == without.checksum


@pytest.mark.parametrize("text", ["${nm:}", "${nm:a b}", "${a}", "$nm:a", "${NM:a}"])
def test_what_is_no_placeholder_stays(text: str) -> None:
    parsed = parse_cypher(f"RETURN '{text}'".encode(), file="x")
    assert (parsed.statements[0].text, parsed.unresolved) == (f"RETURN '{text}'", ())


def test_a_statement_keeps_how_it_was_written() -> None:
    script = parse_cypher(
        b"RETURN '${nm:a}';\nRETURN 1;\n", file="x", placeholders={"a": "b"}
    )

    assert [(each.text, each.written) for each in script.statements] == [
        ("RETURN 'b'", "RETURN '${nm:a}'"),
        ("RETURN 1", None),
    ]


def test_a_placeholder_may_name_the_database() -> None:
    script = b":use ${nm:db};\nRETURN 1;\n"
    given = parse_cypher(script, file="x", placeholders={"db": "Tenant1"})
    assert [(s.database, s.text) for s in given.statements] == [("tenant1", "RETURN 1")]
    missing = parse_cypher(script, file="x")
    assert [s.text for s in missing.statements] == [":use ${nm:db}", "RETURN 1"]


def test_comments_do_not_ask_for_placeholders() -> None:
    assert parse_cypher(b"// ${nm:a};\nRETURN 1", file="x").unresolved == ()


HALF_TRUTH = "RETURN 42/2 AS `Die halbe Wahrheit`;"
COUNT = "MATCH (n) RETURN count(n) AS n;"
COUNT_2 = "MATCH (n){0}RETURN count(n) AS n;{0}"


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("MATCH (n) RETURN n\n", "2648307716"),
        (
            "MATCH (n) RETURN n;\nCREATE (m:SomeNode) RETURN m;\n",
            "1179729683",
        ),
        ("CREATE (n:SomeNode) RETURN n;\n", "1674913780"),
        ("MATCH (n) RETURN n;\nCREATE (m:Another) RETURN m;\n", "1543575674"),
        ("MATCH (n:BrokenData) DETACH DELETE n;", "1100083332"),
        (
            "CREATE (n:FixedData) RETURN n;\nMATCH (n) RETURN count(n) AS foobar;\n\n",
            "3226785110",
        ),
        (f"{COUNT}\n" * 3, "1902097523"),
        (f"{COUNT}\r\n" * 3, "1902097523"),
        (f"{COUNT}\r" * 3, "1902097523"),
        (COUNT_2.format("\n") * 3, "1916418554"),
        (COUNT_2.format("\r\n") * 3, "1641227053"),
        (HALF_TRUTH, "200310393"),
        (
            "CREATE (n1:`${nm:testLabel}`)\nCREATE (n2:`${nm:anotherLabel}`);",
            "1411768091",
        ),
        ("", "0"),
        ("// nothing", "1185369766"),
        ("\ufeffMATCH (n) RETURN n;", "3921193884"),
        ("RETURN 1; \nRETURN 2;\n", "1155986091"),
        ("RETURN 1;\nRETURN 2;\n", "1926902917"),
        ("RETURN 1RETURN 2", "1926902917"),
        (":use foo;\nRETURN 1;\n", "3824770593"),
        (":USE foo;\nRETURN 1;\n", "354833298"),
    ],
)
def test_checksum_is_that_of_the_reference(script: str, expected: str) -> None:
    assert checksum(script) == expected
    assert cypher_checksum(script.encode(), file="x") == expected


def test_checksum_with_autocrlf_is_that_of_lf() -> None:
    assert checksum(COUNT_2.format("\r\n") * 3, autocrlf=True) == "1916418554"


@pytest.mark.parametrize(
    "changed",
    [
        "RETURN  1;\nRETURN 2",
        "return 1;\nRETURN 2",
        "RETURN 1;\n// c;\nRETURN 2",
        "RETURN 1;\nRETURN\r\n2",
    ],
)
def test_checksum_is_sensitive_to_inner_blanks_case_comments(changed: str) -> None:
    assert checksum(changed) != checksum("RETURN 1;\nRETURN 2")


@pytest.mark.parametrize(
    "changed", ["RETURN 1;\r\nRETURN 2", " RETURN 1 ;\n\n\tRETURN 2;\n\n"]
)
def test_checksum_ignores_blanks_around_statements(changed: str) -> None:
    assert checksum(changed) == checksum("RETURN 1;\nRETURN 2")


def test_flyway_checksum_is_of_lines_and_signed() -> None:
    assert checksum("A;\r\nB\rC\n", flyway=True) == checksum("A;BC", flyway=True)
    assert checksum("\ufeff// nothing", flyway=True) == "1185369766"
    assert checksum("\n\ufeffA", flyway=True) != checksum("\nA", flyway=True)
    assert checksum("MATCH (n) RETURN n\n", flyway=True) == "-1646659580"
    assert checksum("", flyway=True) == "0"


def test_flyway_checksum_does_not_depend_on_the_parts_a_file_is_read_in() -> None:
    script = f"RETURN '{'x' * 10_000}';\r\n" * 500
    joined = script.replace("\r\n", "")
    assert checksum(script, flyway=True) == checksum(joined, flyway=True)


def test_a_precondition_added_later_is_an_alternative() -> None:
    plain = "MATCH (n)\nRETURN n;\n"
    script = "// assume that edition is enterprise\r\nMATCH (n)\r\nRETURN n;\r\n"
    parsed = parse_cypher(script.encode(), file="x")
    # The peer's pattern deletes lone CRs too, but these are not lone.
    assert parsed.checksum == "876711771"
    assert parsed.alternatives == {"2315710521"} == {checksum(plain)}


@pytest.mark.parametrize(
    ("script", "alternative"),
    [
        # Other comments stay.
        ("// assert that version is 5\n// c\nA", "// c\nA"),
        ("// c\n// assume that version is 5\nA", "// c\nA"),
        # Without a line end behind it, it stays.
        ("A;\n// assume that version is 5", None),
        # A line that repeats the condition below goes as well.
        ("// assume q'RETURN 1\nA\n// assume q'RETURN 1\nB", "A\nB"),
        # Every lone CR of that statement goes, of others none.
        ("// assume q'RETURN 1\nA\rB;\nC\rD", "AB;\nC\rD"),
        # A condition behind :use counts.
        (":use foo\n// assume that version is 5\nA", ":use foo\nA"),
        ("A", None),
    ],
)
def test_alternative_is_the_script_without_its_preconditions(
    script: str, alternative: str | None
) -> None:
    parsed = parse_cypher(script.encode(), file="x")
    expected = set() if alternative is None else {checksum(alternative)}
    assert parsed.alternatives == expected


def test_flyway_scripts_accept_their_default_checksum() -> None:
    parsed = parse_cypher(b"RETURN 1", file="x", flyway_checksums=True)
    assert parsed.alternatives == {checksum("RETURN 1")}


def test_preconditions_come_from_the_leading_comments_of_every_statement() -> None:
    script = (
        "  // assume that version is 5\n\t// c\n// assert q'RETURN true\nA\n"
        "// assert q'not leading\n;\n"
        "\n// assert that edition is community  \r\nB;\n"
        "// assume that version is 4\n\n// assume q'behind a blank line"
    )
    parsed = parse_cypher(script.encode(), file="x")
    assert [(p.type, p.text) for p in parsed.preconditions] == [
        ("assume", "// assume that version is 5"),
        ("assert", "// assert q'RETURN true"),
        ("assert", "// assert that edition is community"),
        ("assume", "// assume that version is 4"),
    ]


def test_a_wrong_precondition_names_its_line() -> None:
    with pytest.raises(ScriptSyntaxError) as caught:
        parse_cypher(b"A;\n\n// c\r\n// assume that nobody does this\nB", file="x")
    assert (caught.value.code, caught.value.line) == ("PRECONDITION_INVALID", 4)


def test_callbacks_have_no_preconditions() -> None:
    script = b"// assume that nobody does this\nRETURN 1"
    parsed = parse_cypher(script, file="x", with_preconditions=False)
    assert (len(parsed.statements), parsed.preconditions) == (1, ())


@pytest.mark.parametrize("bad", [b"\xff", b"\xed\xa0\x80", b"\xc3", b"\xc0\x80"])
def test_bytes_that_are_not_utf8_are_refused_with_their_place(bad: bytes) -> None:
    with pytest.raises(ScriptError) as caught:
        parse_cypher(b"RETURN 1;\r\nRETURN '" + bad + b"';\n", file="x")
    error = caught.value
    assert (error.code, error.line, error.column) == ("ENCODING", 2, 9)


def test_the_place_of_bad_bytes_counts_from_the_beginning_of_a_large_file() -> None:
    with pytest.raises(ScriptError) as caught:
        parse_cypher(b"RETURN 1;\n" + b"// x\n" * 300_000 + b"\xff", file="x")
    assert (caught.value.line, caught.value.column) == (300_002, 1)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("x" * 3_000_000, id="one line"),
        pytest.param("'\n" * 300_000, id="unclosed quotes"),
        pytest.param("CALL {" * 300_000, id="open calls"),
        pytest.param("}IN TRANSACTIONS " * 100_000, id="clauses"),
        pytest.param("CALL(" * 200_000 + "} IN TRANSACTIONS", id="parentheses"),
        pytest.param("/*" * 1_000_000, id="unclosed comment"),
        pytest.param("/*" + "*" * 1_000_000, id="stars"),
        pytest.param("//;" * 500_000, id="comments"),
        pytest.param(";" * 1_000_000, id="semicolons"),
        pytest.param(" " * 2_000_000 + "x", id="blanks"),
        pytest.param("\n" * 1_000_000 + "USING PERIODIC COMMIT", id="lines"),
        pytest.param(":use" + " " * 1_000_000, id="blanks behind :use"),
        pytest.param(":use " * 300_000, id="uses without a name"),
        pytest.param(":use abc " * 50_000, id="uses with a name"),
        pytest.param("\x00" * 1_000_000 + "\ufeff\x00", id="NUL"),
        pytest.param("// assume " * 200_000, id="assumptions"),
        pytest.param("// assume q'" + " in schema" * 100_000, id="schemas"),
        pytest.param("${nm:" * 200_000, id="open placeholders"),
        pytest.param("CALL {x}" + " " * 1_000_000 + "`", id="backtick far behind"),
        pytest.param("`}" * 500_000 + " IN TRANSACTIONS", id="backticks"),
    ],
)
def test_hostile_text_ends_in_a_value(script: str) -> None:
    assert parse_cypher(script.encode(), file="x").checksum
