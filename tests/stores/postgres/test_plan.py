"""What is applied and pending, and every reason not to run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import make_url

from weave_migrate.model import Secret, State

if TYPE_CHECKING:
    from weave_migrate.model import Plan


def states(plan: Plan) -> dict[str, State]:
    return {entry.version: entry.state for entry in plan.entries}


def pending(plan: Plan) -> list[str]:
    return [migration.version for migration in plan.pending]


def test_nothing_is_applied_where_alembic_never_ran(project: Any) -> None:
    project.chain("a", "b")
    plan = project.plan()
    assert states(plan) == {"a": State.PENDING, "b": State.PENDING}
    assert pending(plan) == ["a", "b"]


def test_planning_writes_nothing(project: Any) -> None:
    project.chain("a")
    project.plan()
    assert project.database.tables() == []


def test_a_database_without_revisions_has_nothing_to_do(project: Any) -> None:
    assert project.plan().entries == ()


def test_applied_revisions_carry_their_record(project: Any) -> None:
    project.chain("a")
    project.migrate()
    (entry,) = project.plan().entries
    assert entry.to_dict() == {
        "version": "a",
        "description": "step a",
        "type": "ALEMBIC",
        "state": "applied",
        "file": "a_step.py",
        "checksum": None,
        "applied_at": None,
        "applied_by": None,
        "duration_ms": None,
    }


def test_what_alembic_applied_is_applied(project: Any) -> None:
    project.chain("a", "b", "c")
    project.alembic("upgrade", "b")
    plan = project.plan()
    assert pending(plan) == ["c"]
    assert states(plan)["b"] is State.APPLIED


def test_revisions_may_lie_directly_in_the_folder(project: Any) -> None:
    project.versions.rmdir()
    project.add("a", folder=project.folder)
    assert pending(project.plan()) == ["a"]


def test_a_file_added_later_is_seen_by_the_same_store(project: Any) -> None:
    project.chain("a")
    store = project.store()
    assert pending(store.plan()) == ["a"]
    project.add("b", "a")
    assert pending(store.plan()) == ["a", "b"]


def test_a_read_only_role_can_plan(project: Any, request: Any) -> None:
    project.chain("a", "b")
    project.alembic("upgrade", "a")
    role = f"reader_{project.database.engine.url.database}"
    project.database.execute(
        f"CREATE ROLE {role} LOGIN PASSWORD 'reader' NOSUPERUSER; "
        f"ALTER ROLE {role} SET default_transaction_read_only = on; "
        f"GRANT SELECT ON alembic_version TO {role}"
    )
    request.addfinalizer(
        lambda: project.database.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")
    )
    url = make_url(project.database.url).set(username=role, password="reader")
    store = project.store(url=Secret(url.render_as_string(hide_password=False)))
    assert pending(store.plan()) == ["b"]
    assert store.lock_info() is None
    assert store.facts().server.startswith("PostgreSQL ")


class TestGraphs:
    def test_a_merged_graph_runs_in_the_order_of_alembic(self, project: Any) -> None:
        project.add("root")
        project.add("left1", "root")
        project.add("left2", "left1")
        project.add("right1", "root", depends_on="left1")
        project.add("right2", "right1")
        project.add("merge", ("left2", "right2"))
        project.add("last", "merge")
        ours = pending(project.plan())
        log = project.alembic("upgrade", "head", "--sql")
        theirs = [
            line.rpartition(" -> ")[2]
            for line in log.splitlines()
            if line.startswith("-- Running upgrade")
        ]
        assert ours == theirs

    def test_two_heads_are_refused_and_both_are_named(self, project: Any) -> None:
        project.add("a")
        project.add("b", "a")
        project.add("c", "a")
        (problem,) = project.plan().problems
        assert problem.code == "MULTIPLE_HEADS"
        assert "b_step.py" in problem.message
        assert "c_step.py" in problem.message
        assert problem.hint
        assert "down_revision = 'b'" in problem.hint

    def test_two_heads_that_are_both_applied_are_no_problem(self, project: Any) -> None:
        project.add("a")
        project.add("b", "a")
        project.add("c", "a")
        project.alembic("upgrade", "heads")
        plan = project.plan()
        assert plan.problems == ()
        assert plan.pending == ()

    def test_labelled_branches_are_wanted(self, project: Any) -> None:
        project.add("a", labels="one")
        project.add("b", labels="two")
        project.migrate()
        assert project.database.versions() == ["a", "b"]


class TestNewerDatabase:
    @pytest.fixture
    def newer(self, project: Any) -> Any:
        project.chain("a", "b")
        project.migrate()
        (project.versions / "b_step.py").unlink()
        return project

    def test_a_recorded_revision_without_a_file_stops_the_run(self, newer: Any) -> None:
        plan = newer.plan()
        (problem,) = plan.problems
        assert (problem.code, problem.exit) == ("MISSING_LOCAL", 6)
        assert states(plan) == {"a": State.IGNORED, "b": State.MISSING}
        assert plan.pending == ()

    def test_it_warns_when_told_to(self, newer: Any) -> None:
        plan = newer.plan(on_newer="warn")
        assert plan.problems == ()
        assert "revision b" in plan.warnings[0]
        assert states(plan) == {"a": State.APPLIED, "b": State.MISSING}

    def test_it_is_silent_when_told_to(self, newer: Any) -> None:
        plan = newer.plan(on_newer="ok")
        assert (plan.problems, plan.warnings, plan.pending) == ((), (), ())


def test_a_record_before_another_record_is_damage(project: Any) -> None:
    project.chain("a", "b")
    project.migrate()
    project.database.execute("INSERT INTO alembic_version VALUES ('a')")
    (problem,) = project.plan().problems
    assert problem.code == "HISTORY_DAMAGED"


def test_every_bad_file_is_found_at_once(project: Any) -> None:
    project.chain("a")
    (project.versions / "x_syntax.py").write_text("def upgrade(:\n    pass\n")
    (project.versions / "y_import.py").write_text("revision = 'y'\nimport nowhere\n")
    problems = project.plan().problems
    assert [(p.code, p.line) for p in problems] == [
        ("SCRIPT_INVALID", 1),
        ("SCRIPT_INVALID", 2),
    ]
    assert problems[1].excerpt == "import nowhere"
    assert "x_syntax.py" in (problems[0].file or "")


def test_an_env_py_beside_revisions_is_refused_with_what_to_type(project: Any) -> None:
    project.versions.rmdir()
    project.add("a", folder=project.folder)
    (project.folder / "env.py").write_text("raise SystemExit")
    (problem,) = project.plan().problems
    assert (problem.code, problem.exit) == ("ENV_BESIDE_REVISIONS", 2)
    assert problem.hint
    assert "git mv" in problem.hint


def test_clean_empties_the_version_table_and_nothing_else(
    project: Any, recorder: Any
) -> None:
    project.chain("a", "b")
    project.migrate()
    store = project.store()
    changes = store.plan_clean(everything=False)
    assert "(it holds b)" in changes[0].summary
    with store.lock(1, recorder) as lock:
        store.edit(changes, lock)
    assert project.database.versions() == []
    assert project.database.tables() == ["alembic_version", "t_a", "t_b"]


def test_there_is_nothing_to_clean_where_nothing_is_recorded(project: Any) -> None:
    assert project.store().plan_clean(everything=True) == ()


def test_the_current_version_is_each_head_of_the_database(project: Any) -> None:
    project.chain("a")
    assert project.plan().current == ()
    project.migrate()
    assert project.plan().current == ("a",)
    project.database.execute("INSERT INTO alembic_version VALUES ('z')")
    assert project.plan().current == ("z",)  # what is behind an unknown one is unknown
