"""Markdown of what was measured; every row names it, and beside what."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks._measure import Outcome

_TIMED = (
    "case",
    "who",
    "median",
    "lowest to highest",
    "processor",
    "peak memory",
    "beside the floor",
    "goal of weave",
)


@dataclass(frozen=True, slots=True)
class Goal:
    """A limit in seconds for weave's median, and how it came about."""

    text: str
    limit: float

    def verdict(self, seconds: float) -> str:
        """Say the limit, and whether it is kept."""
        limit = f"{self.text}, {time(self.limit)}" if self.text else time(self.limit)
        return f"{limit}: {met(is_met=seconds <= self.limit)}"


@dataclass(slots=True)
class Section:
    """One table below a heading."""

    title: str
    notes: list[str] = field(default_factory=list)
    header: Sequence[str] = _TIMED
    rows: list[tuple[str, ...]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def add(
        self, case: str, outcomes: Sequence[Outcome], *, goals: Sequence[Goal] = ()
    ) -> None:
        """Add a case, one row each; ``goals`` are weave's."""
        base = wall_of("floor", outcomes)
        for number, outcome in enumerate(outcomes):
            shown, name = "" if number else case, outcome.by.name
            if outcome.samples:
                row = (shown, name, *_measured(outcome, base, goals))
            elif outcome.by.absent:
                row = (shown, name, f"skipped: {outcome.by.absent}", *[""] * 5)
            else:
                self.failures.append(f"{self.title}, {case}: {name}")
                row = (shown, name, f"failed: {outcome.failure}", *[""] * 5)
            self.rows.append(row)

    def render(self) -> str:
        """Give heading, notes and table."""
        lines = [f"## {self.title}", ""]
        if self.notes:
            lines += [*(f"- {note}" for note in self.notes), ""]
        lines += [_line(self.header), _line(["---"] * len(self.header))]
        lines += [_line(row) for row in self.rows]
        return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def wall_of(role: str, outcomes: Sequence[Outcome]) -> float | None:
    """Give the median seconds of whoever has a role; None if there is nobody."""
    found = (o.wall for o in outcomes if o.by.role == role and o.samples)
    return next(found, None)


def _measured(
    outcome: Outcome, base: float | None, goals: Sequence[Goal]
) -> tuple[str, ...]:
    walls = sorted(sample.wall for sample in outcome.samples)
    is_weave = outcome.by.role == "weave"
    return (
        time(outcome.wall),
        f"{time(walls[0])} to {time(walls[-1])}",
        time(outcome.cpu),
        f"{outcome.peak / 2**20:.0f} MiB" if outcome.peak else "",
        "the floor" if outcome.by.role == "floor" else _beside(outcome.wall, base),
        "; ".join(goal.verdict(outcome.wall) for goal in goals) if is_weave else "",
    )


def _beside(seconds: float, base: float | None) -> str:
    if base is None:
        return ""
    sign = "+" if seconds >= base else "-"
    return f"{seconds / base:.2f} x ({sign}{time(abs(seconds - base))})"


def met(*, is_met: bool) -> str:
    """Say it so that a miss is seen."""
    return "met" if is_met else "**missed**"


def time(seconds: float) -> str:
    """Give seconds for people: three digits."""
    if seconds >= 9.995:
        return f"{seconds:.1f} s"
    if seconds >= 0.9995:
        return f"{seconds:.2f} s"
    milliseconds = seconds * 1000
    return f"{milliseconds:.{0 if milliseconds >= 9.95 else 1}f} ms"
