"""URLs as they may be shown."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit


def mask_url(value: str) -> str:
    """Hide the password of a URL; anything else stays as it is."""
    if "://" not in value:
        return value
    try:
        parts = urlsplit(value)
    except ValueError:
        return value.split("://", 1)[0] + "://***"
    user, at, host = parts.netloc.rpartition("@")
    if at and ":" in user:
        user = user.split(":", 1)[0] + ":***"
    query = re.sub(
        r"(?i)((?:password|passfile|sslpassword)=)[^&]*", r"\1***", parts.query
    )
    return urlunsplit(parts._replace(netloc=f"{user}{at}{host}", query=query))
