"""The Java tools' way to write a command line, understood word by word."""

from __future__ import annotations

from typing import Any

import click
import pytest

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
    @boolean_option("--autocrlf", "")
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
