"""Whole processes, measured in turns: what takes part in a case shares its weather."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Literal, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    T = TypeVar("T")

_PATIENCE = 900.0  # seconds for one process
_RUN_ONE = (sys.executable, "-ISs", str(Path(__file__).with_name("run_one.py")))
# PYTHONDONTWRITEBYTECODE, above all, would let everybody compile their modules anew.
ENVIRON = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}


class FailedError(Exception):
    """A process ended with an error or did not do its work; says what it printed."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One run: seconds on the clock and of the processor, and bytes of memory.

    ``peak`` is None where it was not measured.
    """

    wall: float
    cpu: float
    peak: int | None


@dataclass(frozen=True, slots=True)
class Contestant:
    """Somebody who does the work of a case, as a command, or why nobody is there.

    ``role`` tells what weave is compared with: a ``floor`` that nobody can be below,
    a ``peer`` to be ahead of.
    """

    name: str
    command: Sequence[str] = ()
    role: Literal["weave", "floor", "peer", "extra"] = "extra"
    absent: str | None = None


@dataclass(slots=True)
class Outcome:
    """What one contestant did in one case; ``failure`` says why it has no samples."""

    by: Contestant
    samples: list[Sample] = field(default_factory=list)
    failure: str | None = None

    @property
    def wall(self) -> float:
        """Median seconds on the clock; not a number without samples."""
        return median(s.wall for s in self.samples) if self.samples else float("nan")

    @property
    def cpu(self) -> float:
        """Median seconds of processor time."""
        return median(s.cpu for s in self.samples)

    @property
    def peak(self) -> int | None:
        """Median of the highest memory, in bytes."""
        peaks = [s.peak for s in self.samples if s.peak is not None]
        return round(median(peaks)) if peaks else None


def run(command: Sequence[str], *, environ: Mapping[str, str], cwd: Path) -> Sample:
    """Run a command to its end; raises FailedError unless its status is 0.

    The command names its program by a whole path.
    """
    wall, cpu, peak = ask([*_RUN_ONE, *command], environ=environ, cwd=cwd).split()
    return Sample(float(wall), float(cpu), int(peak))


def ask(command: Sequence[str], *, environ: Mapping[str, str], cwd: Path) -> str:
    """Run a command that nobody measures and give what it printed."""
    process = subprocess.Popen(
        command,
        env=environ,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,  # so that what it starts can be ended with it
    )
    try:
        printed, said = process.communicate(timeout=_PATIENCE)
    except BaseException as error:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        if isinstance(error, subprocess.TimeoutExpired):
            raise FailedError(f"took more than {_PATIENCE / 60:.0f} minutes") from None
        raise
    if process.returncode:
        raise FailedError(f"ended with status {process.returncode}:\n{said[-4000:]}")
    return printed.strip()


def compete(
    contestants: Sequence[Contestant],
    measure: Callable[[Contestant], Sample],
    *,
    runs: int,
    title: str,
    warm_up: bool = True,
) -> list[Outcome]:
    """Let all run in turns, ``runs`` times; each round another one begins.

    The round that warms up is not counted.  Who fails is out, and said so at once.
    """
    outcomes = {each.name: Outcome(each) for each in contestants}
    present = [each for each in contestants if not each.absent]
    first = 0 if warm_up else 1
    for number in range(first, runs + 1):
        say(f"{title}: " + (f"run {number} of {runs}" if number else "warming up"))
        for each in _rotated(present, number):
            outcome = outcomes[each.name]
            if outcome.failure:
                continue
            try:
                sample = measure(each)
            except FailedError as error:
                outcome.failure = str(error).partition("\n")[0].rstrip(":")
                outcome.samples.clear()
                say(f"{title}: {each.name} {error}")
                continue
            if number:
                outcome.samples.append(sample)
    return list(outcomes.values())


def say(text: str) -> None:
    """Tell whoever waits."""
    print(text, file=sys.stderr, flush=True)


def _rotated(items: Sequence[T], by: int) -> list[T]:
    by %= len(items)
    return [*items[by:], *items[:by]]
