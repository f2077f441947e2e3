"""A properties file in neo4j-migrations' own names (reference, §8 and §9).

The Java tool reads ``.migrations.properties``; weave also reads ``neo4j.conf`` and
what ``-c`` names.  Values may hold ``${env:NAME}`` and ``${NAME:-default}``, as there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from weave_migrate.config._layers import (
    Layer,
    parse_pairs,
    read_bounded,
    read_secret,
    unknown,
)
from weave_migrate.config._locations import PackageLocation, parse_location
from weave_migrate.config._properties import parse_properties, render_properties
from weave_migrate.errors import ConfigError
from weave_migrate.model import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from weave_migrate.config._locations import Location
    from weave_migrate.config._settings import Neo4jSettings

PEER_FILE = ".migrations.properties"
PEER_FOLDER = "neo4j/migrations"  # where the Java tool looks without a location

# The Java tool's options, and the settings that they are here.
_OPTIONS: Mapping[str, str] = {
    "address": "uri",
    "username": "user",
    "password": "password",
    "password:env": "password",
    "password:file": "password",
    "bearer": "bearer",
    "custom-auth": "custom_auth",
    "impersonate": "impersonated_user",
    "database": "database",
    "schema-database": "schema_database",
    "location": "locations",
    "transaction-mode": "transaction_mode",
    "transaction-timeout": "transaction_timeout",
    "delay-between-migrations": "delay_between_migrations",
    "version-sort-order": "version_sort_order",
    "cypher-version": "cypher_version",
    "target": "target",
    "validate-on-migrate": "validate_on_migrate",
    "out-of-order": "out_of_order",
    "autocrlf": "autocrlf",
    "use-flyway-compatible-checksums": "use_flyway_compatible_checksums",
    "placeholder": "placeholders",
    "max-connection-pool-size": "max_connection_pool_size",
}
# Its options that are no settings here, and why; some need no word.
_OF_COMMANDS = (
    *("mode", "format", "version", "all", "migration"),
    *("suffix", "replace", "mapping", "exclude", "include"),
)
_NOT_HERE = {
    **dict.fromkeys(_OF_COMMANDS, "it belongs to a command"),
    "package": "weave can't run Java classes",
    "verbose": "",
}
_HEAD = """\
# Read by neo4j-migrations and by weave; weave.toml and the environment are stronger.
# Before 2.19.2 neo4j-migrations knows a folder only as file:///path, not as ./path.
"""
_CREDENTIALS = re.compile(r"//.*@")  # no server takes them there, people do it
_VARIABLE = re.compile(r"\$\{(?:env:)?([A-Za-z_][A-Za-z0-9_]*+)(?::-([^}]*+))?\}")


def properties_layer(path: Path, environ: Mapping[str, str]) -> Layer:
    """Read a properties file in neo4j-migrations' own names.

    Locations and ``password:file`` are relative to it.  Raises ConfigError for a file
    that can't be read, for unset variables, and for names that it does not have.
    """
    try:
        raw = read_bounded(path)
    except OSError as error:
        raise ConfigError(
            f"{path} can't be read: {error.strerror}.", file=path
        ) from error
    values: dict[str, Any] = {}
    warnings: list[str] = []
    given = parse_properties(_decoded(raw))
    for key in sorted(given, key=lambda key: key.rpartition(".")[2], reverse=True):
        option = key.removeprefix("--").rpartition(".")[2]  # neo4j-migrations.address
        value = _resolved(given[key], key, path, environ)
        if option not in _OPTIONS and option not in _NOT_HERE:
            raise unknown(key, tuple(_OPTIONS), path)
        if not value.strip():
            continue  # blank is absent (§8)
        if option in _OPTIONS:
            values |= _setting(option, value, path, environ)
        elif reason := _NOT_HERE[option]:
            warnings.append(f"{path.name}: {key} is left out: {reason}.")
    return Layer(path.name, {"neo4j": values}, warnings=tuple(warnings))


def _decoded(raw: bytes) -> str:
    """Read UTF-8, or else what Java takes every such file for."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("iso-8859-1")


def _resolved(value: str, key: str, path: Path, environ: Mapping[str, str]) -> str:
    """Put in the variables of the environment that a value names."""

    def found(match: re.Match[str]) -> str:
        text = environ.get(match[1], match[2])
        if text is None:
            raise ConfigError(
                f"{path.name}: {key} uses the variable {match[1]}, which is not set.",
                hint=f"Set it, or write ${{{match[1]}:-default}}.",
                file=path,
            )
        return text

    return _VARIABLE.sub(found, value)


def _setting(
    option: str, value: str, path: Path, environ: Mapping[str, str]
) -> dict[str, Any]:
    """Give the settings that one option is; a blank password is none."""
    name = _OPTIONS[option]
    if option == "location":
        parts = [part.strip() for part in value.split(",")]
        return {name: [parse_location(part, path.parent) for part in parts if part]}
    if option == "password:env":
        text = environ.get(value.strip(), "")
        return {name: Secret(text)} if text.strip() else {}
    if option == "password:file":
        return {name: read_secret(path.parent / value.strip(), option)}
    if option == "bearer":
        return {name: Secret(value.strip())}
    if option == "placeholder":  # one pair: its value may hold commas
        return {name: parse_pairs([value], option)}
    if option == "custom-auth":
        return _custom(parse_pairs(value.split(","), option))
    return {name: value}


def _custom(pairs: dict[str, str]) -> dict[str, Any]:
    credentials = {k for k in pairs if k.lower() == "credentials"}
    found: dict[str, Any] = {
        "custom_auth": {k: v for k, v in pairs.items() if k not in credentials}
    }
    for key in credentials:
        found["password"] = Secret(pairs[key])
    return found


def peer_properties(settings: Neo4jSettings, folder: Path) -> tuple[str, list[str]]:
    """Render settings as a properties file in ``folder`` for both tools.

    Gives its text, and the names of the settings that were left out: secrets, what
    may hold some, and what the Java tool has no option for.
    """
    options = dict(_written(settings, folder))
    left_out = [
        name
        for name, value in (
            ("password", settings.password),
            ("bearer", settings.bearer),
            ("custom_auth", settings.custom_auth),
            ("placeholders", settings.placeholders),
            ("ca_certs", settings.ca_certs),
            ("installed_by", settings.installed_by),
        )
        if value
    ]
    return _HEAD + render_properties(options), left_out


def _written(settings: Neo4jSettings, folder: Path) -> Iterator[tuple[str, str]]:
    yield "address", _CREDENTIALS.sub("//", settings.uri)
    yield "username", settings.user
    yield "location", ",".join(_location(each, folder) for each in settings.locations)
    for option, text in (
        ("database", settings.database),
        ("schema-database", settings.schema_database),
        ("impersonate", settings.impersonated_user),
        ("target", settings.target),
    ):
        if text:
            yield option, text
    for option, seconds in (
        ("transaction-timeout", settings.transaction_timeout),
        ("delay-between-migrations", settings.delay_between_migrations),
    ):
        if seconds:
            yield option, f"PT{seconds:f}".rstrip("0").rstrip(".") + "S"
    if settings.max_connection_pool_size:
        yield "max-connection-pool-size", str(settings.max_connection_pool_size)
    yield "transaction-mode", settings.transaction_mode.upper()
    yield "version-sort-order", settings.version_sort_order.upper()
    yield "cypher-version", settings.cypher_version.upper()
    for option, is_on in (
        ("validate-on-migrate", settings.validate_on_migrate),
        ("out-of-order", settings.out_of_order),
        ("autocrlf", settings.autocrlf),
        ("use-flyway-compatible-checksums", settings.flyway_checksums),
    ):
        yield option, str(is_on).lower()


def _location(path: Location, folder: Path) -> str:
    """Write a folder so that Java takes it for one too (§1.7); a package it can't."""
    if isinstance(path, PackageLocation):
        return str(path)
    if path.is_relative_to(folder):
        return f"./{path.relative_to(folder).as_posix()}"
    return path.as_uri()
