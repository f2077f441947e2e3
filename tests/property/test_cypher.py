"""Cypher scripts against plain renderings of neo4j-migrations' rules, on random input.

The renderings are the reference's own (§2.1, §2.2, §2.5, §2.6, §3): simple, some of
them quadratic, and written without looking at the parser.
"""

from __future__ import annotations

import re
import zlib
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weave_migrate.errors import ScriptError
from weave_migrate.scripts.cypher import cypher_checksum, parse_cypher
from weave_migrate.scripts.cypher_names import (
    callback_phase,
    compare_versions,
    near_miss,
    parse_migration_name,
    version_key,
)
from weave_migrate.scripts.cypher_transactions import peer_transaction, transaction
from weave_migrate.scripts.inspect_cypher import inspect_cypher
from weave_migrate.scripts.preconditions import (
    EditionIs,
    QueryHolds,
    VersionList,
    VersionRange,
    parse_precondition,
)

pytestmark = pytest.mark.property

IGNORING_CASE = re.IGNORECASE | re.ASCII
DELIMITER = re.compile(r";(?:\r?\n|\r)")
USE = re.compile(r":use +([a-z][a-z\d.\-]{2,62})(?:;?(?:\r?\n|\r)?)?", IGNORING_CASE)
BLANKS = "".join(map(chr, range(0x21)))
NO_CYPHER = re.compile(r"(?:[\x00-\x20;]|//[^\r\n]*+|/\*(?s:.)*?\*/)*+")
SCRIPTS = st.lists(
    st.sampled_from(
        [
            ";",
            "\n",
            "\r",
            "\r\n",
            ";\n",
            ";\r\n",
            ";\r",
            " ",
            "\t",
            "\x00",
            "\x0b",
            "'",
            '"',
            "`",
            "/",
            "//",
            "// ",
            "/*",
            "*/",
            "a",
            "RETURN 1",
            "{",
            "}",
            ":use abc",
            ":USE  ab.c-d",
            ":use ab",
            ":u",
            "se xyz",
            ":use ",
            ":",
            "\ufeff",
            "\xa0",
            "\x85",
            "\u2028",
            "\u2029",
            "é",
            "\U0001f600",
            "${nm:x}",
            "// assume that version is 5",
            "// assert q'RETURN 1",
            "// assume die",
        ]
    )
    | st.text(max_size=3),
    max_size=24,
).map("".join)


def plain_entries(text: str, *, autocrlf: bool) -> list[str] | None:
    """§2.1; None where the peer raises."""
    out = []
    for token in DELIMITER.split(text):
        piece = token.strip(BLANKS)
        piece = re.sub(r";(?=[\x85\u2028\u2029]?\Z)", "", piece).strip(BLANKS)
        if autocrlf:
            piece = piece.replace("\r\n", "\n")
        if not piece:
            continue
        uses = list(USE.finditer(piece))
        if len(uses) > 1 and "\n" in piece:
            return None
        out += [use[0].strip(BLANKS) for use in uses]
        rest = USE.sub("", piece)
        if rest:
            out.append(rest)
    return out


def plain_comments(entry: str) -> list[str]:
    """§2.2."""
    lines = [line.strip(BLANKS) for line in re.split(r"\r?\n|\r", entry)]
    if not entry.startswith("//"):
        return []
    until = [not line.startswith("//") for line in [*lines, ""]].index(True)
    return lines[:until]


def plain_checksum(entries: list[str]) -> str:
    """§3.1."""
    return str(zlib.crc32("".join(entries).encode()))


def plain_flyway(text: str) -> str:
    """§3.3."""
    lines = re.split(r"\r?\n|\r", text)
    lines[0] = lines[0].removeprefix("\ufeff")
    crc = zlib.crc32("".join(lines).encode())
    return str(crc - (1 << 32) if crc >= 1 << 31 else crc)


def is_precondition(comment: str) -> bool:
    return parse_precondition(comment, file="x", line_number=1) is not None


@settings(max_examples=400)
@given(SCRIPTS, st.booleans())
def test_a_script_is_what_the_plain_rules_make_of_it(text: str, autocrlf: bool) -> None:
    data = text.encode()
    entries = plain_entries(text, autocrlf=autocrlf)
    if entries is None:
        with pytest.raises(ScriptError):
            parse_cypher(data, file="x", autocrlf=autocrlf)
        return
    assert cypher_checksum(data, file="x", autocrlf=autocrlf) == plain_checksum(entries)
    try:
        found = [[c for c in plain_comments(e) if is_precondition(c)] for e in entries]
    except ScriptError:
        return
    parsed = parse_cypher(data, file="x", autocrlf=autocrlf)
    assert [p.text for p in parsed.preconditions] == [c for each in found for c in each]
    bare = [
        re.sub("(" + "|".join(map(re.escape, cs)) + ")\r?\n|\r", "", e) if cs else e
        for e, cs in zip(entries, found, strict=True)
    ]
    alternatives = {plain_checksum(bare)} - {plain_checksum(entries)}
    assert parsed.alternatives == alternatives
    database, executed = None, []
    for entry in entries:
        use = USE.fullmatch(entry)
        if use:
            database = use[1].lower()
        elif not NO_CYPHER.fullmatch(entry):
            executed.append((database, entry))
    assert [(s.database, s.text) for s in parsed.statements] == executed


@given(SCRIPTS)
def test_the_flyway_checksum_is_that_of_the_lines(text: str) -> None:
    checksum = cypher_checksum(text.encode(), file="x", flyway_checksums=True)
    assert checksum == plain_flyway(text)


@given(SCRIPTS)
def test_lines_point_at_the_statements_beginning(text: str) -> None:
    try:
        parsed = parse_cypher(text.encode(), file="x", with_preconditions=False)
    except ScriptError:
        return
    assert all(a.line <= b.line for a, b in pairwise(parsed.statements))
    lines = re.split(r"\r\n|\r|\n", text)
    for statement in parsed.statements:
        first = re.split(r"[\r\n]", statement.text)[0]
        assert first[:1] in lines[statement.line - 1]


@given(SCRIPTS, st.integers(0, 3))
def test_line_ends_around_statements_do_not_change_the_checksum(
    text: str, blank_lines: int
) -> None:
    try:
        plain = cypher_checksum(text.encode(), file="x")
    except ScriptError:
        return
    padded = "\r\n" * blank_lines + text + ";\n" + "\n" * blank_lines
    if not text.rstrip(BLANKS).endswith((";", "\x85", "\u2028", "\u2029")):
        assert cypher_checksum(padded.encode(), file="x") == plain


@settings(max_examples=400)
@given(st.binary(max_size=200) | SCRIPTS.map(str.encode), st.text(max_size=20))
def test_no_input_raises_anything_but_a_script_error(data: bytes, path: str) -> None:
    found = inspect_cypher(
        data, path=path, placeholders={}, autocrlf=True, flyway_checksums=False
    )
    assert (found["error"] is None) or found["statements"] == []
    for read in (parse_migration_name, callback_phase, near_miss):
        try:
            read(path)
        except ScriptError as error:
            assert error.hint  # noqa: PT017


CALL = re.compile(
    r"(?<!`)([^`\s*+]\s*+CALL\s*+(?:\(.+?\)\s*+)?\{.*}\s*+"
    r"(?P<tx>IN(?P<conc>.+?)TRANSACTIONS)?)(?!`)",
    IGNORING_CASE | re.DOTALL,
)
# Java's ^ is true behind each of its line ends; Python's knows only LF.
PERIODIC = re.compile(
    r"(?<!`)(?:(?:[^`\s*]|\A|(?<=[\n\r\x85\u2028\u2029]))"
    r"\s*+USING\s+PERIODIC\s+COMMIT\s+)(?!`)",
    IGNORING_CASE | re.DOTALL,
)
STATEMENTS = st.lists(
    st.sampled_from(
        [
            "CALL",
            "call",
            " CALL {",
            "x CALL (y) {",
            "{",
            "}",
            "(",
            ")",
            " ",
            "\n",
            "\r",
            "IN",
            " IN TRANSACTIONS",
            "TRANSACTIONS",
            "} IN TRANSACTIONS",
            "CONCURRENT",
            "5",
            "-3 ",
            "$n",
            "`",
            "*",
            "+",
            "a",
            "\x85",
            "\u2028",
            "\u2003",
            "\xa0",
            "USING PERIODIC COMMIT ",
            "USING",
            "periodic",
            "COMMIT",
            "\t",
            "'",
            "//",
        ]
    ),
    max_size=18,
).map("".join)
JAVA_BLANK = re.compile(r"(?:(?![\x85\xa0\u2007\u202f])\s)*")


def plain_mode(statement: str) -> str:
    """§2.6, with the two patterns themselves."""
    if PERIODIC.search(statement):
        return "implicit"
    call = CALL.search(statement)
    if call is None or call["tx"] is None:
        return "managed"
    conc = call["conc"]
    if JAVA_BLANK.fullmatch(conc) or re.fullmatch(
        r"(-\d+|\d+)?\s*CONCURRENT", conc.strip(BLANKS), IGNORING_CASE
    ):
        return "implicit"
    return "invalid"


@settings(max_examples=1500)
@given(STATEMENTS)
def test_the_transaction_scanner_answers_like_the_two_patterns(statement: str) -> None:
    expected = plain_mode(statement)
    assert peer_transaction(statement) == expected
    ours, theirs = transaction(statement)
    if expected == "implicit":
        assert (ours, theirs) == ("implicit", None)
    elif expected == "managed":
        assert (theirs or ours) == "managed"


MEANT = r"// *{0}(?: in (?:schema|target))? (that|q').*"
ANY = r"[^\n\r\x85\u2028\u2029]"
RANGE = re.compile(
    rf" *// *(assume|assert) that version is (lt|ge) (\d+(\.\d+)*){ANY}*", IGNORING_CASE
)
LIST = re.compile(
    r"\A *// *(assume|assert) that version is *(?P<v>\d+(\.\d+)*[\w\s.,]*+)?"
    rf"{ANY}*[\x85\u2028\u2029]?\Z",
    IGNORING_CASE,
)
EDITION = re.compile(r" *// *(assume|assert) that edition is *(\w+)?", IGNORING_CASE)
QUERY = re.compile(
    rf"{ANY}*?( in (target|schema))? (?<!that )q'({ANY}+)?", IGNORING_CASE
)
CONDITIONS = st.tuples(
    st.sampled_from(
        [
            "// assume",
            "//assert",
            "// ASSUME",
            "// assume that version is ",
            "// x",
            "// assert that version is ge ",
            "// assume that edition is ",
            "//",
            "// assume in schema q'",
            "// assert q'",
            "// assume in target that ",
        ]
    ),
    st.lists(
        st.sampled_from(
            [
                " that ",
                "version is ",
                "edition is ",
                "q'",
                " q'",
                " in target",
                " ",
                " in schema",
                "lt ",
                "ge ",
                "5",
                "5.1",
                ",",
                " or ",
                "or",
                ".",
                "x",
                "-",
                "community",
                "Enterprise",
                "\x85",
                "\u2028",
                "\u017f",
                "é",
                "٣",
                "//",
                "\xa0",
            ]
        ),
        max_size=7,
    ).map("".join),
).map(lambda pair: "".join(pair).strip(BLANKS))


def plain_condition(line: str) -> tuple[object, ...] | str | None:
    """§2.5; "wrong" where the peer raises."""
    kind = next(
        (
            k
            for k in ("assume", "assert")
            if re.search(MEANT.format(k), line, IGNORING_CASE)
        ),
        None,
    )
    if kind is None:
        return None
    if found := RANGE.fullmatch(line):
        return (kind, found[2].lower(), found[3])
    if found := LIST.search(line):
        items = re.sub(",*$", "", (found["v"] or "").replace("or", ",")).split(",")
        items = [item.strip(BLANKS) for item in items]
        fits = all(re.fullmatch(r"\d+(\.\d+)*", item, re.ASCII) for item in items)
        return (kind, *items) if fits else "wrong"
    if found := EDITION.fullmatch(line):
        known = {"enterprise", "community", "undefined"}
        edition = (found[2] or "").lower()
        return (kind, edition) if edition in known else "wrong"
    if found := QUERY.fullmatch(line):
        query = found[3] or ""
        if JAVA_BLANK.fullmatch(query):
            return "wrong"
        return (kind, query.strip(BLANKS), (found[2] or "target").lower())
    return "wrong"


@settings(max_examples=1500)
@given(CONDITIONS)
def test_preconditions_are_what_the_patterns_accept(line: str) -> None:
    try:
        condition = parse_precondition(line, file="x", line_number=1)
    except ScriptError:
        assert plain_condition(line) == "wrong"
        return
    ours: tuple[object, ...] | None
    match condition:
        case None:
            ours = None
        case VersionRange(operator=operator, version=version):
            ours = (condition.type, operator, version)
        case VersionList(versions=versions):
            ours = (condition.type, *versions)
        case EditionIs(edition=edition):
            ours = (condition.type, edition)
        case QueryHolds(query=query, database=database):
            ours = (condition.type, query, database)
    assert ours == plain_condition(line)


VERSIONS = st.lists(
    st.sampled_from(["0", "00", "1", "01", "2", "9", "10", "007"]),
    min_size=1,
    max_size=5,
).map(".".join)


def plain_compare(a: str, b: str) -> int:
    """§1.5."""
    x, y = [[int(part) for part in v.split(".")] for v in (a, b)]
    for i in range(min(len(x), len(y))):
        if x[i] != y[i]:
            return -1 if x[i] < y[i] else 1
    if len(x) < len(y):
        return 0 if y[len(x)] == 0 else -1
    if len(x) > len(y):
        return 0 if x[len(y)] == 0 else 1
    return 0


@given(VERSIONS, VERSIONS)
def test_semantic_order_is_the_peers(a: str, b: str) -> None:
    assert compare_versions(a, b, order="semantic") == plain_compare(a, b)
    assert compare_versions(b, a, order="semantic") == -plain_compare(a, b)


@given(st.lists(VERSIONS.filter(lambda v: "." not in v), max_size=8))
def test_whole_numbers_sort_as_numbers(versions: list[str]) -> None:
    assert sorted(versions, key=version_key("semantic")) == sorted(versions, key=int)


@given(VERSIONS, st.from_regex(r"[\w ]+", fullmatch=True).filter(str.isascii))
def test_a_well_formed_name_is_read_back(version: str, description: str) -> None:
    for number in (version, version.replace(".", "_")):
        name = parse_migration_name(f"a/V{number}__{description}.cypher")
        assert name is not None
        assert name.version == version
        assert name.description == description.replace("_", " ")
