"""What is read of a history, in values that come through the driver fast and whole.

Plain values instead of its nodes, relationships and temporal objects: those take it
three times as long, and years above 9999 it can't hold at all.
"""

from __future__ import annotations

from datetime import datetime

# A migration's node ``n``, and nothing that others may have written to it.
NODE = """n {.version, .description, .type, .source, .checksum, .repeatable,
  .migrationTarget, .flyway_failed}"""
# Its relationship ``r``, with ``at`` and ``took`` as text.  What is no text and starts
# with P is a duration; of it only seconds and nanoseconds count, as in Java (§4.1).
RUN = """r {.checksum, .by, .connectedAs,
  at: CASE WHEN at <> r.at THEN at END,
  in: CASE WHEN took <> r.in AND took STARTS WITH 'P' THEN r.in.milliseconds END}"""


def read_datetime(text: str | None) -> datetime | None:
    """Read a date-time of the server; None for anything else.

    The driver fails for years above 9999; as text they come through, and are None.
    """
    try:
        return datetime.fromisoformat((text or "").partition("[")[0])
    except ValueError:
        return None


def read_zoned(text: str | None) -> datetime | None:
    """Read a date-time of the server that has a time zone; None for anything else."""
    found = read_datetime(text)
    return found if found and found.tzinfo else None
