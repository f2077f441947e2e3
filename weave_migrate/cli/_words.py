"""Numbers, durations and holders in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weave_migrate.scripts._source import printable

if TYPE_CHECKING:
    from weave_migrate.model import LockInfo


def plural(count: int, word: str) -> str:
    """Count things: ``1 problem``, ``2 problems``."""
    return f"{count} {word}{'' if count == 1 else 's'}"


def holder_text(holder: LockInfo | None) -> str:
    """Say who holds a lock, as far as it is known."""
    if holder is None:
        return ""
    parts = [
        holder.owner,
        f"on {holder.host}" if holder.host else None,
        f"process {holder.pid}" if holder.pid else None,
        f"since {holder.since:%Y-%m-%d %H:%M:%S%z}" if holder.since else None,
        None
        if holder.silent is None
        else f"last sign of life {holder.silent:.0f} s ago",
    ]
    # One line, whatever the server holds: a line of its own could pass for ours.
    known = printable(", ".join(part for part in parts if part))
    return f", held by {known}" if known else ", held by another run"


def duration_text(milliseconds: int | None) -> str:
    """Show a duration: ms below a second, then s, then min."""
    if milliseconds is None:
        return ""
    if milliseconds < 1_000:
        return f"{milliseconds} ms"
    if milliseconds < 60_000:
        return f"{milliseconds / 1_000:.1f} s"
    return f"{milliseconds // 60_000} min {milliseconds % 60_000 // 1_000} s"


def size_text(size: int | None) -> str:
    """Show a size in bytes with three digits at most."""
    if size is None:
        return ""
    value = float(size)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TiB"
