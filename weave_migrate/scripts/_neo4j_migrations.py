"""The byte rules of neo4j-migrations: what it trims, extracts, filters and hashes.

Section numbers are those of the compatibility reference.  None of these rules knows
Cypher: they look for semicolons, ``:use`` and ``//`` in strings and comments too,
and so must we, because statements and checksums have to be the same.
"""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING

from weave_migrate.scripts._java import trim

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# §2.1; the name is ASCII and at least three characters long.
USE = re.compile(
    r":use +([a-z][a-z\d.\-]{2,62})(?:;?(?:\r?\n|\r)?)?", re.IGNORECASE | re.ASCII
)

_DELIMITERS = (";\n", ";\r\n", ";\r")
_DROPPED_BEFORE = (";\x85", ";\u2028", ";\u2029")
_LINE_END = re.compile(r"\r?\n|\r")
_LINE = re.compile(r"([^\r\n]*+)(?:\r?(\n)|\r|\Z)")
_BLANKS = re.compile(r"[\x00-\x20]*+")
_INDENT = re.compile(r"[\x00-\x09\x0b\x0c\x0e-\x20]*+")
_CHUNK = 1 << 20  # characters encoded at a time, so that hashing needs no second copy


class SecondUseError(Exception):
    """A ``:use`` after another one in a statement of several lines (§2.3)."""


def clean_piece(text: str, start: int, end: int) -> tuple[str, int]:
    """Give a piece of a text as the peer keeps it, and where that begins (§2.1).

    Without the delimiter, which is the only thing that ends in ";" and a line end;
    Java's trim; one more semicolon dropped, if it is last; trim again.  The peer's
    ``;$`` also matches before a last U+0085, U+2028 or U+2029.
    """
    if text.endswith(_DELIMITERS, start, end):
        end = text.rindex(";", start, end)
    if start < end and text[start] <= " ":
        match = _BLANKS.match(text, start, end)
        start = match.end() if match else start
    end = _rstrip(text, start, end)
    if text.endswith(";", start, end):
        end = _rstrip(text, start, end - 1)
    elif text.endswith(_DROPPED_BEFORE, start, end):
        return text[start : end - 2] + text[end - 1], start
    return text[start:end], start


def _rstrip(text: str, start: int, end: int) -> int:
    # By index, not by slices: a piece may be as large as the file.
    while end > start and text[end - 1] <= " ":
        end -= 1
    return end


def extract_use(statement: str) -> Iterator[tuple[str, int]]:
    """Take every ``:use name`` out of a piece and put it before the rest (§2.1, §2.3).

    Yields each entry with the offset of its first kept character.  The rest is not
    trimmed again.  Raises SecondUseError for a second one where the piece has more
    than one line; only LF counts as a line end here.
    """
    kept: list[str] = []
    first, position = None, 0
    multi_line = "\n" in statement
    for number, match in enumerate(USE.finditer(statement)):
        if number and multi_line:
            raise SecondUseError
        if match.start() > position:
            first = position if first is None else first
            kept.append(statement[position : match.start()])
        position = match.end()
        yield trim(match[0]), match.start()
    if position < len(statement):
        first = position if first is None else first
        kept.append(statement[position:])
    if kept:
        yield "".join(kept), first or 0


def database_of(entry: str) -> str | None:
    """Give the database, lower-cased, if the whole entry is a ``:use`` (§2.3)."""
    match = USE.fullmatch(entry)
    return match[1].lower() if match else None


def single_line_comments(entry: str) -> list[str]:
    """Give the leading ``//`` lines of an entry, each trimmed (§2.2).

    Only when its very first characters are ``//``; a blank line ends them.
    """
    comments: list[str] = []
    position = 0
    while entry.startswith("//", position):
        end = _LINE_END.search(entry, position)
        comments.append(trim(entry[position : end.start() if end else None]))
        if end is None:
            break
        indent = _INDENT.match(entry, end.end())
        position = indent.end() if indent else end.end()
    return comments


def crc32(entry: str, crc: int) -> int:
    """Add an entry to the default checksum (§3.1).

    CRC-32 over the UTF-8 of every entry, ``:use`` and comments included, without any
    separator; begins with 0 and is written as an unsigned decimal number.
    """
    for start in range(0, len(entry), _CHUNK):
        crc = zlib.crc32(entry[start : start + _CHUNK].encode(), crc)
    return crc


def without_preconditions(entry: str, preconditions: Iterable[str]) -> str:
    r"""Take precondition lines out of an entry, the way §3.2 rule 1 does.

    The peer replaces ``(<line>|<line>...)\r?\n|\r`` by nothing, which takes time with
    the square of the number of lines.  What it means: a line that ends with one of
    them loses that and its line end, if that has a LF; of all others every CR goes.
    """
    lines = set(preconditions)
    if not lines:
        return entry
    lengths = sorted({len(line) for line in lines}, reverse=True)
    kept: list[str] = []
    for match in _LINE.finditer(entry):
        line, line_feed = match[1], match[2]
        cut = 0
        if line_feed and "//" in line:
            fitting = (n for n in lengths if n <= len(line))
            cut = next((n for n in fitting if line[-n:] in lines), 0)
        kept += (line[: len(line) - cut], "" if cut else line_feed or "")
    return "".join(kept)


def flyway_checksum(texts: Iterable[str]) -> str:
    """Hash all lines of a file, given in parts, without their ends (§3.3).

    CRC-32 as a signed decimal number; a byte order mark at the beginning is dropped.
    """
    crc = 0
    for number, part in enumerate(texts):
        text = part if number else part.removeprefix("\ufeff")
        crc = crc32(text.replace("\r", "").replace("\n", ""), crc)
    return str(crc - (1 << 32) if crc >> 31 else crc)
