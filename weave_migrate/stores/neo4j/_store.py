"""Neo4j as a Store: asks, decides through ``plan.chain``, and acts."""

from __future__ import annotations

import getpass
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from weave_migrate.errors import HistoryError
from weave_migrate.model import CypherScript, Plan, Problem, StoreKind
from weave_migrate.plan.chain import ChainPolicy, decide
from weave_migrate.plan.chain_edit import Rewrite
from weave_migrate.plan.chain_journal import JournalPolicy, Resumption, resume
from weave_migrate.plan.chain_records import baseline, delete
from weave_migrate.plan.chain_repair import repair
from weave_migrate.plan.chain_twins import with_twins
from weave_migrate.scripts.cypher_names import compare_versions
from weave_migrate.stores._base import Change, Facts
from weave_migrate.stores.neo4j import _clean, _edit
from weave_migrate.stores.neo4j._apply import Runner
from weave_migrate.stores.neo4j._callbacks import (
    Callbacks,
    Operation,
    divide,
    refuse,
    with_callbacks,
)
from weave_migrate.stores.neo4j._conditions import Conditions
from weave_migrate.stores.neo4j._discovery import Discovery
from weave_migrate.stores.neo4j._execute import pause
from weave_migrate.stores.neo4j._history import ChainWriter, load_chain
from weave_migrate.stores.neo4j._journal import Fingerprints, load_journals
from weave_migrate.stores.neo4j._lock import Neo4jLock
from weave_migrate.stores.neo4j._lock_node import holder, release
from weave_migrate.stores.neo4j._names import resolve
from weave_migrate.stores.neo4j._schema import HISTORY, LOCK, ensure, load_present
from weave_migrate.stores.neo4j._session import Connection
from weave_migrate.stores.neo4j._single import Single, read_single, run_single

if TYPE_CHECKING:
    from collections.abc import Iterator

    from weave_migrate.config import Neo4jSettings
    from weave_migrate.model import Callback, LockInfo, Migration
    from weave_migrate.plan.chain_graph import Chain
    from weave_migrate.stores._base import Lock, Observer
    from weave_migrate.stores.neo4j._names import Names
    from weave_migrate.stores.neo4j._schema import Key

_COMPONENTS = """
CALL dbms.components() YIELD name, versions, edition
WHERE name = 'Neo4j Kernel' RETURN versions[0] AS version, edition
"""
_HOME = "CALL db.info() YIELD name RETURN name"
_WHO = "SHOW CURRENT USER YIELD user"


class Neo4jStore:
    """One Neo4j database, its scripts, and a history shared with neo4j-migrations."""

    name = "neo4j"
    kind = StoreKind.NEO4J

    def __init__(self, settings: Neo4jSettings) -> None:
        self._settings = settings
        self._connection = Connection(settings)
        self._discovery = Discovery(settings)
        self._callbacks = Callbacks(self._connection, settings)
        self._schema: frozenset[Key] = frozenset()  # what there was of it, when locked
        self._fingerprint = Fingerprints(settings.placeholders)
        # The last, under the lock.
        self._planned: tuple[Plan, Chain, Resumption] | None = None
        self._observer: Observer  # of who holds the lock

    @property
    def round_trips(self) -> int:
        """How many messages to the server waited for their answer so far."""
        return self._connection.round_trips

    def facts(self) -> Facts:
        """Give version and edition, asked for once."""
        return self._facts

    def plan(self) -> Plan:
        """Compare scripts and chain, reading only.

        This is one round trip, one more where something is pending, and one for each
        distinct question that preconditions ask.  Raises StoreUnavailable, and
        StoreError where reading is forbidden.
        """
        chain = load_chain(self._connection, self._names)
        found = self._discovery.discover()
        problems = [*found.problems, *chain.problems]
        conditions = Conditions(self._connection, self._names, self.facts)
        kept, left_out = conditions.sift(with_twins(found.migrations), problems)
        plan = decide(
            kept,
            chain.applied,
            self._policy(),
            compare=compare_versions,
            explain=self._discovery.explain,
            ignored=left_out,
        )
        callbacks = self._callbacks.of("Migrate", found.callbacks)
        scripts: tuple[Migration | Callback, ...] = (*plan.pending, *callbacks)
        for each in scripts:
            problems += _unresolved(each)
        plan = replace(
            plan,
            problems=(*problems, *plan.problems),
            warnings=(*found.warnings, *chain.warnings, *plan.warnings),
            callbacks=callbacks,
        )
        resumption = self._resumption(plan)
        self._planned = resumption.plan, chain, resumption
        return resumption.plan

    def plan_files(self) -> Plan:
        """Read the scripts alone, as if nothing were applied; no server is asked.

        Preconditions stay unanswered, and nothing is said to be pending.
        """
        found = self._discovery.discover()
        policy = replace(self._policy(), target=None)
        plan = decide(
            with_twins(found.migrations), (), policy, compare=compare_versions
        )
        return Plan(
            entries=plan.entries,
            problems=(*found.problems, *plan.problems),
            warnings=(*found.warnings, *plan.warnings),
        )

    def lock_info(self) -> LockInfo | None:
        """Say who holds the lock of this target."""
        return holder(self._connection, self._names)

    @contextmanager
    def lock(self, timeout: float, observer: Observer) -> Iterator[Lock]:
        """Take the lock that neo4j-migrations respects; ``timeout`` in seconds."""
        self._schema = load_present(self._connection, self._names)
        ensure(self._connection, self._names, LOCK, self._schema)
        lock = Neo4jLock(self._connection, self._settings, self._names, owner=self._by)
        with lock.held(timeout, observer):
            self._planned = None  # what was read before may have changed
            self._observer = observer
            yield lock

    def release_lock(self, holding: LockInfo) -> bool:
        """Take the lock away from that holder; raises LockTimeout while it commits."""
        return release(self._connection, self._names, holding)

    def apply(self, plan: Plan, lock: Lock, observer: Observer) -> None:
        """Run and record what is pending, between the callbacks.

        Raises MigrationFailed, LockLost, and HistoryError (HISTORY_CONFLICT) if the
        chain is not the one that was planned for.
        """
        if any(each.phase.startswith("before") for each in plan.callbacks):
            self._planned = None  # they may change whatever was read before
        with self.around(plan.callbacks, lock, observer):
            if plan.pending:
                self._apply(plan, lock, observer)

    def _apply(self, plan: Plan, lock: Lock, observer: Observer) -> None:
        assert isinstance(lock, Neo4jLock)  # noqa: S101 - ``around`` saw to it
        chain, resumption = self._ground(plan)
        ensure(self._connection, self._names, HISTORY, self._schema)
        writer = ChainWriter(
            self._connection,
            lock,
            self._names,
            by=self._by,
            user=self._user(),
            ids=dict(chain.ids),
            next=dict(chain.next),
        )
        Runner(
            connection=self._connection,
            settings=self._settings,
            chain=writer,
            observer=observer,
            fingerprint=self._fingerprint,
            begins=resumption.begins,
            journalled=resumption.journalled,
        ).apply(plan)

    def plan_clean(self, *, everything: bool) -> tuple[Change, ...]:
        """Say what would be removed: this target's history, or all there is.

        Callbacks are shown among the changes.  Raises ScriptError for a bad one.
        """
        changes = _clean.plan_clean(
            self._connection, self._names, everything=everything
        )
        return with_callbacks(changes, self.callbacks("Clean"), last=_clean.ends_lock)

    def plan_repair(self) -> tuple[Change, ...]:
        """Say what makes history and files agree, running none (chain_repair)."""
        local, left_out = self._scripts()
        return self._shown(
            *repair(
                _edit.load_graph(self._connection, self._names),
                local,
                self._policy(),
                compare=compare_versions,
                target=self._names.target,
                ignored=left_out,
            )
        )

    def plan_baseline(self, version: str) -> tuple[Change, ...]:
        """Say what records the files up to a version as applied (chain_records)."""
        local, left_out = self._scripts()
        return self._shown(
            *baseline(
                _edit.load_graph(self._connection, self._names),
                local,
                version,
                self._policy(),
                compare=compare_versions,
                target=self._names.target,
                ignored=left_out,
            )
        )

    def plan_delete(self, version: str) -> tuple[Change, ...]:
        """Say what takes a version out of history; without it, nothing."""
        graph = _edit.load_graph(self._connection, self._names)
        return self._shown(*delete(graph, version, target=self._names.target))

    def _shown(self, told: tuple[str, ...], edit: Rewrite) -> tuple[Change, ...]:
        """Make changes of an edit; the only callbacks around it are of a first use."""
        changes = _edit.changes_of(told, edit)
        return with_callbacks(changes, self.callbacks(None), last=_clean.ends_lock)

    def _scripts(self) -> tuple[list[Migration], list[Migration]]:
        """Give the scripts that count and those left out; ScriptError for bad ones."""
        found = self._discovery.discover()
        problems = list(found.problems)
        conditions = Conditions(self._connection, self._names, self.facts)
        scripts = conditions.sift(with_twins(found.migrations), problems)
        refuse(problems)
        return scripts

    def edit(self, changes: tuple[Change, ...], lock: Lock) -> None:
        """Make changes that a ``plan_…`` method gave, its callbacks around them."""
        callbacks, first, last = divide(changes, last=_clean.ends_lock)
        with self.around(callbacks, lock, self._observer):
            if first and isinstance(first[0].detail, Rewrite):
                self._rewrite(first[0].detail, lock)
            else:
                _clean.make(self._connection, self._names, first, lock)
        if last:
            _clean.make(self._connection, self._names, last, lock)

    def _rewrite(self, edit: Rewrite, lock: Lock) -> None:
        if not isinstance(lock, Neo4jLock):
            raise TypeError("a lock of another store")
        ensure(self._connection, self._names, HISTORY, self._schema)
        _edit.make(
            self._connection,
            self._names,
            edit,
            lock,
            by=self._by,
            user=self._user(),
        )

    def _user(self) -> str:
        """Ask who is connected; without authentication that is nobody."""
        rows = self._connection.read(_WHO, database=self._names.schema)
        return str(rows[0]["user"]) if rows else "anonymous"

    def callbacks(self, operation: Operation | None) -> tuple[Callback, ...]:
        """Find what ``around`` is to run; raises ScriptError for bad callbacks."""
        found = self._discovery.discover(only_callbacks=True)
        refuse(found.problems)
        chosen = self._callbacks.of(operation, found.callbacks)
        refuse(problem for each in chosen for problem in _unresolved(each))
        return chosen

    @contextmanager
    def around(
        self, callbacks: tuple[Callback, ...], lock: Lock, observer: Observer
    ) -> Iterator[None]:
        """Run callbacks before and after the block; see ``Callbacks.around``."""
        if not isinstance(lock, Neo4jLock):
            raise TypeError("a lock of another store")
        with self._callbacks.around(
            callbacks, names=self._names, lock=lock, observer=observer
        ):
            yield

    def read_script(self, file: str) -> Change:
        """Read a single Cypher file, path or ``file:`` URL; raises ScriptError."""
        single = read_single(file, self._settings)
        refuse(_unresolved(single))
        return Change(single.summary, single)

    def run_scripts(
        self, scripts: tuple[Change, ...], observer: Observer
    ) -> Iterator[Change]:
        """Run single files in the target database, without lock and history.

        Raises MigrationFailed at the first that fails.
        """
        for number, each in enumerate(scripts):
            if not isinstance(each.detail, Single):
                raise TypeError("a change of another kind")
            if number:
                pause(self._settings, observer, before=each.detail.source)
            run_single(
                each.detail,
                self._connection,
                self._settings,
                self._names.database,
                observer,
            )
            yield each

    def close(self) -> None:
        """Give back connections; safe to call twice."""
        self._connection.close()

    def _ground(self, plan: Plan) -> tuple[Chain, Resumption]:
        """Give what ``plan`` rests on, as it is since we hold the lock."""
        last, self._planned = self._planned, None
        if last and last[0] is plan:
            return last[1:]
        chain = load_chain(self._connection, self._names)
        resumption = self._resumption(plan)
        _check_unchanged(plan, chain, resumption)
        return chain, resumption

    def _resumption(self, plan: Plan) -> Resumption:
        """Judge what is pending by what earlier runs left of it."""
        if not plan.pending:
            return Resumption(plan, {}, ())
        return resume(
            plan,
            load_journals(self._connection, self._names),
            JournalPolicy(
                on_interrupted=self._settings.on_interrupted,
                assume=self._settings.assume,
            ),
            fingerprint=self._fingerprint,
        )

    @cached_property
    def _facts(self) -> Facts:
        # Not in the target, which a callback may have yet to create.
        record = self._connection.read(_COMPONENTS, database=self._names.schema)[0]
        version, edition = str(record["version"]), str(record["edition"])
        return Facts(
            server=f"Neo4j {version} {edition.capitalize()}",
            version=version,
            flavour=edition.lower(),
        )

    @cached_property
    def _names(self) -> Names:
        return resolve(
            self._settings, lambda: str(self._connection.read(_HOME)[0]["name"])
        )

    @cached_property
    def _by(self) -> str:
        try:
            return (self._settings.installed_by or "").strip() or getpass.getuser()
        except (OSError, KeyError):  # a container's user without a name
            return "unknown"

    def _policy(self) -> ChainPolicy:
        return ChainPolicy(
            order=self._settings.version_sort_order,
            validate=self._settings.validate_on_migrate,
            out_of_order=self._settings.out_of_order,
            on_newer=self._settings.on_newer,
            target=self._settings.target,
        )


def _unresolved(scripted: Migration | Callback | Single) -> Iterator[Problem]:
    """Refuse placeholders without a value; the server would get them verbatim."""
    script = scripted.script
    if not isinstance(script, CypherScript) or not script.unresolved:
        return
    place = str(scripted.path or scripted.source)
    names = ", ".join(script.unresolved)
    yield Problem(
        code="PLACEHOLDER_UNKNOWN",
        message=f"{place} uses placeholders without a value: {names}.",
        hint=f"Set NM_PLACEHOLDERS_{script.unresolved[0]}, or add it to placeholders "
        "below [neo4j] in weave.toml.",
        file=place,
    )


def _check_unchanged(plan: Plan, chain: Chain, resumption: Resumption) -> None:
    planned = tuple(entry.applied for entry in plan.entries if entry.applied)
    interrupted = resumption.plan.problems != plan.problems
    if chain.problems or planned != chain.applied or interrupted:
        raise HistoryError(
            "The history of Neo4j is not the one that was planned for: somebody else "
            "changed it.",
            hint="Run again: weave db migrate-neo4j",
        )
