"""Names and versions of ``.http`` migrations: ``V1.2__what_it_does.http``.

The rules are elasticsearch-evolution's (§1.1, §1.2).  A name without the prefix or the
suffix is ignored; one with both that breaks another rule stops the run.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from weave_migrate.errors import MigrationNameError

if TYPE_CHECKING:
    from collections.abc import Sequence

_SEPARATOR = "__"
_MAX = 2**31 - 1

_PART_END = re.compile(r"\.(?=[0-9])")
# Java's Integer.valueOf: a sign, then decimal digits of the Basic Multilingual Plane.
_PART = re.compile(r"[+-]?(?:(?![\U00010000-\U0010ffff])\d)++\Z")
_VERSION = r"[0-9]++(?:[._][0-9]++)*+"
_NUMBER = re.compile(r"[0-9]++")
_OTHER_SUFFIX = re.compile(r"(?i:\.(?:http|https|htp|rest)(?:\.txt)?|\.http[ .]++)\Z")


@dataclass(frozen=True, slots=True)
class HttpName:
    """What the name of a migration says.

    ``version`` is canonical (``V001.00__x`` is ``"1"``) and the id of its record;
    ``key`` orders versions; ``source`` is the bare file name, as recorded.
    """

    version: str
    key: tuple[int, ...]
    description: str
    source: str


def parse_http_name(
    file_name: str, *, prefix: str = "V", suffixes: Sequence[str] = (".http",)
) -> HttpName | None:
    """Read a bare file name as elasticsearch-evolution does (§1.1).

    None where it ignores the file: the prefix (compared with case) or every suffix
    (compared without) is missing.  The first suffix of the list that fits is cut off.
    Raises MigrationNameError where it stops the run.
    """
    cut = _cut(file_name, prefix, suffixes)
    if cut is None:
        return None
    stem, suffix = cut
    version, separator, description = stem.partition(_SEPARATOR)
    if not separator:
        problem = f'there is no "{_SEPARATOR}" between version and description'
    elif not description:
        problem = f'there is no description after "{_SEPARATOR}"'
    elif not version.strip():
        problem = f'there is no version between "{prefix}" and "{_SEPARATOR}"'
    else:
        try:
            key = parse_version(version)
        except MigrationNameError as error:
            problem = error.message.removesuffix(".")
        else:
            if key[0] > 0:
                description = description.replace("_", " ")
                return HttpName(canonical(key), key, description, file_name)
            problem = "the first part of a version must be greater than 0"
    raise MigrationNameError(
        f"{file_name} is not the name of a migration: {problem}.",
        hint=f"Rename it to {_corrected(stem, prefix, suffix)}.",
        file=file_name,
    )


def parse_version(text: str) -> tuple[int, ...]:
    """Read a version: numbers divided by ``.`` or ``_``, trailing zeros dropped (§1.2).

    The tuples compare as the versions do.  Raises MigrationNameError where Java's
    ``Integer.valueOf`` fails: ``2147483648`` is too big, ``1.`` and ``1..2`` are no
    numbers, ``+1`` is one.
    """
    parts = [_number(text, part) for part in _PART_END.split(text.replace("_", "."))]
    while len(parts) > 1 and parts[-1] == 0:
        parts.pop()
    return tuple(parts)


def canonical(key: tuple[int, ...]) -> str:
    """Write a version as elasticsearch-evolution records it: ``1.0.2``."""
    return ".".join(map(str, key))


def near_miss(
    file_name: str, *, prefix: str = "V", suffixes: Sequence[str] = (".http",)
) -> str | None:
    """Warn of a file that is ignored but was surely meant as a migration.

    ``v1__x.http``, ``1__x.http``, ``V1__x.rest``; None where nothing is amiss.
    """
    if not suffixes or _cut(file_name, prefix, suffixes):
        return None
    suffix = next((s for s in suffixes if file_name.lower().endswith(s.lower())), None)
    if suffix:
        stem = file_name[: -len(suffix)]
    elif known := _OTHER_SUFFIX.search(file_name):
        stem, suffix = file_name[: known.start()], suffixes[0]
    else:
        return None
    letters = rf"(?i:{re.escape(prefix)}|v|version)"
    meant = re.match(
        rf"(?:{letters}[ ._-]?(?={_VERSION}[_ -])|(?={_VERSION}__))(?=.*[^\W\d_])", stem
    )
    if meant is None:
        return None
    corrected = _corrected(stem[meant.end() :], prefix, suffix)
    return f"{file_name} is ignored because of its name; {corrected} would be read."


def _cut(
    file_name: str, prefix: str, suffixes: Sequence[str]
) -> tuple[str, str] | None:
    suffix = next((s for s in suffixes if file_name.lower().endswith(s.lower())), None)
    if suffix is None or not file_name.startswith(prefix):
        return None
    return file_name[len(prefix) : len(file_name) - len(suffix)], suffix


def _number(version: str, part: str) -> int:
    try:
        number = int(part) if _PART.match(part) else None
    except ValueError:  # more digits than Python reads
        number = None
    if number is None or not -_MAX - 1 <= number <= _MAX:
        reason = "is not a number" if number is None else f"is greater than {_MAX}"
        raise MigrationNameError(f'"{part}" in the version "{version}" {reason}.')
    return number


def _corrected(stem: str, prefix: str, suffix: str) -> str:
    """Propose a name as near to the given one as the rules allow."""
    version, separator, description = stem.partition(_SEPARATOR)
    if not separator and (number := re.match(_VERSION, stem)):
        version, description = number[0], stem[number.end() :]
    elif not separator:
        version, description = "", prefix + stem
    parts = [_fitting(n) for n in _NUMBER.findall(version)] or ["1"]
    if not parts[0].strip("0"):
        parts[0] = "1"
    words = re.sub(r"[\s_-]+", "_", description).strip("_.") or "description"
    return f"{prefix}{'.'.join(parts)}{_SEPARATOR}{words}{suffix}"


def _fitting(digits: str) -> str:
    """Divide what is no Java int after its first 8 digits, those of a date."""
    short = len(digits) <= 9 or (len(digits) == 10 and int(digits) <= _MAX)
    return digits if short else ".".join(re.findall("[0-9]{1,8}", digits))
