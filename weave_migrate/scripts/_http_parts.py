"""Where the requests of a ``.http`` text begin and end, as the grammar finds them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from weave_migrate.scripts import _evolution
from weave_migrate.scripts._grammar import load_grammar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_BORDER = re.compile(r"\n[\x00-\t\x0b-\x20]*+(?:\n|\Z)")
_BULK = re.compile(r"(?:\A|.*/)_(?:bulk|msearch)(?:/template)?\Z")


@dataclass(frozen=True, slots=True)
class Part:
    """One request; ``line`` is that of its request line.

    ``head`` are the request line and the lines between it and the body, comments
    included; the body is ``text[start:end]``, with its comments.
    """

    line: int
    head: str
    start: int
    end: int


def split(text: str) -> Iterator[Part]:
    """Divide a text, its line ends LF, into requests; every text can be divided."""
    begin = end = -1  # of the request at hand; no end before a separator
    line, is_first = 0, True
    token: Any
    for token in load_grammar("http").parse_interactive(text).iter_parse():
        if token.type == "_SEPARATOR":
            end = token.start_pos
        elif token.type == "_LINES" and (begin < 0 or end >= 0):
            if end >= 0:
                yield _part(text, begin, line, end)
                is_first = False
            begin, line, end = token.start_pos, token.line, -1
    if begin >= 0:  # a "###" behind the only request is a comment in its body
        yield _part(text, begin, line, len(text) if is_first or end < 0 else end)


def _part(text: str, begin: int, line: int, end: int) -> Part:
    border = _BORDER.search(text, begin, end)
    if border is None:
        return Part(line, text[begin:end], end, end)
    return Part(line, text[begin : border.start()], border.end(), end)


def before_separator(body: str, *, bulk: bool) -> str:
    """Remove the blank lines before a separator; a bulk body ends with one line end."""
    last = len(body.rstrip(_evolution.BLANKS))
    end = body.find("\n", last)
    body = body[:end] if last and end >= 0 else body if last else ""
    return f"{body}\n" if bulk and body else body


def is_bulk(path: str, headers: Iterable[tuple[str, str]]) -> bool:
    if _BULK.match(path.partition("?")[0]):
        return True
    return any(
        name.lower() == "content-type" and "x-ndjson" in value
        for name, value in headers
    )
