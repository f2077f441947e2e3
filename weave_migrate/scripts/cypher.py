"""Parse Cypher scripts: bytes in, a frozen value out.

Strategy: ``cypher.lark`` cuts the text into the pieces neo4j-migrations sees and says
which of them need a closer look; the named functions of ``_neo4j_migrations`` make
entries of a piece (what is hashed); entries become statements (what is executed) and
preconditions.  Sections are those of the compatibility reference.

Large files are decoded and cut a window at a time, so that beside the file only its
statements are in memory.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from weave_migrate.errors import ScriptSyntaxError
from weave_migrate.model import CypherScript, Precondition, Statement
from weave_migrate.scripts import _neo4j_migrations as peer
from weave_migrate.scripts._grammar import load_lexer
from weave_migrate.scripts._source import decode, excerpt, position
from weave_migrate.scripts.cypher_placeholders import substitute
from weave_migrate.scripts.cypher_transactions import transaction
from weave_migrate.scripts.preconditions import parse_precondition

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from weave_migrate.scripts.preconditions import Condition

_NO_PLACEHOLDERS: Mapping[str, str] = MappingProxyType({})
_WINDOW = 1 << 20
# How a piece without Cypher begins: with a blank, a comment or a semicolon.
_MAYBE_NOTHING = frozenset({*map(chr, range(0x21)), "/", ";"})
_DELIMITER = re.compile(rb";(?:\r\n?|\n)")


class _Entry(NamedTuple):
    """What the peer hashes as one unit: a statement, a ``:use``, a run of comments."""

    text: str
    line: int
    kind: str  # the terminal of cypher.lark


def parse_cypher(
    data: bytes,
    *,
    file: str,
    placeholders: Mapping[str, str] = _NO_PLACEHOLDERS,
    autocrlf: bool = False,
    flyway_checksums: bool = False,
    with_preconditions: bool = True,
) -> CypherScript:
    """Make a value of a script's bytes.

    Statements, their databases and the checksums are neo4j-migrations' (§2, §3).
    Pieces without any Cypher in them are left out; the peer sends those to the server
    whose lines are not all ``//`` comments, and fails.  Placeholders are replaced in
    statements, never for checksums; those without a value are listed, not refused.
    Callbacks have no preconditions: ``with_preconditions`` is False for them.

    Raises ScriptError: ENCODING (not UTF-8), USE_INSIDE_STATEMENT (a second ``:use``
    in a statement of several lines), PRECONDITION_INVALID.
    """
    statements: list[Statement] = []
    preconditions: list[Precondition] = []
    unresolved: dict[str, None] = {}
    database, group = None, 0
    crc = bare = 0  # with and without the lines of preconditions
    for entry in _entries(data, file=file, autocrlf=autocrlf):
        found = _conditions(entry, file) if with_preconditions else ()
        if found:
            preconditions += [Precondition(c.type, c.text) for c in found]
        is_alike = bare == crc and not found
        crc = peer.crc32(entry.text, crc)
        bare = crc if is_alike else peer.crc32(_without(entry.text, found), bare)
        if entry.kind == "_NOTHING":
            continue
        text = substitute(entry.text, placeholders, unresolved)
        if entry.kind == "_SWITCHING" or text is not entry.text:
            # Only now, because a name may have come from a placeholder (§2.3).
            name = peer.database_of(text)
            if name is not None:
                database, group = name, group + 1
                continue
        mode, peer_mode = transaction(text)
        written = entry.text if text != entry.text else None
        statements.append(
            Statement(text, entry.line, database, mode, peer_mode, group, written)
        )
    main = peer.flyway_checksum(_windows(data, file)) if flyway_checksums else str(crc)
    return CypherScript(
        statements=tuple(statements),
        checksum=main,
        preconditions=tuple(preconditions),
        alternatives=frozenset({str(bare)} - {main}),
        unresolved=tuple(unresolved),
    )


def cypher_checksum(
    data: bytes, *, file: str, autocrlf: bool = False, flyway_checksums: bool = False
) -> str:
    """Compute the checksum alone; preconditions may be as wrong as they like.

    Raises ScriptError: ENCODING, USE_INSIDE_STATEMENT.
    """
    if flyway_checksums:
        return peer.flyway_checksum(_windows(data, file))
    crc = 0
    for entry in _entries(data, file=file, autocrlf=autocrlf):
        crc = peer.crc32(entry.text, crc)
    return str(crc)


def _entries(data: bytes, *, file: str, autocrlf: bool) -> Iterator[_Entry]:
    line = 1
    for text in _windows(data, file):
        for kind, start, end in _pieces(text):
            piece, begin = peer.clean_piece(text, start, end)
            if begin > start:
                line += _line_ends(text, start, begin)
            if autocrlf:
                piece = piece.replace("\r\n", "\n")
            if kind == "_SWITCHING":
                try:
                    yield from _switching(piece, line)
                except peer.SecondUseError:
                    raise _second_use(text, begin, end, line, file) from None
            elif piece:
                yield _Entry(piece, line, kind)
            line += _line_ends(text, begin, end)


def _pieces(text: str) -> Iterator[tuple[str, int, int]]:
    """Cut a text with the grammar: kind, start and end, delimiter included."""
    start = end = 0
    for token in load_lexer("cypher").lex(text):
        end += len(token)
        if token.type != "_PART":
            # Whatever ends a long piece does not know how that began.
            whole = end - start == len(token)
            yield token.type if whole else "_SWITCHING", start, end
            start = end


def _switching(piece: str, line: int) -> Iterator[_Entry]:
    """Make entries of a piece that holds a ``:use``, or is too long to know."""
    first, counted = line, 0
    for text, offset in peer.extract_use(piece):
        if offset < counted:  # the rest may begin before what was cut out of it
            line, counted = first, 0
        line += _line_ends(piece, counted, offset)
        counted = offset
        is_nothing = text[0] in _MAYBE_NOTHING and all(
            kind == "_NOTHING" for kind, _, _ in _pieces(text)
        )
        yield _Entry(text, line, "_NOTHING" if is_nothing else "_SWITCHING")


def _windows(data: bytes, file: str) -> Iterator[str]:
    """Decode a file in parts of about a megabyte that end at a delimiter."""
    view = memoryview(data)
    start = 0
    while start < len(data):
        delimiter = _DELIMITER.search(data, start + _WINDOW)
        end = delimiter.end() if delimiter else len(data)
        try:
            text = str(view[start:end], "utf-8")
        except UnicodeDecodeError:
            text = decode(data, file=file)  # raises, and knows where in the file
        yield text
        start = end


def _conditions(entry: _Entry, file: str) -> Sequence[Condition]:
    """Parse the preconditions among the leading comments of an entry (§2.2, §2.5)."""
    if not entry.text.startswith("//"):
        return ()
    lines = enumerate(peer.single_line_comments(entry.text), start=entry.line)
    found = (
        parse_precondition(comment, file=file, line_number=line)
        for line, comment in lines
    )
    return [condition for condition in found if condition is not None]


def _without(entry: str, conditions: Sequence[Condition]) -> str:
    return peer.without_preconditions(entry, [c.text for c in conditions])


def _line_ends(text: str, start: int, end: int) -> int:
    return (
        text.count("\n", start, end)
        + text.count("\r", start, end)
        - text.count("\r\n", start, end)
    )


def _second_use(
    text: str, start: int, end: int, line: int, file: str
) -> ScriptSyntaxError:
    uses = peer.USE.finditer(text, start, end)
    at = [use.start() for _, use in zip(range(2), uses, strict=False)][-1]
    _, column = position(text, at)
    line += _line_ends(text, start, at)
    return ScriptSyntaxError(
        f"{file}, line {line}: a statement of several lines holds a second :use; "
        "neo4j-migrations can't switch databases inside a statement.",
        code="USE_INSIDE_STATEMENT",
        hint="End each :use and each statement with a semicolon at the end of a line.",
        file=file,
        line=line,
        column=column,
        excerpt=excerpt(text, at),
    )
