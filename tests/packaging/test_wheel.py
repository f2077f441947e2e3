"""What is installed: the grammars, the typing marker, the commands, nothing eager."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
from pathlib import Path

import pytest

import weave_migrate
from weave_migrate.scripts._grammar import GRAMMARS, load_grammar

PACKAGE = Path(weave_migrate.__file__).parent
DRIVERS = ("neo4j", "sqlalchemy", "alembic", "psycopg", "elastic_transport")


def modules_after(code: str) -> set[str]:
    """Run ``code`` in a fresh interpreter and give the modules it left behind."""
    script = f"{code}\nimport sys\nprint('\\n'.join(sys.modules), file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(done.stderr.split())


def test_the_grammars_are_found_and_build() -> None:
    names = sorted(path.stem for path in GRAMMARS.glob("*.lark"))
    assert {"cypher", "http", "precondition"} <= set(names)
    for name in names:
        load_grammar(name)


def test_an_installed_package_carries_its_grammars_inside() -> None:
    if "site-packages" not in PACKAGE.parts and "TOX_ENV_NAME" not in os.environ:
        pytest.skip("an editable install reads them from the checkout")
    assert GRAMMARS == PACKAGE / "grammars"


def test_types_are_shipped() -> None:
    assert (PACKAGE / "py.typed").is_file()


def test_both_commands_are_installed() -> None:
    scripts = importlib.metadata.distribution("weave-migrate").entry_points
    named = {e.name: e.value for e in scripts if e.group == "console_scripts"}
    assert named == {
        "weave": "weave_migrate.cli:main",
        "weave-migrate": "weave_migrate.cli:main",
    }


def test_importing_weave_imports_no_driver_and_no_framework() -> None:
    loaded = modules_after("import weave_migrate")
    assert not loaded & {*DRIVERS, "click", "structlog", "lark", "rich"}


@pytest.mark.parametrize(
    "words", [["--help"], ["db", "--help"], ["db", "migrate-all", "--help"]]
)
def test_help_imports_no_driver(words: list[str]) -> None:
    loaded = modules_after(
        "from weave_migrate.cli import main\n"
        f"try:\n    main({words!r})\nexcept SystemExit:\n    pass"
    )
    assert "click" in loaded
    assert not loaded & {*DRIVERS, "structlog", "lark", "rich"}


@pytest.mark.parametrize("name", ["plan", "scripts", "model", "config", "engine"])
def test_no_room_above_a_store_imports_a_driver(name: str) -> None:
    loaded = modules_after(f"import weave_migrate.{name}")
    assert not loaded & {*DRIVERS, "click", "lark", "rich"}
