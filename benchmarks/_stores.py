"""What is measured on each store: runs with nothing to do, and runs from nothing."""

from __future__ import annotations

import json
import sys
import sysconfig
from dataclasses import dataclass, replace
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
_ACTIONS = {"check": "nothing to do", "info": "`info`"}
_EXTRA = 0.120  # seconds that weave may take beside the floor for doing nothing


class Contestants(Protocol):
    """Makes the commands for an action; weave first.

    ``check`` is a run with nothing to do, ``info`` tells what is applied, ``apply``
    begins with nothing.
    """

    def __call__(
        self, bench: Bench, action: str, project: Path, scripts: Path
    ) -> list[Contestant]: ...


@dataclass(frozen=True, slots=True)
class Bench:
    """One store: how its projects are written, and who takes part.

    ``bare`` is the script of the bare driver; ``folder`` lies below
    ``.weave/migrations/`` and holds what ``script`` makes, name and text, of a number.
    ``language`` is that of scripts whose parsing weave may take its time for.  With
    ``patient``, the peer takes part where it needs minutes.
    """

    server: Server
    work: Path
    bare: str
    folder: str
    script: Callable[[int], tuple[str, str]]
    contestants: Contestants
    language: str | None = None
    patient: bool = False

    def measure(self, section: Section, *, runs: int, full: bool) -> None:
        """Fill a section with the usual cases, or with the big ones."""
        if full:
            self.measure_growth(section)
            return
        for count in (3, 1_000):
            self.measure_noop(section, count, runs=runs)
        self.measure_apply(section, 100, runs=(runs + 1) // 2)

    def measure_growth(self, section: Section) -> None:
        """Apply 1,000 and 10,000 migrations, and compare."""
        small = self.measure_apply(section, 1_000, runs=1)
        large = self.measure_apply(section, 10_000, runs=1)
        _note_growth(section, small[0], large[0])

    def command(self, action: str, *arguments: object) -> list[str]:
        """Give a command of the bare script."""
        words = [sys.executable, str(HERE / self.bare), action]
        return words + [str(each) for each in arguments]

    @property
    def environ(self) -> dict[str, str]:
        """The environment of everybody."""
        return {**ENVIRON, **self.server.environ}

    def measure_noop(
        self,
        section: Section,
        count: int,
        *,
        runs: int,
        actions: Sequence[str] = ("check",),
    ) -> None:
        """Let all find that ``count`` migrations are applied, in each action's way."""
        project, scripts = self.project(count)
        self.ask("wipe")
        weave, *_ = self.contestants(self, "check", project, scripts)
        self.run(weave)  # now there is nothing left to do
        for action in actions:
            case = f"{_ACTIONS[action]}, {count:,} applied"
            outcomes = compete(
                self._present(action, project, scripts, count),
                self.run,
                runs=runs,
                title=self._title(case),
                warm_up=count <= 1_000,
            )
            goals = []
            if floor := wall_of("floor", outcomes):
                parsing = self._parsing(scripts)
                text = f"floor + {time(_EXTRA)}"
                text += f" + {time(parsing)} parsing of the files" if parsing else ""
                goals.append(Goal(text, floor + _EXTRA + parsing))
            if peer := wall_of("peer", outcomes):
                goals.append(Goal("a quarter of the Java tool", peer / 4))
            section.add(case, outcomes, goals=goals)

    def measure_apply(
        self, section: Section, count: int, *, runs: int
    ) -> list[Outcome]:
        """Let all apply ``count`` migrations of one effect each."""
        project, scripts = self.project(count)
        case = f"apply {count:,} to a fresh store"
        contestants = self._present("apply", project, scripts, count)
        outcomes = self._apply(case, contestants, effects=count, runs=runs)
        goals = []
        if floor := wall_of("floor", outcomes):
            goals.append(Goal("1.25 x the floor", 1.25 * floor))
        if peer := wall_of("peer", outcomes):
            goals.append(Goal("a third of the Java tool", peer / 3))
        section.add(case, outcomes, goals=goals)
        return outcomes

    def measure_script(
        self,
        section: Section,
        case: str,
        script: Callable[[int], tuple[str, str]],
        *,
        effects: int,
        runs: int,
    ) -> None:
        """Let all apply one script of many ``effects``."""
        bench = replace(self, script=script)
        project, scripts = bench.project(1, name=case)
        contestants = self._present("apply", project, scripts, effects)
        outcomes = self._apply(case, contestants, effects=effects, runs=runs)
        goals = []
        if floor := wall_of("floor", outcomes):
            parsing = self._parsing(scripts)
            text = f"1.25 x the floor + {time(parsing)} parsing of the file"
            goals.append(Goal(text, 1.25 * floor + parsing))
        section.add(case, outcomes, goals=goals)

    def _apply(
        self, case: str, contestants: Sequence[Contestant], *, effects: int, runs: int
    ) -> list[Outcome]:
        def measure(contestant: Contestant) -> Sample:
            self.ask("wipe")
            sample = self.run(contestant)
            done = self.ask("count")
            if done != str(effects):
                raise FailedError(f"had {done} effects, not {effects}")
            return sample

        return compete(
            contestants,
            measure,
            runs=runs,
            title=self._title(case),
            warm_up=runs > 1,
        )

    def _present(
        self, action: str, project: Path, scripts: Path, count: int
    ) -> list[Contestant]:
        contestants = self.contestants(self, action, project, scripts)
        if count > 1_000 and not self.patient:  # the others would take an hour
            contestants = [c for c in contestants if c.role in ("weave", "floor")]
        return contestants

    def project(self, count: int, *, name: str = "") -> tuple[Path, Path]:
        """Write a project of ``count`` scripts; give it and their folder."""
        kind = self.folder.partition("/")[0]
        project = self.work / f"{kind}-{name.replace(' ', '-') or count}"
        return project, write_project(project, self.folder, count, self.script)

    def _parsing(self, scripts: Path) -> float:
        """Give the seconds that reading and parsing the files alone takes."""
        if self.language is None:
            return 0
        files: Sequence[str] = sorted(map(str, scripts.iterdir()))
        command = [sys.executable, str(HERE / "parse_files.py"), self.language, *files]
        said = json.loads(ask(command, environ=self.environ, cwd=self.work))
        return float(said["seconds"])

    def ask(self, action: str) -> str:
        """Let the bare script do something that nobody measures."""
        return ask(self.command(action), environ=self.environ, cwd=self.work)

    def run(self, contestant: Contestant) -> Sample:
        """Run a contestant once."""
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
