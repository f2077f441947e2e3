"""Where a PostgreSQL database is: what each source says, folded into one URL.

A stronger source's URL replaces a weaker one's host and port, and its user and password
where it names them itself; a stronger host, port, user or password replaces that part.
A database's own variable is the whole truth.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, unquote, urlsplit

from weave_migrate.config import _fields
from weave_migrate.config._urls import mask_url
from weave_migrate.errors import ConfigError
from weave_migrate.model import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from weave_migrate.config._layers import Layer

_PORT = 5432
PARTS = ("url", "host", "port", "user", "password")


@dataclass(frozen=True, slots=True)
class _Parts:
    """What is known so far; ``other`` is a URL of another kind of database."""

    database: str
    scheme: str = "postgresql"
    host: str = "localhost"
    port: int | None = None
    user: str | None = None
    password: str | None = None
    query: str = ""
    other: str | None = None

    @property
    def target(self) -> str:
        """Where it leads, without credentials."""
        if self.other:
            return mask_url(self.other)
        host = (parse_qs(self.query).get("host") or [self.host])[0]
        return f"{host}:{self.port or _PORT}/{self.database}"

    def url(self) -> Secret:
        """Give the SQLAlchemy URL."""
        if self.other:
            return Secret(self.other)
        credentials = quote(self.user or "", safe="")
        if self.password:
            credentials += f":{quote(self.password, safe='')}"
        where, query = self.host, [self.query] if self.query else []
        if where.startswith("/"):  # a folder of unix sockets, as for libpq
            query.append(f"host={quote(where)}")
            if self.port:
                query.append(f"port={self.port}")
            where = ""
        else:
            where = f"[{where}]" if ":" in where else where
            where += f":{self.port}" if self.port else ""
        at = "@" if credentials else ""
        text = (
            f"{self.scheme}://{credentials}{at}{where}/{quote(self.database, safe='')}"
        )
        return Secret("?".join([text, "&".join(query)]) if query else text)


def postgres_url(
    name: str, layers: Sequence[Layer]
) -> tuple[Secret, str, tuple[str, ...]]:
    """Give the URL of database ``name``, where it leads, and warnings.

    ``layers`` are from weakest to strongest.  A warning names two sources that
    disagree about where to connect.  Raises ConfigError for what is no URL.
    """
    parts = _Parts(name)
    said: list[tuple[str, str]] = []  # source, and where it would lead
    for layer in layers:
        for section in ("postgres", f"postgres.{name}"):
            values = layer.sections.get(section, {})
            given = {key: values[key] for key in PARTS if values.get(key) is not None}
            if not given:
                continue
            before = parts.target
            parts = _fold(parts, given, name, whole=layer.is_own)
            if {"url", "host", "port"} & given.keys():
                key = next(k for k in PARTS if k in given)
                source = layer.source_of(section, key)
                if not said or before != parts.target:
                    said.append((source, parts.target))
    *weaker, last = said or [("", "")]
    warnings = tuple(
        f"postgres.{name}: {last[0]} ({last[1]}) is used, {source} says {target}."
        for source, target in weaker
        if target != last[1]
    )
    return parts.url(), parts.target, warnings


def _fold(
    parts: _Parts, given: Mapping[str, object], name: str, *, whole: bool
) -> _Parts:
    if "url" in given:
        url = _fields.secret(given["url"]).reveal()
        parts = _from_url(_Parts(name) if whole else parts, url, name)
    if "host" in given:
        parts = replace(parts, host=_fields.text(given["host"]), query=_no_host(parts))
    if "port" in given:
        parts = replace(parts, port=_fields.port(given["port"]))
    if "user" in given:
        parts = replace(parts, user=_fields.text(given["user"]))
    if "password" in given:
        parts = replace(parts, password=_fields.secret(given["password"]).reveal())
    return parts


def _no_host(parts: _Parts) -> str:
    """The query without a socket's folder, which a host would contradict."""
    kept = (p for p in parts.query.split("&") if not p.startswith(("host=", "port=")))
    return "&".join(kept)


def _from_url(parts: _Parts, url: str, name: str) -> _Parts:
    try:
        split = urlsplit(url)
        port = split.port
    except ValueError:
        raise ConfigError(
            f"The URL of PostgreSQL database {name} can't be understood.",
            hint="It has the form postgresql://user@host:5432/database; other "
            "characters of user and password are written as %XX.",
        ) from None
    if not split.scheme:
        raise ConfigError(
            f"The URL of PostgreSQL database {name} has no scheme.",
            hint="It has the form postgresql://user@host:5432/database.",
        )
    if not split.scheme.startswith("postgres"):
        return replace(parts, other=url)
    return replace(
        parts,
        scheme=split.scheme,
        host=split.hostname or ("" if "host=" in split.query else "localhost"),
        port=port,
        user=unquote(split.username) if split.username else parts.user,
        password=unquote(split.password) if split.password else parts.password,
        database=unquote(split.path.strip("/")) or name,
        query=split.query,
        other=None,
    )
