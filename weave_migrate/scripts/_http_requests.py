"""The requests of a ``.http`` text: the grammar divides, the peer's rules read."""

from __future__ import annotations

import re
import sys
from itertools import chain, islice
from typing import TYPE_CHECKING

from weave_migrate.errors import PlaceholderError
from weave_migrate.model import Request
from weave_migrate.scripts import _evolution
from weave_migrate.scripts._http_parts import Part, before_separator, is_bulk, split
from weave_migrate.scripts._java import trim

if TYPE_CHECKING:
    from collections.abc import Iterator

    from weave_migrate.errors import ScriptError
    from weave_migrate.scripts._evolution import LineSeparator
    from weave_migrate.scripts._http_text import HttpSource
    from weave_migrate.scripts.http_placeholders import Placeholders

_PEER = "elasticsearch-evolution"
_UNSUPPORTED = "SCRIPT_UNSUPPORTED"
_UNSAFE = "PLACEHOLDER_UNSAFE"
_USE_PLACEHOLDER = "Use a placeholder, ${name}, and set its value in the settings."

_HTTP_VERSION = re.compile(r"HTTP/[0-9.]++\Z")
_URL = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*+:)?//")
_NOT_IN_URI = re.compile(r'[\x00-\x20"<>\\^`{|}\x7f-\xa0]|%(?![0-9A-Fa-f]{2})')
_BRACKET_IN_PATH = re.compile(r"[^?]*?[\[\]]")
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]++\Z")
_NOT_IN_VALUE = re.compile(r"[^\t\x20-\x7e\x80-\xff]")  # HTTP has Latin-1 here

# Lines behind or instead of a body that editors for REST calls act on.
_EDITOR_LINE = re.compile(
    r"<(?:@\w*+)?[ \t]++\S|<>[ \t]*+\S|>>!?[ \t]++\S|>[ \t]*+\{%|>[ \t]++\S"
)
# Mustache templates and ingest pipelines hold {{tags}} of their own, so in a body only
# the editors' built-in variables can be told apart.
_EDITOR_VARIABLE = re.compile(
    r"\{\{\$(?:guid|uuid|timestamp|isoTimestamp|datetime|localDatetime|randomInt"
    r"|random\.|processEnv|dotenv|env\.|aadToken)"
)


def read_requests(
    text: str,
    *,
    source: HttpSource,
    placeholders: Placeholders,
    line_separator: LineSeparator = "\n",
) -> tuple[tuple[Request, ...], tuple[str, ...]]:
    """Read a text whose placeholders are replaced: its requests, and what to note.

    Raises ScriptSyntaxError or PlaceholderError; ``source`` serves to show where.
    """
    reader = _Reader(text, source, placeholders, line_separator)
    requests = reader.read()
    return requests, tuple(reader.notes)


class _Reader:
    def __init__(
        self,
        text: str,
        source: HttpSource,
        placeholders: Placeholders,
        line_separator: LineSeparator,
    ) -> None:
        self._text = text
        self._source = source
        self._placeholders = placeholders
        self._line_separator = line_separator
        self._headers_before: tuple[str, tuple[tuple[str, str], ...]] = ("", ())
        self.notes: list[str] = []

    def read(self) -> tuple[Request, ...]:
        if self._placeholders.values:
            self._check_placeholders()
        requests = tuple(map(self._request, split(self._text)))
        if not requests:
            raise self._source.error(
                "there is no request in this file.",
                line=1,
                hint="Write a request line, for example: PUT /my-index",
            )
        self.notes[:0] = self._structure_notes(requests)
        return requests

    def _request(self, part: Part) -> Request:
        request_line, _, header_lines = part.head.partition("\n")
        method, path = self._request_line(request_line, part.line)
        headers = self._headers(header_lines, part.line + 1)
        body = _evolution.body(self._text, part.start, part.end)
        self._check_body(body, part)
        if part.end < len(self._text):
            body = before_separator(body, bulk=is_bulk(path, headers))
        if self._line_separator != "\n":
            body = body.replace("\n", self._line_separator)
        if self._placeholders.held_back(body):
            body = self._with_held_back(body, part)
        if method in {"HEAD", "OPTIONS"} and trim(body):
            self.notes.append(
                f"{_PEER} can't send the body of line {part.line}'s {method} request."
            )
        return Request(method, path, headers, body or None, part.line)

    def _request_line(self, line: str, number: int) -> tuple[str, str]:
        line = trim(line)
        self._check_head(line, number)
        if line.startswith("\ufeff"):
            raise self._source.error(
                "the file begins with a byte order mark.",
                line=number,
                hint="Save the file without byte order mark.",
            )
        if line.startswith("@"):
            raise self._unsupported(
                "variables of the file (@name = value) are not known here.",
                line=number,
                hint=_USE_PLACEHOLDER,
            )
        found = _evolution.request_line(line)
        if found is None or found[0] not in _evolution.METHODS:
            problem = "is no method" if found else "is not followed by space and path"
            raise self._source.error(
                f"{self._source.word(number)!r} {problem}.",
                line=number,
                hint="A request begins with a line such as PUT /my-index; the methods "
                f"are {', '.join(_evolution.METHODS)}.",
            )
        # A file of many requests shares what they have in common, as the headers.
        return sys.intern(found[0]), self._path(found[1], number)

    def _path(self, path: str, number: int) -> str:
        before, _, last = path.rpartition(" ")
        if before and _HTTP_VERSION.match(last):
            path = trim(before)
            self.notes.append(
                f"{_PEER} can't send line {number}: it takes the HTTP version behind "
                f"the path for a part of it."
            )
        if url := _URL.match(path):
            raise self._unsupported(
                "a request line holds the path only, not a URL.",
                line=number,
                at=url[0],
                hint="Leave out scheme and host; where to send it is a setting.",
            )
        bare = self._placeholders.without(path)
        if _NOT_IN_URI.search(bare) or _BRACKET_IN_PATH.match(bare):
            self.notes.append(
                f"{_PEER} can't send line {number}: its path holds a character that "
                f"must be percent-encoded."
            )
        return path

    def _headers(self, lines: str, number: int) -> tuple[tuple[str, str], ...]:
        """Read header lines; those that repeat the request's before share its."""
        before, headers = self._headers_before
        if lines != before:
            read = (
                self._header(line, number)
                for number, line in enumerate(lines.split("\n"), number)
                if not _evolution.is_comment(line)
            )
            headers = tuple(dict(read).items()) if lines else ()
            self._headers_before = lines, headers
        return headers

    def _header(self, line: str, number: int) -> tuple[str, str]:
        self._check_head(line, number)
        start = trim(line)
        if start.startswith(("?", "&")):
            raise self._unsupported(
                "a query that goes on behind the request line is not read.",
                line=number,
                hint="Write the whole path and query on the request line.",
            )
        header = _evolution.header(line)
        if header is None or not _TOKEN.match(self._named(header[0])):
            raise self._source.error(
                "this is no header (name: value).",
                line=number,
                hint="Put an empty line between the headers and the body."
                if start.startswith(("{", "[", '"', "<"))
                else "Write name: value; the name holds no spaces or brackets.",
            )
        if _NOT_IN_VALUE.search(header[1]):
            raise self._source.error(
                "the value of this header holds a character that HTTP can't send.",
                line=number,
            )
        return header

    def _named(self, name: str) -> str:
        """Let a placeholder without a value count as letters."""
        return self._placeholders.without(name) or ("x" if name else "")

    def _check_head(self, line: str, number: int) -> None:
        """Refuse what may stand neither in a request line nor in a header."""
        if held := self._placeholders.held_back(line):
            raise self._unsafe(
                f"the value of the placeholder {held!r} has a line end or NUL, and may "
                f"stand in a body only.",
                line=number,
            )
        variable = line.find("{{")
        if variable >= 0 and line.find("}}", variable) >= 0:
            raise self._unsupported(
                "variables of REST clients, {{name}}, are not known here.",
                line=number,
                at="{{",
                hint=_USE_PLACEHOLDER,
            )

    def _check_body(self, body: str, part: Part) -> None:
        """Refuse what an editor would act on and we would send as text."""
        signs = "\n<" in body or "\n>" in body or "{{$" in body
        if not signs and not body.startswith(("<", ">")):
            return
        for after, line in enumerate(self._text[part.start : part.end].split("\n")):
            if _evolution.is_comment(line):
                continue
            if _EDITOR_LINE.match(line):
                raise self._unsupported(
                    "files as a body (< file) and what is done with an answer "
                    "(> {% %}, <> file) are not known here.",
                    line=self._number(part.start) + after,
                    hint="Write the body into this file, and leave out handlers.",
                )
            if variable := _EDITOR_VARIABLE.search(line):
                raise self._unsupported(
                    "variables of REST clients, {{$name}}, are not known here.",
                    line=self._number(part.start) + after,
                    at=variable[0],
                    hint=_USE_PLACEHOLDER,
                )

    def _check_placeholders(self) -> None:
        """Refuse values that change what the lines of the file are."""
        raw = self._source.text()
        if raw == self._text:
            return
        for number, line in _led_by(self._placeholders.prefix, raw):
            made = self._placeholders.replace(line)
            if _evolution.is_comment(made) and not _evolution.is_comment(line):
                raise self._unsafe(
                    f"a placeholder's value makes a comment of this line, and {_PEER} "
                    f"would leave it out.",
                    line=number,
                )
        if self._placeholders.held_back(self._text):
            for number, line in enumerate(self._text.split("\n"), 1):
                held = self._placeholders.held_back(line)
                if held and _evolution.is_comment(line):
                    raise self._unsafe(
                        f"the value of the placeholder {held!r} has a line end or NUL, "
                        f"and would end this comment.",
                        line=number,
                    )
        if "###" in self._text:
            meant, found = ([p.line for p in split(text)] for text in (raw, self._text))
            if meant != found:
                raise self._unsafe(
                    "a placeholder's value changes where requests begin.",
                    line=min({*meant} ^ {*found}),
                )

    def _with_held_back(self, body: str, part: Part) -> str:
        body = self._placeholders.restore(body)
        if any(map(_evolution.is_comment, body.split(self._line_separator))):
            raise self._unsafe(
                f"a line of a placeholder's value begins with # or //, and {_PEER} "
                f"would leave it out.",
                line=part.line,
            )
        return re.sub(rf"\A(?:{self._line_separator})++", "", body)  # §2.2 again

    def _structure_notes(self, requests: tuple[Request, ...]) -> Iterator[str]:
        """Say what blank lines before the first, and separators, are to the peer."""
        before = islice(_evolution.lines(self._text), requests[0].line - 1)
        blank = next((n for n, line in enumerate(before, 1) if not trim(line)), None)
        if blank:
            yield (
                f"{_PEER} rejects this file: line {blank} is blank, and a request or "
                f"comment must stand there."
            )
        if len(requests) == 1:
            return
        yield (
            f"{_PEER} knows one request in a file, and takes these {len(requests)} "
            f"for one: what follows the first becomes its headers and its body."
            if blank or not _evolution.rejects(self._text)
            else f"{_PEER} rejects this file: there is no blank line between the first "
            f"request and the ### behind it."
        )

    def _unsupported(
        self, message: str, *, line: int, hint: str, at: str = ""
    ) -> ScriptError:
        return self._source.error(
            message, line=line, at=at, hint=hint, code=_UNSUPPORTED
        )

    def _unsafe(self, message: str, *, line: int) -> ScriptError:
        return self._source.error(
            message,
            line=line,
            at=self._placeholders.prefix,
            code=_UNSAFE,
            kind=PlaceholderError,
        )

    def _number(self, offset: int) -> int:
        return self._text.count("\n", 0, offset) + 1


def _led_by(prefix: str, text: str) -> Iterator[tuple[int, str]]:
    """Find the lines that begin with a placeholder, or with "/" and one."""
    lead = rf"[\x00-\t\x0b-\x20]*+/?{re.escape(prefix)}"
    number, counted = 1, 0
    for found in chain(
        filter(None, [re.match(lead, text)]), re.finditer(rf"\n{lead}", text)
    ):
        start = found.end() - len(found[0].lstrip("\n"))
        number, counted = number + text.count("\n", counted, start), start
        end = text.find("\n", start)
        yield number, text[start : end if end >= 0 else len(text)]
