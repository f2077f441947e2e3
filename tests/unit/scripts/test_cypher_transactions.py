"""Managed or implicit: what neo4j-migrations decides, and where we know better."""

from __future__ import annotations

import pytest

from weave_migrate.scripts.cypher_transactions import (
    calls_in_transactions,
    peer_transaction,
    transaction,
)

CALL = "CALL { CREATE (:A) } IN TRANSACTIONS"


@pytest.mark.parametrize(
    "statement",
    [
        f"MATCH (n) {CALL}",
        f"MATCH (n) {CALL} OF 100 ROWS",
        f"// a comment above\n{CALL}",
        "MATCH (n) call{x}in transactions",
        "MATCH (n) CALL { x } IN CONCURRENT TRANSACTIONS",
        "MATCH (n) CALL { x } IN 3 CONCURRENT TRANSACTIONS",
        "MATCH (n) CALL { x } IN -3 concurrent TRANSACTIONS",
        "MATCH (n) CALL { x } IN \u2003 TRANSACTIONS",
        "MATCH (n) CALL (n) { x } IN TRANSACTIONS",
        "MATCH (n) CALL (*) { x } IN TRANSACTIONS",
        "USING PERIODIC COMMIT LOAD CSV",
        "// c\nUSING\tPERIODIC\n COMMIT 500 LOAD CSV",
        "`x`\r USING PERIODIC COMMIT LOAD",
        # Words in strings and comments count for the peer, and are harmless.
        "RETURN 'x CALL { } IN TRANSACTIONS'",
        "RETURN 1 // x CALL { } IN TRANSACTIONS",
        "RETURN ' USING PERIODIC COMMIT '",
    ],
)
def test_both_run_these_in_transactions_of_their_own(statement: str) -> None:
    assert transaction(statement) == ("implicit", None)


@pytest.mark.parametrize(
    "statement",
    [
        "RETURN 1",
        "CALL { x }",
        "MATCH (n) CALL { x } INTRANSACTIONS",
        "MATCH (n) `CALL { x } IN TRANSACTIONS`",
        "RETURN {a: 1} IN transactions",
        "RETURN {call: {a: 1}} IN transactions",
        "MATCH (n:Call {id: 1}) WHERE n IN $transactions RETURN n",
        "CALL db.labels() YIELD label RETURN label, 'IN TRANSACTIONS'",
        "`USING PERIODIC COMMIT ",
        "USING PERIODIC COMMIT`",
        "xUSING PERIODIC COMMIT",
    ],
)
def test_both_manage_the_transaction_of_these(statement: str) -> None:
    assert transaction(statement) == ("managed", None)


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(CALL, id="first token"),
        pytest.param(f"WITH * {CALL}", id="behind *"),
        pytest.param(f"MATCH (n) {CALL} RETURN {{a: 1}}", id="a later brace"),
        pytest.param(f"MATCH (n) {CALL} RETURN '}}'", id="a brace in a string"),
        pytest.param(f"MATCH (n) {CALL} // }}", id="a brace in a comment"),
        pytest.param(f"MATCH (n) {CALL} RETURN '${{nm:x}}'", id="a placeholder"),
        pytest.param(f"MATCH (n) {CALL} CALL {{ b }}", id="another call"),
        pytest.param("MATCH (n) CALL { a } /* c */ IN TRANSACTIONS", id="comment"),
        pytest.param("CALL /* c */ (n) // d\n { a } IN TRANSACTIONS", id="comments"),
    ],
)
def test_what_the_peer_overlooks_and_the_server_refuses_is_implicit(
    statement: str,
) -> None:
    assert transaction(statement) == ("implicit", "managed")


@pytest.mark.parametrize(
    ("statement", "ours"),
    [
        ("MATCH (n) CALL { a } IN $n CONCURRENT TRANSACTIONS", "implicit"),
        ("MATCH (n) CALL { a } IN 5 TRANSACTIONS", "implicit"),
        ("MATCH (n) CALL { a } IN \xa0 TRANSACTIONS", "implicit"),
        ("MATCH (n) CALL { a } INDEX x TRANSACTIONS", "managed"),
    ],
)
def test_what_the_peer_calls_invalid_has_no_answer_of_its(
    statement: str, ours: str
) -> None:
    assert peer_transaction(statement) == "invalid"
    assert transaction(statement) == (ours, None)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("x CALL {}IN TRANSACTIONS` TRANSACTIONS", "invalid"),
        ("x CALL {a} `b` CALL {c} ` IN TRANSACTIONS", "managed"),
        ("x CALL {a} IN TRANSACTIONS }`", "implicit"),
        ("`x CALL {a} IN TRANSACTIONS", "managed"),
        ("``CALL {a} IN TRANSACTIONS", "managed"),
        ("xCALL {a} IN TRANSACTIONS", "implicit"),
        ("x CALL () {a} IN TRANSACTIONS", "managed"),
        ("x CALL (a) b) {c} IN TRANSACTIONS", "implicit"),
        ("+ CALL {a} x CALL {b} IN TRANSACTIONS", "implicit"),
        ("\x85USING PERIODIC COMMIT ", "implicit"),
        ("`\x85USING PERIODIC COMMIT ", "implicit"),
        ("* USING PERIODIC COMMIT ", "managed"),
        ("*\nUSING PERIODIC COMMIT ", "implicit"),
    ],
)
def test_backticks_and_blanks_count_as_in_the_peers_patterns(
    statement: str, expected: str
) -> None:
    assert peer_transaction(statement) == expected


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (CALL, True),
        ("call (x) { call { a } } in 5 concurrent transactions", True),
        ("CALL { '} IN TRANSACTIONS' }", False),
        ('CALL { "\\"} IN TRANSACTIONS" }', False),
        ("'CALL { } IN TRANSACTIONS", False),
        ("(:CALL { a: 1 }) IN TRANSACTIONS", False),
        ("n.call {a} IN TRANSACTIONS", False),
        (") } CALL {", False),
    ],
)
def test_our_reading_knows_strings_comments_and_brackets(
    statement: str, expected: object
) -> None:
    assert calls_in_transactions(statement) is expected
