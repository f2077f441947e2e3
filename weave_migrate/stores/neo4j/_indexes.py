"""Wait until new indexes are online, so that what comes next can rely on them.

Neo4j fills an index behind the transaction that made it, and a failure shows only
then.  (neo4j-migrations does not wait after Cypher scripts; reference, §2.6.)
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from neo4j import Record

    from weave_migrate.stores._base import Observer
    from weave_migrate.stores.neo4j._session import Connection

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0  # seconds between two looks
_NOT_ONLINE = """
SHOW INDEXES YIELD name, state, populationPercent, failureMessage, labelsOrTypes,
  properties
WHERE state <> 'ONLINE'
RETURN name, state, populationPercent AS percent, failureMessage AS failure,
  labelsOrTypes AS labels, properties
"""


class IndexFailed(Exception):  # noqa: N818 - it states what happened
    """An index can't be filled; the text is the server's reason.

    ``statement`` is the number of that which made it.
    """

    def __init__(self, name: str, why: str, *, statement: int) -> None:
        super().__init__(why)
        self.name = name
        self.statement = statement


def await_indexes(
    connection: Connection,
    observer: Observer,
    statements: Mapping[int, str],
    *,
    database: str | None,
    before_waiting: Callable[[], None] = lambda: None,
) -> None:
    """Wait for the indexes that statements made; one round trip if all are online.

    ``statements`` are texts by their numbers.  ``before_waiting`` is called once, and
    only if it takes longer than a moment.  Raises IndexFailed.
    """
    pause, looks = _FIRST_PAUSE, 0
    while rows := _not_online(connection, statements, database):
        for number, row in rows:
            if row["state"] == "FAILED":
                why = row["failure"] or "Neo4j gives no reason."
                raise IndexFailed(row["name"], why, statement=number)
        looks += 1
        if looks == 2:
            before_waiting()
        _, row = rows[0]
        more = f", and {len(rows) - 1} more" if len(rows) > 1 else ""
        observer.progressed(
            f"waiting for index {row['name']}: {row['percent'] or 0:.0f} %{more}"
        )
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)


def _not_online(
    connection: Connection, statements: Mapping[int, str], database: str | None
) -> list[tuple[int, Record]]:
    """Find indexes that are not online, each with the statement it may be of.

    The server does not say which indexes a statement made; but what one is for stands
    in its text, and those of others are not ours to wait for.
    """
    texts = [(number, text.replace("``", "`")) for number, text in statements.items()]
    found = []
    for row in connection.read(_NOT_ONLINE, database=database):
        words = [*(row["labels"] or ()), *(row["properties"] or ())]
        names = [
            re.compile(rf"(?<!\w){re.escape(word)}(?!\w)", re.IGNORECASE)
            for word in words or ["LOOKUP"]  # an index of all there is
        ]
        for number, text in texts:
            if all(name.search(text) for name in names):
                found.append((number, row))
                break
    return found
