"""Find the scripts of the configured locations and read them.

What neo4j-migrations aborts on is a problem here, what it silently ignores a warning
(reference, §1.2 and §1.3).  Names are judged by the whole path, as there.  Folders are
walked with symbolic links followed, but no link may leave its location, and a file
that is reached twice counts once.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from weave_migrate.errors import ConfigError, ScriptError
from weave_migrate.model import Callback, CypherScript, Migration, Problem
from weave_migrate.scripts.catalog import parse_catalog
from weave_migrate.scripts.cypher import parse_cypher
from weave_migrate.scripts.cypher_mismatch import explain_mismatch
from weave_migrate.scripts.cypher_names import (
    callback_phase,
    compare_versions,
    near_miss,
    parse_migration_name,
)
from weave_migrate.stores._scripts import (
    ParsedFiles,
    ScriptFile,
    resource_files,
    roots,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from weave_migrate.config import Location, Neo4jSettings
    from weave_migrate.model import Applied, CatalogScript
    from weave_migrate.scripts.cypher_names import CypherName


@dataclass(slots=True)
class Discovered:
    """What the locations hold; ``migrations`` are in no particular order.

    ``callbacks`` of one phase are in the order in which they run (§1.8).
    """

    migrations: list[Migration] = field(default_factory=list)
    callbacks: list[Callback] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Discovery:
    """Reads locations; a file that did not change is parsed once only."""

    settings: Neo4jSettings
    files: ParsedFiles = field(default_factory=ParsedFiles)

    def discover(self, *, only_callbacks: bool = False) -> Discovered:
        """Read every file; a bad one is a problem and does not hide the others.

        ``only_callbacks`` passes over migrations, however bad they are: operations
        that run none of them are not to fail because of them.
        """
        found = Discovered()
        seen: set[str] = set()
        locations = self.settings.locations
        for location in locations:
            for file in _files(location, seen, found):
                try:
                    self._look_at(file, found, only_callbacks=only_callbacks)
                except ScriptError as error:
                    found.problems.append(Problem.from_error(error))
        # Each folder that is there has been seen.
        if not (seen or found.problems or only_callbacks):
            found.problems.append(_nowhere(locations))
        found.callbacks.sort(key=lambda callback: callback.description)
        return found

    def _look_at(
        self, file: ScriptFile, found: Discovered, *, only_callbacks: bool
    ) -> None:
        text = file.path.as_posix()
        name = catalog = None
        if not only_callbacks:
            name = parse_migration_name(text)
            catalog = parse_migration_name(text, extension="xml")
        if called := callback_phase(text):
            script = self._script(file, with_preconditions=False)
            callback = Callback(*called, file.path.name, script, file.path)
            found.callbacks.append(callback)
        elif name:
            self._add(file, name, "CYPHER", partial(self._script, file), found)
        elif catalog:
            self._add(file, catalog, "CATALOG", partial(self._catalog, file), found)
        elif not only_callbacks and (warning := near_miss(text)):
            found.warnings.append(warning)

    def _add(
        self,
        file: ScriptFile,
        name: CypherName,
        kind: str,
        read: Callable[[], CypherScript | CatalogScript],
        found: Discovered,
    ) -> None:
        """Add a migration; what can't be parsed still stands for its version."""
        try:
            compare_versions(name.version, "0", order=self.settings.version_sort_order)
        except ScriptError as error:
            error.file = str(file.path)
            raise
        script = None
        try:
            script = read()
        except ScriptError as error:
            found.problems.append(Problem.from_error(error))
        found.migrations.append(
            Migration(
                version=name.version,
                description=name.description,
                type=kind,
                source=name.source,
                path=file.path,
                checksum=script.checksum if script else None,
                repeatable=name.repeatable,
                script=script,
            )
        )

    def _script(
        self, file: ScriptFile, *, with_preconditions: bool = True
    ) -> CypherScript:
        return self.files.get(
            file,
            lambda data: parse_cypher(
                data,
                file=str(file.path),
                placeholders=self.settings.placeholders,
                autocrlf=self.settings.autocrlf,
                flyway_checksums=self.settings.flyway_checksums,
                with_preconditions=with_preconditions,
            ),
        )

    def _catalog(self, file: ScriptFile) -> CatalogScript:
        return self.files.get(
            file, lambda data: parse_catalog(data, file=str(file.path))
        )

    def explain(self, migration: Migration, record: Applied) -> tuple[str, str] | None:
        """Say why a script's checksum is not the recorded one, and what to do."""
        if not (migration.path and record.checksum):
            return None
        data = self.files.read_again(migration.path)
        if data is None or not isinstance(migration.script, CypherScript):
            return None
        found = explain_mismatch(
            data,
            record.checksum,
            autocrlf=self.settings.autocrlf,
            flyway_checksums=self.settings.flyway_checksums,
        )
        return (found.reason, found.hint) if found else None


def _files(
    location: Location, seen: set[str], found: Discovered
) -> Iterator[ScriptFile]:
    """Give the files of a location; ``seen`` are the real paths of those before."""
    try:
        folders = roots(location)
    except ConfigError as error:
        found.problems.append(Problem.from_error(error))
        return
    for folder in folders:
        if not folder.is_dir():
            found.warnings.append(f"{folder} is ignored: it is not a folder.")
        elif isinstance(folder, Path):
            yield from _walk(str(folder), seen, found)
        elif (place := str(location)) not in seen:
            seen.add(place)
            yield from resource_files(folder, place)


def _walk(top: str, seen: set[str], found: Discovered) -> Iterator[ScriptFile]:
    """Walk a folder in name order, however deep; no link may leave its real path.

    Only what a link names has to be looked for; all else is below its real folder.
    """
    root = os.path.realpath(top)
    waiting = [(top, root, False)]
    while waiting:
        here, real, is_link = waiting.pop()
        if is_link:
            real = os.path.realpath(here)
        if real in seen:
            continue
        seen.add(real)
        if is_link and not Path(real).is_relative_to(root):
            found.problems.append(_outside(here))
        elif os.path.isdir(real):  # noqa: PTH112 - hot
            waiting += [
                (child.path, os.path.join(real, child.name), child.is_symlink())  # noqa: PTH118 - hot
                for child in reversed(_children(here, found))
            ]
        elif os.path.isfile(real):  # noqa: PTH113 - hot
            path = Path(here)
            yield ScriptFile(path, path)


def _children(folder: str, found: Discovered) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda child: child.name)
    except OSError as error:
        found.problems.append(
            Problem(
                code="UNREADABLE",
                message=f"{folder} can't be read: {error.strerror}.",
                file=folder,
            )
        )
        return []


def _nowhere(locations: Sequence[Location]) -> Problem:
    """Say that there is not one folder to look into: likely a slip of the pen."""
    given = ", ".join(map(str, locations))
    return Problem(
        code="LOCATION_MISSING",
        message=f"No folder of Neo4j scripts exists; looked for {given}.",
        hint="Make the folder, or correct `locations` below [neo4j] in weave.toml or "
        "--location.",
    )


def _outside(path: str) -> Problem:
    return Problem(
        code="OUTSIDE_LOCATION",
        message=f"{path} is a symbolic link that leads out of its location.",
        hint="Remove the link; copy what it names, or add its folder as a location.",
        file=path,
    )
