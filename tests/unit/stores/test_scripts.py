"""Scripts in folders, in packages and in zip files, for both kinds of scripts."""

from __future__ import annotations

import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from weave_migrate.config import (
    ElasticsearchSettings,
    Neo4jSettings,
    PackageLocation,
)
from weave_migrate.errors import ScriptError
from weave_migrate.model import CatalogScript, CypherScript
from weave_migrate.stores._scripts import ParsedFiles, ScriptFile
from weave_migrate.stores.elasticsearch._discovery import Discovery as HttpDiscovery
from weave_migrate.stores.neo4j._discovery import Discovered, Discovery

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from weave_migrate.config import Location

CATALOG = '<migration xmlns="https://michael-simons.github.io/neo4j-migrations"/>'
FILES = {
    "__init__.py": "",
    "neo4j/V2__b.cypher": "RETURN 2;",
    "neo4j/V1__a.cypher": "RETURN 1;",
    "neo4j/more/V3__c.xml": CATALOG,
    "neo4j/afterMigrate__b.cypher": "RETURN 4;",
    "neo4j/afterMigrate.cypher": "RETURN 5;",
    "neo4j/V1__foo-bar.cypher": "RETURN 6;",
    "http/V1__a.http": "PUT /a\n",
}
NEO4J = PackageLocation("weave_test_app", "neo4j")


@pytest.fixture(params=["folder", "zip"])
def package(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """Install the package weave_test_app, as files or in a zip file."""
    if request.param == "zip":
        place = tmp_path / "app.whl"
        with zipfile.ZipFile(place, "w") as archive:
            for name, text in FILES.items():
                archive.writestr(f"weave_test_app/{name}", text)
    else:
        place = tmp_path / "site"
        for name, text in FILES.items():
            path = place / "weave_test_app" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    monkeypatch.syspath_prepend(str(place))
    yield request.param
    sys.modules.pop("weave_test_app", None)


def discover(*locations: Location) -> Discovered:
    return Discovery(Neo4jSettings(locations=locations)).discover()


def codes(found: Discovered) -> list[str]:
    return [problem.code for problem in found.problems]


@pytest.mark.usefixtures("package")
def test_a_package_is_searched_like_a_folder() -> None:
    found = discover(NEO4J)
    assert found.problems == []
    assert [each.source for each in found.migrations] == [
        "V1__a.cypher",
        "V2__b.cypher",
        "V3__c.xml",
    ]
    first, _, catalog = found.migrations
    assert isinstance(first.script, CypherScript)
    assert isinstance(catalog.script, CatalogScript)
    assert catalog.checksum == "3377160424"
    assert [each.description for each in found.callbacks] == ["", "b"]
    (warning,) = found.warnings
    assert warning.endswith("rename it to V1__foo_bar.cypher")


def test_a_script_in_a_package_says_where_it_is(package: str) -> None:
    path = discover(NEO4J).migrations[0].path
    assert path is not None
    if package == "zip":
        assert str(path) == "package:weave_test_app/neo4j/V1__a.cypher"
    else:
        assert path.is_file()


@pytest.mark.usefixtures("package")
def test_a_package_given_twice_counts_once() -> None:
    assert len(discover(NEO4J, NEO4J).migrations) == 3


@pytest.mark.usefixtures("package")
def test_a_folder_that_a_package_lacks_is_warned_of() -> None:
    found = discover(PackageLocation("weave_test_app", "none"), NEO4J)
    assert found.problems == []
    assert found.warnings[0].endswith("is ignored: it is not a folder.")


def test_no_folder_at_all_is_a_problem_but_not_for_callbacks(tmp_path: Path) -> None:
    missing = tmp_path / "typo"
    (problem,) = discover(missing, tmp_path / "none").problems
    assert problem.code == "LOCATION_MISSING"
    assert str(missing) in problem.message
    settings = Neo4jSettings(locations=(missing,))
    assert Discovery(settings).discover(only_callbacks=True).problems == []


def test_a_link_to_the_location_itself_is_not_walked(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(".")
    (tmp_path / "V1__x.cypher").write_text("RETURN 1;")
    (migration,) = discover(tmp_path).migrations
    assert migration.path == tmp_path / "V1__x.cypher"


def test_folders_may_be_nested_deeper_than_python_recurses(tmp_path: Path) -> None:
    deep = tmp_path
    for _ in range(1100):
        deep /= "d"
        deep.mkdir()
    script = deep / "V1__x.cypher"
    script.write_text("RETURN 1;")
    try:
        assert [each.version for each in discover(tmp_path).migrations] == ["1"]
    finally:  # what clears up after tests recurses
        script.unlink()
        while deep != tmp_path:
            deep.rmdir()
            deep = deep.parent


@pytest.mark.usefixtures("package")
def test_http_scripts_are_found_in_packages_too() -> None:
    location = PackageLocation("weave_test_app", "http")
    discovery = HttpDiscovery(ElasticsearchSettings(locations=(location,)))
    found = discovery.discover()
    assert found.problems == []
    (file,) = found.files
    assert file.migration.source == "V1__a.http"
    assert discovery.discover().files == found.files
    assert discovery.explain(file.migration, file.migration.checksum or "")


@pytest.mark.usefixtures("package")
def test_a_missing_package_or_folder_stops_http_scripts() -> None:
    for location in (
        PackageLocation("weave_test_app", "none"),
        PackageLocation("weave_no_such_app"),
    ):
        settings = ElasticsearchSettings(locations=(location,))
        (problem,) = HttpDiscovery(settings).discover().problems
        assert problem.code == "LOCATION_MISSING"


def test_a_package_that_cant_be_imported_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "weave_broken_app.py").write_text("1 / 0")
    monkeypatch.syspath_prepend(str(tmp_path))
    missing = discover(PackageLocation("weave_no_such_app"))
    broken = discover(PackageLocation("weave_broken_app"))
    assert codes(missing) == codes(broken) == ["LOCATION_MISSING"]
    assert "ZeroDivisionError" in broken.problems[0].message


def test_a_namespace_package_is_all_its_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2):
        folder = tmp_path / str(number) / "weave_spread_app"
        folder.mkdir(parents=True)
        (folder / f"V{number}__x.cypher").write_text("RETURN 1;")
        monkeypatch.syspath_prepend(str(folder.parent))
    found = discover(PackageLocation("weave_spread_app"))
    assert [each.version for each in found.migrations] == ["1", "2"]
    sys.modules.pop("weave_spread_app", None)


def test_each_location_that_is_no_folder_is_warned_of_once(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    there = tmp_path / "there"
    there.mkdir()
    found = discover(tmp_path / "none", file, there)
    assert found.warnings == [
        f"{tmp_path / 'none'} is ignored: it is not a folder.",
        f"{file} is ignored: it is not a folder.",
    ]
    assert found.problems == []


def test_a_bad_file_is_a_problem_and_keeps_its_version(tmp_path: Path) -> None:
    (tmp_path / "V1__a.xml").write_text("<migration/>")
    (tmp_path / "V2__b.cypher").write_bytes(b"\xff")
    (tmp_path / "beforeMigrate.cypher").write_bytes(b"\xff")
    (tmp_path / "afterInfo__a-b.cypher").write_text("")
    found = discover(tmp_path)
    assert sorted(codes(found)) == [
        "CALLBACK_NAME_INVALID",
        "ENCODING",
        "ENCODING",
        "SCRIPT_SYNTAX",
    ]
    assert [(each.version, each.checksum) for each in found.migrations] == [
        ("1", None),
        ("2", None),
    ]
    assert found.callbacks == []


def test_a_file_is_parsed_again_only_when_it_changed(tmp_path: Path) -> None:
    path = tmp_path / "V1__a.cypher"
    path.write_text("RETURN 1;")
    discovery = Discovery(Neo4jSettings(locations=(tmp_path,)))
    (before,) = discovery.discover().migrations
    (same,) = discovery.discover().migrations
    assert same.script is before.script
    path.write_text("RETURN 22;")
    (after,) = discovery.discover().migrations
    assert after.checksum != before.checksum


def test_a_file_that_cant_be_read_is_an_error_with_its_path(tmp_path: Path) -> None:
    gone = tmp_path / "V1__a.cypher"
    files = ParsedFiles()
    with pytest.raises(ScriptError, match="can't be read") as caught:
        files.get(ScriptFile(gone, gone), bytes)
    assert (caught.value.code, caught.value.file) == ("UNREADABLE", str(gone))
    assert files.read_again(gone) is None
