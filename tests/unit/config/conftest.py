"""A project on disk, and settings loaded from it with a given environment."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from weave_migrate.config import Settings, load_settings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    migrations = tmp_path / ".weave" / "migrations"
    (migrations / "slack" / "versions").mkdir(parents=True)
    (migrations / "neo4j" / "cypher").mkdir(parents=True)
    (migrations / "elasticsearch" / "scripts").mkdir(parents=True)
    return tmp_path


Load = Callable[..., Settings]


@pytest.fixture
def load(project: Path) -> Load:
    def load(
        toml: str | None = None,
        environ: dict[str, str] | None = None,
        **kwargs: object,
    ) -> Settings:
        if toml is not None:
            (project / ".weave" / "weave.toml").write_text(toml)
        return load_settings(
            project=project,
            environ=environ or {},
            **kwargs,  # type: ignore[arg-type]
        )

    return load
