"""URLs of databases: put together from their parts, and shown without passwords."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from weave_migrate.errors import ConfigError
from weave_migrate.model import Secret


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


def compose_url(
    name: str,
    *,
    url: Secret | None = None,
    host: str | None = None,
    port: int | None = None,
    user: str | None = None,
    password: Secret | None = None,
) -> Secret:
    """Put the parts over the URL; without either, the database named ``name`` here.

    A host that starts with a slash is a folder of unix sockets, as for libpq.
    """
    try:
        base = urlsplit(url.reveal() if url else "postgresql://localhost")
        old_port = base.port
    except ValueError:
        raise ConfigError(
            f"The URL of PostgreSQL database {name} can't be understood.",
            hint="It has the form postgresql://user@host:5432/database; other "
            "characters of user and password are written as %XX.",
        ) from None
    if not base.scheme.startswith("postgresql"):
        return url or Secret("")
    user = user or (unquote(base.username) if base.username else None)
    secret = password.reveal() if password else unquote(base.password or "")
    credentials = ""
    if user or secret:
        credentials = quote(user or "", safe="")
        credentials += f":{quote(secret, safe='')}@" if secret else "@"
    where, query = host or base.hostname or "", base.query
    if where.startswith("/"):
        query = "&".join(filter(None, [query, f"host={quote(where)}"]))
        where = ""
    elif ":" in where:
        where = f"[{where}]"
    number = port or old_port
    if number and where:
        where += f":{number}"
    elif number:
        query += f"&port={number}"
    path = base.path.strip("/") or quote(name, safe="")
    return Secret(
        f"{base.scheme}://{credentials}{where}/{path}" + (f"?{query}" if query else "")
    )
