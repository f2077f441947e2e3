"""XML migrations of any content end in a value or in a ScriptError with a place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from weave_migrate.errors import ScriptError
from weave_migrate.scripts.catalog import parse_catalog

if TYPE_CHECKING:
    from weave_migrate.model import CatalogScript

NS = 'xmlns="https://michael-simons.github.io/neo4j-migrations"'
PIECES = st.sampled_from(
    [
        f"<migration {NS}>",
        "</migration>",
        "<catalog>",
        "</catalog>",
        "<constraints/>",
        "<indexes>",
        "</indexes>",
        '<index name="i">',
        "</index>",
        "<label>A</label>",
        "<properties><property>p</property></properties>",
        "<verify/>",
        '<drop item="a"/>',
        '<refactor type="merge.nodes"><parameters>',
        "</parameters></refactor>",
        "<?assume that version is 5?>",
        "<!-- c -->",
        "<![CDATA[ x ]]>",
        "&#13;",
        "text",
        "\r\n",
        "<?xml version='1.0' encoding='UTF-16'?>",
    ]
)
DOCUMENTS = st.one_of(
    st.binary(),
    st.lists(PIECES).map("".join).map(str.encode),
    st.lists(PIECES | st.text(max_size=3)).map(
        lambda parts: f"<migration {NS}>{''.join(parts)}</migration>".encode()
    ),
)


def outcome(data: bytes) -> CatalogScript | ScriptError:
    try:
        return parse_catalog(data, file="x")
    except ScriptError as error:
        return error


@given(data=DOCUMENTS)
def test_any_bytes_end_in_a_value_or_an_error_with_a_place(data: bytes) -> None:
    end = outcome(data)
    if isinstance(end, ScriptError):
        assert end.line
        assert end.excerpt is not None
    else:
        assert end.checksum.isdecimal()


@given(blanks=st.text(alphabet=" \t\r\n", max_size=5))
def test_layout_does_not_count(blanks: str) -> None:
    parts = [f"<migration {NS}>", "<catalog>", "<indexes/>", "</catalog>", "<apply/>"]
    plain = "".join([*parts, "</migration>"])
    spaced = blanks.join([*parts, "</migration>", ""])
    one = parse_catalog(plain.encode(), file="x")
    assert parse_catalog(spaced.encode(), file="x") == one
