"""Merge the layers into frozen settings, remembering where each value came from."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from weave_migrate.config import _fields
from weave_migrate.config._environment import database_layer, environment_layers
from weave_migrate.config._fields import LINE_SEPARATORS
from weave_migrate.config._find import (
    FOLDER,
    find_project,
    postgres_folders,
    scripts_folder,
)
from weave_migrate.config._layers import Layer
from weave_migrate.config._peer import PEER_FILE, PEER_FOLDER, properties_layer
from weave_migrate.config._postgres import PARTS, postgres_url
from weave_migrate.config._settings import (
    ElasticsearchSettings,
    Neo4jSettings,
    Origin,
    PostgresSettings,
    Settings,
)
from weave_migrate.config._toml import toml_layers
from weave_migrate.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS_FILE = "weave.toml"
STORES = ("postgres", "neo4j", "elasticsearch")
_UNSET = dataclasses.MISSING


@dataclass(slots=True)
class _Merge:
    """The layers, and what was learned while reading them."""

    layers: Sequence[Layer]
    origins: list[Origin] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def section(
        self,
        sections: Sequence[str],
        fields: Mapping[str, _fields.Field],
        *,
        name: str,
        defaults: Mapping[str, object],
    ) -> dict[str, Any]:
        """Give the converted values of a section, the strongest source winning.

        ``sections`` are where a layer may hold it (``postgres``, ``postgres.slack``);
        ``name`` is how it is shown; ``defaults`` are only shown, not given.
        """
        values: dict[str, Any] = {}
        for key, kind in fields.items():
            found = [
                (self._convert(layer, section, key, kind), layer, section)
                for layer in self.layers
                for section in sections
                if key in layer.sections.get(section, {})
            ]
            shown_key = f"{name}.{key}" if name else key
            if not found:
                built_in = _fields.shown(defaults.get(key))
                self.origins.append(
                    Origin(key=shown_key, value=built_in, source="built-in")
                )
                continue
            value, layer, section = found[-1]
            source = layer.source_of(section, key)
            if kind.connects:
                self._compare(shown_key, found, is_url=kind.is_url)
            if isinstance(value, Mapping):
                value = {k: v for each, _, _ in found for k, v in each.items()}
            values[key] = value
            shown = _fields.shown(value, is_url=kind.is_url)
            self.origins.append(Origin(key=shown_key, value=shown, source=source))
        return values

    @staticmethod
    def _convert(layer: Layer, section: str, key: str, kind: _fields.Field) -> Any:
        try:
            return kind.convert(layer.sections[section][key])
        except ValueError as error:
            name = f"{section}.{key}" if section else key
            source = layer.source_of(section, key)
            raise _fields.config_error(name, source, str(error)) from None

    def _compare(
        self, key: str, found: list[tuple[Any, Layer, str]], *, is_url: bool
    ) -> None:
        """Warn when two sources disagree about where to connect."""
        name = key.rsplit(".", 1)[-1]
        value, winner, section = found[-1]
        if winner.source == "option":
            return
        for other, layer, place in found[:-1]:
            if other != value:
                self.warnings.append(
                    f"{key}: {winner.source_of(section, name)} "
                    f"({_fields.shown(value, is_url=is_url)}) is used, "
                    f"{layer.source_of(place, name)} says "
                    f"{_fields.shown(other, is_url=is_url)}."
                )


def _defaults(cls: type, **others: object) -> dict[str, object]:
    """Give the built-in values of a settings class, by setting."""
    own = {
        f.name: f.default for f in dataclasses.fields(cls) if f.default is not _UNSET
    }
    return own | others


def load_settings(
    *,
    project: Path | None = None,
    env: str | None = None,
    environ: Mapping[str, str] | None = None,
    properties: Path | None = None,
    options: Mapping[str, Mapping[str, Any]] | None = None,
) -> Settings:
    """Find the project and decide every setting.

    ``options`` are by section (``""``, ``neo4j`` …) and win over all else;
    ``properties`` is a file in neo4j-migrations' names, chosen on purpose.  Raises
    ConfigError; nothing is connected.
    """
    environ = os.environ if environ is None else environ
    project = find_project() if project is None else project.resolve()
    if not (project / FOLDER).is_dir():
        raise ConfigError(
            f"{project} has no {FOLDER}/ folder.",
            code="NO_PROJECT",
            hint="--project takes the folder that holds it.",
        )
    folders = postgres_folders(project)
    layers = _layers(project, env, environ, tuple(folders), properties, options or {})
    merge = _Merge(layers, warnings=[text for each in layers for text in each.warnings])
    general = merge.section(
        [""],
        _fields.GENERAL,
        name="",
        defaults=_defaults(Settings, lock_lease=_defaults(Neo4jSettings)["lock_lease"]),
    )
    newer = {k: general.pop(k) for k in ("on_newer",) if k in general}
    lease = {k: general.pop(k) for k in ("lock_lease",) if k in general}
    order = _order(general.pop("order", STORES))
    return Settings(
        project=project,
        order=order,
        postgres=tuple(
            _postgres(merge, name, folder, newer) for name, folder in folders.items()
        ),
        neo4j=_neo4j(merge, project, newer | lease),
        elasticsearch=_elasticsearch(merge, project, newer),
        origins=tuple(merge.origins),
        warnings=tuple(merge.warnings),
        **general,
    )


def _layers(
    project: Path,
    env: str | None,
    environ: Mapping[str, str],
    databases: tuple[str, ...],
    properties: Path | None,
    options: Mapping[str, Mapping[str, Any]],
) -> list[Layer]:
    layers = list(_peer_layers(project, environ))
    toml, chosen = project / FOLDER / SETTINGS_FILE, None
    if toml.is_file():
        base, chosen = toml_layers(toml, env=env)
        layers.append(base)
    elif env is not None:
        raise ConfigError(f"--env {env} needs a {FOLDER}/{SETTINGS_FILE}.")
    layers += environment_layers(environ)
    if chosen:
        layers.append(chosen)
    layers.append(database_layer(environ, databases))
    if properties:
        layers.append(properties_layer(properties, environ))
    layers.append(Layer("option", options))
    _known_databases(layers, databases)
    return layers


def _peer_layers(project: Path, environ: Mapping[str, str]) -> Iterator[Layer]:
    """Read what the Java tool's own files say, weaker than all of weave's.

    Like the tool itself, one without a location means neo4j/migrations, unless there
    is weave's own folder.
    """
    usual = scripts_folder(project, "neo4j")
    beside, conf = project / PEER_FILE, usual.parent / "neo4j.conf"
    if beside.is_file():
        if (project / PEER_FOLDER).is_dir() and not usual.is_dir():
            folder = {"locations": [project / PEER_FOLDER]}
            yield Layer(f"{PEER_FILE} (its default)", {"neo4j": folder})
        yield properties_layer(beside, environ)
    if conf.is_file():
        yield properties_layer(conf, environ)


def _known_databases(layers: list[Layer], databases: tuple[str, ...]) -> None:
    for layer in layers:
        for section in layer.sections:
            name = section.removeprefix("postgres.")
            if name != section and name not in databases:
                raise ConfigError(
                    f"{layer.source} has [postgres.{name}], but there is no "
                    f"{FOLDER}/migrations/{name}/ with revisions.",
                    hint=f"Create it: weave db init {name}",
                )


def _order(order: Sequence[str]) -> tuple[str, ...]:
    if sorted(order) != sorted(STORES):
        raise ConfigError(f"order must name each of {', '.join(STORES)} once.")
    return tuple(order)


def _postgres(
    merge: _Merge, name: str, folder: Path, newer: dict[str, Any]
) -> PostgresSettings:
    section = f"postgres.{name}"
    values = newer | merge.section(
        ["postgres", section],
        _fields.POSTGRES,
        name=section,
        defaults=_defaults(PostgresSettings),
    )
    for part in PARTS:
        values.pop(part, None)
    url, target, warnings = postgres_url(name, merge.layers)
    merge.warnings += warnings
    merge.origins.append(
        Origin(key=f"{section} connects to", value=target, source="all above")
    )
    return PostgresSettings(name=name, folder=folder, url=url, **values)


def _neo4j(
    merge: _Merge, project: Path, general: dict[str, Any]
) -> Neo4jSettings | None:
    default = scripts_folder(project, "neo4j")
    values = general | merge.section(
        ["neo4j"],
        _fields.NEO4J,
        name="neo4j",
        defaults=_defaults(
            Neo4jSettings, locations=default, use_flyway_compatible_checksums=False
        ),
    )
    if not _present(values, default):
        return None
    _choose_login(merge, values)
    flyway = values.pop("use_flyway_compatible_checksums", False)
    return Neo4jSettings(**values, flyway_checksums=flyway)


def _choose_login(merge: _Merge, values: dict[str, Any]) -> None:
    """Keep one way to log in: the one that the strongest source names.

    Of one source it is a bearer token, then custom authentication, then the password.
    """
    ways = ("bearer", "custom_auth", "password")
    sections = [layer.sections.get("neo4j", {}) for layer in reversed(merge.layers)]
    way = next((way for each in sections for way in ways if way in each), None)
    login = "nobody"
    if way == "bearer":
        login = "a bearer token"
        values.pop("password", None)
        values.pop("custom_auth", None)
    elif way:
        values.pop("bearer", None)
        login = (
            "custom authentication" if "custom_auth" in values else "user and password"
        )
    merge.origins.append(
        Origin(key="neo4j logs in with", value=login, source="all above")
    )


def _elasticsearch(
    merge: _Merge, project: Path, newer: dict[str, Any]
) -> ElasticsearchSettings | None:
    default = scripts_folder(project, "elasticsearch")
    values = newer | merge.section(
        ["elasticsearch"],
        _fields.ELASTICSEARCH,
        name="elasticsearch",
        defaults=_defaults(
            ElasticsearchSettings,
            locations=default,
            url=("http://localhost:9200",),
            line_separator="lf",
        ),
    )
    if not _present(values, default):
        return None
    if "url" in values:
        values["urls"] = values.pop("url")
    if "line_separator" in values:
        values["line_separator"] = LINE_SEPARATORS[values["line_separator"]]
    return ElasticsearchSettings(**values)


def _present(values: dict[str, Any], default: Path) -> bool:
    """Put the usual location in; a store with neither it nor another is absent."""
    if "locations" in values:
        return True
    values["locations"] = (default,)
    return default.is_dir()
