"""What one ``.http`` file is to weave: the HTTP half of ``weave db inspect``."""

from __future__ import annotations

from contextlib import suppress
from pathlib import PurePath
from typing import TYPE_CHECKING

from weave_migrate.errors import ScriptError
from weave_migrate.scripts.http import http_checksum, parse_http
from weave_migrate.scripts.http_names import parse_http_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from weave_migrate.model import HttpScript, Request
    from weave_migrate.scripts._evolution import LineSeparator
    from weave_migrate.scripts.http_names import HttpName


def inspect_http(
    data: bytes,
    *,
    path: str,
    placeholders: Mapping[str, str] | None = None,
    line_separator: LineSeparator = "\n",
    trim_trailing_newline: bool = False,
) -> dict[str, object]:
    """Describe a file as JSON values; every key is there, whatever the file holds.

    A file that can't be read, or whose name stops a run, has an ``error`` and no
    requests; its checksum is given where its bytes can be decoded.  A placeholder
    without a value is listed in ``unresolved`` and is no error.
    """
    script: HttpScript | None = None
    name: HttpName | None = None
    error: ScriptError | None = None
    checksum: int | None = None
    try:
        name = parse_http_name(PurePath(path).name)
        script = parse_http(
            data,
            file=path,
            placeholders=placeholders,
            line_separator=line_separator,
            trim_trailing_newline=trim_trailing_newline,
        )
        checksum = script.checksum if script else 0
    except ScriptError as problem:
        error = problem
        with suppress(ScriptError):
            checksum = http_checksum(
                data,
                file=path,
                line_separator=line_separator,
                trim_trailing_newline=trim_trailing_newline,
            )
    return {
        "path": path,
        "store": "elasticsearch",
        "kind": "versioned" if name else "other",
        "version": name.version if name else None,
        "description": name.description if name else None,
        "checksum": checksum,
        "requests": [_request(r) for r in script.requests] if script else [],
        "unresolved": list(script.unresolved) if script else [],
        "error": {"code": error.code, "message": error.message, "line": error.line}
        if error
        else None,
    }


def _request(request: Request) -> dict[str, object]:
    return {
        "method": request.method,
        "path": request.path,
        "headers": dict(request.headers),
        "body": request.body,
        "line": request.line,
    }
