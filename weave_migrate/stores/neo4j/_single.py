"""Single files, run as they are: no lock, no history (reference, §6.5).

neo4j-migrations wants a migration's name and a URL that needs no decoding.  Here any
``.cypher`` file will do, since its name is recorded nowhere, and it may be given as a
path or a ``file:`` URL.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import url2pathname

from weave_migrate.errors import ScriptError
from weave_migrate.scripts.cypher import parse_cypher
from weave_migrate.stores.neo4j._execute import Execution
from weave_migrate.stores.neo4j._failure import Wording
from weave_migrate.stores.neo4j._unrecorded import run_unrecorded

if TYPE_CHECKING:
    from weave_migrate.config import Neo4jSettings
    from weave_migrate.model import CypherScript
    from weave_migrate.stores._base import Observer
    from weave_migrate.stores.neo4j._session import Connection

# One letter is a Windows drive.
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]++:", re.IGNORECASE | re.ASCII)
_FILE = re.compile(r"file:(?://[^/]*+)?+(.*)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Single:
    """A file that is to be run."""

    source: str
    path: Path
    script: CypherScript

    @property
    def summary(self) -> str:
        """Say what would be done with it."""
        count = len(self.script.statements)
        return f"Run {self.path} ({count} statement{'s' * (count != 1)})."


def read_single(file: str, settings: Neo4jSettings) -> Single:
    """Read and parse one file; preconditions in it are comments.

    Raises ScriptError: UNREADABLE, CATALOG_UNSUPPORTED, SCRIPT_UNSUPPORTED, and what
    ``parse_cypher`` raises.
    """
    path = _path(file)
    _check_kind(path)
    try:
        data = path.read_bytes()
    except (OSError, ValueError) as error:  # the latter for a NUL in its name
        reason = getattr(error, "strerror", None) or "it is no file's name"
        raise ScriptError(
            f"{path} can't be read: {reason}.",
            code="UNREADABLE",
            hint="Check that it exists and that you may read it.",
            file=path,
        ) from None
    script = parse_cypher(
        data,
        file=str(path),
        placeholders=settings.placeholders,
        autocrlf=settings.autocrlf,
        with_preconditions=False,
    )
    return Single(path.name, path, script)


def run_single(
    single: Single,
    connection: Connection,
    settings: Neo4jSettings,
    database: str | None,
    observer: Observer,
) -> None:
    """Run one file in the target database; raises MigrationFailed."""
    observer.progressed(single.source)
    wording = Wording(
        what="this script",
        again=f"weave db migrate-neo4j run {shlex.quote(str(single.path))}",
        is_recorded=False,
    )
    execution = Execution(
        connection, settings, observer, single.script, single.path, wording
    )
    took = run_unrecorded(execution, database)
    observer.noted(f"ran {single.source} ({took} ms)")


def _path(text: str) -> Path:
    """Read a path, or a ``file:`` URL, whose host is of no interest (§1.7)."""
    if url := _FILE.fullmatch(text):
        return Path(url2pathname(url[1]))
    if scheme := _SCHEME.match(text):
        raise ScriptError(
            f"{text} is no file: URLs of {scheme[0]} can't be run.",
            code="SCRIPT_UNSUPPORTED",
            hint="Give a path, or a URL that begins with file:",
        )
    return Path(text)


def _check_kind(path: Path) -> None:
    ending = path.suffix.lower()
    if ending == ".xml":
        raise ScriptError(
            f"{path} is an XML migration, which weave can't run yet.",
            code="CATALOG_UNSUPPORTED",
            hint="Run it with neo4j-migrations.",
            file=path,
        )
    if ending != ".cypher":
        raise ScriptError(
            f"{path} is no Cypher script: its name does not end in .cypher.",
            code="SCRIPT_UNSUPPORTED",
            hint="Rename it if it is one.",
            file=path,
        )
