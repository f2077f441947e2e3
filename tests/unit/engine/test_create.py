"""New script files: the next whole version, in names the Java tools read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from weave_migrate.engine import create_script
from weave_migrate.errors import ConfigError
from weave_migrate.model import StoreKind

if TYPE_CHECKING:
    from pathlib import Path

NEO4J, SEARCH = StoreKind.NEO4J, StoreKind.ELASTICSEARCH


def test_the_first_file_is_number_one(tmp_path: Path) -> None:
    made = create_script(NEO4J, tmp_path / "cypher", "Add people")
    assert made.name == "V001__Add_people.cypher"
    assert made.read_text() == "// Add people\n"


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        ("V9__a.cypher", "V10__x.cypher"),
        ("V009__a.cypher", "V010__x.cypher"),
        ("V2_7__a.cypher", "V3__x.cypher"),
        ("R0012__a.cypher", "V0013__x.cypher"),
        ("V20240101__a.cypher", "V20240102__x.cypher"),
        ("notes.txt", "V001__x.cypher"),
    ],
)
def test_the_next_whole_version_is_padded_like_the_widest_there(
    tmp_path: Path, there: str, expected: str
) -> None:
    (tmp_path / there).touch()
    assert create_script(NEO4J, tmp_path, "x").name == expected


@pytest.mark.parametrize(
    ("message", "slug"),
    [
        ("add index on person.name!", "add_index_on_person_name"),
        ("  Ünïcode - straße  ", "Unicode_strae"),
        ("../../etc/passwd", "etc_passwd"),
    ],
)
def test_the_message_becomes_a_safe_name(
    tmp_path: Path, message: str, slug: str
) -> None:
    made = create_script(SEARCH, tmp_path, message)
    assert made == tmp_path / f"V001__{slug}.http"


def test_a_message_of_several_lines_stays_one_comment(tmp_path: Path) -> None:
    made = create_script(SEARCH, tmp_path, "one\nDELETE /everything")
    assert made.read_text().splitlines()[0] == "# one DELETE /everything"


def test_a_message_without_letters_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="letter or digit"):
        create_script(NEO4J, tmp_path, "!!!")
