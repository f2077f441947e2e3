"""neo4j-migrations' own settings file: what it says, and how weave writes one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from weave_migrate.config import Neo4jSettings, Settings, peer_properties
from weave_migrate.config._peer import properties_layer
from weave_migrate.config._properties import parse_properties
from weave_migrate.errors import ConfigError
from weave_migrate.model import Secret

Load = Callable[..., Settings]
CANARY = "c4n4ry"
# As neo4j-migrations 4.1 writes it: each value but those that are not set.
WRITTEN_BY_JAVA = r"""#Sun Nov 22 19:51:05 UTC 2026
address=neo4j+s\://graph\:7687
username=ann
password=c4n4ry
database=movies
schema-database=migrations
impersonate=bob
location=file\:///abs/scripts,./more
transaction-mode=PER_STATEMENT
transaction-timeout=PT1M30S
delay-between-migrations=PT0.5S
version-sort-order=LEXICOGRAPHIC
cypher-version=CYPHER_25
target=next
validate-on-migrate=false
out-of-order=true
autocrlf=true
use-flyway-compatible-checksums=true
placeholder=region\=eu,or us
"""


def neo4j(settings: Settings) -> Neo4jSettings:
    assert settings.neo4j is not None
    return settings.neo4j


def test_every_option_of_the_peer_is_a_setting(load: Load, project: Path) -> None:
    (project / ".migrations.properties").write_text(WRITTEN_BY_JAVA)
    assert neo4j(load()) == Neo4jSettings(
        locations=(Path("/abs/scripts"), project / "more"),
        uri="neo4j+s://graph:7687",
        user="ann",
        password=Secret("c4n4ry"),
        database="movies",
        schema_database="migrations",
        impersonated_user="bob",
        transaction_mode="per_statement",
        transaction_timeout=90.0,
        delay_between_migrations=0.5,
        version_sort_order="lexicographic",
        cypher_version="cypher_25",
        target="next",
        validate_on_migrate=False,
        out_of_order=True,
        autocrlf=True,
        flyway_checksums=True,
        placeholders={"region": "eu,or us"},
    )


def test_it_is_named_as_the_source_and_shows_no_secret(
    load: Load, project: Path
) -> None:
    (project / ".migrations.properties").write_text(WRITTEN_BY_JAVA)
    settings = load()
    shown = {o.key: (o.value, o.source) for o in settings.origins}
    assert shown["neo4j.target"] == ("next", ".migrations.properties")
    assert shown["neo4j.password"] == ("***", ".migrations.properties")
    assert CANARY not in f"{settings!r} {settings.origins}"


def test_it_is_weaker_than_all_that_is_weaves_own(load: Load, project: Path) -> None:
    (project / ".migrations.properties").write_text("username=a\ntarget=V1\n")
    conf = project / ".weave/migrations/neo4j/neo4j.conf"
    conf.write_text("username=b\ntarget=V2\n")
    settings = neo4j(load('[neo4j]\nuser = "c"'))
    assert (settings.user, settings.target) == ("c", "V2")


@pytest.mark.parametrize(
    ("has_own_folder", "text", "expected"),
    [
        (False, "", "neo4j/migrations"),
        (True, "", ".weave/migrations/neo4j/cypher"),
        (False, "location=./other", "other"),
    ],
)
def test_without_a_location_it_means_the_folder_that_java_would_take(
    load: Load, project: Path, *, has_own_folder: bool, text: str, expected: str
) -> None:
    (project / "neo4j/migrations").mkdir(parents=True)
    (project / ".migrations.properties").write_text(text)
    if not has_own_folder:
        (project / ".weave/migrations/neo4j/cypher").rmdir()
    assert neo4j(load()).locations == (project / expected,)


@pytest.mark.parametrize(
    ("text", "password"),
    [
        ("password\\:env=PW", "from env"),
        ("password\\:file=secret", "from file"),
        ("password\\:file=secret\npassword\\:env=PW", "from env"),
        ("password\\:env=PW\npassword=plain", "plain"),
        ("password\\:env=PW\npassword= ", "from env"),
        ("password\\:env=BLANK\npassword\\:file=secret", "from file"),
        ("password\\:env=UNSET", None),
        ("password=${env:PW}", "from env"),
        ("password=${PW}", "from env"),
        ("password=${UNSET:-default}", "default"),
        ("neo4j-migrations.password=plain", "plain"),
        ("--password=plain", "plain"),
    ],
)
def test_a_password_comes_from_the_first_that_is_given(
    load: Load, project: Path, text: str, password: str | None
) -> None:
    (project / ".migrations.properties").write_text(text)
    (project / "secret").write_text("from file\n")
    environ = {"PW": "from env", "BLANK": " "}
    expected = Secret(password) if password else None
    assert neo4j(load(environ=environ)).password == expected


def test_a_variable_that_is_not_set_is_named(load: Load, project: Path) -> None:
    (project / ".migrations.properties").write_text("address=${env:GRAPH}")
    with pytest.raises(ConfigError, match="address uses the variable GRAPH"):
        load()


def test_custom_authentication_takes_its_credentials_as_the_password(
    load: Load, project: Path
) -> None:
    (project / ".migrations.properties").write_text(
        f"custom-auth=scheme=sso,principal=ann,Credentials={CANARY}"
    )
    settings = neo4j(load())
    assert settings.custom_auth == {"scheme": "sso", "principal": "ann"}
    assert settings.password == Secret(CANARY)


def test_a_bearer_token_is_a_secret(load: Load, project: Path) -> None:
    (project / ".migrations.properties").write_text(f"bearer= {CANARY} \n")
    assert neo4j(load()).bearer == Secret(CANARY)


@pytest.mark.parametrize(
    ("text", "warnings"),
    [
        ("package=com.example", ["weave can't run Java classes"]),
        ("info.mode=LOCAL", ["info.mode is left out: it belongs to a command"]),
        ("verbose=true", []),
        ("package=", []),
    ],
)
def test_what_means_nothing_here_is_left_out_and_said(
    load: Load, project: Path, text: str, warnings: list[str]
) -> None:
    (project / ".migrations.properties").write_text(text)
    found = load().warnings
    assert len(found) == len(warnings)
    assert all(part in whole for part, whole in zip(warnings, found, strict=True))


def test_an_unknown_name_suggests_the_right_one(load: Load, project: Path) -> None:
    (project / ".migrations.properties").write_text("adress=x")
    with pytest.raises(ConfigError, match="adress") as caught:
        load()
    assert caught.value.hint == "Did you mean address?"


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1"])
def test_a_file_as_java_reads_it_or_in_utf_8_says_the_same(
    load: Load, project: Path, encoding: str
) -> None:
    file = project / ".migrations.properties"
    file.write_bytes("username=zoë".encode(encoding))
    assert neo4j(load()).user == "zoë"


def test_a_file_that_can_not_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"can't be read: Is a directory"):
        properties_layer(tmp_path, {})


def test_what_is_written_reads_as_the_same_settings(load: Load, project: Path) -> None:
    settings = Neo4jSettings(
        locations=(project / "scripts", Path("/abs/é 😀")),
        uri="neo4j+s://graph:7687",
        user=" #ann=é😀",
        database="movies",
        transaction_timeout=90.0,
        delay_between_migrations=0.25,
        version_sort_order="lexicographic",
        cypher_version="cypher_5",
        target="V010?",
        out_of_order=True,
    )
    text, left_out = peer_properties(settings, project)
    assert left_out == []
    assert text.isascii()
    (project / ".migrations.properties").write_text(text)
    read = neo4j(load())
    assert read == replace(settings, user="#ann=é😀")  # names are trimmed


def test_what_is_written_holds_no_secret_and_says_what_it_leaves_out(
    project: Path,
) -> None:
    settings = Neo4jSettings(
        locations=(project,),
        uri=f"bolt://ann:{CANARY}@graph",
        password=Secret(CANARY),
        bearer=Secret(CANARY),
        custom_auth={"scheme": CANARY},
        placeholders={"a": CANARY},
        ca_certs=project / "ca.pem",
        installed_by="deploy",
    )
    text, left_out = peer_properties(settings, project)
    assert CANARY not in text
    assert parse_properties(text)["address"] == "bolt://graph"
    assert left_out == [
        "password",
        "bearer",
        "custom_auth",
        "placeholders",
        "ca_certs",
        "installed_by",
    ]
