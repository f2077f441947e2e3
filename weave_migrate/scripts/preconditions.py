"""Preconditions of Cypher scripts: ``// assume …`` and ``// assert …`` lines.

Strategy: one search says whether a line is meant as a precondition (§2.5 of
the compatibility reference: it need not be; an innocent comment may look like one and
then has to be one); the grammar ``precondition.lark`` decides its form.  Whether a
version or edition is as required is answered here; a query only a server answers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from weave_migrate.errors import ScriptError, ScriptSyntaxError
from weave_migrate.scripts._grammar import load_grammar
from weave_migrate.scripts._java import trim
from weave_migrate.scripts._source import excerpt, printable

if TYPE_CHECKING:
    from lark import ParseTree

Kind = Literal["assume", "assert"]

_MEANT = re.compile(
    r"// *+(assume|assert)(?: in (?:schema|target))? (?:that|q')",
    re.IGNORECASE | re.ASCII,
)
_PREFIX = re.compile(r"\ANeo4j/", re.IGNORECASE)
_DIGITS = re.compile(r"\d{1,4000}+", re.ASCII)  # int() takes no more than 4300
_SUFFIX = re.compile(r"-[\w.]+\Z", re.ASCII)
# What Java's isBlank knows as white space; \x1c to \x1f included, U+00A0 not.
_JAVA_SPACE = (
    "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
    "\u2008\u2009\u200a\u2028\u2029\u205f\u3000"
)
_EDITIONS: dict[str, Literal["enterprise", "community", "undefined"]] = {
    "enterprise": "enterprise",
    "community": "community",
    "undefined": "undefined",
}
_HINT = (
    "Use one of: // {0} that version is ge 5.0 | // {0} that version is 4.4, 5.26 | "
    "// {0} that edition is enterprise | // {0} q'RETURN true"
    " - or reword a comment that is not meant as a precondition."
)


@dataclass(frozen=True, slots=True)
class VersionRange:
    """The server's version is less than (``lt``) or at least (``ge``) ``version``."""

    type: Kind
    text: str
    operator: Literal["lt", "ge"]
    version: str


@dataclass(frozen=True, slots=True)
class VersionList:
    """The server's version starts with one of ``versions``, as text.

    So ``5.1`` also allows 5.10 and ``4`` all of 4.x (§2.5).
    """

    type: Kind
    text: str
    versions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EditionIs:
    """The server's edition is ``edition``; ``undefined``: neither of the other two."""

    type: Kind
    text: str
    edition: Literal["enterprise", "community", "undefined"]


@dataclass(frozen=True, slots=True)
class QueryHolds:
    """``query`` returns one record whose first column is true.

    To be run in a read transaction in the ``target`` or the ``schema`` database.
    """

    type: Kind
    text: str
    query: str
    database: Literal["target", "schema"]


Condition = VersionRange | VersionList | EditionIs | QueryHolds


def parse_precondition(line: str, *, file: str, line_number: int) -> Condition | None:
    """Understand one trimmed ``//`` line; None when it is an ordinary comment.

    Raises ScriptSyntaxError (code PRECONDITION_INVALID) for a line that the peer
    takes for a precondition but that has none of the four forms: there it aborts
    the discovery of all migrations.
    """
    kind = _kind_of(line)
    if kind is None:
        return None
    from lark.exceptions import UnexpectedInput

    try:
        form = load_grammar("precondition").parse(line)
    except UnexpectedInput as error:
        at: int | None = error.pos_in_stream
        raise _wrong(line, at or 0, kind, file, line_number) from None
    condition = _condition(form, kind, line)
    if isinstance(condition, QueryHolds) and not condition.query.strip(_JAVA_SPACE):
        raise _wrong(line, len(line), kind, file, line_number)
    return condition


def is_met(
    condition: VersionRange | VersionList | EditionIs, *, version: str, edition: str
) -> bool:
    """Answer a precondition from the server's version and edition (§2.5).

    ``version`` is ``5.26.30`` or ``Neo4j/5.26.30``, ``edition`` in any case.
    Raises ScriptError (code PRECONDITION_UNDECIDED) when a part of the server's
    version is not a number, where the peer fails as well.
    """
    number = _PREFIX.sub("", version)
    if isinstance(condition, EditionIs):
        known = edition.strip().lower()
        return condition.edition == (known if known in _EDITIONS else "undefined")
    if isinstance(condition, VersionList):
        return number.startswith(condition.versions)
    is_less = _numbers(number, condition) < _numbers(condition.version, condition)
    return is_less == (condition.operator == "lt")


def _kind_of(line: str) -> Kind | None:
    """Say what a line is meant as; assume is looked for first (§2.5)."""
    found = {match[1].lower() for match in _MEANT.finditer(line)}
    if "assume" in found:
        return "assume"
    return "assert" if found else None


def _condition(form: ParseTree, kind: Kind, text: str) -> Condition:
    parts = [str(part) for part in form.children]
    match form.data:
        case "range":
            operator: Literal["lt", "ge"] = "lt" if parts[0].lower() == "lt" else "ge"
            return VersionRange(kind, text, operator, parts[1])
        case "list":
            return VersionList(kind, text, tuple(parts))
        case "edition":
            return EditionIs(kind, text, _EDITIONS[parts[0].lower()])
        case _:
            database: Literal["target", "schema"] = (
                "schema" if len(parts) > 1 else "target"
            )
            return QueryHolds(kind, text, trim(parts[-1]), database)


def _numbers(version: str, condition: Condition) -> tuple[int, ...]:
    """Split a version into numbers, without the zeros at its end: 5.0 equals 5."""
    parts = _SUFFIX.sub("", version).rstrip(".").split(".")
    if not all(_DIGITS.fullmatch(part) for part in parts):
        raise ScriptError(
            f"The server's version {version} can't be compared, as "
            f"`{printable(condition.text)}` asks for.",
            code="PRECONDITION_UNDECIDED",
            hint="Use an exact version list instead of lt or ge.",
        )
    numbers = [int(part) for part in parts]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _wrong(
    line: str, at: int, kind: Kind, file: str, line_number: int
) -> ScriptSyntaxError:
    return ScriptSyntaxError(
        f"{file}, line {line_number}: this comment begins like a precondition but is "
        "none; neo4j-migrations would refuse every migration because of it.",
        code="PRECONDITION_INVALID",
        hint=_HINT.format(kind),
        file=file,
        line=line_number,
        excerpt=excerpt(line, at),
    )
