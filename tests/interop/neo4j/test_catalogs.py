"""XML migrations that the Java tool applied: weave validates them and goes on."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.neo4j

NS = 'xmlns="https://michael-simons.github.io/neo4j-migrations"'
CATALOG = f"""<?xml version="1.0" encoding="UTF-8"?>
<?assume that version is ge 4.0?>
<migration {NS}>
  <catalog>
    <indexes>
      <index name="a_index"><label> A </label>
        <properties><property>p</property></properties></index>
    </indexes>
  </catalog>
  <verify useCurrent=" false "/>
  <create ref="a_index"/> <!-- this one -->
</migration>
"""


def test_a_catalog_of_java_is_validated_and_its_change_is_seen(both: Any) -> None:
    both.put("V001__a.xml", CATALOG)
    both.put("V002__b.cypher", "CREATE (:B);\n")
    assert both.java("migrate").exit == 0
    both.put("V003__c.cypher", "CREATE (:C);\n")

    assert both.migrate() == ["003"]
    assert both.java("validate").exit == 0

    both.put("V001__a.xml", CATALOG.replace("> A <", "> Changed <"))
    (problem,) = both.plan().problems
    assert problem.code == "CHECKSUM_MISMATCH"
    assert both.java("validate").exit == 1


def test_what_java_cant_parse_stops_both(both: Any) -> None:
    both.put("V001__a.xml", CATALOG.replace("<verify", "<veto"))

    outcome = both.java("validate")
    assert outcome.exit == 1
    assert "Unexpected error while scanning" in outcome.output
    (problem,) = both.plan().problems
    assert (problem.code, problem.line) == ("SCRIPT_SYNTAX", 10)
