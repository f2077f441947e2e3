"""The rules of elasticsearch-evolution one by one, where no file reaches them alone."""

from __future__ import annotations

import pytest

from weave_migrate.scripts import _evolution


@pytest.mark.parametrize(
    ("text", "rejected"),
    [
        ("PUT /a", False),
        ("# c\nPUT /a\nX: y\n# d\nZ=\n\nanything", False),
        ("\nPUT /a", True),
        ("", True),
        ("FETCH /a", True),
        ("PUT /a\nno header\n\n", True),
        ("PUT /a\n\nno header", False),
    ],
)
def test_only_the_part_before_the_first_blank_line_can_be_rejected(
    text: str,
    rejected: bool,
) -> None:
    assert _evolution.rejects(text) is rejected


@pytest.mark.parametrize("end", ["\r\n", *"\n\x0b\x0c\r\x85\u2028\u2029"])
def test_every_line_end_of_java_is_one(end: str) -> None:
    assert _evolution.normalise(f"{end}a{end}") == "\na\n"


@pytest.mark.parametrize("other", "\x1c\x1d\x1e\x1f\x00\t\ufeff\xa0")
def test_nothing_else_is(other: str) -> None:
    assert _evolution.normalise(f"{other}a{other}") == f"{other}a{other}"
