"""New databases and new revisions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from weave_migrate.config import postgres_folders
from weave_migrate.errors import ConfigError, HistoryError, RefusedError
from weave_migrate.stores.postgres import create

if TYPE_CHECKING:
    from pathlib import Path

MODELS = """
from sqlalchemy import Column, Integer, MetaData, Table, Text

metadata = MetaData()
Table("people", metadata, Column("id", Integer, primary_key=True), Column("name", Text))
"""


@pytest.fixture
def models(project: Any) -> dict[str, Any]:
    """Settings that name models with one table."""
    folder = project.root / "models"
    folder.mkdir()
    (folder / "weave_test_people.py").write_text(MODELS)
    return {
        "metadata": "weave_test_people:metadata",
        "prepend_sys_path": (folder,),
    }


def test_a_revision_follows_the_last_one_and_runs(project: Any) -> None:
    project.chain("a")
    path = create(project.settings(), "Add users & groups")
    assert path is not None
    assert path.parent == project.versions
    revision, _, rest = path.stem.partition("_")
    assert rest == "add_users_groups"
    (first, second) = project.plan().pending
    assert (first.version, second.version) == ("a", revision)
    assert second.description == "Add users & groups"
    assert len(project.migrate().applied) == 2


def test_a_revision_lies_directly_in_the_folder_where_the_others_do(
    project: Any,
) -> None:
    project.versions.rmdir()
    project.add("a", folder=project.folder)
    path = create(project.settings(), "next")
    assert path is not None
    assert path.parent == project.folder


@pytest.mark.parametrize(
    "message", ['say """hello"""', 'ends with a quote"', "back\\slash \\", "two\nlines"]
)
def test_every_message_makes_a_file_that_loads(project: Any, message: str) -> None:
    create(project.settings(), message)
    plan = project.plan()
    assert plan.problems == ()
    assert len(plan.pending) == 1


def test_a_message_without_a_word_is_refused(project: Any) -> None:
    with pytest.raises(ConfigError):
        create(project.settings(), " - ")


def test_nothing_is_written_behind_two_heads(project: Any) -> None:
    project.add("a")
    project.add("b", "a")
    project.add("c", "a")
    with pytest.raises(HistoryError) as caught:
        create(project.settings(), "next")
    assert caught.value.code == "MULTIPLE_HEADS"


def test_auto_writes_what_the_models_have_more(
    project: Any, models: dict[str, Any]
) -> None:
    path = create(project.settings(**models), "people", auto=True)
    assert path is not None
    assert "op.create_table('people'" in path.read_text()
    project.migrate(**models)
    assert "people" in project.database.tables()
    assert create(project.settings(**models), "again", auto=True) is None
    assert len(list(project.versions.glob("*.py"))) == 1


def test_auto_writes_nothing_to_the_database(
    project: Any, models: dict[str, Any]
) -> None:
    create(project.settings(**models), "people", auto=True)
    assert project.database.tables() == []


def test_auto_compares_with_the_last_revision_only(
    project: Any, models: dict[str, Any]
) -> None:
    project.chain("a")
    with pytest.raises(RefusedError) as caught:
        create(project.settings(**models), "people", auto=True)
    assert caught.value.hint == "weave db migrate app"


def test_auto_looks_only_at_schemas_of_the_models(
    project: Any, models: dict[str, Any]
) -> None:
    project.database.execute("CREATE SCHEMA ours")
    project.database.execute("CREATE SCHEMA theirs")
    project.database.execute("CREATE TABLE theirs.kept (id int)")
    file = project.root / "models" / "weave_test_people.py"
    file.write_text(
        MODELS + 'Table("p", metadata, Column("x", Integer), schema="ours")'
    )
    path = create(project.settings(**models), "people", auto=True)
    assert path is not None
    assert "schema='ours'" in path.read_text()
    assert "kept" not in path.read_text()


def test_auto_needs_models(project: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        create(project.settings(), "people", auto=True)
    assert caught.value.code == "NO_METADATA"


@pytest.mark.parametrize(
    "metadata",
    ["weave_test_people:missing", "weave_test_nowhere:metadata", "weave_test_people"],
)
def test_models_that_are_not_there_are_a_wrong_setting(
    project: Any, models: dict[str, Any], metadata: str
) -> None:
    settings = project.settings(**models | {"metadata": metadata})
    with pytest.raises(ConfigError) as caught:
        create(settings, "people", auto=True)
    assert metadata in caught.value.message


def test_auto_uses_an_env_py_of_the_user(project: Any, tmp_path: Path) -> None:
    (project.folder / "env.py").write_text(
        "from alembic import context\n" + MODELS + "context.configure(\n"
        "    connection=context.config.attributes['connection'],\n"
        "    target_metadata=metadata,\n"
        ")\n"
        "with context.begin_transaction():\n"
        "    context.run_migrations()\n"
    )
    with pytest.raises(ConfigError, match=r"no script\.py\.mako"):
        create(project.settings(), "people")
    (project.folder / "script.py.mako").write_text(
        '"""${message}"""\nfrom alembic import op\nimport sqlalchemy as sa\n'
        "revision = ${repr(up_revision)}\ndown_revision = ${repr(down_revision)}\n"
        "def upgrade():\n    ${upgrades or 'pass'}\n"
    )
    path = create(project.settings(), "people", auto=True)
    assert path is not None
    assert "create_table" in path.read_text()
    assert "app" in postgres_folders(project.root)
