"""Values that a query gives as text, since the driver can't hold all of them."""

from __future__ import annotations

from datetime import datetime


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
