"""The Java tools' way to write a command line, understood word by word."""

from __future__ import annotations

from typing import Any

import click
import pytest
from click.shell_completion import ShellComplete

from weave_migrate.cli._command import Command, common
from weave_migrate.cli._peer import PeerGroup, boolean_option


@click.group(cls=PeerGroup)
def peer() -> None:
    """Stand for migrate-neo4j."""


def _named(name: str) -> None:
    @peer.command(cls=Command, name=name)
    @click.option("-d", "--database")
    @click.option("--mode")
    @click.option("--all", "everything", is_flag=True)
    @boolean_option("--autocrlf", "", section="Scripts")
    def command(**given: Any) -> tuple[str, dict[str, Any]]:
        found = {k: v for k, v in given.items() if v not in (None, False)}
        return name, found | ({"json": True} if common().json else {})


for each in ("migrate", "info", "clean"):
    _named(each)


@pytest.mark.parametrize(
    ("line", "name", "given"),
    [
        ("", "migrate", {}),
        ("info", "info", {}),
        ("-d x", "migrate", {"database": "x"}),
        ("info -d x", "info", {"database": "x"}),
        ("-d x info", "info", {"database": "x"}),
        ("--database=x info", "info", {"database": "x"}),
        ("-d info", "migrate", {"database": "info"}),
        ("-d info info", "info", {"database": "info"}),
        ("-d all clean", "clean", {"database": "all"}),
        ("apply", "migrate", {}),
        ("-d x apply", "migrate", {"database": "x"}),
        ("apply -d apply", "migrate", {"database": "apply"}),
        ("info mode=LOCAL", "info", {"mode": "LOCAL"}),
        ("info --mode LOCAL", "info", {"mode": "LOCAL"}),
        ("clean all", "clean", {"everything": True}),
        ("clean --all", "clean", {"everything": True}),
        ("--autocrlf", "migrate", {"autocrlf": "true"}),
        ("--autocrlf info", "info", {"autocrlf": "true"}),
        ("--autocrlf=false info", "info", {"autocrlf": "false"}),
        ("info --autocrlf", "info", {"autocrlf": "true"}),
        ("--json info", "info", {"json": True}),
        ("info --json", "info", {"json": True}),
    ],
)
def test_options_may_stand_anywhere_and_words_are_spelled_as_options(
    line: str, name: str, given: dict[str, Any]
) -> None:
    assert peer.main(line.split(), standalone_mode=False) == (name, given)


def test_an_unknown_word_is_a_usage_error() -> None:
    with pytest.raises(click.UsageError, match="nonsense"):
        peer.main(["nonsense"], standalone_mode=False)


@pytest.mark.parametrize(
    ("line", "usage"),
    [
        ("--help", "[OPTIONS] [COMMAND]"),
        ("help", "[OPTIONS] [COMMAND]"),
        ("info --help", "info [OPTIONS]"),
        ("--help info", "info [OPTIONS]"),
        ("help info", "info [OPTIONS]"),
        ("-d x help info", "info [OPTIONS]"),
        ("apply --help", "apply [OPTIONS]"),
    ],
)
def test_help_is_an_option_or_a_word(
    line: str, usage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        peer.main(line.split(), prog_name="peer")
    assert stop.value.code == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert first.removeprefix("Usage: peer ") == usage


@pytest.mark.parametrize(
    ("words", "incomplete", "expected"),
    [
        ([], "i", {"info"}),
        ([], "--da", {"--database"}),
        (["-d", "x"], "i", {"info"}),
        (["-d", "x"], "--auto", {"--autocrlf"}),
        (["info"], "--mo", {"--mode"}),
        (["-d", "x", "info"], "--mo", {"--mode"}),
        (["info", "-d", "x"], "--all", {"--all"}),
    ],
)
def test_options_are_completed_before_and_after_the_command(
    words: list[str], incomplete: str, expected: set[str]
) -> None:
    complete = ShellComplete(peer, {}, "peer", "_PEER_COMPLETE")
    found = complete.get_completions(words, incomplete)
    assert {item.value for item in found} == expected


@pytest.mark.parametrize(
    "line",
    [
        "-pc4n4ry",
        "-p c4n4ry",
        "-p=c4n4ry",
        "--password=c4n4ry",
        "info --password c4n4ry",
        "--bearer=c4n4ry",
        "--bearer c4n4ry info",
        "info --bearer c4n4ry",
    ],
)
def test_a_secret_on_the_command_line_is_refused_and_not_repeated(line: str) -> None:
    with pytest.raises(click.UsageError, match="belong on the command line") as caught:
        peer.main(line.split(), standalone_mode=False)
    assert "c4n4ry" not in caught.value.format_message()


def test_options_stand_below_their_headings(
    capsys: pytest.CaptureFixture[str],
) -> None:
    peer.main(["info", "--help"], prog_name="peer", standalone_mode=False)
    shown = capsys.readouterr().out
    own, section = shown.index("--database"), shown.index("Scripts:")
    assert own < shown.index("--json") < section < shown.index("--autocrlf")
