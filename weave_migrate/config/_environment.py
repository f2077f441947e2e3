"""The environment: store-wide variables, and one of its own for each database."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weave_migrate.config._layers import SECRETS, Layer, read_secret
from weave_migrate.errors import ConfigError
from weave_migrate.model import Secret
from weave_migrate.scripts._java import trim

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PLACEHOLDERS = "NM_PLACEHOLDERS_"

# Stronger names stand later; a variable that is blank counts as absent.
_VARIABLES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "postgres": (
        ("host", "POSTGRES_HOST"),
        ("port", "POSTGRES_PORT"),
        ("user", "POSTGRES_USER"),
        ("password", "POSTGRES_PASSWORD"),
    ),
    "neo4j": (
        ("uri", "NEO4J_URI"),
        ("user", "NEO4J_USERNAME"),
        ("user", "NEO4J_USER"),
        ("password", "NEO4J_PASSWORD"),
        ("bearer", "NEO4J_BEARER_TOKEN"),
        ("ca_certs", "NEO4J_CA_CERTS"),
        ("database", "NEO4J_DATABASE"),
    ),
    "elasticsearch": (
        ("url", "ELASTICSEARCH_URL"),
        ("api_key", "ELASTICSEARCH_API_KEY"),
        ("user", "ELASTICSEARCH_USER"),
        ("password", "ELASTICSEARCH_PASSWORD"),
        ("ca_certs", "ELASTICSEARCH_CA_CERTS"),
        ("fingerprint", "ELASTICSEARCH_FINGERPRINT"),
    ),
}


def environment_layers(environ: Mapping[str, str]) -> list[Layer]:
    """Read the store-wide variables; any secret may come from ``…_FILE``.

    ELASTICSEARCH_HOST and its kin are weaker than ELASTICSEARCH_URL.
    """
    sections: dict[str, dict[str, Any]] = {}
    names: dict[str, str] = {}
    if environ.get("WEAVE_ALLOW_CLEAN"):  # a sandbox sets it
        sections[""] = {"allow_clean": environ["WEAVE_ALLOW_CLEAN"]}
        names[".allow_clean"] = "WEAVE_ALLOW_CLEAN"
    for section, variables in _VARIABLES.items():
        values = sections.setdefault(section, {})
        for key, name in variables:
            value, source = _variable(name, environ, is_secret=key in SECRETS)
            if value is not None:
                values[key] = value
                names[f"{section}.{key}"] = source
    placeholders = {
        name.removeprefix(PLACEHOLDERS): trim(value)
        for name, value in environ.items()
        if name.startswith(PLACEHOLDERS) and name != PLACEHOLDERS
    }
    if placeholders:
        sections["neo4j"]["placeholders"] = placeholders
        names["neo4j.placeholders"] = f"{PLACEHOLDERS}…"
    return [*_elasticsearch_host(environ), Layer("environment", sections, names)]


def _variable(
    name: str, environ: Mapping[str, str], *, is_secret: bool
) -> tuple[Any, str]:
    if is_secret and environ.get(f"{name}_FILE"):
        if environ.get(name):
            raise ConfigError(f"Both {name} and {name}_FILE are set; unset one.")
        return read_secret(
            Path(environ[f"{name}_FILE"]), f"{name}_FILE"
        ), f"{name}_FILE"
    value = environ.get(name)
    if not value or not value.strip():
        return None, name
    try:
        value.encode()
    except UnicodeEncodeError:  # Python keeps bytes that are no UTF-8 as surrogates
        raise ConfigError(f"The variable {name} is not UTF-8.") from None
    return (Secret(value) if is_secret else value), name


def _elasticsearch_host(environ: Mapping[str, str]) -> Iterator[Layer]:
    parts = {
        part: environ.get(f"ELASTICSEARCH_{part}", "")
        for part in ("SCHEME", "HOST", "PORT")
    }
    if any(parts.values()):
        url = (
            f"{parts['SCHEME'] or 'http'}://{parts['HOST'] or 'localhost'}"
            f":{parts['PORT'] or '9200'}"
        )
        source = next(
            f"ELASTICSEARCH_{p}" for p in ("HOST", "PORT", "SCHEME") if parts[p]
        )
        yield Layer(source, {"elasticsearch": {"url": url}})


def database_variable(database: str) -> str:
    """Give the name of the variable that holds a PostgreSQL database's own URL."""
    return "DATABASE_URL_" + re.sub(r"[^A-Z0-9]", "_", database.upper())


def database_layer(environ: Mapping[str, str], databases: tuple[str, ...]) -> Layer:
    """Read each PostgreSQL database's own ``DATABASE_URL_<NAME>``."""
    sections: dict[str, dict[str, Any]] = {}
    names: dict[str, str] = {}
    for database in databases:
        variable = database_variable(database)
        value, source = _variable(variable, environ, is_secret=True)
        if value is not None:
            sections[f"postgres.{database}"] = {"url": value}
            names[f"postgres.{database}.url"] = source
    return Layer("environment", sections, names, is_own=True)
