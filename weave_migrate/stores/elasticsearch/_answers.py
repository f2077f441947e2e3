"""What a server answered, and what it means in words."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHOWN = 500  # characters of a reason: Painless stacks and HTML pages are long
_ITEMS = 5  # failing items of a bulk request that are named


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer; ``body`` is as received, decompressed."""

    status: int
    body: bytes = b""

    @property
    def is_success(self) -> bool:
        """What the peer counts as success: 200 to 299 (reference §9.2)."""
        return 200 <= self.status <= 299

    def json(self) -> object:
        """The body as JSON, or None where it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    def object(self) -> Mapping[str, object]:
        """The body as a JSON object, empty where it is none."""
        found = self.json()
        return found if isinstance(found, dict) else {}

    @property
    def error_type(self) -> str:
        """The server's word for the error (``resource_already_exists_exception``)."""
        return _text(mapping(self.object().get("error")).get("type"))

    @property
    def reason(self) -> str:
        """Status, type and reason of an error in one line, causes included."""
        error = self.object().get("error")
        said = describe(error) if error else self.body.decode(errors="replace")
        return shorten(f"{status_text(self.status)}: {said}".rstrip(": "))


def status_text(status: int) -> str:
    """``400 Bad Request``."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def describe(error: object) -> str:
    """Render an error object of the server, following ``caused_by`` to its end.

    ``failures``-like lists of shards repeat the first cause and are left out.
    """
    parts: list[str] = []
    while isinstance(error, dict) and len(parts) < _ITEMS:
        said = ": ".join(
            filter(None, (_text(error.get("type")), _text(error.get("reason"))))
        )
        if said and said not in parts:
            parts.append(said)
        error = error.get("caused_by")
    if isinstance(error, str):
        parts.append(error)
    return "; caused by ".join(parts)


def bulk_failures(answer: Answer) -> str | None:
    """Name the failing items of a ``_bulk`` answer; None when there are none.

    The peer takes such an answer for a success (§9.2); we do not.
    """
    said = answer.object()
    items = said.get("items")
    if said.get("errors") is not True or not isinstance(items, list):
        return None
    failed = [
        _item(number, action, mapping(result))
        for number, item in enumerate(items, start=1)
        for action, result in mapping(item).items()
        if mapping(result).get("error")
    ]
    more = f"; and {len(failed) - _ITEMS} more" if len(failed) > _ITEMS else ""
    return (
        f"{len(failed)} of {len(items)} items failed: "
        + "; ".join(failed[:_ITEMS])
        + more
    )


def _item(number: int, action: str, result: Mapping[str, object]) -> str:
    where = f"{_text(result.get('_index'))}/{_text(result.get('_id'))}"
    reason = shorten(describe(result["error"]))
    return f"item {number} ({action} {where}): {reason}"


def shorten(text: str) -> str:
    """One line of a readable length."""
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def mapping(value: object) -> Mapping[str, object]:
    """The value if it is a JSON object, otherwise an empty one."""
    return value if isinstance(value, dict) else {}
