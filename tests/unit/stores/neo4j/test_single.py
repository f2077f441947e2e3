"""Reading single files: which names stand for them, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from weave_migrate.config import Neo4jSettings
from weave_migrate.errors import ScriptError
from weave_migrate.stores.neo4j._single import Single, read_single

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = Neo4jSettings(locations=())


def read(file: object) -> Single:
    return read_single(str(file), SETTINGS)


@pytest.mark.parametrize("name", ["V1__a.cypher", "any-name é.cypher", "x.CYPHER"])
def test_any_cypher_file_can_be_run(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("RETURN 1;\nRETURN 2;\n")
    single = read(path)
    assert (single.path, single.source) == (path, name)
    assert single.summary == f"Run {path} (2 statements)."


@pytest.mark.parametrize("form", ["file:{}", "file://{}", "FILE://elsewhere{}"])
def test_a_url_is_decoded(tmp_path: Path, form: str) -> None:
    path = tmp_path / "V1__a b%.cypher"
    path.write_text("RETURN 1;")
    url = form.format(str(path).replace("%", "%25").replace(" ", "%20"))
    assert read(url).path == path


def test_a_percent_sign_in_a_path_is_itself(tmp_path: Path) -> None:
    path = tmp_path / "V1__a%20b.cypher"
    path.write_text("RETURN 1;")
    assert read(path).path == path


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("V1__missing.cypher", "UNREADABLE"),
        ("file:///V1__%00.cypher", "UNREADABLE"),
        ("V1__catalog.xml", "CATALOG_UNSUPPORTED"),
        ("V1__a.txt", "SCRIPT_UNSUPPORTED"),
        ("", "SCRIPT_UNSUPPORTED"),
        ("https://example.com/V1__a.cypher", "SCRIPT_UNSUPPORTED"),
        ("classpath:V1__a.cypher", "SCRIPT_UNSUPPORTED"),
        ("file://[/V1__a.cypher", "UNREADABLE"),
    ],
)
def test_what_is_no_script_is_refused(file: str, code: str) -> None:
    with pytest.raises(ScriptError) as caught:
        read(file)
    assert caught.value.code == code


def test_what_cannot_be_parsed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "V1__a.cypher"
    path.write_bytes(b"\xff")
    with pytest.raises(ScriptError) as caught:
        read(path)
    assert caught.value.code == "ENCODING"


def test_preconditions_are_comments(tmp_path: Path) -> None:
    path = tmp_path / "V1__a.cypher"
    path.write_text("// assume that this is no precondition\nRETURN 1;")
    assert read(path).script.preconditions == ()
