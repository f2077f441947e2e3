"""Find the scripts of the configured locations and read them.

What neo4j-migrations aborts on is a problem here, what it silently ignores a warning
(reference, §1.2 and §1.3).  Names are judged by the whole path, as there.  Folders are
walked with symbolic links followed, but no link may leave its location, and a file
that is reached twice counts once.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from weave_migrate.errors import ScriptError
from weave_migrate.model import Callback, Migration, Problem
from weave_migrate.scripts.cypher import parse_cypher
from weave_migrate.scripts.cypher_names import (
    callback_phase,
    compare_versions,
    near_miss,
    parse_migration_name,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from weave_migrate.config import Neo4jSettings
    from weave_migrate.model import CypherScript
    from weave_migrate.scripts.cypher_names import CypherName

# A file as it was when it was parsed: its path, time of change and size.
Stamp = tuple[str, int, int]


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
    _parsed: dict[Stamp, CypherScript] = field(default_factory=dict)

    def discover(self, *, only_callbacks: bool = False) -> Discovered:
        """Read every file; a bad one is a problem and does not hide the others.

        ``only_callbacks`` passes over migrations, however bad they are: operations
        that run none of them are not to fail because of them.
        """
        found = Discovered()
        seen: set[str] = set()
        for location in self.settings.locations:
            folder = os.path.abspath(location)  # noqa: PTH100 - keeps links
            if not os.path.isdir(folder):  # noqa: PTH112
                found.warnings.append(f"{folder} is ignored: it is not a folder.")
                continue
            root = os.path.realpath(folder)
            for path in _files(folder, root, root, seen, found):
                try:
                    self._look_at(path, found, only_callbacks=only_callbacks)
                except ScriptError as error:
                    found.problems.append(Problem.from_error(error))
        found.callbacks.sort(key=lambda callback: callback.description)
        return found

    def _look_at(self, path: Path, found: Discovered, *, only_callbacks: bool) -> None:
        text = path.as_posix()
        name = catalog = None
        if not only_callbacks:
            name = parse_migration_name(text)
            catalog = parse_migration_name(text, extension="xml")
        if called := callback_phase(text):
            script = self._script(path, with_preconditions=False)
            found.callbacks.append(Callback(*called, path.name, script, path))
        elif name:
            self._check_version(name, path)
            found.migrations.append(self._migration(path, name, found))
        elif catalog:
            self._check_version(catalog, path)
            found.migrations.append(_described(path, catalog, kind="CATALOG"))
        elif not only_callbacks and (warning := near_miss(text)):
            found.warnings.append(warning)

    def _check_version(self, name: CypherName, path: Path) -> None:
        try:
            compare_versions(name.version, "0", order=self.settings.version_sort_order)
        except ScriptError as error:
            error.file = str(path)
            raise

    def _migration(self, path: Path, name: CypherName, found: Discovered) -> Migration:
        """Read one script; what can't be parsed still stands for its version."""
        try:
            script = self._script(path)
        except ScriptError as error:
            found.problems.append(Problem.from_error(error))
            return _described(path, name, kind="CYPHER")
        return _described(path, name, kind="CYPHER", script=script)

    def _script(self, path: Path, *, with_preconditions: bool = True) -> CypherScript:
        try:
            status = path.stat()
            stamp = (str(path), status.st_mtime_ns, status.st_size)
            if stamp not in self._parsed:
                self._parsed[stamp] = parse_cypher(
                    path.read_bytes(),
                    file=str(path),
                    placeholders=self.settings.placeholders,
                    autocrlf=self.settings.autocrlf,
                    flyway_checksums=self.settings.flyway_checksums,
                    with_preconditions=with_preconditions,
                )
        except OSError as error:
            raise ScriptError(
                f"{path} can't be read: {error.strerror}.",
                code="UNREADABLE",
                hint="Check that it exists and that you may read it.",
                file=path,
            ) from error
        return self._parsed[stamp]


def _files(
    folder: str, real_folder: str, root: str, seen: set[str], found: Discovered
) -> Iterator[Path]:
    """Walk a folder in name order; ``root`` is the real path nothing may leave.

    Only what a link names has to be looked for; all else is below ``real_folder``.
    """
    try:
        with os.scandir(folder) as entries:
            children = sorted(entries, key=lambda child: child.name)
    except OSError as error:
        found.problems.append(
            Problem(
                code="UNREADABLE",
                message=f"{folder} can't be read: {error.strerror}.",
                file=folder,
            )
        )
        return
    for child in children:
        is_link = child.is_symlink()
        real = (
            os.path.realpath(child.path)
            if is_link
            else os.path.join(real_folder, child.name)  # noqa: PTH118 - hot
        )
        if real in seen:
            continue
        seen.add(real)
        if is_link and not Path(real).is_relative_to(root):
            found.problems.append(_outside(child.path))
        elif os.path.isdir(real):  # noqa: PTH112 - hot
            yield from _files(child.path, real, root, seen, found)
        elif os.path.isfile(real):  # noqa: PTH113 - hot
            yield Path(child.path)


def _described(
    path: Path, name: CypherName, *, kind: str, script: CypherScript | None = None
) -> Migration:
    return Migration(
        version=name.version,
        description=name.description,
        type=kind,
        source=name.source,
        path=path,
        checksum=script.checksum if script else None,
        repeatable=name.repeatable,
        script=script,
    )


def _outside(path: str) -> Problem:
    return Problem(
        code="OUTSIDE_LOCATION",
        message=f"{path} is a symbolic link that leads out of its location.",
        hint="Copy the file, or add the folder it lies in as a location.",
        file=path,
    )
