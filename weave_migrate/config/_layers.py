"""Where settings come from: each source becomes a layer of raw values.

From weakest to strongest: built-in, ``neo4j.conf``, ``.weave/weave.toml``, the
store-wide environment variables, the block of a chosen ``--env``, a database's own
variable, options.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from weave_migrate.config import _fields
from weave_migrate.config._properties import parse_properties
from weave_migrate.errors import ConfigError
from weave_migrate.model import Secret
from weave_migrate.scripts._java import trim

PLACEHOLDERS = "NM_PLACEHOLDERS_"
_PATH_KEYS = frozenset({"locations", "prepend_sys_path", "ca_certs"})
_SECRETS = frozenset({"password", "api_key"})

# Stronger names stand later; a variable that is empty counts as absent.
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

# neo4j-migrations' own option names (reference §8), as keys of a properties file.
_PEER_OPTIONS: Mapping[str, str] = {
    "address": "uri",
    "username": "user",
    "password": "password",
    "database": "database",
    "schema-database": "schema_database",
    "location": "locations",
    "transaction-mode": "transaction_mode",
    "transaction-timeout": "transaction_timeout",
    "validate-on-migrate": "validate_on_migrate",
    "autocrlf": "autocrlf",
    "version-sort-order": "version_sort_order",
    "out-of-order": "out_of_order",
    "use-flyway-compatible-checksums": "use_flyway_compatible_checksums",
}


@dataclass(frozen=True, slots=True)
class Layer:
    """One source: raw values by section (``""``, ``neo4j``, ``postgres.slack`` …)."""

    source: str
    sections: Mapping[str, Mapping[str, Any]]
    names: Mapping[str, str] | None = None  # "section.key" -> a more exact source
    is_own: bool = False  # a database's own variable: its URL is the whole truth

    def source_of(self, section: str, key: str) -> str:
        """Name the exact source of one value."""
        return (self.names or {}).get(f"{section}.{key}", self.source)


def toml_layers(path: Path, *, env: str | None) -> tuple[Layer, Layer | None]:
    """Read ``weave.toml``: the file itself, and the block of the chosen ``env``.

    Raises ConfigError for what is no TOML, unknown names, and an unknown ``env``.
    """
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}", file=path) from error
    except RecursionError:
        raise ConfigError(f"{path} is nested too deeply.", file=path) from None
    except OSError as error:
        raise ConfigError(f"{path} can't be read: {error.strerror}.") from error
    blocks = document.pop("env", {})
    for name, block in [("env", blocks), *_items(blocks)]:
        if not isinstance(block, Mapping):
            raise ConfigError(f"{path.name}: {name} must be a table.", file=path)
    base = Layer(path.name, _sections(document, path))
    if env is None:
        return base, None
    if env not in blocks:
        known = ", ".join(sorted(blocks)) or "none"
        raise ConfigError(
            f"There is no [env.{env}] in {path.name} (there is: {known}).", file=path
        )
    name = f"{path.name} [env.{env}]"
    return base, Layer(name, _sections(blocks[env], path))


def _items(blocks: object) -> list[tuple[str, object]]:
    if not isinstance(blocks, Mapping):
        return []
    return [(f"env.{name}", block) for name, block in blocks.items()]


def _sections(document: Mapping[str, Any], path: Path) -> dict[str, dict[str, Any]]:
    sections: dict[str, dict[str, Any]] = {"": {}}
    for key, value in document.items():
        if key == "postgres" and isinstance(value, Mapping):
            for name, table in value.items():
                sections[f"postgres.{name}"] = _table(
                    table, f"postgres.{name}", _fields.POSTGRES, path
                )
        elif key == "neo4j":
            sections[key] = _table(value, key, _fields.NEO4J, path)
        elif key == "elasticsearch":
            sections[key] = _table(value, key, _fields.ELASTICSEARCH, path)
        else:
            sections[""] |= _table({key: value}, "", _fields.GENERAL, path)
    return sections


def _table(
    table: Any, section: str, fields: Mapping[str, _fields.Field], path: Path
) -> dict[str, Any]:
    if not isinstance(table, Mapping):
        raise _unknown(section, (), path)
    found: dict[str, Any] = {}
    for key, value in table.items():
        name = key.removesuffix("_file")
        if name in _SECRETS and name in fields:
            if name == key:
                raise ConfigError(
                    f"{_dotted(section, key)} does not belong in {path.name}.",
                    hint=f"Name a file instead ({key}_file), or set it in the "
                    "environment.",
                    file=path,
                )
            if not isinstance(value, str):
                raise ConfigError(
                    f"{_dotted(section, key)} must be the path of a file.", file=path
                )
            found[name] = read_secret(path.parent / value, _dotted(section, key))
        elif key not in fields:
            raise _unknown(_dotted(section, key), tuple(fields), path)
        else:
            found[key] = _absolute(value, path.parent) if key in _PATH_KEYS else value
    return found


def _unknown(name: str, known: tuple[str, ...], path: Path) -> ConfigError:
    close = get_close_matches(name.rsplit(".", 1)[-1], known, n=1)
    return ConfigError(
        f"{path.name} has a setting {name}, which is none of weave's.",
        hint=f"Did you mean {close[0]}?" if close else "See docs/settings.md.",
        file=path,
    )


def _dotted(section: str, key: str) -> str:
    return f"{section}.{key}" if section else key


def _absolute(value: Any, base: Path) -> Any:
    if isinstance(value, list):
        return [_absolute(v, base) for v in value]
    return parse_location(value, base) if isinstance(value, str) else value


def parse_location(value: str, base: Path) -> Path:
    """Read a location: a path, or ``file:`` and a path as neo4j-migrations has it."""
    if match := re.fullmatch(r"file:(?://[^/]*)?(/.*)", value, re.IGNORECASE):
        return Path(match[1])
    return base / value


def parse_pairs(texts: Iterable[str]) -> dict[str, str]:
    """Read options of the form ``NAME=VALUE``."""
    pairs: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise ConfigError("--placeholder takes NAME=VALUE.", code="USAGE")
        pairs[name] = value
    return pairs


def read_secret(path: Path, name: str) -> Secret:
    """Read a secret from a file; one line end after it does not count."""
    try:
        text = path.read_text("utf-8")
    except (OSError, ValueError) as error:  # not UTF-8, or no path at all
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ConfigError(f"{name}: {path} can't be read: {reason}.") from None
    return Secret(text.removesuffix("\n").removesuffix("\r"))


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
            value, source = _variable(name, environ, is_secret=key in _SECRETS)
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
    if not value:
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


def properties_layer(path: Path) -> Layer:
    """Read a properties file in neo4j-migrations' own names.

    Raises ConfigError for a file that can't be read and for names it does not have.
    """
    try:
        raw = parse_properties(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise ConfigError(f"{path} can't be read: {reason}.", file=path) from error
    values: dict[str, Any] = {}
    for key, value in raw.items():
        name = _PEER_OPTIONS.get(key.removeprefix("--"))
        if name is None:
            raise _unknown(key, tuple(_PEER_OPTIONS), path)
        if name == "locations":
            values[name] = [
                parse_location(part.strip(), path.parent) for part in value.split(",")
            ]
        elif value.strip():
            values[name] = value
    return Layer(path.name, {"neo4j": values})
