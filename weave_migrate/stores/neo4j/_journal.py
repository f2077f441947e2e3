"""The journal: how far a migration came that its record can't be committed with.

One node for each version of a target that is under way, kept beside the history and
without any relationship to it, so that neo4j-migrations never sees it.  It is written
under the lock only.  ``plan.chain_journal`` says what follows from one that is found.
"""

from __future__ import annotations

import hashlib
import os
import socket
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from weave_migrate.errors import StoreError, WeaveError
from weave_migrate.plan.chain_journal import Journal
from weave_migrate.scripts._source import printable
from weave_migrate.stores.neo4j._lock_node import FENCE, IN_USE, PATIENCE, code_of
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
SET j.at = coalesce(j.at, datetime({timezone: 'UTC'}))
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


def _properties(journal: Journal) -> dict[str, object]:
    """Give what the node of a journal says; without ``at`` it is written now."""
    properties = asdict(journal)
    properties["by"] = properties.pop("owner")
    return properties


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

    ``found`` is what an earlier run left.  Each write fails with LockLost, and nothing
    is written, once ``lock`` is no longer ours.
    """

    connection: Connection
    lock: Neo4jLock
    names: Names
    by: str
    migration: Migration
    script: CypherScript
    fingerprint: Fingerprints
    found: Journal | None
    _is_begun: bool = False  # by this run, as far as it knows: an answer may be lost
    _says: tuple[int, int] | None = None  # what this run wrote, where that is known

    @property
    def exists(self) -> bool:
        """Tell whether there may be a node, which is to be deleted with the record."""
        return self._is_begun or self.found is not None

    def write(self, committed: int, started: int = 0) -> None:
        """Write, in a transaction of its own, how far the migration is.

        Raises JournalBlocked where another transaction, such as our own that is open
        and drops an index on all labels, does not let it through.
        """
        self._once(_WRITE, self._parameters(committed, started), (committed, started))

    def write_in(self, tx: ManagedTransaction, committed: int) -> None:
        """Let ``tx`` carry that with it the first ``committed`` statements are."""
        self.connection.round_trips += 1
        if not list(tx.run(_WRITE, self._parameters(committed, 0))):
            raise self.lock.lost()

    def written(self, committed: int) -> None:
        """Remember that the journal has what ``write_in`` let a transaction carry."""
        self._is_begun, self._says = True, (committed, 0)

    def settle(self, committed: int, started: int) -> None:
        """Leave the truth behind if this run wrote something else; see ``write``."""
        said = committed, started
        if self._is_begun and said != self._says:
            self._once(_CORRECT, self._parameters(committed, started), said)

    def take_back(self) -> None:
        """Leave what was found, if this run wrote anything: it did nothing after all.

        What an earlier run committed, or left in doubt, is no less there for that.
        """
        if not self._is_begun:
            return
        if self.found:
            self._once(_CORRECT, self._with(_properties(self.found)))
        else:
            self._once(_FORGET, self._with({}))

    def _once(
        self,
        statement: str,
        parameters: dict[str, object],
        says: tuple[int, int] | None = None,
    ) -> None:
        before = self._is_begun, self._says
        self._is_begun, self._says = True, None  # until the server has answered
        try:
            rows = self.connection.once(
                statement,
                database=self.names.schema,
                parameters=parameters,
                timeout=PATIENCE,
            )
        except WeaveError as error:
            if code_of(error) in IN_USE:
                self._is_begun, self._says = before  # that is an answer
                raise JournalBlocked(
                    f"{error} A transaction that is open does not let weave write "
                    "its journal.",
                    hint="See what runs, in cypher-shell: SHOW TRANSACTIONS",
                ) from error
            raise
        if not rows:
            raise self.lock.lost()
        self._says = says

    @property
    def key(self) -> dict[str, object]:
        """The parameters of FORGET."""
        return {
            "journalTarget": self.names.target or "",
            "journalVersion": self.migration.version,
        }

    def _parameters(self, committed: int, started: int) -> dict[str, object]:
        journal = Journal(
            version=self.migration.version,
            checksum=self.migration.checksum,
            statements=len(self.script.statements),
            committed=committed,
            started=started,
            fingerprint=self.fingerprint(self.script, committed),
            owner=self.by,
            host=socket.gethostname(),
            pid=os.getpid(),
        )
        return self._with(_properties(journal))

    def _with(self, properties: dict[str, object]) -> dict[str, object]:
        journal = {"target": self.names.target or "", **properties}
        return {**self.lock.key, **self.key, "journal": journal}
