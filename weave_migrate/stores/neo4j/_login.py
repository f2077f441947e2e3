"""How we connect and log in, as values: what the driver is given, and how it is called.

A bearer token takes the place of user and password, and so does custom authentication,
whose credentials are the password.  The settings hold only one of these (config).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from weave_migrate import __version__
from weave_migrate.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from neo4j import Auth

    from weave_migrate.config import Neo4jSettings

PATIENCE = 15.0  # seconds, for a connection and for repeating one transaction
_OWN_CA = {"neo4j+s": "neo4j", "bolt+s": "bolt"}  # the driver wants it spelled out
_PARTS = ("principal", "realm", "scheme")


def driver_options(settings: Neo4jSettings) -> dict[str, Any]:
    """Give what the driver is opened with, ``uri`` and ``auth`` among it.

    Raises ConfigError for what contradicts itself.
    """
    options: dict[str, Any] = {
        "uri": settings.uri,
        "auth": _auth(settings),
        "user_agent": f"weave-migrate/{__version__}",
        "connection_timeout": PATIENCE,
        "connection_acquisition_timeout": 2 * PATIENCE,
        "max_transaction_retry_time": PATIENCE,
        "disable_auto_commit_retries": True,
        "warn_notification_severity": "OFF",  # we show them ourselves
    }
    if settings.max_connection_pool_size is not None:
        options["max_connection_pool_size"] = settings.max_connection_pool_size
    return options | _trust(settings)


def _trust(settings: Neo4jSettings) -> dict[str, Any]:
    """Trust the authorities of the settings alone; the driver wants no ``+s`` then."""
    if settings.ca_certs is None:
        return {}
    import ssl

    from neo4j import TrustCustomCAs

    scheme, colon, rest = settings.uri.partition(":")
    if scheme.lower() not in _OWN_CA:
        raise ConfigError(
            f"ca_certs says whom to trust, but {address(settings.uri)} asks for a "
            "connection that checks nobody.",
            hint="Use neo4j+s:// or bolt+s://, or take ca_certs away.",
        )
    try:
        ssl.create_default_context(cafile=settings.ca_certs)
    except OSError as error:  # the driver would say so without the file's name
        raise ConfigError(
            f"ca_certs: {settings.ca_certs} can't be used: {error.strerror}.",
            hint="It must be a file of certificates in PEM form.",
        ) from None
    return {
        "uri": f"{_OWN_CA[scheme.lower()]}{colon}{rest}",
        "encrypted": True,
        "trusted_certificates": TrustCustomCAs(str(settings.ca_certs)),
    }


def _auth(settings: Neo4jSettings) -> Auth | None:
    from neo4j import basic_auth, bearer_auth, custom_auth

    password = settings.password.reveal() if settings.password else None
    if settings.bearer:
        return bearer_auth(settings.bearer.reveal())
    if settings.custom_auth:
        parts, others = _custom(settings.custom_auth)
        if "scheme" not in parts or password is None:
            raise ConfigError(
                "Custom authentication needs a scheme, and credentials.",
                hint="The scheme is part of custom_auth; credentials are taken from "
                "where a password comes from, such as NEO4J_PASSWORD.",
            )
        return custom_auth(
            principal=parts.get("principal", settings.user),
            credentials=password,
            realm=parts.get("realm"),
            scheme=parts["scheme"],
            **others,
        )
    return basic_auth(settings.user, password) if password else None


def _custom(given: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Divide it into its parts, named in any case, and parameters (reference, §9)."""
    parts = {k.lower(): v for k, v in given.items() if k.lower() in _PARTS}
    others = {k: v for k, v in given.items() if k.lower() not in _PARTS}
    return parts, others


def login(settings: Neo4jSettings) -> str:
    """Say as whom we log in, for messages."""
    if settings.bearer:
        who = "the owner of the bearer token"
    elif settings.custom_auth:
        who = _custom(settings.custom_auth)[0].get("principal", settings.user)
    else:
        who = settings.user if settings.password else "a client without a password"
    other = settings.impersonated_user
    return f"{who}, acting as {other}," if other else who


def credentials(settings: Neo4jSettings) -> str:
    """Say which settings to check when the server does not let us in."""
    if settings.bearer:
        return "NEO4J_BEARER_TOKEN: it may have expired"
    if settings.custom_auth:
        return "custom_auth, and the password, which is its credentials"
    return "NEO4J_USER and NEO4J_PASSWORD"


def address(uri: str) -> str:
    """Give scheme, host and port of a URI; never what else may be in it."""
    try:
        parts = urlsplit(uri)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "(unreadable)"
    return f"{parts.scheme}://{parts.hostname or ''}{port}"
