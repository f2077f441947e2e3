"""Start-up: what every command pays before it does anything."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from benchmarks._measure import ENVIRON, Contestant, Outcome, Sample, ask, compete, run
from benchmarks._stores import WEAVE
from benchmarks._table import Goal, Section

if TYPE_CHECKING:
    from pathlib import Path

_IMPORT = """
import sys, time
began = time.perf_counter()
import weave_migrate
print(time.perf_counter() - began)
"""


def measure(work: Path, *, runs: int) -> list[Section]:
    """Measure whole processes, and the import inside of one."""
    section = Section("Start-up")
    contestants = [
        Contestant("`weave --help`", [WEAVE, "--help"], "weave"),
        Contestant("`python -c pass`", [sys.executable, "-c", "pass"], "floor"),
        Contestant("`weave --version`", [WEAVE, "--version"]),
        Contestant("`weave db --help`", [WEAVE, "db", "--help"]),
    ]
    outcomes = compete(
        contestants,
        lambda each: run(each.command, environ=ENVIRON, cwd=work),
        runs=4 * runs,
        title="Start-up",
    )
    section.add("whole process", outcomes, goals=[Goal("", 0.050)])
    imports = Outcome(Contestant("`import weave_migrate`", role="weave"))
    for _ in range(4 * runs):
        said = ask([sys.executable, "-c", _IMPORT], environ=ENVIRON, cwd=work)
        imports.samples.append(Sample(float(said), float(said), None))
    section.add("inside a process", [imports], goals=[Goal("", 0.005)])
    return [section]
