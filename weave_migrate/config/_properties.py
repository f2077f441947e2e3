"""Read and write Java properties files, the format of ``.migrations.properties``.

The rules are those of ``java.util.Properties.load``: ``#`` and ``!`` comments, ``=``,
``:`` or blanks after the key, backslash escapes, lines continued by a backslash.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_BLANKS = " \t\f"
_LINE_END = re.compile(r"\r\n|[\r\n]")
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(.?))", re.DOTALL)
_KEY = re.compile(r"((?:[^\\=: \t\f]|\\.)*+)[ \t\f]*+(?:[=:][ \t\f]*+)?", re.DOTALL)
_SPECIAL = re.compile(r"[\\=:#!]|[^!-~]")
_NAMED = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}


def parse_properties(text: str) -> dict[str, str]:
    """Give the keys and values of a properties file, later ones winning."""
    found: dict[str, str] = {}
    for line in _logical_lines(text):
        match = _KEY.match(line)
        assert match is not None  # noqa: S101 - every part of it may be empty
        found[_unescape(match[1])] = _unescape(line[match.end() :])
    return found


def _logical_lines(text: str) -> list[str]:
    lines: list[str] = []
    continued = False
    for raw in _LINE_END.split(text):
        line = raw.lstrip(_BLANKS)
        if not continued and (not line or line[0] in "#!"):
            continue
        backslashes = len(line) - len(line.rstrip("\\"))
        continues = backslashes % 2 == 1
        part = line[:-1] if continues else line
        if continued:
            lines[-1] += part
        else:
            lines.append(part)
        continued = continues
    return lines


def _unescape(text: str) -> str:
    plain = _ESCAPE.sub(
        lambda m: chr(int(m[1], 16)) if m[1] else _NAMED.get(m[2], m[2]), text
    )
    # Java writes what is beyond U+FFFF as two escapes.
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def render_properties(values: Mapping[str, str]) -> str:
    """Write a properties file in ASCII: it reads the same in any encoding."""
    return "".join(
        f"{_SPECIAL.sub(_escape, key)}={_SPECIAL.sub(_escape, value)}\n"
        for key, value in values.items()
    )


def _escape(match: re.Match[str]) -> str:
    if match[0].isascii() and match[0].isprintable():
        return f"\\{match[0]}"
    units = match[0].encode("utf-16-be").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
