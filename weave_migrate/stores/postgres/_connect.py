"""Engines and connections, and errors of the driver in our words.

SQLAlchemy and psycopg put what they were given into some of their messages, so a URL
that does not parse as meant is refused here, before a part of its password can pass
for a host or a database.
"""

from __future__ import annotations

import os
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import NullPool, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from weave_migrate.errors import ConfigError, StoreError, StoreUnavailable, WeaveError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL, Connection, Engine

    from weave_migrate.config import PostgresSettings

CONNECT_TIMEOUT = 10  # seconds; ?connect_timeout= in the URL wins
_LIBPQ = frozenset({"psycopg", "psycopg2"})
_CONNECTION_LOST = (
    "08",
    "57P",
)  # SQLSTATE: connection exception, operator intervention


def parse_url(settings: PostgresSettings) -> URL:
    """Understand the URL, with psycopg 3 where it names no driver or an async one.

    Raises ConfigError, which shows nothing of the URL.
    """
    text = settings.url.reveal()
    if text.startswith("postgres://"):  # as hosting platforms write it
        text = text.replace("postgres", "postgresql", 1)
    try:
        url = make_url(text)
        dialect = url.get_dialect()
    except ModuleNotFoundError as error:
        raise _unusable(settings, f"its driver needs {error.name}") from None
    except (SQLAlchemyError, ValueError):
        raise _unusable(settings, "it can't be understood") from None
    if any("@" in part for part in (url.host, url.database) if part):
        raise _unusable(settings, "an @, / or : in it is not written as %XX")
    if url.drivername == "postgresql" or (
        dialect.is_async and dialect.name == "postgresql"
    ):
        url = url.set(drivername="postgresql+psycopg")
        if "ssl" in url.query:  # asyncpg's name for libpq's sslmode
            mode = url.query["ssl"]
            url = url.difference_update_query(["ssl"]).update_query_dict(
                {"sslmode": mode}
            )
    return url


def _unusable(settings: PostgresSettings, why: str) -> ConfigError:
    return ConfigError(
        f"The URL of PostgreSQL database {settings.name} can't be used: {why}.",
        hint="It has the form postgresql://user:password@host:5432/database; other "
        "characters of user and password are written as %XX.",
    )


def open_engine(settings: PostgresSettings) -> Engine:
    """Make the engine, without a pool; nothing is connected yet.

    Raises ConfigError for a URL that can't be used.
    """
    url = parse_url(settings)
    try:
        engine = create_engine(
            url,
            poolclass=NullPool,
            hide_parameters=True,
            connect_args=_connect_args(url),
        )
    except ModuleNotFoundError as error:
        raise _unusable(settings, f"its driver needs {error.name}") from None
    if settings.schema:
        _search_in(engine, settings.schema)
    return engine


def _connect_args(url: URL) -> dict[str, Any]:
    if url.get_backend_name() != "postgresql" or url.get_driver_name() not in _LIBPQ:
        return {}
    usual = {
        "connect_timeout": CONNECT_TIMEOUT,
        # application_name and PGAPPNAME, where given, win over this one.
        "fallback_application_name": (
            f"weave-migrate {os.getpid()}@{socket.gethostname()}"[:63]
        ),
    }
    return {key: value for key, value in usual.items() if key not in url.query}


def _search_in(engine: Engine, schema: str) -> None:
    """Make ``schema`` the one place of unqualified names, in every connection.

    It must be set before SQLAlchemy's dialect first asks for the default schema.
    """
    if engine.dialect.name != "postgresql":
        return
    quoted = engine.dialect.identifier_preparer.quote_identifier(schema)

    @event.listens_for(engine, "connect", insert=True)
    def _set(connection: Any, _record: object) -> None:
        before, connection.autocommit = connection.autocommit, True
        with connection.cursor() as cursor:
            cursor.execute(f"SET search_path TO {quoted}")
        connection.autocommit = before


@contextmanager
def opened(engine: Engine, settings: PostgresSettings) -> Iterator[Connection]:
    """Open a connection of its own; raises StoreUnavailable where there is none."""
    try:
        connection = engine.connect()
    except (SQLAlchemyError, OSError, UnicodeError) as error:
        raise _unavailable(engine.url, settings, error) from error
    with connection:
        yield connection


@contextmanager
def connected(engine: Engine, settings: PostgresSettings) -> Iterator[Connection]:
    """Open a connection for statements of our own.

    Raises StoreUnavailable, and StoreError for what the server answers to them.
    """
    with opened(engine, settings) as connection:
        try:
            yield connection
        except DBAPIError as error:
            raise refused(settings, error) from error


def refused(settings: PostgresSettings, error: DBAPIError) -> WeaveError:
    """Say what the server answered to a statement of ours."""
    state = sqlstate(error) or ""
    if error.connection_invalidated or state.startswith(_CONNECTION_LOST):
        return StoreUnavailable(
            f"The connection to PostgreSQL database {settings.name} was lost: "
            f"{server_answer(error)}",
            hint=f"See what is applied: weave db status {settings.name}",
        )
    return StoreError(
        f"PostgreSQL database {settings.name} refused: {server_answer(error)}",
        hint="See the rights of the user that weave connects as."
        if state == "42501"
        else None,
    )


def sqlstate(error: DBAPIError) -> str | None:
    """Give the five characters that PostgreSQL calls SQLSTATE, where there are any."""
    state = getattr(error.orig, "sqlstate", None)
    return state if isinstance(state, str) else None


def server_answer(error: DBAPIError) -> str:
    """Give the server's message, its detail and its SQLSTATE, without our statement."""
    diagnosis = getattr(error.orig, "diag", None)
    message = getattr(diagnosis, "message_primary", None)
    if not message:
        return " ".join(str(error.orig).split())
    parts = [message, getattr(diagnosis, "message_detail", None)]
    return f"{' '.join(filter(None, parts))} ({sqlstate(error)})"


def _unavailable(
    url: URL, settings: PostgresSettings, error: Exception
) -> StoreUnavailable:
    answer = " ".join(str(getattr(error, "orig", None) or error).split())
    database = url.database or settings.name
    code, hint = _verdict(answer, database)
    return StoreUnavailable(
        f"PostgreSQL database {database} at {_where(url)} can't be used: {answer}",
        code=code,
        hint=hint,
    )


def _verdict(answer: str, database: str) -> tuple[str, str]:
    """Tell three causes apart.

    By libpq's text: while it connects it gives no SQLSTATE.  A server whose messages
    are not English is UNAVAILABLE, with its own words.
    """
    if 'database "' in answer and "does not exist" in answer:
        return "DATABASE_MISSING", f"Create it: createdb {database}"
    if (
        "authentication failed" in answer
        or "no password supplied" in answer
        or "pg_hba.conf" in answer
        or ('role "' in answer and "does not exist" in answer)
    ):
        return (
            "AUTHENTICATION_FAILED",
            "Set POSTGRES_USER and POSTGRES_PASSWORD, or see: weave db config",
        )
    return "UNAVAILABLE", "Start it, or see where weave connects: weave db config"


def _where(url: URL) -> str:
    host = url.host or url.query.get("host") or "the local socket"
    host = host if isinstance(host, str) else ",".join(host)
    port = url.port or url.query.get("port")
    return f"{host}:{port}" if port else host
