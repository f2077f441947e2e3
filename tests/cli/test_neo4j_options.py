"""``migrate-neo4j`` for people who come from neo4j-migrations; no server is asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Weave = Callable[..., Any]
Cypher = Callable[[str, str], Path]
CANARY = "c4n4ry"
NOWHERE = {"NEO4J_URI": "bolt://127.0.0.1:1", "NEO4J_PASSWORD": CANARY}
COMMANDS = (
    *("migrate", "apply", "info", "validate", "clean", "delete", "repair"),
    *("baseline", "run", "init"),
)


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_fits_a_terminal(weave: Weave, command: str) -> None:
    shown = weave("db", "migrate-neo4j", *command.split(), "--help")
    assert shown.status == 0
    assert max(map(len, shown.out.splitlines())) <= 80
    for heading in ("Options:", "Connection:", "Scripts:", "Migrating:"):
        assert heading in shown.out.splitlines()


def test_help_lists_every_option_of_the_peer(weave: Weave) -> None:
    words = set(weave("db", "migrate-neo4j", "--help").out.replace(",", " ").split())
    assert words >= {
        *("-a", "--address", "-u", "--username", "-p", "--password"),
        *("--password:env", "--password:file", "--bearer", "--custom-auth"),
        *("-d", "--database", "--schema-database", "--impersonate"),
        *("--location", "--placeholder", "--autocrlf", "--version-sort-order"),
        *("--use-flyway-compatible-checksums", "--validate-on-migrate"),
        *("--out-of-order", "--target", "--transaction-mode", "--cypher-version"),
        *("--transaction-timeout", "--delay-between-migrations"),
        *("-v", "--verbose", "-h", "--help"),
    }


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--custom-auth", f"credentials={CANARY}"], "password's"),
        ([f"--custom-auth=Credentials={CANARY}"], "password's"),
        (["--custom-auth", "scheme"], "--custom-auth takes NAME=VALUE"),
        (["--bearer"], "--bearer:env"),
        (["--bearer:env", "NOT_SET"], "NOT_SET is not set"),
        (["--bearer:file", "nowhere"], "nowhere can't be read"),
        (["--package", "com.example"], "can't run Java classes"),
        (["--resume", "--restart"], "exclude each other"),
        (["--restart", "--assume", "done"], "--assume is for --resume"),
        (["--transaction-timeout", "soon"], "a duration like PT30S"),
        (["--cypher-version", "4"], "one of database_default"),
        (["--max-connection-pool-size", "1"], "2 or more"),
        (["--location", "classpath:neo4j"], "package:my_app"),
    ],
)
def test_what_can_not_be_meant_is_a_usage_error(
    weave: Weave, cypher: Cypher, words: list[str], message: str
) -> None:
    cypher("V001__a.cypher", "RETURN 1;\n")
    for line in (words, [*words, "--json"]):
        shown = weave("db", "migrate-neo4j", *line, environ=NOWHERE, stdin="")
        assert shown.status == 2, shown
        assert message in shown.out + shown.err
        assert CANARY not in shown.out + shown.err


@pytest.mark.parametrize("option", ["--resume", "--restart", "--assume=done"])
def test_only_neo4j_leaves_something_to_resume(weave: Weave, option: str) -> None:
    shown = weave("db", "migrate", "elasticsearch", option)
    assert shown.status == 2
    assert "are for neo4j" in shown.err


@pytest.mark.parametrize(
    "words",
    [
        ["db", "migrate-neo4j", "--bearer:env", "TOKEN"],
        ["db", "migrate-neo4j", "--custom-auth", "scheme=x"],
        ["db", "migrate", "neo4j", "--resume", "--assume", "not-done"],
        ["db", "migrate-all", "--restart"],
        ["db", "migrate-neo4j", "--database", "", "--schema-database", " "],
        ["db", "migrate-neo4j", "apply", "--target", "V001"],
    ],
)
def test_an_unreachable_server_is_status_5_and_shows_no_secret(
    weave: Weave, cypher: Cypher, words: list[str]
) -> None:
    cypher("V001__a.cypher", "RETURN 1;\n")
    shown = weave(*words, "-vv", "--debug", environ=NOWHERE | {"TOKEN": CANARY})
    assert shown.status == 5, shown
    assert CANARY not in shown.out + shown.err


def test_the_files_are_shown_without_a_server(weave: Weave, cypher: Cypher) -> None:
    cypher("V010__b.cypher", "RETURN 1;\n")
    cypher("V002__a.cypher", "// assert that edition is enterprise\nRETURN 1;\n")
    shown = weave("db", "migrate-neo4j", "info", "mode=LOCAL", environ=NOWHERE)
    assert shown.status == 0, shown
    rows = [line.split() for line in shown.out.splitlines()]
    assert rows == [
        ["Version", "Description", "State", "File"],
        ["002", "a", "pending", "V002__a.cypher"],
        ["010", "b", "pending", "V010__b.cypher"],
    ]


def test_what_is_wrong_with_the_files_is_shown_without_a_server(
    weave: Weave, cypher: Cypher
) -> None:
    cypher("V1__a.cypher", "RETURN 1;\n")
    cypher("V1__b.cypher", "RETURN 1;\n")
    line = ["db", "migrate-neo4j", "info", "--mode", "local", "--json"]
    shown = weave(*line, environ=NOWHERE)
    assert shown.status == 0
    problems = shown.json["stores"][0]["problems"]
    assert [each["code"] for each in problems] == ["DUPLICATE_VERSION"]
    assert weave(*line, "--exit-code", environ=NOWHERE).status == 1


def test_init_makes_a_project_that_both_tools_read(
    weave: Weave, tmp_path: Path
) -> None:
    home = tmp_path / "fresh"
    home.mkdir()
    options = ["--database", "movies", "--delay-between-migrations", "PT1.5S"]
    made = weave("db", "migrate-neo4j", *options, "init", cwd=home, environ=NOWHERE)
    assert made.status == 0, made
    assert made.out.splitlines()[:3] == [
        "created .weave/migrations/neo4j/cypher",
        "created .migrations.properties",
        "left out: password; see docs/neo4j.md",
    ]
    written = (home / ".migrations.properties").read_text()
    assert "database=movies\n" in written
    assert "delay-between-migrations=PT1.5S\n" in written
    assert "location=./.weave/migrations/neo4j/cypher\n" in written
    assert CANARY not in written + made.out + made.err
    shown = weave("db", "config", cwd=home).out
    line = next(x for x in shown.splitlines() if x.startswith("neo4j.database"))
    assert line.split() == ["neo4j.database", "movies", ".migrations.properties"]


def test_init_takes_folders_and_overwrites_nothing(weave: Weave, project: Path) -> None:
    line = ["db", "migrate-neo4j", "init", "--location", "a,./b", "--json"]
    made = weave(*line)
    assert made.json["created"] == ["a", "b", ".migrations.properties"]
    assert made.json["left_out"] == []
    again = weave(*line)
    assert again.status == 2
    assert "exists already" in again.json["error"]["message"]


def test_a_project_of_the_java_tool_works_as_it_is(weave: Weave, project: Path) -> None:
    folder = project / "neo4j/migrations"
    folder.mkdir(parents=True)
    (folder / "V1__a.cypher").write_text("RETURN 1;\n")
    (project / ".migrations.properties").write_text(f"password={CANARY}\n")
    shown = weave("db", "migrate-neo4j", "info", "mode=LOCAL")
    assert shown.out.split()[-1] == "V1__a.cypher"
    assert CANARY not in weave("db", "config").out
