"""What is shown of text that others wrote."""

from __future__ import annotations

import pytest

from weave_migrate.scripts._source import excerpt, printable


@pytest.mark.parametrize(
    "hidden",
    ["\u202e", "\u2066", "\u200b", "\u200f", "\u2028", "\xad", "\ufeff", "\U000e0041"],
)
def test_what_shows_another_text_than_there_is_is_replaced(hidden: str) -> None:
    assert printable(f"a{hidden}b") == "a\ufffdb"
    assert excerpt(f"a{hidden}b", 2) == "a\ufffdb\n  ^"


def test_control_characters_are_shown_as_their_pictures() -> None:
    assert printable("a\n\tb\x1b\x7f\ud800") == "a␊␉b␛\ufffd\ufffd"


@pytest.mark.parametrize(
    "word", ["naïve", "क\u094d\u200cष", "👩\u200d👧", "日本語", "שלום"]
)
def test_words_of_any_language_stay_as_they_are(word: str) -> None:
    assert printable(word) == word
