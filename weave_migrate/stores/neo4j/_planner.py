"""Gather files, history and the server's answers, and let ``plan`` decide.

All of it only reads.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from weave_migrate.errors import HistoryError
from weave_migrate.model import CypherScript, Plan, Problem
from weave_migrate.plan.chain import ChainPolicy, decide, decide_recorded
from weave_migrate.plan.chain_journal import JournalPolicy, Resumption, resume
from weave_migrate.plan.chain_records import baseline, delete
from weave_migrate.plan.chain_repair import repair
from weave_migrate.plan.chain_twins import with_twins
from weave_migrate.scripts.cypher_names import compare_versions
from weave_migrate.stores.neo4j._callbacks import Callbacks, refuse
from weave_migrate.stores.neo4j._conditions import Conditions
from weave_migrate.stores.neo4j._discovery import Discovery
from weave_migrate.stores.neo4j._edit import changes_of, load_graph
from weave_migrate.stores.neo4j._history import load_chain
from weave_migrate.stores.neo4j._journal import Fingerprints, Journals, load_journals
from weave_migrate.stores.neo4j._lock_node import holder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from weave_migrate.model import Callback, Migration
    from weave_migrate.plan.chain_edit import Graph
    from weave_migrate.plan.chain_graph import Chain
    from weave_migrate.stores._base import Change
    from weave_migrate.stores.neo4j._callbacks import Operation
    from weave_migrate.stores.neo4j._server import Server
    from weave_migrate.stores.neo4j._single import Single


@dataclass(frozen=True, slots=True)
class Ground:
    """A plan, and what it rests on."""

    plan: Plan
    chain: Chain
    resumption: Resumption


@dataclass(slots=True)
class Planner:
    """Decides for one server; a script that did not change is parsed once only.

    ``holds_lock`` says whether the lock is ours while something is planned.
    """

    server: Server
    callbacks: Callbacks
    holds_lock: bool = False
    _discovery: Discovery = field(init=False)
    fingerprint: Fingerprints = field(init=False)

    def __post_init__(self) -> None:
        self._discovery = Discovery(self.server.settings)
        self.fingerprint = Fingerprints()

    def plan(self) -> Ground:
        """Compare scripts and chain.

        This is one round trip, one more where something is pending, two more without
        the lock where an earlier run left something half-done, and one for each
        distinct question that preconditions ask.
        """
        server = self.server
        chain = load_chain(server.connection, server.names)
        found = self._discovery.discover()
        problems = [*found.problems, *chain.problems]
        kept, left_out = self._sift(found.migrations, problems)
        plan = decide(
            kept,
            chain.applied,
            self._policy(),
            compare=compare_versions,
            explain=self._discovery.explain,
            ignored=left_out,
        )
        callbacks = self.callbacks.of("Migrate", found.callbacks)
        scripts: tuple[Migration | Callback, ...] = (*plan.pending, *callbacks)
        for each in scripts:
            problems += unresolved(each)
        plan = replace(
            plan,
            problems=(*problems, *plan.problems),
            warnings=(*found.warnings, *chain.warnings, *plan.warnings),
            callbacks=callbacks,
        )
        resumption = self._resumption(plan)
        return Ground(resumption.plan, chain, resumption)

    def ground(self, plan: Plan) -> Ground:
        """Give what ``plan`` rests on, as it is now.

        Raises HistoryError (HISTORY_CONFLICT) if that is something else than before.
        """
        chain = load_chain(self.server.connection, self.server.names)
        resumption = self._resumption(plan)
        recorded = tuple(entry.applied for entry in plan.entries if entry.applied)
        interrupted = resumption.plan.problems != plan.problems
        if chain.problems or recorded != chain.applied or interrupted:
            raise HistoryError(
                "The history of Neo4j is not the one that was planned for: somebody "
                "else changed it.",
                hint="Run again: weave db migrate-neo4j",
            )
        return Ground(plan, chain, resumption)

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

    def plan_history(self) -> Plan:
        """Read the history alone; no file is compared with it."""
        chain = load_chain(self.server.connection, self.server.names)
        plan = decide_recorded(chain.applied, self._policy(), compare=compare_versions)
        return replace(
            plan,
            problems=(*chain.problems, *plan.problems),
            warnings=chain.warnings,
        )

    def plan_repair(self) -> tuple[Change, ...]:
        """Say what makes history and files agree, running none (chain_repair)."""
        graph, local, left_out = self._compared()
        return changes_of(
            *repair(
                graph,
                local,
                self._policy(),
                compare=compare_versions,
                target=self.server.names.target,
                ignored=left_out,
            )
        )

    def plan_baseline(self, version: str) -> tuple[Change, ...]:
        """Say what records the files up to a version as applied (chain_records)."""
        graph, local, left_out = self._compared()
        return changes_of(
            *baseline(
                graph,
                local,
                version,
                self._policy(),
                compare=compare_versions,
                target=self.server.names.target,
                ignored=left_out,
            )
        )

    def plan_delete(self, version: str) -> tuple[Change, ...]:
        """Say what takes a version out of history; without it, nothing."""
        server = self.server
        graph = load_graph(server.connection, server.names)
        return changes_of(*delete(graph, version, target=server.names.target))

    def find_callbacks(self, operation: Operation | None) -> tuple[Callback, ...]:
        """Find what an operation is to run; raises ScriptError for bad callbacks."""
        found = self._discovery.discover(only_callbacks=True)
        refuse(found.problems)
        chosen = self.callbacks.of(operation, found.callbacks)
        refuse(problem for each in chosen for problem in unresolved(each))
        return chosen

    def _compared(self) -> tuple[Graph, list[Migration], list[Migration]]:
        """Give history, scripts and those left out; ScriptError for a bad script."""
        found = self._discovery.discover()
        problems = list(found.problems)
        local, left_out = self._sift(found.migrations, problems)
        refuse(problems)
        graph = load_graph(self.server.connection, self.server.names)
        return graph, local, left_out

    def _sift(
        self, migrations: list[Migration], problems: list[Problem]
    ) -> tuple[list[Migration], list[Migration]]:
        """Divide scripts into those that count and those left out."""
        server = self.server
        conditions = Conditions(server.connection, server.names, lambda: server.facts)
        return conditions.sift(with_twins(migrations), problems)

    def _resumption(self, plan: Plan) -> Resumption:
        """Judge what is pending by what earlier runs left of it."""
        if not plan.pending:
            return Resumption(plan, {}, {})
        settings = self.server.settings
        journals = self._left_behind()
        return resume(
            replace(plan, warnings=(*plan.warnings, *journals.warnings)),
            journals.by_version,
            JournalPolicy(
                on_interrupted=settings.on_interrupted, assume=settings.assume
            ),
            fingerprint=self.fingerprint,
        )

    def _left_behind(self) -> Journals:
        """Read the journals of runs that have ended.

        What a run that is at work has done so far is its own affair: it holds the
        lock, and whoever waits for that judges what is left once it is theirs.
        """
        connection, names = self.server.connection, self.server.names
        journals = load_journals(connection, names)
        if not journals.by_version or self.holds_lock:
            return journals
        lock = holder(connection, names)
        if lock and lock.is_alive:
            return Journals()
        # A run that ended between these two questions took its journal with it.
        still = load_journals(connection, names)
        same = still.by_version.items() & journals.by_version.items()
        return Journals(dict(same), still.warnings)

    def _policy(self) -> ChainPolicy:
        settings = self.server.settings
        return ChainPolicy(
            order=settings.version_sort_order,
            validate=settings.validate_on_migrate,
            out_of_order=settings.out_of_order,
            on_newer=settings.on_newer,
            target=settings.target,
        )


def unresolved(scripted: Migration | Callback | Single) -> Iterator[Problem]:
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
