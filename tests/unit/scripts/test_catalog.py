"""XML migrations: what they are hashed to, and what is refused."""

from __future__ import annotations

import pytest

from weave_migrate.errors import ScriptError
from weave_migrate.model import CatalogScript, Precondition
from weave_migrate.scripts.catalog import parse_catalog

NS = 'xmlns="https://michael-simons.github.io/neo4j-migrations"'
ITEM = "<label>A</label><properties><property>p</property></properties>"
OF_TYPE = ITEM.replace("label", "type")
INDEX = f"<index name='i'>{ITEM}</index>"
CONSTRAINT = "<constraint name='c' type='{}'>{}</constraint>"
INSTANCE = 'xmlns:i="http://www.w3.org/2001/XMLSchema-instance"'
PARAMETER = '<refactor type="rename.label"><parameters>{}</parameters></refactor>'


def read(document: str) -> CatalogScript:
    return parse_catalog(document.encode(), file="V1__x.xml")


def inside(content: str) -> CatalogScript:
    return read(f"<migration {NS}>{content}</migration>")


def refused(document: str | bytes) -> ScriptError:
    data = document.encode() if isinstance(document, str) else document
    with pytest.raises(ScriptError) as caught:
        parse_catalog(data, file="V1__x.xml")
    return caught.value


def test_an_empty_verify_has_the_checksums_of_the_reference() -> None:
    script = inside("<verify/>")
    assert script.checksum == "3928114365"
    assert script.alternatives == {"3276141981"}  # of 1.7 to 1.12


def test_without_verify_or_with_its_options_written_there_is_no_older_checksum() -> (
    None
):
    assert inside("").alternatives == frozenset()
    written = inside('<verify includeOptions="true"/>')
    assert written.alternatives == frozenset()


def test_layout_comments_and_the_order_in_a_catalog_do_not_count() -> None:
    constraint = f'<constraint name="c" type="unique">{ITEM}</constraint>'
    index = f'<index name="i">{ITEM}</index>'
    one = inside(
        f"<catalog><constraints>{constraint}</constraints>"
        f"<indexes>{index}</indexes></catalog>"
    )
    other = inside(
        "<!-- c -->\n <catalog>"
        f"<indexes>\n{index}</indexes>\r\n"
        f"<constraints><!-- c -->{constraint.replace('A', ' A ')}</constraints>"
        "</catalog><?note x?>"
    )
    assert one == other


def test_text_counts() -> None:
    index = f'<create><index name="i">{ITEM}</index></create>'
    assert inside(index).checksum != inside(index.replace("A", "B")).checksum


def test_preconditions_are_the_instructions_but_those_directly_in_the_catalog() -> None:
    script = read(
        f"<?assume that version is ge 5?><migration {NS}><catalog>"
        "<?assert that edition is enterprise?><constraints>"
        "<?assert that version is 5?></constraints></catalog>"
        "</migration>\n<?note nothing?>"
    )
    assert script.preconditions == (
        Precondition("assume", "// assume that version is ge 5"),
        Precondition("assert", "// assert that version is 5"),
    )


def test_a_wrong_precondition_is_refused_with_its_line() -> None:
    error = refused(f"<migration {NS}>\n<?assume that nobody cares?></migration>")
    assert error.code == "PRECONDITION_INVALID"
    assert error.line == 2


def test_an_error_shows_line_column_and_excerpt() -> None:
    error = refused(f"<migration {NS}>\r\n  <verify/>\n  <veto/>\n</migration>")
    assert (error.code, error.line, error.column) == ("SCRIPT_SYNTAX", 3, 3)
    assert error.excerpt == "  <veto/>\n  ^"
    assert "<veto> does not belong here, in <migration>" in error.message
    assert error.hint == "Possible here: apply, create, drop, refactor."


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("text", "<migration> holds no text"),
        ("<apply> </apply>", "<apply> holds no text"),
        ("<apply/><apply/>", "does not belong here"),
        ("<verify><label/></verify>", "does not belong here, in <verify>"),
        ('<x:verify xmlns:x="u:x"/>', "<x:verify> does not belong here"),
        ('<verify reset="true"/>', "<verify> has no attribute reset"),
        ('<verify xmlns:x="u:x" x:a="1"/>', "<verify> has no attribute x:a"),
        ("<verify useCurrent='yes'/>", 'useCurrent="yes" of <verify>'),
        ("<drop/>", "<drop> takes one item"),
        ('<drop item="a" ref="b"/>', "<drop> takes one item"),
        ('<drop ref="1"/>', 'ref="1" of <drop>'),
        ('<drop ref="a:b"/>', 'ref="a:b" of <drop>'),
        ('<drop ref="&lt;a"/>', 'ref="<a" of <drop>'),
        ('<drop ref="a b"/>', 'ref="a b" of <drop>'),
        ("<refactor/>", "<refactor> lacks the attribute type"),
        ('<refactor type="x"/>', 'type="x" of <refactor>'),
        (PARAMETER.format(""), "<parameters> is empty"),
        (f"<create><index>{ITEM}</index></create>", "<index> lacks the attribute name"),
        (
            "<create><index name='i'><label/></index></create>",
            "<index> is not complete",
        ),
        (
            f"<create>{INDEX}</create><drop>{INDEX}</drop>",
            "two items have the name i",
        ),
        (
            f"<create>{CONSTRAINT.format('unique', OF_TYPE)}</create>",
            "of type unique is for nodes only",
        ),
        (
            f"<create>{CONSTRAINT.format('property_type', ITEM)}</create>",
            "has one property, and that has a type",
        ),
    ],
)
def test_what_the_schema_or_the_tool_does_not_allow_is_named(
    content: str, words: str
) -> None:
    error = refused(f"<migration {NS}>{content}</migration>")
    assert error.code == "SCRIPT_SYNTAX"
    assert words in error.message


@pytest.mark.parametrize("document", ["<migration/>", "<a/>", f"<verify {NS}/>"])
def test_another_root_is_refused(document: str) -> None:
    assert "this is no migration" in refused(document).message


@pytest.mark.parametrize("document", ["", "RETURN 1;", f"<migration {NS}>", "&x;"])
def test_what_is_no_xml_is_refused(document: str) -> None:
    error = refused(document)
    assert error.code == "SCRIPT_SYNTAX"
    assert "this is no XML" in error.message


@pytest.mark.parametrize(
    "document",
    [
        f'<!DOCTYPE migration [<!ENTITY a "b">]><migration {NS}/>',
        f'<?xml version="1.1"?><migration {NS}/>',
        f'<?xml version="1.0" encoding="IBM037"?><migration {NS}/>',
        f"<migration {NS}/>".encode("utf-16-le"),
        f"<migration {NS}/>".encode("utf-16-be"),
        f"<x:migration {NS.replace('xmlns', 'xmlns:x')}/>",
        f'<migration {NS} xmlns:x="relative"/>',
        f'<migration {NS} {INSTANCE} i:type="migration"/>',
    ],
)
def test_parts_of_xml_that_migrations_have_no_use_for_are_refused(
    document: str | bytes,
) -> None:
    assert refused(document).code == "SCRIPT_UNSUPPORTED"


@pytest.mark.parametrize(
    "parameter",
    [
        "<a><catalog/></a>",
        "<migration/>",
        '<a xml:lang="en"/>',
        f'<a {INSTANCE} i:nil="true"/>',
        '<a xmlns:x="relative"/>',
    ],
)
def test_parameters_that_would_change_the_checksum_are_refused(parameter: str) -> None:
    content = PARAMETER.format(parameter)
    error = refused(f"<migration {NS}>{content}</migration>")
    assert error.code == "SCRIPT_UNSUPPORTED"


def test_parameters_are_otherwise_anything() -> None:
    content = '<p n="1"> a <q xmlns="u:q" xmlns:xml="{}">b</q></p>'.format(
        "http://www.w3.org/XML/1998/namespace"
    )
    assert inside(PARAMETER.format(content)).checksum.isdecimal()


@pytest.mark.parametrize("depth", [101, 100_000])
def test_deep_nesting_is_refused(depth: int) -> None:
    content = PARAMETER.format("<a>" * depth + "</a>" * depth)
    error = refused(f"<migration {NS}>{content}</migration>")
    assert "nested more than 100 deep" in error.message


@pytest.mark.parametrize(
    ("codec", "name"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "UTF-16"),
        ("latin-1", "ISO-8859-1"),
        ("cp1252", "windows-1252"),
    ],
)
def test_the_encoding_does_not_count(codec: str, name: str) -> None:
    text = f'<migration {NS}><drop item="Größe"/></migration>'
    declared = f'<?xml version="1.0" encoding="{name}"?>{text}'.encode(codec)
    assert parse_catalog(declared, file="x") == read(text)


def test_an_error_in_another_encoding_shows_its_line() -> None:
    text = f'<?xml version="1.0" encoding="ISO-8859-1"?>\n<migration {NS}>ä</migration>'
    assert "ä" in (refused(text.encode("latin-1")).excerpt or "")
    assert "ä" in (
        refused(text.replace("ISO-8859-1", "UTF-16").encode("utf-16")).excerpt or ""
    )


def test_schema_hints_are_accepted_and_count() -> None:
    plain = read(f"<migration {NS} {INSTANCE}/>")
    hinted = read(f'<migration {NS} {INSTANCE} i:schemaLocation=" a  b "/>')
    spaced = read(f'<migration {NS} {INSTANCE} i:schemaLocation="a b"/>')
    other = read(f'<migration {NS} {INSTANCE} i:noNamespaceSchemaLocation=" a "/>')
    assert hinted == spaced
    assert len({plain.checksum, hinted.checksum, other.checksum}) == 3
