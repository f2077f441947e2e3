"""Read Java properties files, the format of ``.migrations.properties``.

The rules are those of ``java.util.Properties.load``: ``#`` and ``!`` comments, ``=``,
``:`` or blanks after the key, backslash escapes, lines continued by a backslash.
"""

from __future__ import annotations

import re

_BLANKS = " \t\f"
_LINE_END = re.compile(r"\r\n|[\r\n]")
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(.?))", re.DOTALL)
_KEY = re.compile(r"((?:[^\\=: \t\f]|\\.)*+)[ \t\f]*+(?:[=:][ \t\f]*+)?", re.DOTALL)
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
    return _ESCAPE.sub(
        lambda m: chr(int(m[1], 16)) if m[1] else _NAMED.get(m[2], m[2]), text
    )
