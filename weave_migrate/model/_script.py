"""What a script is once it has been parsed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Statement:
    """One executable statement of a Cypher script.

    ``text`` is what is sent, with placeholders that were given already replaced;
    ``line`` is 1-based and counts to its first character in the file; ``database``
    is the name given by the ``:use`` before it, lower-cased, or None.
    ``transaction`` is what weave uses; ``peer_transaction`` is set only where
    neo4j-migrations decides otherwise.  ``group`` counts the ``:use`` entries before
    it: one group is one session and, per migration, one transaction.  ``written`` is
    the text with its placeholders, as it stands in the file, where that is another.
    """

    text: str
    line: int
    database: str | None = None
    transaction: Literal["managed", "implicit"] = "managed"
    peer_transaction: Literal["managed", "implicit"] | None = None
    group: int = 0
    written: str | None = None


@dataclass(frozen=True, slots=True)
class Precondition:
    """One ``// assume …`` or ``// assert …`` line; ``text`` is the trimmed line."""

    type: Literal["assume", "assert"]
    text: str


@dataclass(frozen=True, slots=True)
class CypherScript:
    """A Cypher script: what is executed, and what neo4j-migrations hashes.

    ``checksum`` is the peer's, as a decimal string; ``alternatives`` are the
    checksums of the same script that the peer accepts as well.  ``unresolved`` are
    the names of ``${nm:…}`` placeholders that no value was given for.
    """

    statements: tuple[Statement, ...]
    checksum: str
    preconditions: tuple[Precondition, ...] = ()
    alternatives: frozenset[str] = frozenset()
    unresolved: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CatalogScript:
    """An XML migration of neo4j-migrations: what can be said of it without applying it.

    ``checksum`` and ``alternatives`` as in a CypherScript; its preconditions are the
    processing instructions of the document.
    """

    checksum: str
    preconditions: tuple[Precondition, ...] = ()
    alternatives: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request of a script.

    ``headers`` are the file's own, in order, later duplicates replacing earlier
    ones; ``path`` is verbatim; ``body`` is None when there is none.  ``line`` is the
    1-based line of the request line.
    """

    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: str | None = None
    line: int = 1


@dataclass(frozen=True, slots=True)
class HttpScript:
    """A ``.http`` script.

    ``checksum`` is elasticsearch-evolution's: a signed 32-bit integer.
    ``notes`` name what elasticsearch-evolution would read differently or reject, one
    sentence each.  ``unresolved`` are placeholders no value was given for.
    """

    requests: tuple[Request, ...]
    checksum: int
    notes: tuple[str, ...] = ()
    unresolved: tuple[str, ...] = ()
