"""Read ``.http`` scripts: bytes in, requests and the peer's checksum out.

Strategy.  Line ends are normalised and the checksum is taken; then placeholders are put
in; then ``grammars/http.lark`` finds where requests begin and end.  What lies between
is request line, headers and body by elasticsearch-evolution's rules, to the byte
(``_evolution``).  Beyond them, and noted, are: blank lines before a request,
`` HTTP/1.1`` behind its path, and several requests divided by ``###``.  What editors
for REST calls know and we don't is refused: it would be sent as plain text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from weave_migrate.model import HttpScript, Request
from weave_migrate.scripts import _evolution
from weave_migrate.scripts._http_requests import read_requests
from weave_migrate.scripts._http_text import HttpSource
from weave_migrate.scripts._java import trim
from weave_migrate.scripts.http_placeholders import Placeholders

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from weave_migrate.scripts._evolution import LineSeparator


def parse_http(
    data: bytes,
    *,
    file: str,
    placeholders: Mapping[str, str] | None = None,
    placeholder_prefix: str = "${",
    placeholder_suffix: str = "}",
    placeholder_replacement: bool = True,
    encoding: str = "utf-8",
    line_separator: LineSeparator = "\n",
    trim_trailing_newline: bool = False,
) -> HttpScript | None:
    """Read a script; None for an empty file, which elasticsearch-evolution skips.

    The options are elasticsearch-evolution's: encoding, lineSeparator,
    trimTrailingNewlineInMigrations, placeholders and how they are marked (§3, §4.1).
    The checksum is that of the whole text before placeholders.

    Raises ScriptError: undecodable bytes, no request, a line that is none of the
    format, a construct that only editors know, or (PlaceholderError) a value that would
    change what the lines of the file are.  Raises ConfigError for placeholders that
    elasticsearch-evolution refuses, and an unknown encoding.
    """
    known = Placeholders({})
    if placeholder_replacement:
        known = Placeholders(
            dict(placeholders or {}), placeholder_prefix, placeholder_suffix
        )
    source = HttpSource(data, file, encoding)
    text = source.text()
    if not text:
        return None
    text = text.removesuffix("\n") if trim_trailing_newline else text
    checksum = _evolution.checksum(text, line_separator=line_separator)
    pieces = known.replaced(text)
    del text  # a script may be large: never hold it more often than needed
    text = "".join(pieces)
    del pieces
    requests, notes = read_requests(
        text, source=source, placeholders=known, line_separator=line_separator
    )
    texts = _texts(requests) if placeholder_replacement else ()
    return HttpScript(requests, checksum, notes, known.unresolved(texts))


def http_checksum(
    data: bytes,
    *,
    file: str,
    encoding: str = "utf-8",
    line_separator: LineSeparator = "\n",
    trim_trailing_newline: bool = False,
) -> int:
    """Compute the checksum alone (§4.1); raises ScriptError for undecodable bytes."""
    text = HttpSource(data, file, encoding).text()
    text = text.removesuffix("\n") if trim_trailing_newline else text
    return _evolution.checksum(text, line_separator=line_separator)


def checksum_variants(
    data: bytes, *, file: str, encoding: str = "utf-8"
) -> dict[str, int]:
    """Give the checksums of all versions and settings of elasticsearch-evolution (§13).

    Up to 0.5.1 the last line end was left out, up to 0.4.1 line ends were the
    platform's.  Keys: "lf", "lf trimmed", "crlf", "crlf trimmed".  On a mismatch
    the one that matches tells how the record was made.
    """
    text = HttpSource(data, file, encoding).text()
    trimmed = text.removesuffix("\n")
    variants: dict[str, int] = {}
    for name, separator in _SEPARATORS.items():
        variants[name] = _evolution.checksum(text, line_separator=separator)
        variants[f"{name} trimmed"] = _evolution.checksum(
            trimmed, line_separator=separator
        )
    return variants


_SEPARATORS: Mapping[str, LineSeparator] = {"lf": "\n", "crlf": "\r\n"}


def headers_to_send(
    request: Request, *, default: str, encoding: str = "utf-8"
) -> tuple[tuple[str, str], ...]:
    """Complete a request's headers as elasticsearch-evolution does (§9.1).

    With a body that is not blank: the first Content-Type that is not blank, or
    ``default``, gets a charset (of ``encoding``) unless it names one, and replaces
    every Content-Type of the file.  Without a body headers stay as written.
    """
    if not trim(request.body or ""):
        return request.headers
    types = [v for name, v in request.headers if name.lower() == "content-type"]
    content_type = next((v for v in types if trim(v)), default)
    if "charset=" not in content_type:  # compared with case, as the peer does
        content_type += f"; charset={encoding.upper()}"
    others = [h for h in request.headers if h[0].lower() != "content-type"]
    return (*others, ("Content-Type", content_type))


def _texts(requests: tuple[Request, ...]) -> Iterator[str]:
    for request in requests:
        yield from (request.method, request.path)
        for header in request.headers:
            yield from header
        yield request.body or ""
