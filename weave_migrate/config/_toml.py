"""``weave.toml``: read, checked for names that do not exist, and laid out in layers."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from weave_migrate.config import _fields
from weave_migrate.config._layers import (
    SECRETS,
    Layer,
    read_bounded,
    read_secret,
    unknown,
)
from weave_migrate.config._locations import parse_location
from weave_migrate.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

_PATHS = frozenset({"prepend_sys_path", "ca_certs"})


def toml_layers(path: Path, *, env: str | None) -> tuple[Layer, Layer | None]:
    """Read ``weave.toml``: the file itself, and the block of the chosen ``env``.

    Raises ConfigError for what is no TOML, unknown names, and an unknown ``env``.
    """
    try:
        document = tomllib.loads(read_bounded(path).decode("utf-8"))
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
        raise unknown(section, (), path)
    found: dict[str, Any] = {}
    for key, value in table.items():
        name = key.removesuffix("_file")
        if name in SECRETS and name in fields:
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
        elif key in fields and fields[key].is_option:
            raise ConfigError(
                f"{_dotted(section, key)} does not belong in {path.name}.",
                hint=f"It is right for one run only: --{key} on the command line.",
                file=path,
            )
        elif key not in fields:
            raise unknown(_dotted(section, key), tuple(fields), path)
        else:
            found[key] = _absolute(key, value, path.parent)
    return found


def _dotted(section: str, key: str) -> str:
    return f"{section}.{key}" if section else key


def _absolute(key: str, value: Any, base: Path) -> Any:
    """Let paths begin at the file that names them."""
    if isinstance(value, list):
        return [_absolute(key, each, base) for each in value]
    if isinstance(value, str) and key == "locations":
        return parse_location(value, base)
    return base / value if isinstance(value, str) and key in _PATHS else value
