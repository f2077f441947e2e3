"""What is journalled, and what the next run makes of it, on a real server."""

from __future__ import annotations

import signal
import threading
import time
from typing import Any

import pytest
from faulty_driver import Faults
from neo4j.exceptions import ClientError, ServiceUnavailable, TransientError

from weave_migrate.errors import LockLost, MigrationFailed, WeaveError
from weave_migrate.model import State

pytestmark = pytest.mark.neo4j

_JOURNALS = "MATCH (j:__WeaveJournal) RETURN properties(j) AS j ORDER BY j.version"
_TAKE = "MATCH (l:__Neo4jMigrationsLock) DELETE l"
_BATCHES = (
    "UNWIND [2, 1, 0] AS i\n"
    "CALL { WITH i CREATE (:Batch {x: 2 / i}) } IN TRANSACTIONS OF 1 ROW;\n"
)
_THREE = "CREATE (:One);\nCREATE (:Two);\nCREATE (:Three);\n"


def _journals(graph: Any) -> list[dict[str, Any]]:
    return [row["j"] for row in graph(_JOURNALS)]


def _count(graph: Any, label: str) -> int:
    return int(graph(f"MATCH (n:{label}) RETURN count(n) AS n")[0]["n"])


def _fail(project: Any, **options: Any) -> MigrationFailed:
    with pytest.raises(MigrationFailed) as caught:
        project.migrate(transaction_mode="per_statement", **options)
    return caught.value


def test_what_is_applied_and_recorded_in_one_has_no_journal(
    project: Any, graph: Any
) -> None:
    project.put("V1__a.cypher", _THREE)
    seen: list[Any] = []
    project.watcher.on_start = lambda _: seen.append(_journals(graph))

    project.migrate()

    assert seen == [[]]
    assert _journals(graph) == []


@pytest.mark.parametrize(
    "script",
    [
        "CREATE INDEX a FOR (a:A) ON (a.a);\n",
        "CREATE (:A);\n:use neo4j;\nCREATE (:B);\n",
        "UNWIND range(1, 3) AS i CALL { WITH i CREATE (:A) } IN TRANSACTIONS;\n",
        "CREATE LOOKUP INDEX again IF NOT EXISTS FOR (n) ON EACH labels(n);\n",
    ],
)
def test_a_record_takes_the_journal_with_it(
    project: Any, graph: Any, script: str
) -> None:
    project.put("V1__a.cypher", script)

    assert project.migrate() == ["1"]

    assert _journals(graph) == []


def test_a_failure_leaves_who_did_how_much_of_what(
    project: Any, graph: Any, neo4j_server: Any
) -> None:
    path = project.put("V1__a.cypher", f"{_THREE}THIS IS WRONG;\n")

    failure = _fail(project, installed_by="m")

    (journal,) = _journals(graph)
    assert journal.pop("at").tzinfo is not None
    assert journal.pop("host")
    assert journal.pop("pid")
    assert journal.pop("fingerprint")
    assert journal == {
        "target": "",
        "version": "1",
        "checksum": project.plan().entries[0].migration.checksum,
        "statements": 4,
        "committed": 3,
        "started": 0,
        "by": "m",
    }
    assert failure.message.startswith(f"{path}, line 4: statement 4 of 4 failed.")
    assert "Statements 1 to 3 are committed." in failure.message
    assert "weave db migrate-neo4j --resume" in str(failure.hint)


def test_what_is_half_done_stops_a_plan_and_says_what_to_type(project: Any) -> None:
    path = project.put("V1__a.cypher", "CREATE (:One);\n\nTHIS IS WRONG;\nRETURN 1;\n")
    _fail(project, installed_by="m")

    plan = project.plan()

    (problem,) = plan.problems
    assert (problem.code, problem.exit, problem.line) == ("PARTLY_APPLIED", 6, 3)
    assert problem.message.startswith(f"{path} is applied in part only: a run of m on ")
    assert "Committed: statement 1 (line 1)." in problem.message
    assert "Not started: statements 2 to 3 (lines 3 to 4)." in problem.message
    assert "--resume" in str(problem.hint)
    assert "--restart" in str(problem.hint)
    assert [entry.state for entry in plan.entries] == [State.FAILED]


def test_who_left_it_half_done_is_one_line(project: Any, graph: Any) -> None:
    project.put("V1__a.cypher", f"{_THREE}THIS IS WRONG;\n")
    _fail(project)
    graph(
        "MATCH (j:__WeaveJournal) SET j.by = 'x\\nerror[FAKE]: y', j.host = 'h\\u202e'"
    )
    assert "a run of x␊error[FAKE]: y on h\ufffd" in project.plan().problems[0].message


def test_a_corrected_script_goes_on_behind_what_is_committed(
    project: Any, graph: Any
) -> None:
    project.put("V1__a.cypher", "CREATE (:One);\nTHIS IS WRONG;\n")
    _fail(project)
    project.put("V1__a.cypher", "CREATE (:One);\nCREATE (:Two);\nCREATE (:Three);\n")

    assert project.plan().problems[0].code == "PARTLY_APPLIED"
    assert project.migrate(on_interrupted="resume") == ["1"]

    assert [_count(graph, label) for label in ("One", "Two", "Three")] == [1, 1, 1]
    assert _journals(graph) == []
    assert project.watcher.notes == [
        "V1__a.cypher: resumed behind statement 1 of 3",
    ]


def test_a_restart_runs_all_of_it_again(project: Any, graph: Any) -> None:
    project.put("V1__a.cypher", "CREATE (:One);\nTHIS IS WRONG;\n")
    _fail(project)
    project.put("V1__a.cypher", "CREATE (:One);\nCREATE (:Two);\n")

    assert project.migrate(on_interrupted="restart") == ["1"]

    assert (_count(graph, "One"), _count(graph, "Two")) == (2, 1)
    assert _journals(graph) == []


def test_what_was_committed_and_then_edited_runs_again_only_when_told(
    project: Any, graph: Any
) -> None:
    project.put("V1__a.cypher", "CREATE (:One);\nTHIS IS WRONG;\n")
    _fail(project)
    project.put("V1__a.cypher", "MERGE (:One);\nCREATE (:Two);\n")

    (problem,) = project.plan().problems
    assert problem.code == "PARTLY_APPLIED"
    assert "its former 2 statements, statement 1 is committed" in problem.message
    assert project.plan(on_interrupted="resume").problems == (problem,)
    assert project.migrate(on_interrupted="restart") == ["1"]

    assert (_count(graph, "One"), _count(graph, "Two")) == (1, 1)
    assert _journals(graph) == []


def test_a_batched_statement_that_failed_is_in_doubt(project: Any, graph: Any) -> None:
    project.put(
        "V1__a.cypher",
        "CREATE (:Before);\n"
        "UNWIND [2, 1, 0] AS i\n"
        "CALL { WITH i CREATE (:Batch {x: 2 / i}) } IN TRANSACTIONS OF 1 ROW;\n",
    )

    failure = _fail(project)

    assert "not known whether statement 2 took effect" in failure.message
    assert "--assume" in str(failure.hint)
    (problem,) = project.plan().problems
    assert (problem.code, problem.line) == ("IN_DOUBT", 2)
    assert "Not known whether committed: statement 2 (line 2)." in problem.message
    assert "in batches" in str(problem.hint)
    assert project.plan().entries[0].state is State.IN_DOUBT
    assert project.plan(on_interrupted="resume").problems == (problem,)
    assert project.migrate(on_interrupted="resume", assume="done") == ["1"]
    assert (_count(graph, "Before"), _count(graph, "Batch")) == (1, 2)
    assert _journals(graph) == []


def test_a_batched_statement_that_failed_is_in_doubt_whatever_was_edited(
    project: Any, graph: Any
) -> None:
    batches = (
        "UNWIND range(0, 9) AS i CALL { WITH i CREATE (:Batch {x: 1 / (i - %s)}) } "
        "IN TRANSACTIONS OF 2 ROWS;\n"
    )
    project.put("V1__a.cypher", batches % 7)
    _fail(project)
    project.put("V1__a.cypher", batches % 10)

    assert [each.code for each in project.plan().problems] == ["IN_DOUBT"]
    assert _count(graph, "Batch") == 6
    assert project.migrate(on_interrupted="resume", assume="done") == ["1"]
    assert _count(graph, "Batch") == 6


def test_a_batched_statement_that_was_never_compiled_is_in_no_doubt(
    project: Any, graph: Any
) -> None:
    project.put(
        "V1__a.cypher",
        "UNWIND [1] AS i CALL { WITH i CREATE (:A {x: j}) } IN TRANSACTIONS;\n",
    )

    failure = _fail(project)

    assert "Nothing of this migration was kept." in failure.message
    assert _journals(graph) == []
    assert project.plan().problems == ()


def test_not_done_runs_what_is_in_doubt_again(project: Any, graph: Any) -> None:
    batched = (
        "UNWIND [1, 0] AS i\n"
        "CALL { WITH i MERGE (:Batch {x: %s}) } IN TRANSACTIONS OF 1 ROW;\n"
    )
    project.put("V1__a.cypher", "CREATE (:Before);\n" + batched % "1 / i")
    _fail(project)
    project.put("V1__a.cypher", "CREATE (:Before);\n" + batched % "i")

    assert project.migrate(on_interrupted="resume", assume="not_done") == ["1"]

    assert (_count(graph, "Before"), _count(graph, "Batch")) == (1, 2)


@pytest.mark.parametrize(
    ("left", "again"),
    [
        (_BATCHES, {"on_interrupted": "restart"}),
        (_BATCHES, {"on_interrupted": "resume", "assume": "not_done"}),
        (
            f"CREATE (:One);\n{_BATCHES}",
            {"on_interrupted": "resume", "assume": "not_done"},
        ),
        (f"CREATE (:One);\nTHIS IS WRONG;\n{_BATCHES}", {"on_interrupted": "restart"}),
    ],
)
def test_who_begins_again_and_does_nothing_leaves_what_was_found(
    project: Any, graph: Any, left: str, again: dict[str, Any]
) -> None:
    project.put("V1__a.cypher", left)
    _fail(project, installed_by="m")
    found = _journals(graph)
    (problem,) = project.plan().problems
    typo = _BATCHES.replace("2 / i", "j")
    keeps = left.partition(";\n")[0] + ";\n" if "assume" in again else ""
    project.put("V1__a.cypher", (keeps if "One" in left else "") + typo)

    failure = _fail(project, installed_by="other", **again)

    assert "`j` not defined" in str(failure.server_answer)
    assert [{**each, "at": None} for each in _journals(graph)] == [
        {**each, "at": None} for each in found
    ]
    (still,) = project.plan().problems
    assert still.code == problem.code
    assert " a run of m on " in still.message


def test_who_begins_again_and_does_something_leaves_that(
    project: Any, graph: Any
) -> None:
    project.put("V1__a.cypher", f"{_THREE}THIS IS WRONG;\n")
    _fail(project)
    project.put("V1__a.cypher", "CREATE INDEX i FOR (a:A) ON (a.a);\nWRONG;\n")

    _fail(project, on_interrupted="restart")

    (journal,) = _journals(graph)
    assert (journal["statements"], journal["committed"]) == (2, 1)
    assert journal["started"] == 0


class _RefusedError(ClientError):
    code = "Neo.ClientError.Transaction.TransactionMarkedAsFailed"


class _UnsureError(TransientError):
    code = "Neo.TransientError.Cluster.ReplicationFailure"

    def is_retryable(self) -> bool:
        return False


@pytest.mark.parametrize(
    ("stop", "behind", "left"),
    [
        (ServiceUnavailable, "the announcement", [(1, 0)]),
        (_RefusedError, "all statements", [(1, 0)]),
        (_UnsureError, "all statements", [(0, 1)]),
    ],
)
def test_what_was_announced_stays_only_if_it_may_be_committed(
    project: Any,
    graph: Any,
    stop: type[BaseException],
    behind: str,
    left: list[tuple[int, int]],
) -> None:
    project.put("V1__a.cypher", "CREATE (:One);\nTHIS IS WRONG;\n")
    _fail(project)
    project.put("V1__a.cypher", "CREATE INDEX i FOR (a:A) ON (a.a);\n")

    def moment(what: list[str]) -> int:
        ran = what.index("behind CREATE INDEX i FOR (a:A) ON (a.a)")
        ahead = "before commit" if behind == "all statements" else "behind MATCH (l:"
        return next(i for i in range(ran, len(what)) if what[i].startswith(ahead)) + 1

    (found,) = _journals(graph)

    def restart(faults: Faults) -> None:
        graph.clear()
        graph("CREATE (j:__WeaveJournal) SET j = $found", found=found)
        with faults.injected():
            project.migrate(on_interrupted="restart")

    undisturbed = Faults()
    restart(undisturbed)
    with pytest.raises(WeaveError):
        restart(Faults(at=moment(undisturbed.what), stop=stop))

    assert [(j["committed"], j["started"]) for j in _journals(graph)] == left


def test_a_refused_schema_change_is_in_no_doubt(project: Any, graph: Any) -> None:
    graph("UNWIND [1, 1] AS i CREATE (:A {a: i})")
    project.put(
        "V1__a.cypher",
        "CREATE INDEX i FOR (a:A) ON (a.b);\n"
        "CREATE CONSTRAINT c FOR (a:A) REQUIRE a.a IS UNIQUE;\n",
    )

    _fail(project)

    (journal,) = _journals(graph)
    assert (journal["committed"], journal["started"]) == (1, 0)


def test_an_index_of_all_labels_can_be_dropped_and_made(
    project: Any, graph: Any
) -> None:
    # While one is dropped, nobody else can write a node, not even the journal's.
    (row,) = graph(
        "SHOW INDEXES YIELD name, type, entityType "
        "WHERE type = 'LOOKUP' AND entityType = 'NODE' RETURN name"
    )
    project.put("V1__drop.cypher", f"DROP INDEX `{row['name']}`;\n")
    project.put(
        "V2__make.cypher",
        f"CREATE LOOKUP INDEX `{row['name']}` FOR (n) ON EACH labels(n);\n",
    )

    assert project.migrate() == ["1", "2"]

    assert _journals(graph) == []


def test_a_record_that_was_missing_is_made_up_for(project: Any, graph: Any) -> None:
    project.put("V1__a.cypher", "CREATE INDEX a FOR (a:A) ON (a.a);\n")
    project.put("V2__b.cypher", "CREATE (:B);\n")

    def spoil(migration: Any) -> None:
        # Somebody without the lock extends the chain: our record must fail.
        graph("CREATE (:__Neo4jMigration {version: 'BASELINE'})")

    project.watcher.on_start = spoil
    with pytest.raises(Exception, match="changed by somebody else"):
        project.migrate()
    graph("MATCH (n:__Neo4jMigration) DELETE n")
    project.watcher.on_start = lambda _: None

    (journal,) = _journals(graph)
    assert (journal["committed"], journal["started"]) == (1, 0)
    plan = project.plan()
    assert plan.problems == ()
    assert "they are recorded now" in plan.warnings[0]
    assert project.migrate() == ["1", "2"]
    assert _journals(graph) == []


def test_who_loses_the_lock_writes_no_journal(project: Any, graph: Any) -> None:
    project.put("V1__a.cypher", "CREATE (:One);\nCREATE (:Two);\n")
    project.watcher.on_start = lambda _: graph(_TAKE)

    with pytest.raises(LockLost):
        project.migrate(transaction_mode="per_statement")

    assert _journals(graph) == []


def test_who_loses_the_lock_or_is_interrupted_hears_what_is_committed(
    project: Any, graph: Any
) -> None:
    lost = project.put("V1__a.cypher", f"CREATE (:One);\n{_TAKE};\nCREATE (:Two);\n")
    with pytest.raises(LockLost):
        project.migrate(transaction_mode="per_statement")
    lost.unlink()
    slow = project.put(
        "V2__b.cypher",
        "CREATE (:Two);\n"
        "UNWIND range(1, 1000000000) AS i CALL { WITH i MERGE (:Slow {i: 1}) } "
        "IN TRANSACTIONS OF 1 ROW;\n",
    )
    main = threading.main_thread().ident
    assert main

    def stop() -> None:
        while not _count(graph, "Slow"):
            time.sleep(0.05)
        signal.pthread_kill(main, signal.SIGINT)

    project.watcher.on_start = lambda _: threading.Thread(target=stop).start()
    with pytest.raises(KeyboardInterrupt):
        project.migrate()

    assert "\n".join(project.watcher.warnings) == (
        f"{lost} did not finish. Known to be committed: statement 1 of 3.\n"
        f"{slow} was interrupted. Known to be committed: statement 1 of 2. It is not "
        "known whether statement 2 took effect."
    )


def test_what_was_recorded_meanwhile_needs_no_journal(project: Any, graph: Any) -> None:
    project.put("R1__a.cypher", "CREATE (:One);\nTHIS IS WRONG;\n")
    _fail(project)
    project.put("R1__a.cypher", "CREATE (:Other);\n")
    with project.store() as store, store.lock(5, project.watcher) as lock:
        store.apply(store.plan(), lock, project.watcher)
    graph("""
        CREATE (:__WeaveJournal {target: '', version: '1', checksum: 'x',
          statements: 2, committed: 1, started: 0,
          at: datetime() - duration('P1D')})""")
    project.put("R1__a.cypher", "CREATE (:Third);\n")

    plan = project.plan()

    assert (plan.problems, plan.warnings) == ((), ())
    assert project.migrate() == ["1"]
    assert _journals(graph) == []


def test_a_journal_that_nobody_can_have_written_is_no_journal(
    project: Any, graph: Any
) -> None:
    hostile = [
        "committed: 'many'",
        "statements: 1, committed: 1.0 / 0.0, started: 0",
        "statements: 1, committed: 0.0 / 0.0, started: 0",
        "statements: 1, committed: -5, started: 0",
        "statements: 1, committed: 2, started: 0",
        "statements: 1, committed: 9223372036854775807, started: 1",
        "statements: 1, committed: 0, started: 9223372036854775807",
        "statements: 1, committed: 0, started: -1",
        "statements: 1, committed: [0], started: 1",
        "statements: 1, committed: true, started: 1",
        "statements: 1, committed: datetime('+99999-01-01T00:00Z'), started: 1",
        "statements: 1.0 / 0.0, committed: 0, started: 1",
        "version: ['1'], statements: 1, committed: 0, started: 1",
    ]
    for says in hostile:
        node = "(j:__WeaveJournal {target: '', version: '1'})"
        graph(f"CREATE {node} SET j += {{{says}}}")
    project.put("V1__a.cypher", "CREATE (:A);\n")

    plan = project.plan()

    assert plan.problems == ()
    assert len(plan.warnings) == len(hostile)
    assert (
        plan.warnings.count(
            "A node :__WeaveJournal of version 1 is ignored: it does not say how far a "
            "migration came, so weave did not write it."
        )
        == len(hostile) - 1
    )
    assert project.migrate() == ["1"]
    assert _count(graph, "A") == 1


def test_what_else_a_journal_says_may_be_anything(project: Any, graph: Any) -> None:
    odd = [
        "checksum: [1], fingerprint: [2], by: [1, 2], host: [3], pid: ['x']",
        "checksum: 5, by: 5, host: point({x: 1, y: 2}), pid: 1.0 / 0.0",
        "by: datetime('+99999-01-01T00:00Z'), at: datetime('+99999-01-01T00:00Z')",
        "at: localdatetime()",
        "at: [datetime()]",
        "at: duration('P1D')",
        "at: 'yesterday'",
    ]
    for version, says in enumerate(odd, start=1):
        graph(f"""
            CREATE (j:__WeaveJournal {{target: '', version: '{version}', statements: 1,
              committed: 0, started: 1}}) SET j += {{{says}}}""")
        project.put(f"V{version}__a.cypher", "CREATE (:A);\n")

    problems = project.plan().problems

    assert [each.code for each in problems] == ["IN_DOUBT"] * len(odd)
    for problem in problems:
        assert ": a run of somebody left it. Not known" in problem.message


@pytest.mark.parametrize(
    ("first", "second"), [("canary", "CREATE"), ("a", "b"), ("", "canary")]
)
def test_values_of_placeholders_can_change_before_a_resumption(
    project: Any, graph: Any, first: str, second: str
) -> None:
    project.put("V1__a.cypher", "CREATE (:A {p: '${nm:word}'});\nTHIS IS WRONG;\n")
    _fail(project, placeholders={"word": first})
    project.put("V1__a.cypher", "CREATE (:A {p: '${nm:word}'});\nCREATE (:B);\n")

    options = {"placeholders": {"word": second}, "on_interrupted": "resume"}
    assert project.migrate(**options) == ["1"]

    assert graph("MATCH (a:A) RETURN a.p AS p") == [{"p": first}]


def test_another_target_has_journals_of_its_own(project: Any, graph: Any) -> None:
    graph("""
        CREATE (:__WeaveJournal {target: 'other', version: '1', checksum: 'x',
          statements: 2, committed: 1, started: 0, at: datetime()})""")
    project.put("V1__a.cypher", "CREATE (:A);\n")

    assert project.plan().warnings == ()
    project.migrate()

    assert [journal["target"] for journal in _journals(graph)] == ["other"]


def test_what_a_run_at_work_has_begun_is_judged_once_its_lock_is_free(
    project: Any, graph: Any
) -> None:
    project.put("V1__a.cypher", "CREATE (:One);\nTHIS IS WRONG;\n")
    _fail(project)
    dead = "MATCH (l:__Neo4jMigrationsLock) SET l.seen = l.seen - duration('PT1H')"

    with project.store() as other, other.lock(1, project.watcher):
        at_work = project.plan()
        graph(dead)
        silent = project.plan()

    assert (at_work.problems, len(at_work.pending)) == ((), 1)
    assert [each.code for each in silent.problems] == ["PARTLY_APPLIED"]
    assert [each.code for each in project.plan().problems] == ["PARTLY_APPLIED"]
