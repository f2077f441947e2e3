"""Values of placeholders may be secrets; servers repeat them in what they answer.

They do so in parts, too: one line of several, the beginning of what is too long to be
shown, and with quotes, backslashes and letters escaped.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Characters; masking shorter values, lines and beginnings would make texts unreadable.
_SHORTEST, _SHORTEST_LINE, _SHORTEST_BEGINNING = 3, 4, 8
_CUTS = ("...", "…", "'", '"', "`")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_READ = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def mask_values(text: str, placeholders: Mapping[str, str], form: str) -> str:
    """Put placeholders back where their values, or parts of them, are shown.

    ``form`` is how one is written, with ``{}`` for its name: ``${nm:{}}`` has to be
    given as ``${{nm:{}}}``.  Where values overlap, the first and longest is named, and
    nothing of the others is left.
    """
    spans = [
        (start, -end, name)
        for name, value in placeholders.items()
        for shown in _forms(value)
        for start, end in (*_wholes(text, shown), *_beginnings(text, shown))
    ]
    masked, at = [], 0
    for start, minus_end, name in sorted(spans):
        if start >= at:
            masked += [text[at:start], form.format(name)]
        at = max(at, -minus_end)
    return "".join((*masked, text[at:]))


def _forms(value: str) -> set[str]:
    """Give all that may be shown of a value, escaped and not."""
    read = _ESCAPE.sub(_read, value)  # a value may be written with escapes itself
    parts = {*_parts(value), *_parts(read)}
    return {form for part in parts for form in _escaped(part)}


def _read(escape: re.Match[str]) -> str:
    """Give the character that an escape of Cypher or JSON stands for."""
    if escape[1]:
        return chr(int(escape[1], 16))
    return _READ.get(escape[2], escape[2])


def _parts(value: str) -> Iterator[str]:
    """Give a value, and its lines."""
    if len(value.strip()) >= _SHORTEST:
        yield value
    for line in value.splitlines():
        if len(line.strip()) >= _SHORTEST_LINE:
            yield line.strip()


def _escaped(part: str) -> Iterator[str]:
    """Give a part as it is, and in the ways in which servers quote a text."""
    yield part
    yield part.replace("`", "``")
    yield json.dumps(part)[1:-1]
    yield json.dumps(part, ensure_ascii=False)[1:-1]
    bare = part.replace("\\", "\\\\")
    yield bare
    yield bare.replace("'", "\\'")
    yield bare.replace("'", "\\'").replace('"', '\\"')


def _wholes(text: str, shown: str) -> Iterator[tuple[int, int]]:
    """Find each place where all of it is shown."""
    start = text.find(shown)
    while start >= 0:
        end = start + len(shown)
        yield start, end
        start = text.find(shown, end)


def _beginnings(text: str, shown: str) -> Iterator[tuple[int, int]]:
    """Find each place where it is shown up to where the server cut it off."""
    beginning = shown[:_SHORTEST_BEGINNING]
    start = text.find(beginning) if len(beginning) == _SHORTEST_BEGINNING else -1
    while start >= 0:
        end = start + len(beginning)
        while text[end : end + 1] == shown[end - start : end - start + 1] != "":
            end += 1
        # What it goes on with may look like the cut.
        ends = range(end, max(end - len("..."), start), -1)
        if end == len(text) or any(text.startswith(_CUTS, at) for at in ends):
            yield start, end
        start = text.find(beginning, end)
