"""Names of Neo4j migrations and callbacks, and the order of versions.

Section numbers are those of the compatibility reference.  The peer accepts a file in
two stages: a search over the whole path decides whether it is looked at, a full match
of the file name whether it is understood.  What only passes the first stage aborts
every operation there; what fails the first is ignored without a word, which is why we
warn.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote

from weave_migrate.errors import MigrationNameError
from weave_migrate.scripts._java import trim
from weave_migrate.scripts._source import printable

if TYPE_CHECKING:
    from collections.abc import Callable

Order = Literal["semantic", "lexicographic"]
BASELINE = "BASELINE"

_VERSION = re.compile(
    r"([VR])(\d++(?:_\d++)*+|\d++(?:\.\d++)*+)__([\w ]++)(?:\.(\w++))?", re.ASCII
)
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PHASE = r"((?:before|after)(?:Migrate|Clean|Validate|Info)|beforeFirstUse)"
_CALLBACK = re.compile(_PHASE + r"(?:__([\w ]++))?(?:\.cypher)?", re.ASCII)
# Everything that somebody may have meant as a migration.
_MEANT = re.compile(
    r"(?P<type>[VRU])(?:[-_ .]++(?=\d))?(?P<version>\d++(?:[._-]\d++)*+)?(?P<rest>.*)"
    r"\.(?P<ending>cypher|cyp|cql|xml)",
    re.IGNORECASE | re.ASCII | re.DOTALL,
)
_ENDINGS = {"cypher": "cypher", "cyp": "cypher", "cql": "cypher", "xml": "xml"}
_LONG = re.compile(r"[+-]?0*(\d{1,19}+)", re.ASCII)
_LONG_MAX = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class CypherName:
    """What a file name says: ``V007_1__Bond.cypher`` is version ``007.1`` (§1.4).

    ``source`` is the file name as neo4j-migrations records it.
    """

    version: str
    description: str
    repeatable: bool
    source: str


def parse_migration_name(path: str, *, extension: str = "cypher") -> CypherName | None:
    """Read the name of a migration out of its path, with ``/`` between folders (§1.2).

    None: neo4j-migrations ignores such a file (``near_miss`` says whether to warn).
    Raises MigrationNameError where it aborts.
    """
    _check_percent(path)
    found = _looked_at(path, extension)
    if found is None:
        return None
    source = _source(path)
    match = _VERSION.fullmatch(source)
    if match is None:
        raise _not_understood(path, found, extension)
    return CypherName(
        version=match[2].replace("_", "."),
        description=match[3].replace("_", " "),
        repeatable=match[1] == "R",
        source=source,
    )


def callback_phase(path: str) -> tuple[str, str] | None:
    """Read phase and description (or ``""``) of a callback out of its path (§1.8).

    None when the path names no phase or is no Cypher file.  Raises
    MigrationNameError where neo4j-migrations aborts: a phase anywhere in the path of
    a Cypher file whose name is not that of a callback.
    """
    name = path.rpartition("/")[2]
    found = re.search(_PHASE, path)
    _, dot, ending = name.rpartition(".")
    if found is None or not dot or ending.lower() != "cypher":
        return None
    match = _CALLBACK.fullmatch(_source(path))
    if match is None:
        raise MigrationNameError(
            f"{printable(path)} has {found[1]} in its path but is not named like a "
            f"callback; neo4j-migrations would refuse to run at all.",
            code="CALLBACK_NAME_INVALID",
            hint=f"Name a callback {found[1]}.cypher or "
            f"{found[1]}__description.cypher; keep {found[1]} out of other names.",
            file=path,
        )
    return match[1], trim(match[2] or "").replace("_", " ")


def near_miss(path: str) -> str | None:
    """Warn of a file that is ignored but looks as if it was meant as a migration.

    The sentence ends with a name that would be accepted; None for all other files.
    """
    if _looked_at(path, "cypher") or _looked_at(path, "xml"):
        return None
    folder, _, name = path.rpartition("/")
    if _VERSION.fullmatch(name):
        return _near_miss_of_full_name(path, folder, name)
    meant = _MEANT.fullmatch(name)
    # Without a number it takes two underscores to look like a migration at all:
    # "read me.cypher" begins with an R as well.
    if meant is None or not (meant["version"] or meant["rest"].startswith("__")):
        return None
    corrected = _corrected(
        meant["type"], meant["version"] or "1", meant["rest"], meant["ending"]
    )
    reason = (
        "there are no undo scripts; as a migration its name would be"
        if meant["type"] in "uU"
        else "it is not named like a migration; rename it to"
    )
    return f"{printable(path)} is ignored: {reason} {corrected}"


def compare_versions(a: str, b: str, *, order: Order) -> int:
    """Compare two versions as the peer does (§1.5): negative, 0 or positive.

    Semantic order looks at one part only beyond the shorter version, so that
    ``1``, ``1.0`` and ``1.0.5`` are equal while ``1.0`` is less than ``1.0.5``.
    BASELINE compared with anything else is 1 from either side.
    Raises MigrationNameError for parts that are no signed 64-bit numbers.
    """
    if BASELINE in (a, b):
        return 0 if a == b else 1
    if order == "lexicographic":
        left, right = a.encode("utf-16-be"), b.encode("utf-16-be")
        return (left > right) - (left < right)
    return _compare_parts(_parts(a), _parts(b))


def version_key(order: Order) -> Callable[[str], Any]:
    """Give a key for ``sorted`` over versions."""
    return functools.cmp_to_key(functools.partial(compare_versions, order=order))


def _compare_parts(a: tuple[int, ...], b: tuple[int, ...]) -> int:
    for x, y in zip(a, b, strict=False):
        if x != y:
            return -1 if x < y else 1
    if len(a) < len(b):
        return 0 if b[len(a)] == 0 else -1
    if len(a) > len(b):
        return 0 if a[len(b)] == 0 else 1
    return 0


@functools.lru_cache(maxsize=4096)
def _parts(version: str) -> tuple[int, ...]:
    return tuple(_long(part, version) for part in version.rstrip(".").split("."))


def _long(part: str, version: str) -> int:
    match = _LONG.fullmatch(part)
    number = int(match[1]) if match else _LONG_MAX + 1
    if number > _LONG_MAX:
        raise MigrationNameError(
            f"Version {printable(version[:80])} can't be compared: each part has to be "
            f"a number up to {_LONG_MAX}.",
            code="VERSION_INVALID",
            hint='Use smaller numbers, or version_sort_order = "lexicographic".',
        )
    return -number if part.startswith("-") else number


def _looked_at(path: str, extension: str) -> re.Match[str] | None:
    found = _VERSION.search(unquote(path.replace("+", " ")))
    return found if found and found[4] == extension else None


def _source(path: str) -> str:
    # Of the file name only "+" is decoded: its URL is encoded once more (§1.2).
    return path.rpartition("/")[2].replace("+", " ")


def _check_percent(path: str) -> None:
    stray = _STRAY_PERCENT.search(path)
    if stray is None:
        return
    start = path.rfind("/", 0, stray.start()) + 1
    end = path.find("/", start)
    part = path[start:] if end < 0 else path[start:end]
    raise MigrationNameError(
        f"{printable(path)} has a % in its path that neo4j-migrations can't decode; "
        "it would refuse to run at all.",
        hint=f'Rename "{printable(part)}" to '
        f'"{printable(_STRAY_PERCENT.sub("_", part))}".',
        file=path,
    )


def _not_understood(
    path: str, found: re.Match[str], extension: str
) -> MigrationNameError:
    name = path.rpartition("/")[2]
    hit = _VERSION.search(unquote(name.replace("+", " ")))
    hint = (
        f"Rename it to {hit[1]}{hit[2]}__{hit[3]}.{extension} if it is a migration, "
        "otherwise move it out of the migrations folder."
        if hit
        else f"Rename the folder that holds {found[0]} in its name."
    )
    return MigrationNameError(
        f"{printable(path)} contains the name of a migration but is not named like "
        "one; neo4j-migrations would refuse to run at all.",
        hint=hint,
        file=path,
    )


def _near_miss_of_full_name(path: str, folder: str, name: str) -> str | None:
    stem, dot, ending = name.rpartition(".")
    if dot and ending in {"cypher", "xml"} and (hidden := _VERSION.search(folder)):
        return (
            f"{printable(path)} is ignored: a folder above it is named like a "
            f"migration; rename that folder, {printable(hidden[0])}, to "
            f"{_described(hidden[3])}"
        )
    if dot and ending.lower() in _ENDINGS:
        renamed = f"{stem}.{_ENDINGS[ending.lower()]}"
        return f"{printable(path)} is ignored: rename it to {renamed}"
    return None if dot else f"{printable(path)} is ignored: rename it to {name}.cypher"


def _corrected(kind: str, version: str, rest: str, ending: str) -> str:
    prefix = "R" if kind in "rR" else "V"
    if not set(version) <= set("0123456789."):
        version = re.sub(r"[.-]", "_", version)
    return f"{prefix}{version}__{_described(rest)}.{_ENDINGS[ending.lower()]}"


def _described(text: str) -> str:
    """Make a description the peer can read: ASCII letters, digits, underscores."""
    ascii_only = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]+", "_", ascii_only).strip("_") or "description"
