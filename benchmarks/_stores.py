"""What is measured on each store: runs with nothing to do, and runs from nothing."""

from __future__ import annotations

import json
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from benchmarks._measure import ENVIRON, FailedError, ask, compete, run
from benchmarks._projects import write_project
from benchmarks._table import Goal, Section, met, time, wall_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks._measure import Contestant, Outcome, Sample
    from benchmarks._servers import Server

HERE = Path(__file__).parent
SCRIPTS = Path(sysconfig.get_path("scripts"))
WEAVE = str(SCRIPTS / "weave")
_EXTRA = 0.120  # seconds that weave may take beside the floor for doing nothing


class Contestants(Protocol):
    """Makes the commands for ``check`` (nothing to do) or ``apply``; weave first."""

    def __call__(
        self, bench: Bench, action: str, project: Path, scripts: Path
    ) -> list[Contestant]: ...


@dataclass(frozen=True, slots=True)
class Bench:
    """One store: how its projects are written, and who takes part.

    ``bare`` is the script of the bare driver; ``folder`` lies below
    ``.weave/migrations/`` and holds what ``script`` makes, name and text, of a number.
    ``language`` is that of scripts whose parsing weave may take its time for.
    """

    server: Server
    work: Path
    bare: str
    folder: str
    script: Callable[[int], tuple[str, str]]
    contestants: Contestants
    language: str | None = None

    def measure(self, section: Section, *, runs: int, full: bool) -> None:
        """Fill a section with all cases."""
        for count in (3, 1_000):
            self._measure_noop(section, count, runs=runs)
        self._measure_apply(section, 100, runs=(runs + 1) // 2)
        if full:
            small = self._measure_apply(section, 1_000, runs=1)
            large = self._measure_apply(section, 10_000, runs=1)
            _note_growth(section, small[0], large[0])

    def command(self, action: str, *arguments: object) -> list[str]:
        """Give a command of the bare script."""
        words = [sys.executable, str(HERE / self.bare), action]
        return words + [str(each) for each in arguments]

    @property
    def environ(self) -> dict[str, str]:
        """The environment of everybody."""
        return {**ENVIRON, **self.server.environ}

    def _measure_noop(self, section: Section, count: int, *, runs: int) -> None:
        case = f"nothing to do, {count:,} applied"
        project, scripts = self._project(count)
        self._ask("wipe")
        weave, *_ = contestants = self.contestants(self, "check", project, scripts)
        self._run(weave)  # now there is nothing left to do
        outcomes = compete(contestants, self._run, runs=runs, title=self._title(case))
        goals = []
        if floor := wall_of("floor", outcomes):
            parsing = self._parsing(scripts)
            text = f"floor + {time(_EXTRA)}"
            text += f" + {time(parsing)} parsing of the files" if parsing else ""
            goals.append(Goal(text, floor + _EXTRA + parsing))
        if peer := wall_of("peer", outcomes):
            goals.append(Goal("a quarter of the Java tool", peer / 4))
        section.add(case, outcomes, goals=goals)

    def _measure_apply(
        self, section: Section, count: int, *, runs: int
    ) -> list[Outcome]:
        case = f"apply {count:,} to a fresh store"
        contestants = self.contestants(self, "apply", *self._project(count))
        if count > 1_000:  # the others would take an hour
            contestants = [c for c in contestants if c.role in ("weave", "floor")]

        def measure(contestant: Contestant) -> Sample:
            self._ask("wipe")
            sample = self._run(contestant)
            done = self._ask("count")
            if done != str(count):
                raise FailedError(f"had {done} effects, not {count}")
            return sample

        outcomes = compete(
            contestants,
            measure,
            runs=runs,
            title=self._title(case),
            warm_up=count <= 100,
        )
        goals = []
        if floor := wall_of("floor", outcomes):
            goals.append(Goal("1.25 x the floor", 1.25 * floor))
        if peer := wall_of("peer", outcomes):
            goals.append(Goal("a third of the Java tool", peer / 3))
        section.add(case, outcomes, goals=goals)
        return outcomes

    def _project(self, count: int) -> tuple[Path, Path]:
        project = self.work / f"{self.folder.partition('/')[0]}-{count}"
        return project, write_project(project, self.folder, count, self.script)

    def _parsing(self, scripts: Path) -> float:
        """Give the seconds that reading and parsing the files alone takes."""
        if self.language is None:
            return 0
        files: Sequence[str] = sorted(map(str, scripts.iterdir()))
        command = [sys.executable, str(HERE / "parse_files.py"), self.language, *files]
        said = json.loads(ask(command, environ=self.environ, cwd=self.work))
        return float(said["seconds"])

    def _ask(self, action: str) -> str:
        return ask(self.command(action), environ=self.environ, cwd=self.work)

    def _run(self, contestant: Contestant) -> Sample:
        return run(contestant.command, environ=self.environ, cwd=self.work)

    def _title(self, case: str) -> str:
        return f"{self.server.label}, {case}"


def _note_growth(section: Section, small: Outcome, large: Outcome) -> None:
    """Compare 10,000 migrations with 1,000."""
    if not (small.samples and large.samples and small.peak and large.peak):
        return
    factor = large.wall / small.wall
    section.notes.append(
        f"10,000 migrations take weave {factor:.1f} x the time of 1,000 (at most 11 x: "
        f"{met(is_met=factor <= 11)}) and {large.peak / small.peak:.1f} x the memory."
    )
