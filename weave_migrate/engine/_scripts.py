"""Run single scripts: no lock, no history, and nothing at all if one can't be read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from weave_migrate import _log
from weave_migrate.engine._examine import failed_report
from weave_migrate.engine._recorder import Recorder
from weave_migrate.engine._run import INTERRUPTED
from weave_migrate.errors import ConfigError, ScriptError, WeaveError
from weave_migrate.model import Problem, Report, StoreReport, StoreState
from weave_migrate.stores import ScriptStore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weave_migrate.stores import Change, Observer, Store


def run_scripts(
    store: Store,
    files: Sequence[str],
    *,
    command: str,
    listener: Observer,
    dry_run: bool = False,
) -> tuple[Report, tuple[Change, ...]]:
    """Run single files in the order given; the first that fails ends it.

    ``files`` are paths or ``file:`` URLs.  Gives a report, and the scripts that ran,
    or under ``dry_run`` would run.  Raises ConfigError for a store that has no scripts
    to be run by themselves.
    """
    if not isinstance(store, ScriptStore):
        raise ConfigError(f"{store.name} can't run single scripts.", code="USAGE")
    scripts, problems = _read(store, files)
    report = StoreReport(store.name, store.kind, StoreState.UP_TO_DATE)
    ran: tuple[Change, ...] = ()
    if problems:
        report = replace(report, state=StoreState.INVALID, problems=problems)
    elif not dry_run:
        report, ran = _run(store, scripts, Recorder(store.name, listener))
    error = next(iter(report.problems), None)
    done = Report(
        command=command,
        stores=(report,),
        error=error,
        exit=error.exit if error else 0,
    )
    return done, scripts if dry_run and not problems else ran


def _run(
    store: ScriptStore, scripts: tuple[Change, ...], recorder: Recorder
) -> tuple[StoreReport, tuple[Change, ...]]:
    """Run scripts; give how that ended, and those that ran."""
    ran: list[Change] = []
    server: str | None = None
    try:
        # Asked first: a server that is not there is no failure of a script.
        server = store.facts().server
        for script in store.run_scripts(scripts, recorder):
            ran.append(script)  # noqa: PERF402 - keeps those before a failure
        report = StoreReport(store.name, store.kind, StoreState.CHANGED)
    except WeaveError as error:
        report = failed_report(store, error)
        _log.info("script.failed", store=store.name, file=error.file)
    except KeyboardInterrupt as stop:
        problem = _interrupted(store, stop)
        report = StoreReport(
            store.name, store.kind, StoreState.FAILED, problems=(problem,)
        )
    warnings = tuple(recorder.warnings)
    return replace(report, server=server, warnings=warnings), tuple(ran)


def _read(
    store: ScriptStore, files: Sequence[str]
) -> tuple[tuple[Change, ...], tuple[Problem, ...]]:
    """Read every file, and find everything that is wrong with any of them."""
    scripts: list[Change] = []
    problems: list[Problem] = []
    for file in files:
        try:
            scripts.append(store.read_script(file))
        except ScriptError as error:
            problems.append(Problem.from_error(error))
    return tuple(scripts), tuple(problems)


def _interrupted(store: Store, stop: KeyboardInterrupt) -> Problem:
    return Problem(
        code="INTERRUPTED",
        message=f"{store.name} was interrupted.",
        hint="What a script had committed by then stays.",
        exit=getattr(stop, "exit_status", INTERRUPTED),
    )
