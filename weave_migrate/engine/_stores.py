"""Which stores a command is about, in the order of a run."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from difflib import get_close_matches
from typing import TYPE_CHECKING

from weave_migrate.errors import ConfigError
from weave_migrate.stores import Store, open_store

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from weave_migrate.config import (
        ElasticsearchSettings,
        Neo4jSettings,
        PostgresSettings,
        Settings,
    )

    StoreSettings = PostgresSettings | Neo4jSettings | ElasticsearchSettings


def select(
    settings: Settings, names: Sequence[str] = (), *, without: Sequence[str] = ()
) -> list[StoreSettings]:
    """Give the settings of the stores named, or of all, in the order of a run.

    ``without`` are kinds to leave out.  Raises ConfigError (NO_STORE) for a name
    that is none of the project's, and where nothing is left.
    """
    found: dict[str, StoreSettings] = {}
    for kind in settings.order:
        if kind in without:
            continue
        if kind == "postgres":
            found |= {each.name: each for each in settings.postgres}
        elif kind == "neo4j" and settings.neo4j:
            found["neo4j"] = settings.neo4j
        elif kind == "elasticsearch" and settings.elasticsearch:
            found["elasticsearch"] = settings.elasticsearch
    for name in names:
        if name not in found:
            raise _unknown(name, tuple(found), settings)
    if not found:
        raise ConfigError(
            f"There is nothing to migrate: {settings.migrations} holds no scripts"
            + (" but those left out." if without else "."),
            code="NO_STORE",
            hint="Create a database's folder: weave db init NAME",
        )
    return [each for name, each in found.items() if not names or name in names]


def _unknown(name: str, known: tuple[str, ...], settings: Settings) -> ConfigError:
    close = get_close_matches(name, known, n=1)
    listed = ", ".join(known) or "none"
    return ConfigError(
        f"There is no database {name} in {settings.migrations} (there is: {listed}).",
        code="NO_STORE",
        hint=f"Did you mean {close[0]}?" if close else f"weave db init {name}",
    )


@contextmanager
def opened(chosen: Sequence[StoreSettings]) -> Iterator[list[Store]]:
    """Make the stores, and close every one of them at the end."""
    with ExitStack() as stack:
        stores = []
        for settings in chosen:
            store = open_store(settings)
            stack.callback(store.close)
            stores.append(store)
        yield stores
