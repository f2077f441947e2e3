"""elasticsearch-evolution's own rules, to the byte: line ends, hash, lines.

Each function quotes the section of the compatibility reference that it reproduces.
All of them work on text whose line ends are LF; ``line_separator`` says what
elasticsearch-evolution was told to make of line ends (its ``lineSeparator``).
"""

from __future__ import annotations

import itertools
import re
import sys
from array import array
from operator import mul
from typing import TYPE_CHECKING, Literal

from weave_migrate.scripts._java import trim

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LineSeparator = Literal["\n", "\r\n", "\r"]

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH")

# What Java's \R matches besides CR LF, which is one line end.
_LINE_ENDS = "\r\x0b\x0c\x85\u2028\u2029"

BLANKS = "".join(map(chr, range(0x21)))  # what trim removes
_BLANK = r"[\x00-\t\x0b-\x20]"  # the same, save the line end
_COMMENT = re.compile(r"[\x00-\x20]*+(?:#|//)")
_BEFORE_BODY = re.compile(rf"(?:\n|{_BLANK}*+(?:#|//)[^\n]*+(?:\n|\Z))++")
_COMMENT_LINE = re.compile(rf"\n{_BLANK}*+(?:#|//)[^\n]*+")

_HEADER_CUT = re.compile("[:=]")

_PIECE = 1 << 20  # characters

_CHUNK = 4096  # characters hashed at once; the sums of products stay below 2**62
_MASK = 0xFFFFFFFF


def _powers() -> list[int]:
    powers = [1]
    while len(powers) < 2 * _CHUNK:  # a character is two units, or CR LF, at most
        powers.append(powers[-1] * 31 & _MASK)
    return powers[::-1]


_POWERS = _powers()

if sys.version_info >= (3, 12):
    from math import sumprod as _sumprod
else:

    def _sumprod(p: Sequence[int], q: Sequence[int], /) -> int:
        return sum(map(mul, p, q))


def normalise(text: str) -> str:
    r"""Make every line end that Java's ``\R`` knows an LF (§4.1, step 2).

    CR LF is one line end; LF, VT, FF, CR, NEL, LS and PS are one each.  A byte order
    mark stays.
    """
    text = text.replace("\r\n", "\n")
    for end in _LINE_ENDS:
        text = text.replace(end, "\n")
    return text


def checksum(text: str, *, line_separator: LineSeparator = "\n") -> int:
    """Give Java's ``String.hashCode`` of the text, -2**31 to 2**31 - 1 (§4.1, step 5).

    ``h = 31 * h + u`` over UTF-16 units, a surrogate pair being two, in 32 bits.
    """
    total = 0
    for start in range(0, len(text), _CHUNK):
        chunk = text[start : start + _CHUNK].replace("\n", line_separator)
        units = _utf16(chunk)
        powers = _POWERS[-len(units) :]
        total = (total * powers[0] * 31 + _sumprod(units, powers)) & _MASK
    return total - (1 << 32) if total >> 31 else total


def _utf16(text: str) -> Sequence[int]:
    if text.isascii():
        return text.encode("ascii")
    codec = "utf-16-le" if sys.byteorder == "little" else "utf-16-be"
    return array("H", text.encode(codec, "surrogatepass"))


def is_comment(line: str) -> bool:
    """Say whether the trimmed line begins with ``#`` or ``//``, anywhere (§2.1)."""
    return _COMMENT.match(line) is not None


def body(text: str, start: int = 0, end: int | None = None) -> str:
    """Read the lines after the header section as a body (§2.1, §2.2).

    Comment lines vanish together with their line end.  Empty lines before the first
    other line are swallowed, lines of blanks are not; everything else stays.
    """
    end = len(text) if end is None else end
    if skipped := _BEFORE_BODY.match(text, start, end):
        start = skipped.end()
    if not _COMMENT_LINE.search(text, start, end):
        return text[start:end]
    pieces = []
    while start < end:  # in pieces: many small comments would take much memory at once
        stop = text.find("\n", start + _PIECE, end)
        stop = stop if stop >= 0 else end
        pieces.append(_COMMENT_LINE.sub("", text[start:stop]))
        start = stop
    return "".join(pieces)


def request_line(line: str) -> tuple[str, str] | None:
    """Cut at the first run of spaces into method and path, both trimmed (§2.1).

    The method is upper-cased.  None where there is nothing to cut at: a tab does not
    separate.
    """
    method, space, path = trim(line).partition(" ")
    return (trim(method).upper(), trim(path)) if space else None


def header(line: str) -> tuple[str, str] | None:
    """Cut at the first ``:`` or ``=`` into name and value, both trimmed (§2.1)."""
    cut = _HEADER_CUT.search(line)
    return (trim(line[: cut.start()]), trim(line[cut.end() :])) if cut else None


def rejects(text: str) -> bool:
    """Say whether elasticsearch-evolution can't parse the text (§2.1, §11.5 item 5).

    Only the part up to the first blank line can make it fail.
    """
    kept = (line for line in lines(text) if not is_comment(line))
    request = request_line(next(kept, ""))
    if request is None or request[0] not in METHODS:
        return True
    head = itertools.takewhile(trim, kept)
    return any(header(line) is None for line in head)


def lines(text: str) -> Iterator[str]:
    """Give the lines one by one, without their line ends."""
    start = 0
    while (end := text.find("\n", start)) >= 0:
        yield text[start:end]
        start = end + 1
    yield text[start:]
