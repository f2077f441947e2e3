"""Run the installed command as a user would, and look at what it shows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

WEAVE = Path(sys.executable).with_name("weave")


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Weave = Callable[..., Result]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / ".weave" / "migrations").mkdir(parents=True)
    return folder


@pytest.fixture
def weave(project: Path) -> Weave:
    def weave(
        *words: str,
        environ: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stdin: str | None = None,
    ) -> Result:
        # Nothing of the developer's own environment may decide a test.
        kept = ("PATH", "HOME", "COVERAGE_")
        bare = {k: v for k, v in os.environ.items() if k.startswith(kept)}
        done = subprocess.run(
            [str(WEAVE), *words],
            capture_output=True,
            text=True,
            cwd=cwd or project,
            env={**bare, **(environ or {})},
            input=stdin,
            timeout=120,
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    return weave


@pytest.fixture
def cypher(project: Path) -> Callable[[str, str], Path]:
    """Write a Cypher script into the project."""

    def cypher(name: str, text: str) -> Path:
        folder = project / ".weave" / "migrations" / "neo4j" / "cypher"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / name
        path.write_text(text)
        return path

    return cypher
