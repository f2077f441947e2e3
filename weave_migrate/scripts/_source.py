"""Text with places in it: strict decoding, lines, columns and excerpts."""

from __future__ import annotations

import re

from weave_migrate.errors import ScriptError

_LINE_END = re.compile(r"\r\n|[\r\n]")
# Besides controls: what turns the direction of text, ends lines or can't be seen.
# Joiners stay, many languages can't be written without them.
_CONTROL = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0001\U000e0020-\U000e007f]"
)
_WIDTH = 72  # of an excerpt: fits a terminal of 80 columns with an indent


def decode(data: bytes, *, file: str, encoding: str = "utf-8") -> str:
    """Decode strictly, keeping a byte order mark and every line end as it is.

    Raises ScriptError (code ENCODING) with line and column of the first bad byte.
    Java would replace bad bytes, and by another count than Python, so that no
    checksum could agree (neo4j-migrations reference, §2.1).
    """
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(encoding, "replace")
        line, column = position(before, len(before))
        bad = data[error.start : error.end][:4].hex(" ")
        raise ScriptError(
            f"{file} is not valid {encoding.upper()}: byte {bad} at line {line}, "
            f"column {column}.",
            code="ENCODING",
            hint=f"Save the file as {encoding.upper()}.",
            file=file,
            line=line,
            column=column,
            excerpt=excerpt(before, len(before)),
        ) from error


def position(text: str, offset: int) -> tuple[int, int]:
    """Give the 1-based line and column of ``offset``; CRLF, LF and CR end lines."""
    line, start = 1, 0
    for match in _LINE_END.finditer(text, 0, offset):
        line, start = line + 1, match.end()
    return line, offset - start + 1


def offset_of(text: str, line: int, column: int) -> int:
    """Give the offset of a 1-based line and column, at most the end of the text."""
    start = 0
    for _, match in zip(range(line - 1), _LINE_END.finditer(text), strict=False):
        start = match.end()
    return min(start + column - 1, len(text))


def excerpt(text: str, offset: int) -> str:
    """Show the line around ``offset`` with a caret below it, cut to fit a terminal.

    Control characters are shown as their Unicode pictures, so that a script can't
    steer the terminal that shows its error.
    """
    start = max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1
    end = _LINE_END.search(text, offset)
    stop = end.start() if end else len(text)
    left = max(start, min(offset - _WIDTH // 2, stop - _WIDTH))
    shown = text[left : min(stop, left + _WIDTH)]
    return f"{printable(shown)}\n{' ' * (offset - left)}^"


def printable(text: str) -> str:
    """Replace what a terminal would obey, and what shows another text than there is.

    These are C0 and C1 controls, line ends among them, lone surrogates, bidirectional
    controls and invisible characters.
    """
    return _CONTROL.sub(_picture, text)


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    return chr(0x2400 + code) if code < ord(" ") else "\N{REPLACEMENT CHARACTER}"
