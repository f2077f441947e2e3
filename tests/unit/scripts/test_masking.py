"""Values of placeholders do not come back from a server, in whole or in part."""

from __future__ import annotations

import pytest

from weave_migrate.scripts.masking import mask_values

TOKEN = "".join(f"Canary{n:03}" for n in range(60))
PEM = "-----BEGIN\r\n  CanaryABCDEFGH\na\nkey\nCanaryQRSTUVWX\n-----END\n"
QUOTED = "Canary'V\"a\\l`é"


def masked(text: str, **placeholders: str) -> str:
    return mask_values(text, placeholders, "<{}>")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no 'CanaryABCDEFGH' here", "no '<pem>' here"),
        ("-----BEGIN", "<pem>"),
        (f"all of {PEM}.", "all of <pem>."),
        ("a key, as any", "a key, as any"),
        ("cut: 'CanaryQRS...", "cut: '<pem>..."),
    ],
)
def test_each_line_of_a_value_is_masked(text: str, shown: str) -> None:
    assert masked(text, pem=PEM) == shown


@pytest.mark.parametrize("length", [8, 9, 64, len(TOKEN)])
@pytest.mark.parametrize("end", ["...", "…", "'", '"', "`", ""])
def test_the_beginning_of_a_value_is_masked_where_it_is_cut(
    length: int, end: str
) -> None:
    assert masked(f"no '{TOKEN[:length]}{end}", key=TOKEN) == f"no '<key>{end}"


@pytest.mark.parametrize("value", ["Canary012.example", "Canary012'it", "Canary012..x"])
def test_a_value_may_go_on_like_the_cut(value: str) -> None:
    for cut in ("...", "'"):
        assert "Canary" not in masked(f"'Canary012{cut} is no", key=value)


@pytest.mark.parametrize(
    "text",
    [
        "Canary0 is too short to tell...",
        "Canary000 is a word of the text",
        "Canary0...",
        "CanaryCanary000X",
    ],
)
def test_other_words_that_begin_alike_stay(text: str) -> None:
    assert masked(text, key=TOKEN) == text


def test_beginnings_are_found_behind_one_that_is_none() -> None:
    assert masked("Canary000- Canary000...", key=TOKEN) == "Canary000- <key>..."


@pytest.mark.parametrize(
    "text",
    [
        QUOTED,
        "Canary'V\"a\\\\l`é",
        "Canary\\'V\"a\\\\l`é",
        "Canary\\'V\\\"a\\\\l`é",
        "Canary'V\\\"a\\\\l`é",
        "Canary'V\\\"a\\\\l`\\u00e9",
        "Canary'V\"a\\l``é",
    ],
)
def test_what_a_server_escapes_is_masked(text: str) -> None:
    assert masked(f"no '{text}' here", key=QUOTED) == "no '<key>' here"


@pytest.mark.parametrize(
    "text", [r"Canary\'V\\\u0061\tl\nLine 2", "Canary'V\\a\tl", "Line 2"]
)
def test_a_value_may_be_written_with_escapes_itself(text: str) -> None:
    value = r"Canary\'V\\\u0061\tl\nLine 2"

    assert masked(f"no '{text}' here", key=value) == "no '<key>' here"


def test_a_line_end_may_be_escaped() -> None:
    assert masked("no 'ab\\ncd' here", key="ab\ncd") == "no '<key>' here"


def test_the_first_and_longest_is_named_and_nothing_left_of_others() -> None:
    values = {"short": "abc", "long": "abcdef", "other": "efgh", "name": "long"}

    assert masked("abcdef abc abcdefgh", **values) == "<long> <short> <long>"


@pytest.mark.parametrize("value", ["", "ab", "   ", " \n\n\t\n "])
def test_what_is_next_to_nothing_is_not_masked(value: str) -> None:
    text = "ab   cd \n\n\t\n "

    assert masked(text, key=value) == text


def test_long_texts_and_values_that_nearly_fit_take_no_time() -> None:
    text, value = "a" * 400_000, "a" * 200_000 + "b"

    assert masked(f"{text}c", key=value).endswith("c")
    assert masked(f"{text}...", key=value).endswith("a<key>...")
    assert masked("Canary00-" * 50_000, key=TOKEN * 500).endswith("-")
