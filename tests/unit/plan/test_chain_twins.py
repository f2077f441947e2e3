"""One file name in two folders, with preconditions: either's checksum is accepted."""

from __future__ import annotations

from weave_migrate.model import CatalogScript, CypherScript, Migration, Precondition
from weave_migrate.plan.chain_twins import with_twins
from weave_migrate.scripts.cypher import parse_cypher

ENTERPRISE = b"// assume that edition is enterprise\nCREATE (:A);\n"
COMMUNITY = b"// assume that edition is community\nCREATE (:B);\n"
PLAIN = b"CREATE (:C);\n"


def made(text: bytes, source: str = "V1__x.cypher") -> Migration:
    script = parse_cypher(text, file=source)
    return Migration(
        "1", "x", "CYPHER", source, checksum=script.checksum, script=script
    )


def accepted(migration: Migration) -> frozenset[str]:
    assert isinstance(migration.script, CypherScript)
    return migration.script.alternatives


def test_a_twin_is_accepted_with_and_without_its_preconditions() -> None:
    first, second = made(ENTERPRISE), made(COMMUNITY)
    own, other = with_twins([first, second])
    assert second.checksum in accepted(own)
    assert accepted(second) < accepted(own)
    assert first.checksum in accepted(other)
    assert own.checksum == first.checksum


def test_a_script_without_preconditions_has_no_twins() -> None:
    first, second = made(ENTERPRISE), made(PLAIN)
    assert with_twins([first, second]) == [first, second]


def test_another_file_name_is_no_twin() -> None:
    first, second = made(ENTERPRISE), made(COMMUNITY, "V1__y.cypher")
    assert with_twins([first, second]) == [first, second]


def test_xml_migrations_have_twins_too() -> None:
    def xml(checksum: str) -> Migration:
        condition = Precondition("assume", "// assume that version is ge 5")
        script = CatalogScript(checksum, (condition,))
        return Migration(
            "2", "x", "CATALOG", "V2__x.xml", checksum=checksum, script=script
        )

    one, two = with_twins([xml("1"), xml("2")])
    assert isinstance(one.script, CatalogScript)
    assert isinstance(two.script, CatalogScript)
    assert one.script.alternatives == {"2"}
    assert two.script.alternatives == {"1"}


def test_what_is_no_script_stays_as_it_is() -> None:
    xml = Migration("2", "x", "CATALOG", "V2__x.xml")
    assert with_twins([xml, made(ENTERPRISE)])[0] is xml
