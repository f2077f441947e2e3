"""What follows from the journal of a run that ended before its record."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from weave_migrate.model import (
    Applied,
    CatalogScript,
    CypherScript,
    Entry,
    Migration,
    Plan,
    State,
    Statement,
)
from weave_migrate.plan.chain_journal import (
    Journal,
    JournalPolicy,
    Resumption,
    resume,
)

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
SCRIPT = CypherScript(
    statements=tuple(Statement(f"S{n}", line=n * 10) for n in (1, 2, 3, 4)),
    checksum="1",
)
MIGRATION = Migration("7", "x", "CYPHER", "V7__x.cypher", checksum="1", script=SCRIPT)
PLAN = Plan(
    entries=(
        Entry(State.APPLIED, None, Applied("6", "w", "CYPHER", "V6__w.cypher")),
        Entry(State.PENDING, MIGRATION),
    ),
    pending=(MIGRATION,),
)
HALF = Journal(
    version="7",
    checksum="1",
    statements=4,
    committed=2,
    fingerprint="S1S2",
    owner="m",
    host="h",
    pid=12,
    at=NOW,
)
DOUBT = replace(HALF, started=3)


def fingerprint(script: CypherScript, count: int) -> str | None:
    if count > len(script.statements):
        return None
    return "".join(each.text for each in script.statements[:count])


def judged(journal: Journal, plan: Plan = PLAN, **policy: Any) -> Resumption:
    return resume(
        plan,
        {journal.version: journal},
        JournalPolicy(**policy),
        fingerprint=fingerprint,
    )


def with_script(script: Any, checksum: str = "2") -> Plan:
    migration = replace(MIGRATION, checksum=checksum, script=script)
    return Plan(entries=(Entry(State.PENDING, migration),), pending=(migration,))


def edited(first: str = "S1", *, count: int = 4) -> Plan:
    statements = (Statement(first, line=10), *SCRIPT.statements[1:count])
    return with_script(CypherScript(statements, checksum="2"))


def test_without_a_journal_nothing_changes() -> None:
    resumption = resume(PLAN, {}, JournalPolicy(), fingerprint=fingerprint)

    assert resumption.plan == PLAN
    assert resumption.begins == {}
    assert not resumption.journals


def test_what_is_half_done_is_a_problem_that_tells_all() -> None:
    resumption = judged(HALF)

    (problem,) = resumption.plan.problems
    assert (problem.code, problem.exit, problem.line) == ("PARTLY_APPLIED", 6, 30)
    assert problem.message == (
        "V7__x.cypher is applied in part only: a run of m on h (process 12) left it at "
        "2026-11-22 20:00:00 UTC. Committed: statements 1 to 2 (lines 10 to 20). Not "
        "started: statements 3 to 4 (lines 30 to 40)."
    )
    assert problem.hint == (
        "Go on behind what is committed: weave db migrate-neo4j --resume. To begin "
        "again with statement 1: weave db migrate-neo4j --restart"
    )
    assert [e.state for e in resumption.plan.entries] == [State.APPLIED, State.FAILED]
    assert resumption.begins == {}
    assert set(resumption.journals) == {"7"}


def test_what_is_in_doubt_is_named_alone() -> None:
    resumption = judged(DOUBT)

    (problem,) = resumption.plan.problems
    assert (problem.code, problem.line) == ("IN_DOUBT", 30)
    assert problem.message.endswith(
        "Committed: statements 1 to 2 (lines 10 to 20). Not known whether committed: "
        "statement 3 (line 30). Not started: statement 4 (line 40)."
    )
    assert problem.hint == (
        "See in the database whether statement 3 took effect, then: weave db "
        "migrate-neo4j --resume --assume done, or --assume not-done. To begin again "
        "with statement 1: weave db migrate-neo4j --restart"
    )
    assert resumption.plan.entries[1].state is State.IN_DOUBT


def test_all_of_it_can_be_in_doubt() -> None:
    (problem,) = judged(replace(HALF, committed=0, started=4)).plan.problems

    assert problem.message.endswith(
        "Not known whether committed: statements 1 to 4 (lines 10 to 40)."
    )


def test_a_batched_statement_in_doubt_may_be_there_in_part() -> None:
    third = replace(SCRIPT.statements[2], transaction="implicit")
    statements = (*SCRIPT.statements[:2], third, SCRIPT.statements[3])
    plan = with_script(CypherScript(statements, "1"), "1")

    assert "in batches" in str(judged(DOUBT, plan).plan.problems[0].hint)


@pytest.mark.parametrize(
    ("journal", "policy", "begin"),
    [
        (HALF, {"on_interrupted": "resume"}, 2),
        (HALF, {"on_interrupted": "restart"}, 0),
        (DOUBT, {"on_interrupted": "resume", "assume": "done"}, 3),
        (DOUBT, {"on_interrupted": "resume", "assume": "not_done"}, 2),
        (DOUBT, {"on_interrupted": "restart"}, 0),
    ],
)
def test_who_says_how_to_go_on_goes_on(
    journal: Journal, policy: dict[str, Any], begin: int
) -> None:
    resumption = judged(journal, **policy)

    assert resumption.plan.problems == ()
    assert resumption.begins == ({"7": begin} if begin else {})


@pytest.mark.parametrize(
    "policy", [{"on_interrupted": "resume"}, {"assume": "done"}, {}]
)
def test_a_doubt_needs_resume_and_assume(policy: dict[str, Any]) -> None:
    assert [p.code for p in judged(DOUBT, **policy).plan.problems] == ["IN_DOUBT"]


@pytest.mark.parametrize("on_interrupted", ["refuse", "resume"])
def test_what_ran_whole_is_only_recorded(on_interrupted: str) -> None:
    whole = replace(HALF, committed=4, fingerprint="S1S2S3S4")

    resumption = judged(whole, on_interrupted=on_interrupted)

    assert resumption.plan.problems == ()
    assert resumption.begins == {"7": 4}
    (warning,) = resumption.plan.warnings
    assert "are recorded now, and not run again" in warning


def test_what_began_without_effect_is_nothing_to_speak_of() -> None:
    resumption = judged(replace(HALF, committed=0))

    assert resumption.plan == PLAN
    assert resumption.begins == {}
    assert set(resumption.journals) == {"7"}


def test_what_was_recorded_since_is_over() -> None:
    record = Applied("7", "x", "CYPHER", "R7__x.cypher", applied_at=NOW)
    plan = Plan(
        entries=(Entry(State.CHANGED, MIGRATION, record),), pending=(MIGRATION,)
    )

    assert judged(HALF, plan).plan == plan
    later = replace(HALF, at=NOW + timedelta(seconds=1))
    assert judged(later, plan).plan.problems
    assert judged(replace(HALF, at=None), plan).plan.problems


def test_what_is_not_pending_is_not_judged() -> None:
    plan = replace(PLAN, pending=())

    assert judged(HALF, plan).plan == plan


def test_a_catalog_is_not_judged() -> None:
    plan = with_script(CatalogScript(checksum="2"))

    assert judged(HALF, plan).plan == plan


def test_an_edit_behind_what_is_committed_does_not_matter() -> None:
    assert [p.code for p in judged(HALF, edited()).plan.problems] == ["PARTLY_APPLIED"]
    assert judged(HALF, edited(), on_interrupted="resume").begins == {"7": 2}


@pytest.mark.parametrize("plan", [edited("other"), edited(count=1)])
@pytest.mark.parametrize("on_interrupted", ["refuse", "resume"])
def test_an_edit_of_what_is_committed_is_refused(
    plan: Plan, on_interrupted: str
) -> None:
    resumption = judged(HALF, plan, on_interrupted=on_interrupted)

    assert resumption.begins == {}
    (problem,) = resumption.plan.problems
    assert problem.code == "PARTLY_APPLIED"
    assert problem.message == (
        "V7__x.cypher can't be resumed: what had been committed of it was changed "
        "since a run of m on h (process 12) left it at 2026-11-22 20:00:00 UTC. Of its "
        "former 4 statements, statements 1 to 2 are committed."
    )
    assert "then go on behind them: weave db migrate-neo4j --resume" in str(
        problem.hint
    )
    assert "weave db migrate-neo4j --restart" in str(problem.hint)
    assert resumption.plan.entries[0].state is State.FAILED


def test_a_restart_runs_what_was_committed_and_edited() -> None:
    resumption = judged(HALF, edited("other"), on_interrupted="restart")

    assert (resumption.plan.problems, resumption.begins) == ((), {})


@pytest.mark.parametrize(
    ("committed", "started", "told"),
    [
        (2, 3, "1 to 2 are committed, and it is not known whether statement 3 took"),
        (1, 3, "1 is committed, and it is not known whether statements 2 to 3 took"),
    ],
)
def test_an_edit_tells_what_of_the_former_text_is_there(
    committed: int, started: int, told: str
) -> None:
    journal = replace(HALF, committed=committed, started=started)

    (problem,) = judged(journal, edited("other")).plan.problems

    assert problem.message.endswith(f"{told} effect.")


def test_what_is_in_doubt_stays_so_when_it_is_edited() -> None:
    journal = replace(HALF, committed=0, started=1, fingerprint="")

    resumption = judged(journal, edited("other"))

    (problem,) = resumption.plan.problems
    assert problem.code == "IN_DOUBT"
    assert "The file was changed since: done goes on behind" in str(problem.hint)
    assert resumption.plan.entries[0].state is State.IN_DOUBT


@pytest.mark.parametrize(
    ("policy", "begin"),
    [
        ({"on_interrupted": "resume", "assume": "done"}, 1),
        ({"on_interrupted": "resume", "assume": "not_done"}, 0),
        ({"on_interrupted": "restart"}, 0),
    ],
)
def test_a_doubt_that_was_edited_is_settled_by_who_says_so(
    policy: dict[str, Any], begin: int
) -> None:
    journal = replace(HALF, committed=0, started=1, fingerprint="")

    resumption = judged(journal, edited("other"), **policy)

    assert resumption.plan.problems == ()
    assert resumption.begins == ({"7": begin} if begin else {})


def test_what_is_done_ends_with_the_script() -> None:
    policy = {"on_interrupted": "resume", "assume": "done"}

    assert judged(DOUBT, edited(count=2), **policy).begins == {"7": 2}


@pytest.mark.parametrize("plan", [edited("other"), PLAN])
def test_the_same_checksum_does_not_prove_the_committed_statements(plan: Plan) -> None:
    journal = replace(HALF, checksum=plan.pending[0].checksum, fingerprint=None)

    (problem,) = judged(journal, plan, on_interrupted="resume").plan.problems

    assert "can't be resumed" in problem.message


def test_a_script_that_lost_what_is_in_doubt_is_still_understood() -> None:
    (problem,) = judged(DOUBT, edited(count=2)).plan.problems

    assert problem.line is None
    assert problem.message.endswith("Not known whether committed: statement 3.")


def test_a_journal_without_an_owner_is_of_somebody() -> None:
    bare = replace(HALF, owner=None, host=None, pid=None, at=None)

    (problem,) = judged(bare).plan.problems

    assert ": a run of somebody left it. Committed" in problem.message
