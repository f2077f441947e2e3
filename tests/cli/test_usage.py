"""What works without any server: help, usage errors, config, new files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Weave = Callable[..., Any]
CANARY = "c4n4ry"
WEAVE = Path(sys.executable).with_name("weave")
# A port nobody listens on: 1 is reserved (tcpmux).
NOWHERE = {
    "NEO4J_URI": "bolt://127.0.0.1:1",
    "NEO4J_PASSWORD": CANARY,
    "ELASTICSEARCH_URL": f"http://u:{CANARY}@127.0.0.1:1",
    "POSTGRES_HOST": "127.0.0.1",
    "POSTGRES_PORT": "1",
    "POSTGRES_PASSWORD": CANARY,
}


def test_help_lists_the_commands(weave: Weave) -> None:
    shown = weave("db", "--help")
    assert shown.status == 0
    for command in ("migrate-all", "status", "plan", "validate", "inspect", "config"):
        assert command in shown.out
    assert shown.err == ""


def test_the_version_is_shown(weave: Weave) -> None:
    assert weave("--version").out.startswith("weave-migrate ")


def test_a_mistyped_command_suggests_the_right_one(weave: Weave) -> None:
    shown = weave("db", "statsu")
    assert shown.status == 2
    assert "Did you mean status?" in shown.err
    assert shown.out == ""


def test_usage_errors_are_json_too(weave: Weave) -> None:
    shown = weave("db", "migrate", "--json")
    assert shown.status == 2
    assert shown.json["error"]["code"] == "USAGE"
    assert shown.json["exit"] == 2


def test_a_failed_commands_name_holds_nothing_of_its_options(weave: Weave) -> None:
    line = ["--json", "db", "migrate-neo4j", "--placeholder", f"k={CANARY}", "info"]
    shown = weave(*line)
    assert shown.json["command"] == "migrate-neo4j info"
    assert CANARY not in shown.out + shown.err


def test_without_a_project_the_error_says_what_to_type(
    weave: Weave, tmp_path: Path
) -> None:
    shown = weave("db", "status", cwd=tmp_path)
    assert shown.status == 2
    assert "error[NO_PROJECT]" in shown.err
    assert "next: " in shown.err


@pytest.mark.parametrize("before", [True, False])
def test_global_options_stand_before_or_after_the_command(
    weave: Weave, project: Path, tmp_path: Path, *, before: bool
) -> None:
    common = ["--json", "--project", str(project)]
    words = ["db", "config"]
    line = [*common, *words] if before else [*words, *common]
    shown = weave(*line, cwd=tmp_path)
    assert shown.status == 0
    assert shown.json["project"] == str(project)


def test_config_shows_each_setting_and_its_source_and_no_secret(
    weave: Weave, cypher: Callable[[str, str], Path]
) -> None:
    cypher("V001__a.cypher", "RETURN 1;\n")
    shown = weave("db", "config", environ=NOWHERE)
    assert shown.status == 0
    line = next(x for x in shown.out.splitlines() if x.startswith("neo4j.password"))
    assert line.split() == ["neo4j.password", "***", "NEO4J_PASSWORD"]
    assert CANARY not in shown.out + shown.err


def test_two_sources_that_disagree_are_a_warning(
    weave: Weave, project: Path, cypher: Callable[[str, str], Path]
) -> None:
    cypher("V001__a.cypher", "RETURN 1;\n")
    (project / ".weave" / "weave.toml").write_text('[neo4j]\nuri = "bolt://toml"\n')
    shown = weave("db", "config", environ=NOWHERE)
    assert "NEO4J_URI (bolt://127.0.0.1:1) is used" in shown.err
    assert "weave.toml says bolt://toml" in shown.err


@pytest.mark.parametrize("command", ["status", "plan", "validate", "migrate-all"])
def test_an_unreachable_server_is_status_5_and_shows_no_secret(
    weave: Weave, project: Path, cypher: Callable[[str, str], Path], command: str
) -> None:
    cypher("V001__a.cypher", "RETURN 1;\n")
    scripts = project / ".weave/migrations/elasticsearch/scripts"
    scripts.mkdir(parents=True)
    (scripts / "V1__a.http").write_text("GET /\n")
    (project / ".weave/migrations/shop/versions").mkdir(parents=True)
    for extra in ([], ["--json"], ["-vv", "--debug"]):
        shown = weave("db", command, *extra, environ=NOWHERE)
        assert shown.status == 5, shown
        assert CANARY not in shown.out + shown.err
    states = [
        s["state"]
        for s in weave("db", command, "--json", environ=NOWHERE).json["stores"]
    ]
    assert states == ["unreachable"] * 3


@pytest.mark.parametrize(
    "words", [[f"--password={CANARY}"], [f"-p{CANARY}"], ["--password", CANARY]]
)
def test_a_password_on_the_command_line_is_refused_and_not_repeated(
    weave: Weave, words: list[str]
) -> None:
    for line in (["info", *words], [*words, "info"], [*words, "--json"]):
        shown = weave("db", "migrate-neo4j", *line)
        assert shown.status == 2
        assert "-p asks for it" in shown.out + shown.err
        assert "--json" in line or "error[USAGE]: A password" in shown.err
        assert CANARY not in shown.out + shown.err


@pytest.mark.parametrize(
    ("words", "expected"),
    [("weave db mig", "migrate-all"), ("weave db migrate-neo4j i", "info")],
)
def test_the_shell_can_complete_commands(
    weave: Weave, words: str, expected: str
) -> None:
    shown = weave(
        environ={
            "_WEAVE_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split()) - 1),
        }
    )
    assert expected in shown.out


def test_init_and_create_make_what_status_then_finds(
    weave: Weave, tmp_path: Path
) -> None:
    home = tmp_path / "fresh"
    home.mkdir()
    made = weave("db", "init", "neo4j", cwd=home)
    assert made.status == 0
    assert made.out.splitlines()[0] == "created .weave/migrations/neo4j/cypher"
    assert weave("db", "create", "neo4j", "People; first!", cwd=home).out == (
        "created .weave/migrations/neo4j/cypher/V001__People_first.cypher\n"
    )
    second = weave("db", "create", "neo4j", "more", "--json", cwd=home)
    assert second.json["created"] == [
        ".weave/migrations/neo4j/cypher/V002__more.cypher"
    ]
    assert weave("db", "init", "neo4j", cwd=home).status == 2


def test_init_makes_a_postgresql_environment(weave: Weave, project: Path) -> None:
    assert weave("db", "init", "shop").status == 0
    assert (project / ".weave/migrations/shop/versions").is_dir()
    made = weave("db", "create", "shop", "Add orders", "--json")
    assert made.status == 0, made
    path = project / made.json["created"][0]
    assert path.name.endswith("_add_orders.py")
    assert "def upgrade" in path.read_text()


@pytest.mark.parametrize("name", ["../up", "a/b", "", ".x", "a b", "-x"])
def test_init_refuses_names_that_are_no_folder_names(weave: Weave, name: str) -> None:
    assert weave("db", "init", "--", name).status == 2


def test_a_database_that_is_not_there_suggests_one_that_is(
    weave: Weave, cypher: Callable[[str, str], Path]
) -> None:
    cypher("V001__a.cypher", "RETURN 1;\n")
    shown = weave("db", "migrate", "neo4")
    assert shown.status == 2
    assert "Did you mean neo4j?" in shown.err


def test_nothing_to_migrate_is_said(weave: Weave) -> None:
    shown = weave("db", "migrate-all")
    assert shown.status == 2
    assert "error[NO_STORE]" in shown.err


def test_a_broken_pipe_is_quiet(weave: Weave, project: Path) -> None:
    line = f"{WEAVE} db config | true"
    done = subprocess.run(
        ["bash", "-c", line], cwd=project, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""


def test_json_is_one_document_even_with_odd_names(weave: Weave, project: Path) -> None:
    path = project / "odd\udcff.cypher"
    path.write_text("RETURN 1;\n")
    shown = weave("db", "inspect", "--json", str(path))
    assert len(json.loads(shown.out)["files"]) == 1


def test_what_a_terminal_would_obey_is_shown_and_not_sent(
    weave: Weave, cypher: Callable[[str, str], Path], tmp_path: Path
) -> None:
    red = "\x1b[31m"
    script = tmp_path / f"V1__{red}x.cypher"
    script.write_text(f"RETURN '{red}';\n")
    forced = {"FORCE_COLOR": "1"}  # or click would take escapes out of a pipe
    shown = weave("db", "inspect", str(script), environ=forced)
    assert "␛[31mx.cypher" in shown.out
    assert "␛[31m';" in shown.out or "RETURN '␛[31m'" in shown.out
    assert red not in shown.out
    cypher("V001__a.cypher", "RETURN 1;\n")
    unknown = weave("db", "migrate", f"{red}x", environ=forced)
    assert f"{red}x" not in unknown.err


def test_a_mistyped_command_of_a_peer_suggests_the_right_one(weave: Weave) -> None:
    shown = weave("db", "migrate-neo4j", "inf")
    assert shown.status == 2
    assert "Did you mean info?" in shown.err


def test_a_command_that_only_the_peer_has_is_called_so(weave: Weave) -> None:
    shown = weave("db", "migrate-neo4j", "show-catalog", "mode=LOCAL")
    assert shown.status == 2
    assert "error[USAGE]: show-catalog is not supported yet" in shown.err
    assert "use neo4j-migrations" in shown.err


@pytest.mark.parametrize(
    ("scheme", "said"),
    [("bolt", "Couldn't connect to 127.0.0.1:1"), ("neo4j", "Unable to retrieve")],
)
def test_a_server_that_is_down_is_said_with_the_reason(
    weave: Weave, cypher: Callable[[str, str], Path], scheme: str, said: str
) -> None:
    cypher("V1__a.cypher", "RETURN 1;\n")
    environ = {**NOWHERE, "NEO4J_URI": f"{scheme}://127.0.0.1:1"}
    shown = weave("db", "migrate", "neo4j", environ=environ)
    assert said in shown.err
    assert ": Connection refused\n" in shown.err


@pytest.mark.parametrize(
    "words", [["-c", "/dev/zero"], ["--password:file", "/dev/zero"]]
)
def test_a_file_of_settings_that_never_ends_is_refused(
    weave: Weave, cypher: Callable[[str, str], Path], words: list[str]
) -> None:
    cypher("V1__a.cypher", "RETURN 1;\n")
    shown = weave("db", "migrate-neo4j", "info", "mode=LOCAL", *words)
    assert shown.status == 2
    assert "/dev/zero can't be read: it is larger than 1 MiB." in shown.err


def test_asking_for_a_password_needs_a_terminal(weave: Weave) -> None:
    shown = weave("db", "migrate-neo4j", "-p", "info", stdin="")
    assert shown.status == 2
    assert "--password:env" in shown.err


def test_a_deleted_current_folder_is_no_crash(weave: Weave, tmp_path: Path) -> None:
    line = f"mkdir {tmp_path}/x && cd {tmp_path}/x && rmdir ../x && {WEAVE} db status"
    done = subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "error[NO_PROJECT]" in done.stderr


@pytest.mark.parametrize(
    ("redirection", "status"), [(">&-", 0), ("2>&-", 0), (">/dev/full", 3)]
)
def test_streams_that_cannot_be_written_are_no_crash(
    project: Path, redirection: str, status: int
) -> None:
    line = f"{WEAVE} db config {redirection}"
    done = subprocess.run(
        ["bash", "-c", line], cwd=project, capture_output=True, text=True, check=False
    )
    assert done.returncode == status
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("value", ["nan", "inf", "-1", "", "soon"])
def test_a_lock_timeout_is_a_number_of_seconds(
    weave: Weave, cypher: Callable[[str, str], Path], value: str
) -> None:
    cypher("V1__a.cypher", "RETURN 1;\n")
    shown = weave("db", "migrate", "neo4j", "--lock-timeout", value, environ=NOWHERE)
    assert shown.status == 2
    assert "'--lock-timeout': It must be a number of seconds" in shown.err


@pytest.mark.parametrize("option", ["", "--json"])
def test_a_result_that_cannot_be_written_is_told_from_a_command_that_failed(
    project: Path, option: str
) -> None:
    line = f"{WEAVE} db config {option} >/dev/full"
    done = subprocess.run(
        ["bash", "-c", line], cwd=project, capture_output=True, text=True, check=False
    )
    assert "error[OUTPUT_FAILED]: The command was done; its output" in done.stderr


def test_messages_that_cannot_be_written_stop_no_command(
    project: Path, cypher: Callable[[str, str], Path]
) -> None:
    cypher("V001__a.cypher", "RETURN 1;\n")
    (project / ".weave" / "weave.toml").write_text('[neo4j]\nuri = "bolt://toml"\n')
    done = subprocess.run(
        ["bash", "-c", f"{WEAVE} db config 2>/dev/full"],
        cwd=project,
        env={**os.environ, **NOWHERE},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert "bolt://127.0.0.1:1" in done.stdout


def test_a_file_that_may_not_be_written_is_named(weave: Weave, project: Path) -> None:
    (project / ".weave/migrations/neo4j").write_text("a file where a folder should be")
    shown = weave("db", "create", "neo4j", "x")
    assert shown.status == 2
    assert "error[UNREADABLE]" in shown.err
    assert ".weave/migrations/neo4j" in shown.err


def test_a_pipe_is_not_inspected(weave: Weave, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "V1__x.cypher")
    shown = weave("db", "inspect", str(tmp_path / "V1__x.cypher"))
    assert shown.status == 2
    assert "is no file" in shown.err


def test_a_very_long_message_still_makes_a_file(
    weave: Weave, cypher: Callable[[str, str], Path]
) -> None:
    cypher("V001__a.cypher", "RETURN 1;\n")
    shown = weave("db", "create", "neo4j", "x" * 300)
    assert shown.status == 0, shown
