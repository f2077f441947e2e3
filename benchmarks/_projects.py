"""Projects of any number of small migrations, each with one effect that can be counted.

Small on purpose: what a tool adds to the work of the server is all the more visible.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BIG_EFFECTS = 2_000
_REVISION = '''"""Row {number}."""

from alembic import op

revision = "{revision}"
down_revision = {before}


def upgrade() -> None:
    op.execute("{statement}")


def downgrade() -> None:
    op.execute("DELETE FROM bench WHERE n = {number}")
'''


def write_project(
    project: Path, folder: str, count: int, script: Callable[[int], tuple[str, str]]
) -> Path:
    """Write ``count`` files into a folder of ``.weave/migrations/`` and give it.

    ``script`` makes name and text of one.  What is there already is left alone.
    """
    scripts = project / ".weave" / "migrations" / folder
    if not scripts.is_dir():
        scripts.mkdir(parents=True)
        for number in range(1, count + 1):
            name, text = script(number)
            (scripts / name).write_text(text, encoding="utf-8")
    return scripts


def cypher(number: int) -> tuple[str, str]:
    """Create one node."""
    text = f"CREATE (:Bench {{n: {number}, name: 'node; number {number}'}});\n"
    return f"V{number:05}__Create_node_{number}.cypher", text


def big_cypher(number: int) -> tuple[str, str]:
    """Create BIG_EFFECTS nodes of 10 kB in one script of 20 MB."""
    text = "a text; of some length, and nothing in it ends a line" * 189
    statements = (
        f"CREATE (:Bench {{n: {n}, text: '{text}'}});\n" for n in range(BIG_EFFECTS)
    )
    return f"V{number:05}__Load_much.cypher", "".join(statements)


def http(number: int) -> tuple[str, str]:
    """Write one document."""
    body = json.dumps({"n": number, "name": f"document {number}"})
    text = f"PUT /weave-bench/_doc/{number}\nContent-Type: application/json\n\n{body}\n"
    return f"V{number:05}__Write_document_{number}.http", text


def revision(number: int) -> tuple[str, str]:
    """Insert one row; the first revision creates the table with it."""
    before, statement = "None", "CREATE TABLE bench AS SELECT 1 AS n"
    if number > 1:
        before = f'"{number - 1:05}"'
        statement = f"INSERT INTO bench (n) VALUES ({number})"
    text = _REVISION.format(
        number=number,
        revision=f"{number:05}",
        before=before,
        statement=statement,
    )
    return f"{number:05}_row_{number}.py", text
