"""The settings that exist: their names, their types and what they say.

One table a section.  ``weave.toml``, the environment, properties files and options
all end in these names, so that a setting has one meaning wherever it comes from.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from weave_migrate.config._locations import Location, PackageLocation
from weave_migrate.config._urls import bolt_uri, mask_url, node_url
from weave_migrate.errors import ConfigError
from weave_migrate.model import Secret

_ISO = re.compile(
    r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:[.,]\d+)?)S)?)?", re.IGNORECASE
)
_LEAST_LEASE = 5.0  # seconds
_YES, _NO = (
    frozenset({"true", "yes", "on", "1"}),
    frozenset({"false", "no", "off", "0"}),
)


@dataclass(frozen=True, slots=True)
class Field:
    """One setting: ``convert`` raises ValueError with what was expected.

    ``is_url`` marks what may hold credentials; ``connects`` marks what decides where
    weave connects to: two sources that disagree about it are worth a warning;
    ``is_option`` marks what is right for one run only, and so is no setting of a file.
    """

    convert: Callable[[Any], object]
    connects: bool = False
    is_url: bool = False
    is_option: bool = False


LINE_SEPARATORS: Mapping[str, Literal["\n", "\r\n", "\r"]] = {
    "lf": "\n",
    "crlf": "\r\n",
    "cr": "\r",
}


def text(value: Any) -> str:
    """Accept any text that is not empty and holds no control characters."""
    if not isinstance(value, str) or not value.strip().isprintable():
        raise ValueError("a text without control characters")
    if not value.strip():
        raise ValueError("a text that is not empty")
    return value.strip()


def secret(value: Any) -> Secret:
    """Accept a secret as it is, blanks included."""
    if isinstance(value, Secret):
        return value
    if not isinstance(value, str):
        raise ValueError("a text")  # noqa: TRY004 - one kind of error for all of them
    return Secret(value)


def boolean(value: Any) -> bool:
    """Accept true and false, and the usual words for them."""
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word not in _YES | _NO:
        raise ValueError("true or false")
    return word in _YES


def seconds(value: Any) -> float:
    """Accept a number of seconds, or an ISO-8601 duration such as PT1M30S."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        number = float(value)
    else:
        number = _duration(str(value).strip())
    if not 0 <= number < float("inf"):
        raise ValueError("a number of seconds, 0 or more")
    return number


def _duration(word: str) -> float:
    match = _ISO.fullmatch(word)
    if match and any(match.groups()):
        days, hours, minutes, secs = (
            float((part or "0").replace(",", ".")) for part in match.groups()
        )
        return ((days * 24 + hours) * 60 + minutes) * 60 + secs
    try:
        return float(word)
    except ValueError:
        raise ValueError("a number of seconds or a duration like PT30S") from None


def some_seconds(value: Any) -> float:
    """Accept a number of seconds above 0."""
    if (number := seconds(value)) <= 0:
        raise ValueError("a number of seconds above 0")
    return number


def lease(value: Any) -> float:
    """Accept for how long a lock may stay silent: a heartbeat has to fit in."""
    if (number := seconds(value)) < _LEAST_LEASE:
        raise ValueError(f"a number of seconds, {_LEAST_LEASE:g} or more")
    return number


def pool_size(value: Any) -> int:
    """Accept a number of connections: a run needs one beside its lock's heartbeat."""
    word = str(value).strip()
    if isinstance(value, bool) or not word.isascii() or not word.isdigit():
        raise ValueError("a whole number")
    if int(word) < 2:
        raise ValueError("2 or more")
    return int(word)


def custom_auth(value: Any) -> Mapping[str, str]:
    """Accept what a custom authentication is made of, but its credentials."""
    parts = mapping(value)
    if any(name.lower() == "credentials" for name in parts):
        raise ValueError("without credentials, which are the password's")
    return parts


def index_name(value: Any) -> str:
    """Accept the name of one index: it becomes part of paths, and no pattern."""
    name = text(value)
    bad = set(name) & set(' "*/\\<|>?,#:%')
    if bad or name != name.lower() or name[0] in "-_+." or len(name.encode()) > 255:
        raise ValueError("the name of one index: lower case, without wildcards")
    return name


def urls(value: Any) -> tuple[str, ...]:
    """Accept a list of node URLs, or one text with commas."""
    return tuple(node_url(each) for each in texts(value))


def port(value: Any) -> int:
    """Accept a TCP port."""
    if not str(value).isascii() or not str(value).isdigit() or int(value) > 65535:
        raise ValueError("a port number")
    return int(value)


def one_of(*allowed: str) -> Callable[[Any], str]:
    """Accept one of the words, in any case, with ``-`` or ``_``."""

    def convert(value: Any) -> str:
        word = str(value).strip().lower().replace("-", "_")
        if word not in allowed:
            raise ValueError(f"one of {', '.join(allowed)}")
        return word

    return convert


def texts(value: Any) -> tuple[str, ...]:
    """Accept a list of texts, or one text with commas."""
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, Sequence):
        raise ValueError("a list of texts")  # noqa: TRY004
    return tuple(text(part) for part in parts)


def mapping(value: Any) -> Mapping[str, str]:
    """Accept a table of names and texts; numbers and booleans become text."""
    if not isinstance(value, Mapping):
        raise ValueError("a table of names and texts")  # noqa: TRY004
    return {
        str(k): str(v).lower() if isinstance(v, bool) else str(v)
        for k, v in value.items()
        if _scalar(v)
    }


def _scalar(value: object) -> bool:
    if not isinstance(value, (str, int, float)):
        raise ValueError("a table of names and texts")  # noqa: TRY004
    return True


def path(value: Any) -> Path:
    """Accept a path; whoever reads the layer has made it absolute."""
    return Path(text(str(value) if isinstance(value, Path) else value))


def paths(value: Any) -> tuple[Path, ...]:
    """Accept one path or a list of them."""
    parts = value if isinstance(value, (list, tuple)) else [value]
    return tuple(path(part) for part in parts)


def locations(value: Any) -> tuple[Location, ...]:
    """Accept one location or a list of them; whoever reads the layer parses texts."""
    parts = value if isinstance(value, (list, tuple)) else [value]
    return tuple(
        part if isinstance(part, PackageLocation) else path(part) for part in parts
    )


ON_NEWER = Field(one_of("fail", "warn", "ok"))

GENERAL: Mapping[str, Field] = {
    "order": Field(texts),
    "allow_clean": Field(boolean),
    "lock_timeout": Field(seconds),
    "lock_lease": Field(lease),
    "on_newer": ON_NEWER,
}
POSTGRES: Mapping[str, Field] = {
    "url": Field(secret, is_url=True),
    "host": Field(text),
    "port": Field(port),
    "user": Field(text),
    "password": Field(secret),
    "metadata": Field(text),
    "schema": Field(text),
    "version_table": Field(text),
    "version_table_schema": Field(text),
    "prepend_sys_path": Field(paths),
    "on_newer": ON_NEWER,
}
NEO4J: Mapping[str, Field] = {
    "locations": Field(locations),
    "uri": Field(bolt_uri, connects=True, is_url=True),
    "user": Field(text),
    "password": Field(secret),
    "bearer": Field(secret),
    "custom_auth": Field(custom_auth),
    "ca_certs": Field(path),
    "max_connection_pool_size": Field(pool_size),
    "impersonated_user": Field(text),
    "database": Field(text, connects=True),
    "schema_database": Field(text, connects=True),
    "version_sort_order": Field(one_of("semantic", "lexicographic")),
    "transaction_mode": Field(one_of("per_migration", "per_statement")),
    "transaction_timeout": Field(seconds),
    "delay_between_migrations": Field(seconds),
    "cypher_version": Field(one_of("database_default", "cypher_5", "cypher_25")),
    "target": Field(text),
    "on_interrupted": Field(one_of("refuse", "resume", "restart")),
    "assume": Field(one_of("done", "not_done"), is_option=True),
    "installed_by": Field(text),
    "validate_on_migrate": Field(boolean),
    "out_of_order": Field(boolean),
    "autocrlf": Field(boolean),
    "use_flyway_compatible_checksums": Field(boolean),
    "placeholders": Field(mapping),
    "on_newer": ON_NEWER,
}
ELASTICSEARCH: Mapping[str, Field] = {
    "locations": Field(locations),
    "url": Field(urls, connects=True, is_url=True),
    "user": Field(text),
    "password": Field(secret),
    "api_key": Field(secret),
    "ca_certs": Field(path),
    "fingerprint": Field(text),
    "history_index": Field(index_name, connects=True),
    "placeholders": Field(mapping),
    "placeholder_prefix": Field(text),
    "placeholder_suffix": Field(text),
    "placeholder_replacement": Field(boolean),
    "migration_prefix": Field(text),
    "migration_suffixes": Field(texts),
    "default_content_type": Field(text),
    "encoding": Field(text),
    "line_separator": Field(one_of(*LINE_SEPARATORS)),
    "trim_trailing_newline": Field(boolean),
    "baseline_version": Field(text),
    "validate_on_migrate": Field(boolean),
    "out_of_order": Field(boolean),
    "request_timeout": Field(some_seconds),
    "on_newer": ON_NEWER,
}


def shown(value: object, *, is_url: bool = False) -> str:
    """Render a setting for people: secrets and credentials in URLs masked."""
    if isinstance(value, Secret):
        return mask_url(value.reveal()) if is_url else "***"
    if isinstance(value, Mapping):
        return ", ".join(f"{k}=***" for k in value) or "none"
    if isinstance(value, (tuple, list)):
        return ", ".join(shown(v, is_url=is_url) for v in value) or "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    if value is None:
        return "not set"
    return mask_url(str(value)) if is_url else str(value)


def config_error(key: str, source: str, expected: str) -> ConfigError:
    """Make the one error for a value that doesn't fit; it never shows the value."""
    return ConfigError(
        f"The setting {key} ({source}) must be {expected}.",
        hint=f"Correct it in {source}.",
    )
