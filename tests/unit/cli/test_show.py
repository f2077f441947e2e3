"""The last words of a run, and of a dry one: true, whatever happened."""

from __future__ import annotations

from dataclasses import replace

import pytest

from weave_migrate.cli._output import Output
from weave_migrate.cli._show import show_outcome, show_plan
from weave_migrate.model import (
    Entry,
    Migration,
    Report,
    State,
    StoreKind,
    StoreReport,
    StoreState,
)

PENDING = StoreReport(
    name="neo4j",
    kind=StoreKind.NEO4J,
    state=StoreState.PENDING,
    entries=(Entry(State.PENDING, Migration("1", "a", "CYPHER", "V1__a.cypher")),),
    to_run=("1",),
)
OUTPUT = Output(json=False, quiet=False, debug=False)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        # What failed may have committed statements, and run callbacks.
        (StoreState.FAILED, "No migration was finished."),
        (StoreState.INVALID, "Nothing was applied."),
        (StoreState.UNREACHABLE, "Nothing was applied."),
    ],
)
def test_nothing_is_said_to_be_unapplied_that_may_be_in_part(
    capsys: pytest.CaptureFixture[str], state: StoreState, said: str
) -> None:
    stores = (replace(PENDING, state=state), replace(PENDING, state=StoreState.NOT_RUN))

    show_outcome(OUTPUT, Report(command="migrate", stores=stores, exit=3), 1.0)

    assert capsys.readouterr().out.splitlines()[-1] == said


def test_a_plan_names_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report(command="plan", stores=(PENDING,))

    show_plan(OUTPUT, report)
    show_plan(OUTPUT, report, command="the same")

    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("next")] == [
        "next: weave db migrate neo4j",
        "next: the same",
    ]
