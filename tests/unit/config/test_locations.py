"""Where scripts are: the spellings of a location."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from weave_migrate.config import PackageLocation, load_settings, parse_location
from weave_migrate.errors import ConfigError

if TYPE_CHECKING:
    from weave_migrate.config import Location

BASE = Path("/project")


@pytest.mark.parametrize(
    ("text", "location"),
    [
        ("scripts", BASE / "scripts"),
        (" scripts ", BASE / "scripts"),
        ("./scripts", BASE / "scripts"),
        ("../scripts", BASE / "../scripts"),
        ("/abs/scripts", Path("/abs/scripts")),
        ("file:/abs/my%20scripts", Path("/abs/my scripts")),
        ("FILE:///abs", Path("/abs")),
        ("file://host/abs", Path("/abs")),
        ("package:my_app", PackageLocation("my_app")),
        ("package:my_app/", PackageLocation("my_app")),
        ("package:my_app.migrations", PackageLocation("my_app.migrations")),
        (
            "Package: my_app.data/migrations/neo4j/",
            PackageLocation("my_app.data", "migrations/neo4j"),
        ),
    ],
)
def test_a_location_is_a_folder_or_a_folder_in_a_package(
    text: str, location: Location
) -> None:
    assert parse_location(text, BASE) == location


@pytest.mark.parametrize("text", ["package:my_app", "package:my_app.data/a/b"])
def test_a_package_is_shown_as_it_is_written(text: str) -> None:
    assert str(parse_location(text, BASE)) == text


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("classpath:neo4j/migrations", "package:my_app/migrations"),
        ("http://host/scripts", "file:/path"),
        ("file:scripts", "file:/path"),
        ("c:/scripts", "file:/path"),
        ("package:", "package:my_app.data"),
        ("package:my-app", "package:my_app.data"),
        ("package:my_app/../secrets", "package:my_app.data"),
        ("package:my_app//a", "package:my_app.data"),
        ("package:/abs", "package:my_app.data"),
    ],
)
def test_anything_else_is_an_error_with_a_spelling_that_works(
    text: str, hint: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_location(text, BASE)
    assert hint in (caught.value.hint or "")


def test_every_source_of_settings_takes_packages(project: Path) -> None:
    (project / ".weave" / "weave.toml").write_text(
        '[neo4j]\nlocations = ["extra", "package:my_app/neo4j"]\n'
        '[elasticsearch]\nlocations = "package:my_app.http"\n'
    )
    settings = load_settings(project=project, environ={})
    assert settings.neo4j is not None
    assert settings.elasticsearch is not None
    assert settings.neo4j.locations == (
        project / ".weave" / "extra",
        PackageLocation("my_app", "neo4j"),
    )
    assert settings.elasticsearch.locations == (PackageLocation("my_app.http"),)
    peer = project / "peer.properties"
    peer.write_text("location=package:my_app/neo4j,./more\n")
    chosen = load_settings(project=project, environ={}, properties=peer).neo4j
    assert chosen is not None
    assert chosen.locations == (PackageLocation("my_app", "neo4j"), project / "more")
