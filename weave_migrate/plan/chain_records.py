"""Single records of a sound chain: take one out, or add those of a baseline."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from weave_migrate.errors import HistoryError, RefusedError
from weave_migrate.model import State
from weave_migrate.plan.chain import decide
from weave_migrate.plan.chain_edit import Rewrite, joined, key_of, record_of
from weave_migrate.plan.chain_graph import BASELINE, read_chain
from weave_migrate.plan.chain_target import named_version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from weave_migrate.model import Migration, Problem
    from weave_migrate.plan.chain import ChainPolicy
    from weave_migrate.plan.chain_edit import Graph
    from weave_migrate.plan.chain_graph import Chain
    from weave_migrate.plan.chain_problems import Compare

_ROOT = key_of(BASELINE)


def delete(
    graph: Graph, version: str, *, target: str | None
) -> tuple[tuple[str, ...], Rewrite]:
    """Take one version out of the chain; its successor keeps its own time stamp.

    ``version`` is as it is recorded, or as file names spell it.  An unknown one is
    nothing to do (reference, §6.8).  Raises RefusedError for BASELINE and for a node
    that others use, HistoryError for a chain that is none.
    """
    if version.upper() == BASELINE:
        raise RefusedError(
            "BASELINE is where the chain begins; without it there is none.",
            hint="To remove the whole history: weave db clean neo4j",
        )
    named = named_version(version)
    chain = read_chain(
        graph.nodes.values(), (*graph.steps, *graph.loops), target=target
    )
    _refuse(chain.problems)
    found = [
        record
        for record in chain.applied
        if record.version == (named[0] if named else version)
    ]
    if not found:
        return (), Rewrite()
    if len(found) > 1:
        raise HistoryError(
            f"Version {found[0].version} is recorded {len(found)} times.",
            code="DUPLICATE_VERSION",
            hint="See what would be removed: weave db repair neo4j --dry-run",
        )
    id_ = chain.ids[found[0].version]
    joins, cut = joined(graph, [each for each in _path(chain) if each != id_], (id_,))
    told = (
        f"Remove the record of version {found[0].version} ({found[0].source}); a file "
        "of this version then counts as not applied."
    )
    return (told,), Rewrite(joins=joins, cut=cut, removed=(id_,))


def baseline(
    graph: Graph,
    local: Sequence[Migration],
    version: str,
    policy: ChainPolicy,
    *,
    compare: Compare,
    target: str | None,
    ignored: Sequence[Migration] = (),
) -> tuple[tuple[str, ...], Rewrite]:
    """Record each file up to ``version`` that is not recorded yet, running none.

    ``version`` may be whatever a target may be, ``local`` and ``ignored`` are those of
    ``decide``.  Raises HistoryError where files and history disagree, or the version is
    unknown, and RefusedError where later versions are recorded.
    """
    chain = read_chain(
        graph.nodes.values(), (*graph.steps, *graph.loops), target=target
    )
    _refuse(chain.problems)
    policy = replace(policy, target=version)
    plan = decide(local, chain.applied, policy, compare=compare, ignored=ignored)
    _refuse(plan.problems)
    waiting = [
        entry.migration
        for entry in plan.entries
        if entry.migration
        and entry.applied is None
        and entry.state not in {State.ABOVE_TARGET, State.IGNORED}
    ]
    if not waiting:
        return (), Rewrite()
    versions = [
        entry.version for entry in plan.entries if entry.state is not State.IGNORED
    ]
    last = chain.applied[-1].version if chain.applied else None
    if last and versions.index(last) > versions.index(waiting[0].version):
        raise RefusedError(
            f"Version {last} is recorded, which is later than {waiting[0].version}: a "
            "baseline is for what was there before any of it.",
            hint="See what would make history and files agree: weave db repair neo4j "
            "--dry-run",
        )
    made: dict[str, Mapping[str, object]] = {
        key_of(each.version): record_of(each, target) for each in waiting
    }
    path = list(_path(chain))
    if not path:
        path = [_ROOT]
        made = {_ROOT: {"version": BASELINE, "migrationTarget": target}, **made}
    keys = [key_of(each.version) for each in waiting]
    joins, cut = joined(graph, [*path, *keys], ())
    told = tuple(
        f"Record version {each.version} ({each.source}) as applied, without running it."
        for each in waiting
    )
    return told, Rewrite(created=made, joins=joins, cut=cut)


def _refuse(problems: Sequence[Problem]) -> None:
    """Raise the first of the problems, if there is one."""
    for problem in problems:
        raise HistoryError(
            problem.message,
            code=problem.code,
            hint=problem.hint,
            file=problem.file,
            line=problem.line,
        )


def _path(chain: Chain) -> Iterator[str]:
    here = chain.ids.get(BASELINE)
    while here is not None:
        yield here
        here = chain.next.get(here)
