"""A migrating process is killed at a random moment; the next ones finish its work.

Each statement leaves marks that can be counted, so the graph itself tells what ran.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from neo4j_arena import go, wait

from weave_migrate.model import State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from neo4j_arena import Arena

    from weave_migrate.model import Plan

pytestmark = [pytest.mark.neo4j, pytest.mark.interop]

KILLS = int(os.environ.get("WEAVE_SOAK_KILLS") or 10)
LEASE = 5  # seconds, the least there is
_JAVA_EVERY = 20  # kills; a JVM takes longer than all the rest

_DATA = "CREATE (:Did {step: '%s'})"
_SLOW = (
    "UNWIND range(1, 200000) AS i WITH count(sin(i)) AS n CREATE (:Did {step: '%s'})"
)
_INDEX = "CREATE INDEX `%s` FOR (n:Indexed) ON (n.`%s`)"
_BATCHES = """UNWIND range(1, 6) AS i
CALL { WITH i CREATE (:Did {step: '%s'}) } IN TRANSACTIONS OF 2 ROWS"""
_USE = ":use neo4j;\n"
# Version, the rest of the file name, its statements in order.
_SCRIPTS = {
    "001": ("__schema", (_INDEX, _INDEX)),
    "002": ("__data", (_DATA,)),
    "003": ("__several", (_DATA, _SLOW, _DATA)),
    "004": ("__batches", (_DATA, _BATCHES, _DATA)),
    "005": ("__elsewhere", (_USE + _INDEX, _USE + _DATA, _DATA)),
    "006": ("__view", (_DATA,)),
    "007": ("__everything", (_INDEX, _BATCHES, _SLOW)),
}
_CALLBACKS = ("beforeMigrate", "afterMigrate__later")
_STEPS = {  # each statement, and how many marks it leaves
    f"{version}.{number}": 6 if text is _BATCHES else 1
    for version, (_, texts) in _SCRIPTS.items()
    for number, text in enumerate(texts, start=1)
}
_MARKS = """
MATCH (d:Did) RETURN d.step AS step, count(*) AS marks
"""
_INDEXES = "SHOW INDEXES YIELD name WHERE name STARTS WITH '0' RETURN name AS step"
_CONNECTIONS = "CALL dbms.listConnections() YIELD connectionId AS id RETURN id"
_BUSY = """
SHOW TRANSACTIONS YIELD currentQuery AS query
WHERE NOT query CONTAINS 'SHOW TRANSACTIONS' RETURN query
"""
# A lock that seems alive is waited for; let its lease be over soon.
_SILENCE = """
MATCH (l:__Neo4jMigrationsLock) SET l.lease = 0.1, l.seen = l.seen - duration('PT1H')
"""
_CHAIN = """
MATCH p = (:__Neo4jMigration {version: 'BASELINE'})-[:MIGRATED_TO*]->(l)
WHERE NOT (l)-[:MIGRATED_TO]->()
RETURN [n IN nodes(p) | properties(n)] AS chain
"""
_REST = """
MATCH (n) WHERE NOT n:Did AND NOT n:__Neo4jMigration
RETURN labels(n) AS labels, count(*) AS count
"""
_IN_DOUBT = re.compile(r"Not known whether committed: statements? (\d+)")
_JAVA_IS_CONTENT = (
    "All resolved migrations have been applied",
    "Some versions have been resolved that are not applied",
)


@pytest.fixture(scope="module", autouse=True)
def _scripts(arena: Arena) -> None:
    for version, (rest, texts) in _SCRIPTS.items():
        lines = [
            text.replace("%s", f"{version}.{number}") + ";\n"
            for number, text in enumerate(texts, start=1)
        ]
        kind = "R" if rest == "__view" else "V"
        arena.put(f"{kind}{version}{rest}.cypher", "".join(lines))
    for name in _CALLBACKS:
        arena.put(f"{name}.cypher", f"MERGE (:Called {{name: '{name}'}});\n")


@pytest.fixture(scope="module")
def undisturbed(arena: Arena, _scripts: None) -> tuple[Any, float]:
    """What a run leaves that nobody kills, and how many seconds it takes."""
    arena.graph.clear()
    process = arena.start("db", "migrate-neo4j")
    wait(process)
    go(process)
    began = time.monotonic()
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    assert _marks(arena) == _STEPS
    return _whole(arena), time.monotonic() - began


@pytest.fixture(scope="module")
def tally(request: pytest.FixtureRequest, seed: int) -> Iterator[Counter[str]]:
    """Count what the kills met; it is shown when they are over."""
    tally: Counter[str] = Counter()
    yield tally
    met = ", ".join(f"{count} {what}" for what, count in tally.most_common())
    plugins = request.config.pluginmanager
    capture = plugins.get_plugin("capturemanager")
    terminal = plugins.get_plugin("terminalreporter")
    if capture and terminal:
        with capture.global_and_fixture_disabled():
            terminal.write_line(f"\n{KILLS} kills, WEAVE_SOAK_SEED={seed}: {met}")


@pytest.mark.parametrize("kill", range(KILLS))
def test_the_next_run_ends_where_an_undisturbed_one_does(
    arena: Arena,
    undisturbed: tuple[Any, float],
    tally: Counter[str],
    seed: int,
    kill: int,
) -> None:
    print(f"WEAVE_SOAK_SEED={seed}")
    chance = random.Random(f"{seed} {kill}")
    expected, duration = undisturbed

    others = _connections(arena)
    process = arena.start("db", "migrate-neo4j", *_mode(chance))
    wait(process)
    go(process)
    _kill(process, after=chance.uniform(0, duration))
    _let_the_server_notice(arena, others)
    arena.graph(_SILENCE)

    plan, marks = arena.plan(), _marks(arena)
    tally[_met(process, plan)] += 1
    assert {p.code for p in plan.problems} <= {"IN_DOUBT", "PARTLY_APPLIED"}
    recorded = {entry.version for entry in plan.entries if entry.applied}
    assert recorded == set(list(_SCRIPTS)[: len(recorded)])
    for step, count in _STEPS.items():
        if step[:3] in recorded:
            assert marks[step] == count
    if kill % _JAVA_EVERY == 0:
        _ask_java(arena)

    report = arena.weave("db", "migrate-neo4j", "--resume", *_mode(chance))
    while report["exit"] and report["error"]["code"] == "IN_DOUBT":
        tally["in doubt of them"] += 1
        report = arena.weave(
            *("db", "migrate-neo4j", "--resume"),
            *("--assume", _judge(arena, report["error"])),
        )

    assert report["error"] is None, report["error"]
    assert _whole(arena) == expected
    if kill % _JAVA_EVERY == 0:
        assert arena.java("validate").exit == 0


def _mode(chance: random.Random) -> tuple[str, str]:
    modes = ["PER_MIGRATION", "PER_STATEMENT"]
    return "--transaction-mode", chance.choice(modes)


def _kill(process: subprocess.Popen[str], *, after: float) -> None:
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        process.kill()
    process.communicate()


def _connections(arena: Arena) -> set[str]:
    return {row["id"] for row in arena.graph(_CONNECTIONS)}


def _let_the_server_notice(arena: Arena, others: set[str]) -> None:
    """Wait until the server has done all that the dead client asked it for."""
    give_up = time.monotonic() + 30
    while _connections(arena) - others or arena.graph(_BUSY):
        assert time.monotonic() < give_up
        time.sleep(0.02)


def _met(process: subprocess.Popen[str], plan: Plan) -> str:
    """Say what a kill interrupted, as far as one can see."""
    if process.returncode >= 0:
        return "after the end"
    if plan.problems:
        return plan.problems[0].code
    if any("recorded now" in warning for warning in plan.warnings):
        return "before a record"
    if not plan.pending:
        return "behind the last record"
    if any(entry.applied for entry in plan.entries):
        return "without a trace behind a record"
    return "without a trace at the beginning"


def _judge(arena: Arena, problem: dict[str, Any]) -> str:
    """Look at the graph for the one statement that weave can't know about."""
    match = _IN_DOUBT.search(problem["message"])
    assert match, problem
    version = os.path.basename(problem["file"])[1:4]  # noqa: PTH119 - a text
    step = f"{version}.{match[1]}"
    marks = _marks(arena)[step]
    if marks == _STEPS[step]:
        return "done"
    # Batches of it may be there; that is for a person to undo.
    arena.graph("MATCH (d:Did {step: $step}) DELETE d", step=step)
    return "not-done"


def _ask_java(arena: Arena) -> None:
    """Let the Java tool judge the history; it never takes a lock over."""
    arena.graph("MATCH (l:__Neo4jMigrationsLock) DELETE l")
    validated = arena.java("validate")
    assert any(text in validated.output for text in _JAVA_IS_CONTENT), validated


def _marks(arena: Arena) -> Counter[str]:
    marks = {row["step"]: row["marks"] for row in arena.graph(_MARKS)}
    return Counter(marks) + Counter(row["step"] for row in arena.graph(_INDEXES))


def _whole(arena: Arena) -> tuple[object, ...]:
    """The graph but for times: marks, history, and whatever else there is."""
    plan = arena.plan()
    assert plan.problems == ()
    assert {entry.state for entry in plan.entries} == {State.APPLIED}
    rest = sorted(map(str, arena.graph(_REST)))
    return _marks(arena), arena.graph(_CHAIN), rest
