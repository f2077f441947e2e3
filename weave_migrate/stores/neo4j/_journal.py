"""The journal: how far a migration came that its record can't be committed with.

One node for each version of a target that is under way, kept beside the history and
without any relationship to it, so that neo4j-migrations never sees it.  It is written
under the lock only.  ``plan.chain_journal`` says what follows from one that is found.
"""

from __future__ import annotations

import hashlib
import os
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from weave_migrate.errors import StoreError, WeaveError
from weave_migrate.plan.chain_journal import Journal
from weave_migrate.scripts._source import printable
from weave_migrate.stores.neo4j._lock_node import FENCE
from weave_migrate.stores.neo4j._values import read_zoned

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from neo4j import ManagedTransaction

    from weave_migrate.model import CypherScript, Migration
    from weave_migrate.stores.neo4j._lock import Neo4jLock
    from weave_migrate.stores.neo4j._names import Names
    from weave_migrate.stores.neo4j._session import Connection

# Anybody can write a node: what is no text, or no whole number, is read as null.
_TEXTS = ("version", "checksum", "fingerprint", "by", "host")
_NUMBERS = ("statements", "committed", "started", "pid")
_PROPERTIES = ", ".join(
    f"{name}: CASE {convert}(j.{name}) WHEN j.{name} THEN {convert}(j.{name}) END"
    for convert, names in (("toStringOrNull", _TEXTS), ("toIntegerOrNull", _NUMBERS))
    for name in names
)
_READ = f"""
MATCH (j:__WeaveJournal) WHERE j.target = $target
RETURN {{{_PROPERTIES}, at: toStringOrNull(j.at)}} AS journal
"""
_NODE = "(j:__WeaveJournal {target: $journalTarget, version: $journalVersion})"
_SET = """
SET j = $journal
SET j.at = datetime({timezone: 'UTC'})
RETURN l.id
"""
_WRITE = f"{FENCE}WITH l MERGE {_NODE}{_SET}"
# Nothing, if the node has gone with a record that was committed after all.
_CORRECT = f"{FENCE}WITH l MATCH {_NODE}{_SET}"
# The middle of a statement that begins with FENCE; it keeps ``l``.
FORGET = f"""WITH l
OPTIONAL MATCH {_NODE}
DELETE j
WITH DISTINCT l
"""
_FORGET = f"{FENCE}{FORGET}RETURN l.id"
_PATIENCE = 5.0  # seconds, for a transaction of ours that may stand in the way
_STOPPED = frozenset(
    {
        "Neo.ClientError.Transaction.LockClientStopped",
        "Neo.ClientError.Transaction.TransactionTimedOut",
        "Neo.ClientError.Transaction.TransactionTimedOutClientConfiguration",
    }
)


class JournalBlocked(StoreError):  # noqa: N818 - it states what happened
    """The journal can't be written while another transaction is open."""


class Journals(NamedTuple):
    """The journals of a target by version, and what to say of nodes that are none."""

    by_version: Mapping[str, Journal] = {}
    warnings: tuple[str, ...] = ()


def load_journals(connection: Connection, names: Names) -> Journals:
    """Read the journals of this target (one round trip)."""
    records = connection.read(_READ, database=names.schema, target=names.target or "")
    journals, warnings = {}, []
    for record in records:
        node = record["journal"]
        if journal := _journal(node):
            journals[journal.version] = journal
        else:
            version = printable(node["version"] or "unknown")
            warnings.append(
                f"A node :__WeaveJournal of version {version} is ignored: it does not "
                "say how far a migration came, so weave did not write it."
            )
    return Journals(journals, tuple(warnings))


def _journal(node: Mapping[str, Any]) -> Journal | None:
    """Make sense of a node; None for one that weave can't have written."""
    version, statements = node["version"], node["statements"] or 0
    committed, started = node["committed"], node["started"]
    if not version or any(
        number is None or not 0 <= number <= statements
        for number in (committed, started)
    ):
        return None
    return Journal(
        version=version,
        checksum=node["checksum"],
        statements=statements,
        committed=committed,
        started=started,
        fingerprint=node["fingerprint"],
        owner=_one_line(node["by"]),
        host=_one_line(node["host"]),
        pid=node["pid"],
        at=read_zoned(node["at"]),
    )


def _one_line(value: str | None) -> str | None:
    """Take what anybody can write into it, and sentences will quote."""
    return printable(value) if value else None


@dataclass(slots=True)
class Fingerprints:
    """Identify what a script's first statements say; see plan.chain_journal.

    Values of placeholders are no part of it: the graph must not help to guess them.
    """

    _known: dict[int, tuple[CypherScript, list[str]]] = field(default_factory=dict)

    def __call__(self, script: CypherScript, count: int, /) -> str | None:
        """Give the fingerprint of the first ``count`` statements, None if too many."""
        if count > len(script.statements):
            return None
        if id(script) not in self._known:
            self._known[id(script)] = script, list(self._all(script))
        return self._known[id(script)][1][count]

    def _all(self, script: CypherScript) -> Iterator[str]:
        digest = hashlib.sha256()
        yield ""
        for each in script.statements:
            said = each.text if each.written is None else each.written
            digest.update(f"{each.database}\0{said}\0".encode())
            yield digest.hexdigest()[:16]


@dataclass(slots=True)
class JournalWriter:
    """Keeps the journal of one migration while that runs.

    ``exists`` says whether there is a node to be deleted with the record; ``committed``
    and ``started`` are what it says as far as this run wrote it.  Each write fails with
    LockLost, and nothing is written, once ``lock`` is no longer ours.
    """

    connection: Connection
    lock: Neo4jLock
    names: Names
    by: str
    migration: Migration
    script: CypherScript
    fingerprint: Fingerprints
    exists: bool
    committed: int = 0
    started: int = 0
    is_begun: bool = False  # by this run

    def write(self, committed: int, started: int = 0) -> None:
        """Write, in a transaction of its own, how far the migration is.

        Raises JournalBlocked where another transaction, such as our own that is open
        and drops an index on all labels, does not let it through.
        """
        self._once(_WRITE, self._parameters(committed, started))
        self.written(committed, started)

    def write_in(self, tx: ManagedTransaction, committed: int) -> None:
        """Let ``tx`` carry that with it the first ``committed`` statements are."""
        self.connection.round_trips += 1
        if not list(tx.run(_WRITE, self._parameters(committed, 0))):
            raise self.lock.lost()

    def written(self, committed: int, started: int = 0) -> None:
        """Remember what the journal says now."""
        self.exists = self.is_begun = True
        self.committed, self.started = committed, started

    def settle(self, committed: int, started: int) -> None:
        """Leave the truth behind if this run wrote something else; see ``write``."""
        if not self.is_begun or (committed, started) == (self.committed, self.started):
            return
        parameters = self._parameters(committed, started)
        self._once(_CORRECT if committed or started else _FORGET, parameters)
        self.written(committed, started)

    def _once(self, statement: str, parameters: dict[str, object]) -> None:
        try:
            rows = self.connection.once(
                statement,
                database=self.names.schema,
                parameters=parameters,
                timeout=_PATIENCE,
            )
        except WeaveError as error:
            if getattr(error.__cause__, "code", None) in _STOPPED:
                raise JournalBlocked(
                    f"{error} A transaction that is open does not let weave write "
                    "its journal.",
                    hint="See what runs, in cypher-shell: SHOW TRANSACTIONS",
                ) from error
            raise
        if not rows:
            raise self.lock.lost()

    @property
    def key(self) -> dict[str, object]:
        """The parameters of FORGET."""
        return {
            "journalTarget": self.names.target or "",
            "journalVersion": self.migration.version,
        }

    def _parameters(self, committed: int, started: int) -> dict[str, object]:
        journal = {
            "target": self.names.target or "",
            "version": self.migration.version,
            "checksum": self.migration.checksum,
            "statements": len(self.script.statements),
            "committed": committed,
            "started": started,
            "fingerprint": self.fingerprint(self.script, committed),
            "by": self.by,
            "host": socket.gethostname(),
            "pid": os.getpid(),
        }
        return {**self.lock.key, **self.key, "journal": journal}
