"""Where the requests of a ``.http`` text begin and end, as the grammar finds them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from weave_migrate.scripts import _evolution
from weave_migrate.scripts._grammar import load_grammar

_BORDER = re.compile(r"\n[\x00-\t\x0b-\x20]*+(?:\n|\Z)")
_BULK = re.compile(r"(?:\A|.*/)_(?:bulk|msearch)(?:/template)?\Z")


@dataclass(frozen=True, slots=True)
class Part:
    """One request as the grammar finds it; ``begin`` and ``line`` say where.

    ``headers`` are the lines between that and the body, comments included; the body is
    ``text[start:end]``, with its comments.
    """

    begin: int
    line: int
    request_line: str
    headers: tuple[str, ...]
    start: int
    end: int


def split(text: str) -> tuple[Part, ...]:
    """Divide a text, its line ends LF, into requests; every text can be divided."""
    tree: Any = load_grammar("http").parse(text)
    requests, separators = tree.children[::2], tree.children[1::2]
    ends = [separator.start_pos for separator in separators]
    if len(requests) == 1:  # then a "###" behind it is a comment in its body
        ends = []
    return tuple(
        _part(text, request.children, end)
        for request, end in zip(requests, [*ends, len(text)], strict=False)
    )


def _part(text: str, tokens: list[Any], end: int) -> Part:
    """Make a part of the tokens REQUEST_LINE and, if there is one, HEADERS.

    The border to the body follows.  In the only request of a file it may also be among
    the lines behind a "###" that separates nothing.
    """
    first, headers = tokens[0], tokens[1] if len(tokens) > 1 else None
    border = _BORDER.search(text, tokens[-1].end_pos, end)
    return Part(
        begin=first.start_pos,
        line=first.line,
        request_line=str(first),
        headers=tuple(headers.split("\n")[1:]) if headers else (),
        start=border.end() if border else end,
        end=end,
    )


def before_separator(body: str, *, bulk: bool) -> str:
    """Remove the blank lines before a separator; a bulk body ends with one line end."""
    last = len(body.rstrip(_evolution.BLANKS))
    end = body.find("\n", last)
    body = body[:end] if last and end >= 0 else body if last else ""
    return f"{body}\n" if bulk and body else body


def is_bulk(path: str, headers: dict[str, str]) -> bool:
    if _BULK.match(path.partition("?")[0]):
        return True
    return any(
        name.lower() == "content-type" and "x-ndjson" in value
        for name, value in headers.items()
    )
