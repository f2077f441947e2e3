"""Where settings come from: each source becomes a layer of raw values.

From weakest to strongest: built-in, ``.migrations.properties``, ``neo4j.conf``,
``.weave/weave.toml``, the store-wide environment variables, the block of a chosen
``--env``, a database's own variable, a properties file chosen with ``-c``, options.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from weave_migrate.errors import ConfigError
from weave_migrate.model import Secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_MOST = 1 << 20  # bytes of any file of settings
SECRETS = frozenset({"password", "api_key", "bearer"})


@dataclass(frozen=True, slots=True)
class Layer:
    """One source: raw values by section (``""``, ``neo4j``, ``postgres.slack`` …)."""

    source: str
    sections: Mapping[str, Mapping[str, Any]]
    names: Mapping[str, str] | None = None  # "section.key" -> a more exact source
    is_own: bool = False  # a database's own variable: its URL is the whole truth
    warnings: tuple[str, ...] = ()

    def source_of(self, section: str, key: str) -> str:
        """Name the exact source of one value."""
        return (self.names or {}).get(f"{section}.{key}", self.source)


def parse_pairs(texts: Iterable[str], option: str = "--placeholder") -> dict[str, str]:
    """Read values of an option of the form ``NAME=VALUE``."""
    pairs: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise ConfigError(f"{option} takes NAME=VALUE.", code="USAGE")
        pairs[name.strip()] = value
    return pairs


def read_bounded(path: Path) -> bytes:
    """Read a file of settings; raises OSError, also for one that may never end.

    A pipe is fine, as the shell's <(…) makes one.
    """
    with path.open("rb") as file:
        data = file.read(_MOST + 1)
    if len(data) > _MOST:
        raise OSError(errno.EFBIG, "it is larger than 1 MiB")
    return data


def read_secret(path: Path, name: str) -> Secret:
    """Read a secret from a file; one line end after it does not count."""
    try:
        text = read_bounded(path).decode("utf-8")
    except (OSError, ValueError) as error:  # not UTF-8, or no path at all
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ConfigError(f"{name}: {path} can't be read: {reason}.") from None
    return Secret(text.removesuffix("\n").removesuffix("\r"))


def unknown(name: str, known: tuple[str, ...], path: Path) -> ConfigError:
    """Make the error for a name that does not exist, with the one it is close to."""
    close = get_close_matches(name.rsplit(".", 1)[-1], known, n=1)
    return ConfigError(
        f"{path.name} has a setting {name}, which is none of weave's.",
        hint=f"Did you mean {close[0]}?" if close else "See docs/settings.md.",
        file=path,
    )
