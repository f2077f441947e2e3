"""Our queries in the words of a server before 5 (reference, §11).

They are written for 5 and later, under Cypher 5 and Cypher 25 alike.  4.4 knows no
elementId(); its id() is a number, which finds without scanning just the same.
"""

from __future__ import annotations

import re
from functools import cache

_WORDS = (
    (re.compile(r"elementId\((\w+)\) = ([$\w.]+)"), r"id(\1) = toInteger(\2)"),
    (re.compile(r"elementId\((\w+)\)"), r"toString(id(\1))"),
    (re.compile(r"\bowningConstraint IS NOT NULL"), "uniqueness = 'UNIQUE'"),
    (re.compile(r"\bowningConstraint\b"), "uniqueness"),
)


@cache
def for_old_server(query: str) -> str:
    """Rewrite a query of ours, never one of a user, for Neo4j 4.4."""
    for pattern, words in _WORDS:
        query = pattern.sub(words, query)
    return query
