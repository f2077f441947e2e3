"""The few rules of Java's own that both peers rest on."""

from __future__ import annotations

# String.trim() removes everything up to U+0020 from both ends, and nothing else:
# a no-break space stays, a NUL goes.
_TRIMMED = "".join(map(chr, range(0x21)))


def trim(text: str) -> str:
    """Do what Java's ``String.trim()`` does."""
    return text.strip(_TRIMMED)
