"""repair, baseline, delete and targets from the command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import neo4j
import pytest

Weave = Callable[..., Any]
Cypher = Callable[[str, str], Path]
Environ = Mapping[str, str]


@pytest.fixture
def environ(neo4j_server: Any) -> Environ:
    """How to reach an empty Neo4j."""
    auth = (neo4j_server.user, neo4j_server.password)
    with neo4j.GraphDatabase.driver(neo4j_server.uri, auth=auth) as driver:
        driver.execute_query("MATCH (n) DETACH DELETE n")
    return {
        "NEO4J_URI": neo4j_server.uri,
        "NEO4J_USER": neo4j_server.user,
        "NEO4J_PASSWORD": neo4j_server.password,
    }


def test_a_history_is_begun_mended_and_migrated(
    weave: Weave, cypher: Cypher, environ: Environ
) -> None:
    for number in "1234":
        cypher(f"V{number}__n.cypher", f"CREATE (:N{number});\n")
    line = ("db", "baseline", "neo4j", "2")

    asked = weave(*line, environ=environ, stdin="")
    assert asked.status == 6
    assert "Record version 1 (V1__n.cypher) as applied" in asked.err
    assert "add --yes" in asked.err
    assert weave(*line, "--dry-run", environ=environ).out.count("Record") == 2
    begun = weave(*line, "--yes", "--json", environ=environ)
    assert begun.status == 0
    assert len(begun.json["changes"]) == 2
    assert begun.json["stores"][0]["state"] == "changed"
    again = weave(*line, "--yes", environ=environ)
    assert again.out == "Everything up to 2 is recorded already.\n"

    peer = ("db", "migrate-neo4j")
    assert weave(*peer, "--target", "V3", environ=environ).status == 0
    judged = weave(*peer, "validate", "--target=V3", "--json", environ=environ)
    assert (judged.status, judged.json["outcome"]) == (1, "INCOMPLETE_DATABASE")
    assert "above the target" in judged.json["error"]["hint"]
    shown = weave(*peer, "validate", "--target=V3", environ=environ)
    assert shown.out.startswith("1 above target.")
    assert "Outcome: INCOMPLETE_DATABASE" in shown.out

    cypher("V3__n.cypher", "CREATE (:Edited);\n")
    assert "DIFFERENT_CONTENT" in weave(*peer, "validate", environ=environ).out
    mended = weave("db", "repair", "neo4j", "--yes", environ=environ)
    assert mended.status == 0
    assert mended.out.startswith("Record the checksum of V3__n.cypher for version 3")
    assert (
        weave(*peer, "repair", environ=environ).out == "There is nothing to repair.\n"
    )

    deleted = weave(*peer, "delete", "V2__n.cypher", "--yes", environ=environ)
    assert deleted.status == 0
    assert "Still in the way of a migrate:" in deleted.out
    assert "OUT_OF_ORDER" in deleted.out
    unknown = weave(*peer, "delete", "77", "--yes", environ=environ)
    assert unknown.status == 0
    assert unknown.out.startswith("Database is unchanged, no version has been deleted.")


def test_a_history_that_is_not_ours_to_mend_is_a_usage_error(
    weave: Weave, project: Path
) -> None:
    folder = project / ".weave/migrations/elasticsearch/scripts"
    folder.mkdir(parents=True)
    shown = weave("db", "repair", "elasticsearch", "--yes")
    assert shown.status == 2
    assert "NOT_MENDABLE" in shown.err


def test_info_of_one_side_compares_nothing(
    weave: Weave, cypher: Cypher, environ: Environ
) -> None:
    cypher("V1__a.cypher", "CREATE (:A);\n")
    cypher("V2__b.cypher", "CREATE (:B);\n")
    assert weave("db", "migrate", "neo4j", environ=environ).status == 0
    cypher("V1__a.cypher", "CREATE (:Edited);\n")
    cypher("V2__b.cypher", "CREATE (:B);\n").unlink()
    cypher("V3__c.cypher", "CREATE (:C);\n")
    info = ("db", "migrate-neo4j", "info", "--json", "--exit-code")

    both = weave(*info, environ=environ)
    assert (both.status, both.json["error"]["code"]) == (1, "CHECKSUM_MISMATCH")
    remote = weave(*info, "mode=REMOTE", environ=environ)
    assert remote.status == 0
    (store,) = remote.json["stores"]
    assert [(e["version"], e["state"]) for e in store["applied"]] == [
        ("1", "applied"),
        ("2", "applied"),
    ]
    assert (store["pending"], store["problems"]) == ([], [])
    local = weave(*info, "mode=LOCAL", "--callbacks", environ=environ)
    (store,) = local.json["stores"]
    assert (store["applied"], store["problems"]) == ([], [])
    assert [e["version"] for e in store["pending"]] == ["1", "3"]
