"""Revisions run unchanged, each in its transaction, and errors say what happened."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from weave_migrate.errors import MigrationFailed, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_pending_revisions_are_applied_and_recorded_in_order(project: Any) -> None:
    project.chain("a", "b", "c")
    recorder = project.migrate()
    assert recorder.events == [
        "started a",
        "applied a",
        "started b",
        "applied b",
        "started c",
        "applied c",
    ]
    assert all(isinstance(record.duration_ms, int) for record in recorder.applied)
    assert project.database.tables() == ["alembic_version", "t_a", "t_b", "t_c"]
    assert project.database.versions() == ["c"]


def test_a_second_run_applies_nothing(project: Any) -> None:
    project.chain("a", "b")
    project.migrate()
    assert project.migrate().events == []


def test_alembic_finds_nothing_to_do_after_weave(project: Any) -> None:
    project.chain("a", "b")
    project.migrate()
    project.alembic("upgrade", "head")
    assert project.alembic("current").strip() == "b (head)"


def test_alembic_and_weave_take_turns(project: Any) -> None:
    project.chain("a", "b", "c", "d")
    project.alembic("upgrade", "a")
    (project.versions / "d_step.py").unlink()
    project.migrate()
    project.add("d", "c")
    project.alembic("upgrade", "head")
    project.alembic("downgrade", "b")
    assert project.migrate().events[0] == "started c"


def test_an_index_is_built_concurrently(project: Any) -> None:
    project.chain("a")
    project.add(
        "b",
        "a",
        do="""
        with op.get_context().autocommit_block():
            op.execute("CREATE INDEX CONCURRENTLY i ON t_a (id)")
        """,
    )
    project.migrate()
    assert project.database.column(
        "SELECT indisvalid FROM pg_index WHERE indexrelid = 'i'::regclass"
    ) == [True]


def test_the_version_table_can_be_named_and_placed(project: Any) -> None:
    project.chain("a")
    project.database.execute("CREATE SCHEMA ops")
    names = {"version_table": "history", "version_table_schema": "ops"}
    project.migrate(**names)
    assert project.database.column("SELECT version_num FROM ops.history") == ["a"]
    assert project.plan(**names).pending == ()
    assert project.database.tables() == ["t_a"]


def test_a_schema_takes_tables_and_history(project: Any) -> None:
    project.chain("a")
    project.database.execute('CREATE SCHEMA "odd ""name"')
    project.migrate(schema='odd "name')
    assert project.database.tables('odd "name') == ["alembic_version", "t_a"]
    assert project.database.tables() == []
    assert len(project.plan(schema="public").pending) == 1


def test_a_percent_sign_in_the_path_is_only_a_sign(
    make_project: Callable[[str], Any],
) -> None:
    project = make_project("100% of it, 50%(here)s")
    project.chain("a")
    assert project.migrate().events == ["started a", "applied a"]


class TestFailure:
    def test_it_names_the_file_the_line_and_the_answer(self, project: Any) -> None:
        project.chain("a")
        path = project.add(
            "b", "a", do='x = 1\nop.execute("CREATE TABLE t_a (id int)")'
        )
        with pytest.raises(MigrationFailed) as caught:
            project.migrate()
        error = caught.value
        assert error.file == str(path)
        assert (
            error.line
            == path.read_text()
            .splitlines()
            .index('    op.execute("CREATE TABLE t_a (id int)")')
            + 1
        )
        assert error.server_answer == 'relation "t_a" already exists (42P07)'
        assert error.excerpt == "CREATE TABLE t_a (id int)"
        assert "b_step.py" in error.message
        assert error.hint
        assert "weave db migrate app" in error.hint

    def test_what_came_before_stays_and_the_rest_is_rolled_back(
        self, project: Any
    ) -> None:
        project.chain("a", "b")
        project.add(
            "c", "b", do='op.execute("CREATE TABLE half (id int)")\nop.execute("oops")'
        )
        with pytest.raises(MigrationFailed) as caught:
            project.migrate()
        assert "committed before it: a_step.py, b_step.py." in caught.value.message
        assert "rolled back" in caught.value.message
        assert project.database.versions() == ["b"]
        assert "half" not in project.database.tables()

    def test_a_syntax_error_is_shown_with_a_caret(self, project: Any) -> None:
        project.add("a", do='op.execute("CREATE TABEL x (id int)")')
        with pytest.raises(MigrationFailed) as caught:
            project.migrate()
        assert caught.value.excerpt == "CREATE TABEL x (id int)\n       ^"

    def test_an_error_of_python_is_shown_with_its_line(self, project: Any) -> None:
        project.add("a", do="x = 0\n1 / x")
        with pytest.raises(MigrationFailed) as caught:
            project.migrate()
        assert "ZeroDivisionError: division by zero" in caught.value.message
        assert caught.value.excerpt == "1 / x"

    def test_what_an_autocommit_block_leaves_is_said(self, project: Any) -> None:
        project.add(
            "a",
            do="""
            op.execute("CREATE TABLE t AS SELECT 1 AS id UNION ALL SELECT 1")
            with op.get_context().autocommit_block():
                op.execute("CREATE UNIQUE INDEX CONCURRENTLY i ON t (id)")
            """,
        )
        with pytest.raises(MigrationFailed) as caught:
            project.migrate()
        assert "may be committed" in caught.value.message
        assert caught.value.hint
        assert "INVALID" in caught.value.hint
        assert "t" in project.database.tables()

    def test_values_of_parameters_are_not_shown(self, project: Any) -> None:
        project.add(
            "a",
            do="op.get_bind().execute(sa.text('SELECT * FROM no WHERE p = :p'),"
            " {'p': 'canary'})",
        )
        with pytest.raises(MigrationFailed) as caught:
            project.migrate()
        assert "canary" not in f"{caught.value} {caught.value.__cause__}"

    def test_the_next_run_continues(self, project: Any) -> None:
        project.chain("a")
        project.add("b", "a", do="op.execute('oops')")
        with pytest.raises(MigrationFailed):
            project.migrate()
        project.add("b", "a")
        assert project.migrate().events == ["started b", "applied b"]

    def test_missing_rights_for_the_version_table_are_an_error_of_weave(
        self, project: Any
    ) -> None:
        project.add("a")
        with pytest.raises(StoreError, match="no schema has been selected"):
            project.migrate(schema="nowhere")


OWN_ENV = """
from alembic import context
from sqlalchemy import engine_from_config, pool

config = context.config
if config.config_file_name is not None:
    from logging.config import fileConfig
    fileConfig(config.config_file_name)

engine = engine_from_config(
    config.get_section(config.config_ini_section, {}),
    prefix="sqlalchemy.",
    poolclass=pool.NullPool,
)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=None)
    with context.begin_transaction():
        context.run_migrations()
"""
ASYNC_ENV = """
import asyncio
from alembic import context
from sqlalchemy import pool
from sqlalchemy.ext.asyncio import async_engine_from_config

def run(connection):
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()

async def main():
    engine = async_engine_from_config(
        context.config.get_section(context.config.config_ini_section, {}),
        prefix="sqlalchemy.",
        poolclass=pool.NullPool,
    )
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()

asyncio.run(main())
"""


class TestOwnEnv:
    def test_it_is_used_and_counted_when_it_has_committed(self, project: Any) -> None:
        (project.folder / "env.py").write_text(OWN_ENV)
        project.chain("a", "b")
        assert project.migrate().events == [
            "started a",
            "started b",
            "applied a",
            "applied b",
        ]
        assert project.database.versions() == ["b"]

    def test_its_one_transaction_takes_all_back(self, project: Any) -> None:
        (project.folder / "env.py").write_text(OWN_ENV)
        project.chain("a")
        project.add("b", "a", do="op.execute('oops')")
        with pytest.raises(MigrationFailed) as caught:
            project.migrate()
        assert "Nothing was applied." in caught.value.message
        assert project.database.tables() == []

    def test_an_async_one_works_inside_a_running_loop(self, project: Any) -> None:
        pytest.importorskip("greenlet")
        (project.folder / "env.py").write_text(ASYNC_ENV)
        project.chain("a")

        async def main() -> Any:
            return project.migrate()

        assert asyncio.run(main()).events == ["started a", "applied a"]

    def test_one_that_runs_no_migrations_is_found_out(self, project: Any) -> None:
        (project.folder / "env.py").write_text("")
        project.chain("a")
        with pytest.raises(StoreError, match=r"left 1 of 1 revisions unapplied"):
            project.migrate()

    def test_its_own_error_names_its_line(self, project: Any) -> None:
        (project.folder / "env.py").write_text("\nimport nowhere\n")
        project.chain("a")
        with pytest.raises(MigrationFailed) as caught:
            project.migrate()
        assert caught.value.file == str(project.folder / "env.py")
        assert caught.value.line == 2


class TestManners:
    def test_it_works_inside_a_running_event_loop(self, project: Any) -> None:
        project.chain("a", "b")

        async def main() -> Any:
            return project.migrate()

        assert len(asyncio.run(main()).applied) == 2

    def test_threads_migrate_databases_side_by_side(
        self, make_project: Callable[[str], Any]
    ) -> None:
        projects = [make_project(f"p{n}") for n in range(6)]
        failures: list[BaseException] = []

        def work(project: Any) -> None:
            try:
                project.migrate()
            except BaseException as error:  # noqa: BLE001 - shown by the assertion
                failures.append(error)

        for project in projects:
            project.chain("a", "b", "c")
        threads = [threading.Thread(target=work, args=[p]) for p in projects]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert [p.database.versions() for p in projects] == [["c"]] * 6

    def test_the_applications_logging_is_left_alone(self, project: Any) -> None:
        root, other = logging.getLogger(), logging.getLogger("application")
        before = (root.level, list(root.handlers), other.disabled, other.level)
        (project.folder / "env.py").write_text(OWN_ENV)
        project.chain("a")
        project.migrate()
        after = (root.level, list(root.handlers), other.disabled, other.level)
        assert before == after

    def test_standard_output_stays_empty(
        self, project: Any, capfd: pytest.CaptureFixture[str]
    ) -> None:
        project.chain("a")
        project.migrate()
        assert capfd.readouterr().out == ""

    def test_the_import_path_is_restored(self, project: Any, tmp_path: Path) -> None:
        before = sys.path.copy()
        project.chain("a")
        project.migrate(prepend_sys_path=(tmp_path,))
        assert sys.path == before

    def test_two_databases_may_have_models_of_one_name(
        self, make_project: Callable[[str], Any]
    ) -> None:
        for name in ("one", "two"):
            project = make_project(name)
            package = project.root / "models" / "weave_test_models"
            package.mkdir(parents=True)
            (package / "__init__.py").write_text("")
            (package / "tables.py").write_text(f"NAME = 'table_{name}'\n")
            project.add(
                "a",
                head="import weave_test_models",
                do="""
                from weave_test_models.tables import NAME
                op.execute(f"CREATE TABLE {NAME} (id int)")
                """,
            )
            project.migrate(prepend_sys_path=(project.root / "models",))
            assert f"table_{name}" in project.database.tables()
        assert "weave_test_models" not in sys.modules

    def test_what_the_application_has_imported_stays(
        self, project: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "weave_test_application.py").write_text("")
        monkeypatch.syspath_prepend(tmp_path)
        project.add("a", head="import weave_test_application")
        project.migrate(prepend_sys_path=(tmp_path,))
        assert sys.modules.pop("weave_test_application", None) is not None


def test_a_revision_that_exits_fails_instead_of_ending_the_run(project: Any) -> None:
    project.chain("a")
    project.add("b", "a", do="import sys\nsys.exit(0)")
    with pytest.raises(MigrationFailed) as caught:
        project.migrate()
    assert caught.value.file is not None
    assert caught.value.file.endswith("b_step.py")
    assert project.database.versions() == ["a"]
