"""The version behind which a run of Neo4j ends (reference, §6.4).

neo4j-migrations takes a target that names nothing for no target at all: ``current`` on
an empty database applies everything.  Here it then means that nothing is to be done.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from weave_migrate.errors import ScriptError
from weave_migrate.model import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weave_migrate.model import Entry
    from weave_migrate.plan.chain_problems import Compare, Order

_NUMBER = r"(\d++(?:_\d++)*+|\d++(?:\.\d++)*+)"
_NAMED = re.compile(rf"[VR]{_NUMBER}(\?)?(?:__[\w ]++(?:\.\w++)?)?", re.ASCII)
_STORED = re.compile(r"(\d++(?:\.\d++)*+)(\?)?", re.ASCII)
_WORDS = frozenset({"current", "latest", "next"})
_SHOWN = 60  # characters of a malformed target


def named_version(text: str) -> tuple[str, bool] | None:
    """Read a version as it is recorded, or as file names spell it.

    ``V1_2`` and ``V1_2__x.cypher`` are ``1.2``, and so is ``1.2`` itself; the flag
    tells of a ``?`` behind it: the version need not exist.  None for anything else.
    """
    match = _NAMED.fullmatch(text) or _STORED.fullmatch(text)
    return (match[1].replace("_", "."), bool(match[2])) if match else None


def count_within(
    entries: Sequence[Entry], target: str, order: Order, compare: Compare
) -> int | Problem:
    """Say how many of ``entries``, from the first on, are not behind ``target``.

    ``current`` is the last of the recorded entries before the first that is not, and
    ``next`` that one; without any, there is nothing behind.  A Problem is the answer
    for a target that can't be read, or that names a version nobody knows.
    """
    text = target.strip()
    if (word := text.removesuffix("?").lower()) in _WORDS:
        return _count_of_word(entries, word)
    named = named_version(text)
    if named is None:
        return _malformed(text)
    version, is_optional = named
    known = [entry.version for entry in entries]
    if version not in known and not is_optional:
        return _unknown(version, known)
    try:
        behind = (compare(each, version, order=order) > 0 for each in known)
        return next(
            (at for at, is_behind in enumerate(behind) if is_behind), len(known)
        )
    except ScriptError:  # a number beyond all that can be compared
        return _malformed(text)


def _count_of_word(entries: Sequence[Entry], word: str) -> int:
    first_open = next(
        (at for at, entry in enumerate(entries) if entry.applied is None), len(entries)
    )
    return {
        "current": first_open,
        "next": min(first_open + 1, len(entries)),
        "latest": len(entries),
    }[word]


def _malformed(text: str) -> Problem:
    return Problem(
        code="TARGET_UNKNOWN",
        message=f"The target {text[:_SHOWN]!r} is neither current, latest or next nor "
        "a version.",
        hint="Write a version as it is recorded (010, 1.2) or as files spell it (V010, "
        "V1_2); with a ? behind it, it need not exist.",
    )


def _unknown(version: str, known: Sequence[str]) -> Problem:
    close = " or ".join(get_close_matches(version, known))
    meant = f"Did you mean {close}? " if close else ""
    return Problem(
        code="TARGET_UNKNOWN",
        message=f"Target version {version} is not available: there is neither a script "
        "nor a record of it.",
        hint=f"{meant}V{version}? stops where it would be.",
    )
