"""Why a script's checksum is not the recorded one."""

from __future__ import annotations

import pytest

from weave_migrate.scripts.cypher import cypher_checksum
from weave_migrate.scripts.cypher_mismatch import explain_mismatch

SCRIPT = b"// who\nMATCH (n)\nRETURN n;\nMATCH (m)\nRETURN m;\n"
INNER = b"MATCH (n)\n// who\nRETURN n;\n"
CONDITION = b"// assume that edition is enterprise\n"


def explained(
    now: bytes,
    then: bytes,
    *,
    autocrlf: tuple[bool, bool] = (False, False),
    flyway: tuple[bool, bool] = (False, False),
) -> str | None:
    """Explain a file that was ``then``; options are those of now and of then."""
    recorded = cypher_checksum(
        then, file="x", autocrlf=autocrlf[1], flyway_checksums=flyway[1]
    )
    found = explain_mismatch(
        now, recorded, autocrlf=autocrlf[0], flyway_checksums=flyway[0]
    )
    return f"{found.reason} {found.hint}" if found else None


def ends(text: bytes, end: bytes) -> bytes:
    return text.replace(b"\n", end)


@pytest.mark.parametrize(
    ("now", "then", "words"),
    [
        (ends(SCRIPT, b"\r\n"), SCRIPT, ["with LF", "eol=lf", "autocrlf = true"]),
        (SCRIPT, ends(SCRIPT, b"\r\n"), ["with CRLF", "eol=crlf"]),
        (SCRIPT, ends(SCRIPT, b"\r"), ["with CR.", "CR for line ends"]),
        (b"\xef\xbb\xbf" + SCRIPT, SCRIPT, ["mark was added", "without"]),
        (SCRIPT, b"\xef\xbb\xbf" + SCRIPT, ["mark was removed", "UTF-8 with"]),
        (SCRIPT, SCRIPT.replace(b"// who\n", b""), ["Only comments were added"]),
        (b"// a\n\n// b\n" + INNER, INNER, ["Only comments were added"]),
        (SCRIPT + b"// done\n", SCRIPT, ["Only comments were added"]),
    ],
)
def test_one_difference_of_the_text_is_found(
    now: bytes, then: bytes, words: list[str]
) -> None:
    found = explained(now, then)
    assert found is not None
    for word in words:
        assert word in found


def test_line_ends_are_found_under_autocrlf_which_is_then_to_be_unset() -> None:
    crlf = ends(SCRIPT, b"\r\n")
    for now in (SCRIPT, crlf):
        found = explained(now, crlf, autocrlf=(True, False))
        assert found is not None
        assert "with CRLF" in found
        assert "set autocrlf = false" in found


def test_mixed_line_ends_that_the_setting_explains_name_the_setting() -> None:
    mixed = b"MATCH (n)\r\nRETURN\nn;\n"
    found = explained(mixed, mixed, autocrlf=(True, False))
    assert found is not None
    assert "recorded with autocrlf = false" in found


def test_the_form_of_the_checksum_is_found_both_ways() -> None:
    to_flyway = explained(SCRIPT, SCRIPT, flyway=(False, True))
    assert to_flyway is not None
    assert "use_flyway_compatible_checksums = true" in to_flyway
    to_default = explained(SCRIPT, SCRIPT, flyway=(True, False))
    assert to_default is not None
    assert "use_flyway_compatible_checksums = false" in to_default


def test_a_precondition_added_under_flyways_form_is_found() -> None:
    found = explained(CONDITION + SCRIPT, SCRIPT, flyway=(True, True))
    assert found is not None
    assert "Only preconditions were added" in found


@pytest.mark.parametrize("flyway", [(False, False), (True, True)])
def test_an_edit_is_not_explained(flyway: tuple[bool, bool]) -> None:
    assert explained(SCRIPT, SCRIPT.replace(b"(m)", b"(k)"), flyway=flyway) is None


def test_a_text_that_only_the_attempt_breaks_is_passed_over() -> None:
    # With LF the two :use stand in a statement of several lines, which is refused.
    script = b":use one\r:use two\rRETURN 1;"
    assert explained(script, SCRIPT) is None
