"""The folder of a new database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from weave_migrate.config import postgres_folders
from weave_migrate.errors import ConfigError, RefusedError
from weave_migrate.stores.postgres import init

if TYPE_CHECKING:
    from pathlib import Path


def test_it_is_found_as_a_database_and_survives_git(tmp_path: Path) -> None:
    created = init(tmp_path, "app")
    versions = tmp_path / ".weave" / "migrations" / "app" / "versions"
    assert created == (versions, versions / ".gitkeep")
    assert all(path.exists() for path in created)
    assert list(postgres_folders(tmp_path)) == ["app"]


def test_one_that_exists_is_left_alone(tmp_path: Path) -> None:
    init(tmp_path, "app")
    with pytest.raises(RefusedError):
        init(tmp_path, "app")


@pytest.mark.parametrize(
    "name", ["neo4j", "elasticsearch", "", ".", "..", "a/b", "../a", "_a", "-a", "a b"]
)
def test_a_name_that_is_no_folder_of_a_database_is_refused(
    tmp_path: Path, name: str
) -> None:
    with pytest.raises(ConfigError):
        init(tmp_path, name)
    assert list(tmp_path.iterdir()) == []
