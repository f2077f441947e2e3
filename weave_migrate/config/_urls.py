"""URLs: what is one, and how it may be shown."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

# Everything from the first colon to the LAST at-sign may be a password: people forget
# to write its / and # as %XX.
_URL = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://"
    r"(?:(?P<user>[^/@:?#\s]*+)(?P<password>:.*)?@)?"
    r"(?P<where>[A-Za-z0-9._:%\[\]-]*+(?:/[^?#@:\s]*+)?)"
    r"(?:\?(?P<query>.*))?",
    re.DOTALL,
)
_HARMLESS = frozenset(
    {"application_name", "connect_timeout", "host", "port", "sslmode", "options"}
)
_BOLT = frozenset(
    f"{scheme}{security}"
    for scheme in ("bolt", "neo4j")
    for security in ("", "+s", "+ssc")
)


def mask_url(value: str) -> str:
    """Show where a URL leads and nothing that may be secret.

    What has not the form of a URL is not shown at all: it may be a password.
    """
    match = _URL.fullmatch(value)
    if not match:
        return "***"
    user = match["user"] or ""
    if match["password"]:
        user += ":***"
    shown = f"{match['scheme']}://{user}{'@' if user else ''}{match['where']}"
    if match["query"]:
        shown += "?" + "&".join(map(_mask_pair, match["query"].split("&")))
    return shown


def _mask_pair(pair: str) -> str:
    key, _, _ = pair.partition("=")
    return pair if key in _HARMLESS else f"{key}=***"


def bolt_uri(value: Any) -> str:
    """Accept the URI of a Neo4j server."""
    expected = "a URI like bolt://host:7687, neo4j://host or their +s and +ssc forms"
    return _checked(value, _BOLT, expected)


def node_url(value: Any) -> str:
    """Accept the URL of an Elasticsearch node."""
    expected = "a URL like https://host:9200"
    return _checked(value, frozenset({"http", "https"}), expected)


def _checked(value: Any, schemes: frozenset[str], expected: str) -> str:
    text = value.strip() if isinstance(value, str) else ""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
        host.encode("idna")  # what the socket would do to it
    except (ValueError, UnicodeError):
        raise ValueError(expected) from None
    if parts.scheme not in schemes or not host or not text.isprintable():
        raise ValueError(expected)
    return text
