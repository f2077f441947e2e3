"""Revision files that can't make a graph: each problem names its file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from weave_migrate.config import PostgresSettings
from weave_migrate.model import Problem, Secret
from weave_migrate.stores.postgres._environment import Environment
from weave_migrate.stores.postgres._revisions import (
    Revisions,
    as_migration,
    read_revisions,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a revision file; more than its relations is given as text."""
    (tmp_path / "versions").mkdir()

    def write(
        name: str,
        revision: str,
        after: str | tuple[str, ...] | None = None,
        more: str = "",
    ) -> Path:
        path = tmp_path / "versions" / f"{name}.py"
        path.write_text(
            f'"""about {name}\n\nmore"""\n'
            f"revision = {revision!r}\ndown_revision = {after!r}\n{more}\n"
        )
        return path

    return write


@pytest.fixture
def read(tmp_path: Path) -> Callable[[], Revisions]:
    settings = PostgresSettings(name="app", folder=tmp_path, url=Secret(""))
    return lambda: read_revisions(Environment(settings))


def only(revisions: Revisions) -> Problem:
    (problem,) = revisions.problems
    return problem


def test_a_migration_is_described_by_its_first_line(
    write: Write, read: Callable[[], Revisions]
) -> None:
    path = write("a", "r1")
    migration = as_migration(read().scripts[0])
    assert (migration.version, migration.description) == ("r1", "about a")
    assert (migration.source, migration.path) == ("a.py", path)


def test_an_id_that_two_files_claim(
    write: Write, read: Callable[[], Revisions]
) -> None:
    write("a", "r1")
    second = write("b", "r1")
    problem = only(read())
    assert problem.code == "DUPLICATE_VERSION"
    assert problem.file == str(second)
    assert "a.py and b.py" in problem.message


@pytest.mark.parametrize("more", ["", "depends_on = 'gone'"])
def test_a_parent_that_no_file_has(
    write: Write, read: Callable[[], Revisions], more: str
) -> None:
    path = write("a", "r1", None if more else "gone", more)
    problem = only(read())
    assert (problem.code, problem.file) == ("MISSING_PARENT", str(path))
    assert "gone" in problem.message


def test_a_circle(write: Write, read: Callable[[], Revisions]) -> None:
    write("a", "r1", "r2")
    write("b", "r2", "r1")
    problem = only(read())
    assert problem.code == "REVISION_CYCLE"
    assert "a.py, b.py" in problem.message


def test_a_revision_that_follows_itself(
    write: Write, read: Callable[[], Revisions]
) -> None:
    path = write("a", "r1", "r1")
    problem = only(read())
    assert problem.code in {"REVISION_CYCLE", "SCRIPT_INVALID"}
    assert problem.file == str(path)


def test_a_branch_label_used_twice(write: Write, read: Callable[[], Revisions]) -> None:
    write("a", "r1", None, "branch_labels = 'x'")
    write("b", "r2", None, "branch_labels = 'x'")
    assert only(read()).code == "HISTORY_CONFLICT"


@pytest.mark.parametrize("revision", ["head", "base", "a-b", "a@b"])
def test_an_id_that_alembic_can_not_use(
    write: Write, read: Callable[[], Revisions], revision: str
) -> None:
    path = write("a", revision)
    problem = only(read())
    assert (problem.code, problem.file) == ("SCRIPT_INVALID", str(path))


@pytest.mark.parametrize(
    "source",
    [
        b"x = 1",
        b"revision = 'r1'",
        b"revision = 5\ndown_revision = None",
        b"raise SystemExit(1)",
        b"raise Exception",
        b"revision = 'r1' \x00",
        b"# \xff\xfe",
        b"(" * 500,
        b"",
    ],
)
def test_any_other_content_is_a_problem_and_not_a_crash(
    tmp_path: Path, read: Callable[[], Revisions], source: bytes
) -> None:
    (tmp_path / "a.py").write_bytes(source)
    problem = only(read())
    assert (problem.code, problem.file) == ("SCRIPT_INVALID", str(tmp_path / "a.py"))


def test_what_alembic_leaves_out_is_left_out(
    write: Write, read: Callable[[], Revisions], tmp_path: Path
) -> None:
    write("__init__", "r1")
    write(".#lock", "r2")
    (tmp_path / "versions" / "notes.txt").write_text("revision = 'r3'")
    assert read().scripts == ()
