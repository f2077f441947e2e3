"""Measure, and write the tables to standard output and ``results.md``."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import (
    _elasticsearch,
    _java,
    _neo4j,
    _parsing,
    _postgres,
    _startup,
)
from benchmarks._measure import say
from benchmarks._table import Section
from weave_migrate.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

_RESULTS = Path(__file__).with_name("results.md")
_BIG_RESULTS = Path(__file__).with_name("results-full.md")
_PACKAGES = ("neo4j", "elastic-transport", "alembic", "sqlalchemy", "psycopg", "lark")


def main() -> int:
    """Measure what was asked for; 1 if anybody failed."""
    options = _options()
    began = datetime.now(UTC)
    kind = "Big benchmarks" if options.full else "Benchmarks"
    head = [f"# {kind} of {began:%Y-%m-%d}", "", *_machine()]
    with tempfile.TemporaryDirectory(prefix="weave-bench-") as folder:
        subjects = _subjects(Path(folder), options)
        sections = [
            section
            for name, measure in subjects.items()
            if not options.only or name in options.only
            for section in _measured(name, measure)
        ]
    seconds = (datetime.now(UTC) - began).total_seconds()
    said = _big_runs() if options.full else _runs(options.runs)
    head += [f"- {said} The whole took {seconds / 60:.0f} minutes."]
    text = "\n".join(head)
    text += "".join(f"\n\n{section.render()}" for section in sections) + "\n"
    print(text)
    if not options.only:
        results = _BIG_RESULTS if options.full else _RESULTS
        results.write_text(text, encoding="utf-8")
    failures = [failure for section in sections for failure in section.failures]
    for failure in failures:
        say(f"failed: {failure}")
    return 1 if failures else 0


def _subjects(
    work: Path, options: argparse.Namespace
) -> dict[str, Callable[[], list[Section]]]:
    runs, full = options.runs, options.full
    small: dict[str, Callable[[], list[Section]]] = {
        "startup": lambda: _startup.measure(work, runs=runs),
        "parsing": lambda: _parsing.measure(work, runs=runs),
    }
    return {
        **({} if full else small),
        "neo4j": lambda: _neo4j.measure(work, runs=runs, full=full),
        "elasticsearch": lambda: _elasticsearch.measure(work, runs=runs, full=full),
        "postgres": lambda: _postgres.measure(work, runs=runs, full=full),
    }


def _measured(name: str, measure: Callable[[], list[Section]]) -> list[Section]:
    """Measure a subject; where its server can't be had, say so in its place."""
    try:
        return measure()
    except StoreUnavailable as error:
        return [Section(name, header=("skipped",), rows=[(str(error),)])]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--runs",
        type=int,
        default=5,
        help="of each case; start-up four times as many, slow ones half (default: 5)",
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=("startup", "parsing", "neo4j", "elasticsearch", "postgres"),
        help="a subject; repeatable; results.md is left alone then",
    )
    parser.add_argument(
        "--full",
        action="store_true",
        help="the big cases instead, of 1,000 and 10,000 migrations and a graph of a "
        "million nodes; for results-full.md",
    )
    return parser.parse_args()


def _runs(runs: int) -> str:
    return (
        f"Medians of {runs} runs ({4 * runs} of start-up, {(runs + 1) // 2} of "
        "applying 100 and of Neo4j with 1,000 applied, one of applying more), in "
        "turns, after one that is not counted (unless there is only one)."
    )


def _big_runs() -> str:
    return "One run of each case (medians of 3 where nothing is to do), in turns."


def _machine() -> list[str]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = os.getloadavg()[0]
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    try:
        java = _java.version()
    except _java.MissingError as error:
        java = str(error)
    machine = f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GiB"
    system = f"{platform.system()} {platform.release().partition('-')[0]}"
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return [
        f"- {machine} of memory, {system}; load when it began: {load:.1f}.",
        f"- {python}, weave-migrate {version('weave-migrate')}, {packages}.",
        f"- The Java tools run on {java}.",
    ]


if __name__ == "__main__":
    sys.exit(main())
