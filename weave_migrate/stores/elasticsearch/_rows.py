"""Rows of the history: documents to values and back, to the field and type of §5.2.

elasticsearch-evolution casts what it reads (§5.3), so a document that breaks a rule
kills every run of it; we read by the same rules and say which document it is.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from weave_migrate.errors import ScriptError
from weave_migrate.model import Applied, Problem
from weave_migrate.plan.positions import Row
from weave_migrate.scripts.http_names import canonical, parse_version

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_INT = range(-(2**31), 2**31)
# Java's ISO_OFFSET_DATE_TIME: an offset is a must, seconds are not.
_TIMESTAMP = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{0,9}+)?)?"
    r"(?:Z|[+-]\d\d(?::\d\d(?::\d\d)?)?)",
    re.ASCII,
)
_FIRST_MAJOR = 1  # versions 0.x are the peer's own documents


def read_row(
    identity: str, source: Mapping[str, object], *, suffixes: Sequence[str]
) -> Row | Problem | None:
    """Make a row of a document, a problem of a bad one, None of an internal one."""
    wrong = _violation(source)
    if wrong:
        return Problem(
            code="HISTORY_DAMAGED",
            message=f"The document {identity} of the history is damaged: {wrong}. "
            "elasticsearch-evolution can't read it either.",
            hint="Correct or delete that document of the history index.",
        )
    key = parse_version(str(source["version"]))
    if key[0] < _FIRST_MAJOR:
        return None
    script = source.get("scriptName")
    name = script if isinstance(script, str) else None
    external = name is not None and not name.lower().endswith(
        tuple(suffix.lower() for suffix in suffixes)
    )
    stamp, millis = source.get("executionTimestamp"), source.get(_MILLIS)
    description = source.get("description")
    applied = Applied(
        version=canonical(key),
        description=description if isinstance(description, str) else None,
        type="JAVA" if external else "HTTP",
        source=name,
        checksum=str(source.get("checksum") or 0),
        applied_at=datetime.fromisoformat(stamp) if isinstance(stamp, str) else None,
        duration_ms=millis if isinstance(millis, int) else 0,
        success=source.get("success") is True,
    )
    return Row(key, applied, is_external=external)


def write_row(applied: Applied) -> dict[str, object]:
    """Render a row as the peer does, but unlocked: a crash leaves only ``0.1``."""
    assert applied.applied_at is not None  # noqa: S101 - whoever records, knows
    return document(
        version=applied.version,
        description=applied.description or "",
        script_name=applied.source or "",
        checksum=int(applied.checksum or 0),
        timestamp=applied.applied_at,
        millis=min(applied.duration_ms or 0, _INT.stop - 1),
        success=applied.success,
        locked=False,
        index_name=None,
    )


def document(
    *,
    version: str,
    description: str,
    script_name: str,
    checksum: int,
    timestamp: datetime,
    millis: int,
    success: bool,
    locked: bool,
    index_name: str | None,
) -> dict[str, object]:
    """The nine fields; all are always present (§5.2).  ``timestamp`` is aware."""
    return {
        "version": version,
        "description": description,
        "scriptName": script_name,
        "checksum": checksum,
        "executionTimestamp": timestamp.isoformat(),
        _MILLIS: millis,
        "success": success,
        "locked": locked,
        "indexName": index_name,
    }


_MILLIS = "executionRuntimeInMillis"


def _violation(source: Mapping[str, object]) -> str | None:
    version = source.get("version")
    if not isinstance(version, str):
        return "it has no version, or one that is not text"
    try:
        parse_version(version)
    except (ScriptError, ValueError):
        return f"its version {version!r} is not a version"
    for field in ("description", "scriptName", "indexName"):
        if not isinstance(source.get(field), str | None):
            return f"{field} is not text"
    for field in ("checksum", _MILLIS):
        if not _is_java_int(source.get(field)):
            return f"{field} is not an integer of 32 bits"
    for field in ("success", "locked"):
        if not isinstance(source.get(field), bool | None):
            return f"{field} is neither true nor false"
    if not _is_java_timestamp(source.get("executionTimestamp")):
        return "executionTimestamp is not a time with an offset"
    return None


def _is_java_int(value: object) -> bool:
    return value is None or (type(value) is int and value in _INT)


def _is_java_timestamp(value: object) -> bool:
    if value is None:
        return True
    if not isinstance(value, str) or not _TIMESTAMP.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True
