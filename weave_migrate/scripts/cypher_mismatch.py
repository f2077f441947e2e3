"""Say why a Cypher script has another checksum than the one recorded for it.

Each rule changes one thing, the way of reading or the text, and hashes again; only
what then gives the recorded checksum is an explanation.  That a precondition was added
needs none, because the peer accepts it (§3.2), but in Flyway's form.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import dropwhile
from typing import TYPE_CHECKING

from weave_migrate.errors import ScriptError
from weave_migrate.scripts.cypher import cypher_checksum, parse_cypher

if TYPE_CHECKING:
    from collections.abc import Iterator

    # A text, autocrlf, Flyway's form, and what it means if they give the checksum.
    Attempt = tuple[bytes, bool, bool, "Explanation"]

_BOM = b"\xef\xbb\xbf"
_LINE_END = re.compile(rb"\r\n|\n|\r")
_SETTING = "{} = {} below [neo4j] in weave.toml"
_GIT = "`*.cypher text eol={}` in .gitattributes"
_FLYWAY = "use_flyway_compatible_checksums"


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is different, in a sentence, and what to do about it."""

    reason: str
    hint: str


def explain_mismatch(
    data: bytes, recorded: str, *, autocrlf: bool, flyway_checksums: bool
) -> Explanation | None:
    """Find the one difference that explains ``recorded``; None where none does.

    ``autocrlf`` and ``flyway_checksums`` are the settings that the script is read
    with; its bytes are those of a script that could be parsed with them.
    """
    attempts = _in_flyways_form if flyway_checksums else _in_default_form
    for text, crlf, flyway, explanation in attempts(data, autocrlf=autocrlf):
        try:
            checksum = cypher_checksum(
                text, file="", autocrlf=crlf, flyway_checksums=flyway
            )
        except ScriptError:  # the changed text may break a rule that the file keeps
            continue
        if checksum == recorded:
            return explanation
    return None


def _in_flyways_form(data: bytes, *, autocrlf: bool) -> Iterator[Attempt]:
    """Neither line ends nor byte order marks count in this form (§3.3)."""
    yield (
        data,
        autocrlf,
        False,
        Explanation(
            "It was recorded in the default form, not in Flyway's.",
            f"Set {_SETTING.format(_FLYWAY, 'false')}.",
        ),
    )
    script = parse_cypher(data, file="", autocrlf=autocrlf)
    texts = {each.text.encode() for each in script.preconditions}
    lines = data.splitlines(keepends=True)
    yield (
        b"".join(line for line in lines if line.strip() not in texts),
        autocrlf,
        True,
        Explanation(
            "Only preconditions were added, which changes checksums of Flyway's form.",
            "Take them out again, and put the change into a new migration.",
        ),
    )


def _in_default_form(data: bytes, *, autocrlf: bool) -> Iterator[Attempt]:
    yield (
        data,
        autocrlf,
        True,
        Explanation(
            "It was recorded in Flyway's form.",
            f"Set {_SETTING.format(_FLYWAY, 'true')}.",
        ),
    )
    yield from _line_ends(data, autocrlf=autocrlf)
    has_mark = data.startswith(_BOM)
    yield (
        data.removeprefix(_BOM) if has_mark else _BOM + data,
        autocrlf,
        False,
        Explanation(
            f"Only its byte order mark was {'added' if has_mark else 'removed'}.",
            f"Save it as UTF-8 {'without' if has_mark else 'with'} that mark.",
        ),
    )
    lines = data.splitlines(keepends=True)
    for kept in (
        [line for line in lines if not line.lstrip().startswith(b"//")],
        [*dropwhile(_says_nothing, lines)],
        [*dropwhile(_says_nothing, lines[::-1])][::-1],
    ):
        yield (
            b"".join(kept),
            autocrlf,
            False,
            Explanation(
                "Only comments were added; they count.", "Take them out again."
            ),
        )


def _line_ends(data: bytes, *, autocrlf: bool) -> Iterator[Attempt]:
    """What differs may be the file, or ``autocrlf``, or both of them (§2.1)."""
    or_setting = "" if autocrlf else f", or set {_SETTING.format('autocrlf', 'true')}"
    and_setting = f", and set {_SETTING.format('autocrlf', 'false')}"
    hints = {
        "LF": f"Let git keep LF: {_GIT.format('lf')}{or_setting}.",
        "CRLF": f"Let git keep CRLF: {_GIT.format('crlf')}"
        f"{and_setting if autocrlf else ''}.",
        "CR": "Save it with CR for line ends.",
    }
    ends = {"LF": b"\n", "CRLF": b"\r\n", "CR": b"\r"}
    for name, hint in hints.items():
        reason = f"Only its line ends differ: it was applied with {name}."
        text = _LINE_END.sub(ends[name], data)
        yield text, False, False, Explanation(reason, hint)
    yield (
        data,
        not autocrlf,
        False,
        Explanation(
            f"It was recorded with autocrlf = {str(not autocrlf).lower()}.",
            f"Set {_SETTING.format('autocrlf', str(not autocrlf).lower())}.",
        ),
    )


def _says_nothing(line: bytes) -> bool:
    """Tell whether a line is blank or a comment."""
    return not line.strip() or line.lstrip().startswith(b"//")
