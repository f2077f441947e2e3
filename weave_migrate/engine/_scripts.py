"""Run single scripts: no lock, no history, and nothing at all if one can't be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weave_migrate import _log
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
    recorder = Recorder(store.name, listener)
    scripts, problems = _read(store, files)
    ran: list[Change] = []
    state = StoreState.INVALID if problems else StoreState.UP_TO_DATE
    if not problems and not dry_run:
        state = StoreState.CHANGED
        try:
            for script in store.run_scripts(scripts, recorder):
                ran.append(script)  # noqa: PERF402 - keeps those before a failure
        except WeaveError as error:
            problems = (Problem.from_error(error),)
            state = StoreState.FAILED
            _log.info("script.failed", store=store.name, file=error.file)
        except KeyboardInterrupt as stop:
            problems = (_interrupted(store, stop),)
            state = StoreState.FAILED
    report = Report(
        command=command,
        stores=(
            StoreReport(
                name=store.name,
                kind=store.kind,
                state=state,
                problems=problems,
                warnings=tuple(recorder.warnings),
            ),
        ),
        error=problems[0] if problems else None,
        exit=problems[0].exit if problems else 0,
    )
    return report, scripts if dry_run and not problems else tuple(ran)


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
