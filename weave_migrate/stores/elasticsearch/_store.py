"""The Store contract for Elasticsearch and OpenSearch."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from weave_migrate.errors import ConfigError, ScriptError
from weave_migrate.model import Plan, Problem, StoreKind
from weave_migrate.plan.positions import Policy, Row, plan_positions
from weave_migrate.plan.requests import check_scripts
from weave_migrate.scripts.http_names import parse_version
from weave_migrate.stores.elasticsearch._apply import Runner
from weave_migrate.stores.elasticsearch._discovery import Discovery
from weave_migrate.stores.elasticsearch._history import History
from weave_migrate.stores.elasticsearch._indices import list_indices
from weave_migrate.stores.elasticsearch._lock import (
    HeldLock,
    hold,
    holder,
    locked_documents,
    release,
)
from weave_migrate.stores.elasticsearch._rows import read_row

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from weave_migrate.config import ElasticsearchSettings
    from weave_migrate.model import LockInfo
    from weave_migrate.stores._base import Change, Facts, Lock, Observer
    from weave_migrate.stores.elasticsearch._indices import IndexInfo
    from weave_migrate.stores.elasticsearch._transport import Cluster


class ElasticsearchStore:
    """One cluster whose history is shared with elasticsearch-evolution."""

    name = "elasticsearch"
    kind = StoreKind.ELASTICSEARCH

    def __init__(self, settings: ElasticsearchSettings) -> None:
        self._settings = settings
        self._discovery = Discovery(settings)

    @cached_property
    def _cluster(self) -> Cluster:
        # The driver takes 200 ms to import, so not before something is asked.
        from weave_migrate.stores.elasticsearch._transport import Cluster

        return Cluster(self._settings)

    @cached_property
    def _history(self) -> History:
        return History(self._cluster, self._settings.history_index)

    def facts(self) -> Facts:
        """Ask for distribution and version; one request."""
        return self._cluster.facts()

    def plan(self) -> Plan:
        """Decide from files and history; one search (for each 10,000 rows)."""
        policy = self._policy()
        found = self._discovery.discover()
        read = [
            read_row(each.id, each.source, suffixes=self._settings.migration_suffixes)
            for each in self._history.search()
        ]
        plan = plan_positions(
            found.files,
            [each for each in read if isinstance(each, Row)],
            policy,
            explain=self._discovery.explain,
        )
        problems, warnings = check_scripts(
            plan.pending, history_index=self._settings.history_index
        )
        damaged = (each for each in read if isinstance(each, Problem))
        return replace(
            plan,
            problems=(*found.problems, *damaged, *plan.problems, *problems),
            warnings=(*found.warnings, *plan.warnings, *warnings),
        )

    def _policy(self) -> Policy:
        text = self._settings.baseline_version
        try:
            baseline = parse_version(text)
        except (ScriptError, ValueError):
            baseline = (0,)
        if baseline[0] < 1:
            raise ConfigError(
                f"baseline_version {text!r} is not a version of 1 or above.",
                hint='Set it under [elasticsearch], for example to "1.0".',
            )
        return Policy(
            baseline=baseline,
            out_of_order=self._settings.out_of_order,
            validate_checksums=self._settings.validate_on_migrate,
            on_newer=self._settings.on_newer,
        )

    def lock_info(self) -> LockInfo | None:
        """Who holds the lock now: weave, or elasticsearch-evolution; one search."""
        return holder(locked_documents(self._history))

    def lock(
        self, timeout: float, observer: Observer
    ) -> AbstractContextManager[HeldLock]:
        """Hold document ``0.1``; the history index is created where there is none."""
        return hold(self._history, timeout, observer)

    def release_lock(self, holding: LockInfo) -> bool:
        """Take the lock away from that holder, weave or elasticsearch-evolution."""
        return release(self._history, holding)

    def apply(self, plan: Plan, lock: Lock, observer: Observer) -> None:
        """Run and record what is pending, one script after the other."""
        assert isinstance(lock, HeldLock)  # noqa: S101 - it is ours
        runner = Runner(self._history, self._settings, lock, observer)
        for migration in plan.pending:
            runner.apply(migration)

    def plan_clean(self, *, everything: bool) -> tuple[Change, ...]:
        """What ``clean`` would remove: the rows, or with them the whole index."""
        return self._history.plan_clean(everything=everything)

    def edit(self, changes: tuple[Change, ...], lock: Lock) -> None:
        """Make changes of ``plan_clean``."""
        lock.check()
        self._history.edit(changes)

    def indices(self) -> list[IndexInfo]:
        """The current indices with health, documents, size and aliases."""
        return list_indices(self._cluster)

    def close(self) -> None:
        """Close all connections; safe to call twice."""
        if "_cluster" in self.__dict__:
            self._cluster.close()
