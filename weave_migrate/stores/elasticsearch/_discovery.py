"""Find the scripts: the files below the locations, as the peer finds them (§1.3).

Ten levels deep; links to files are read, links to folders not entered; a location may
be a single file; empty files are skipped; two entries with the same name and content
are one.  Different from the peer, a link that leads out of its location is refused.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from weave_migrate.errors import ConfigError, ScriptError
from weave_migrate.model import HttpScript, Migration, Problem
from weave_migrate.plan.positions import File
from weave_migrate.scripts.http import checksum_variants, parse_http
from weave_migrate.scripts.http_names import near_miss, parse_http_name
from weave_migrate.stores._scripts import (
    ParsedFiles,
    ScriptFile,
    resource_files,
    roots,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from importlib.resources.abc import Traversable

    from weave_migrate.config import ElasticsearchSettings

_DEPTH = 10
_VARIANTS = {
    "lf": "with its last line end (trim_trailing_newline = false)",
    "lf trimmed": "without its last line end, as elasticsearch-evolution up to 0.5.1 "
    "read it (trim_trailing_newline = true)",
    "crlf": 'with Windows line ends (line_separator = "\\r\\n")',
    "crlf trimmed": "with Windows line ends and without the last, as "
    "elasticsearch-evolution up to 0.4.1 read it on Windows "
    '(line_separator = "\\r\\n", trim_trailing_newline = true)',
}


@dataclass(slots=True)
class Discovered:
    """What lies in the locations: scripts, and what is wrong or looks wrong."""

    files: list[File] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Discovery:
    """Reads locations; a file that did not change is parsed once only."""

    settings: ElasticsearchSettings
    _parsed: ParsedFiles = field(default_factory=ParsedFiles)

    def discover(self) -> Discovered:
        """Read every file; a bad one is a problem and does not hide the others."""
        found = Discovered()
        seen: dict[str, list[HttpScript]] = {}
        files: list[tuple[ScriptFile, bool]] = []
        inside: list[Path] = []
        for location in self.settings.locations:
            try:
                for folder in roots(location):
                    files += _files(folder, str(location))
                    if isinstance(folder, Path):
                        inside.append(folder.resolve())
            except ConfigError as error:
                found.problems.append(Problem.from_error(error))
        for file, is_link in files:
            outside = is_link and not _is_inside(file.path.resolve(), inside)
            try:
                self._look_at(file, found, seen, outside=outside)
            except ScriptError as error:
                error.file = str(file.path)
                found.problems.append(Problem.from_error(error))
        return found

    def _look_at(
        self,
        file: ScriptFile,
        found: Discovered,
        seen: dict[str, list[HttpScript]],
        *,
        outside: bool,
    ) -> None:
        path = file.path
        prefix = self.settings.migration_prefix
        suffixes = self.settings.migration_suffixes
        name = parse_http_name(path.name, prefix=prefix, suffixes=suffixes)
        if name is None:
            miss = near_miss(path.name, prefix=prefix, suffixes=suffixes)
            if miss:
                found.warnings.append(f"{path}: {miss}")
            return
        script: HttpScript | None = None
        try:
            if outside:
                raise _leads_out(path)
            script = self._script(file)
        except ScriptError as error:
            # Its version still has its place among the others.
            found.problems.append(Problem.from_error(error))
        else:
            same_name = seen.setdefault(name.source, [])
            if script is None or script in same_name:
                return
            same_name.append(script)
        migration = Migration(
            version=name.version,
            description=name.description,
            type="HTTP",
            source=name.source,
            path=path,
            checksum=str(script.checksum) if script else None,
            script=script,
        )
        found.files.append(File(name.key, migration))

    def _script(self, file: ScriptFile) -> HttpScript | None:
        settings = self.settings
        return self._parsed.get(
            file,
            lambda data: parse_http(
                data,
                file=str(file.path),
                placeholders=settings.placeholders,
                placeholder_prefix=settings.placeholder_prefix,
                placeholder_suffix=settings.placeholder_suffix,
                placeholder_replacement=settings.placeholder_replacement,
                encoding=settings.encoding,
                line_separator=settings.line_separator,
                trim_trailing_newline=settings.trim_trailing_newline,
            ),
        )

    def explain(self, migration: Migration, recorded: str) -> str | None:
        """Say which older way of reading gives a file the recorded checksum (§13)."""
        path = migration.path
        data = self._parsed.read_again(path) if path else None
        if data is None:
            return None
        try:
            variants = checksum_variants(
                data, file=str(path), encoding=self.settings.encoding
            )
        except ScriptError:
            return None
        for name, checksum in variants.items():
            if str(checksum) == recorded:
                return _VARIANTS[name]
        return None


def _files(folder: Traversable, place: str) -> Iterator[tuple[ScriptFile, bool]]:
    """Give the files of a location, and whether each is a symbolic link in it."""
    if isinstance(folder, Path) and folder.is_file():
        yield ScriptFile(folder, folder), False
    elif not folder.is_dir():
        raise ConfigError(
            f"The location {place} does not exist.",
            code="LOCATION_MISSING",
            hint=f"mkdir -p {folder}" if isinstance(folder, Path) else None,
        )
    elif isinstance(folder, Path):
        for path, is_link in _walk(str(folder), _DEPTH):
            yield ScriptFile(path, path), is_link
    else:
        for file in resource_files(folder, place):
            yield file, False


def _walk(folder: str, depth: int) -> Iterator[tuple[Path, bool]]:
    """Walk a folder in name order, files first; ``os.walk`` asks for each file anew."""
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        raise ConfigError(
            f"The folder {folder} can't be read: {error.strerror}.",
            code="LOCATION_UNREADABLE",
        ) from error
    for entry in entries:
        if _is_file(entry):
            yield Path(entry.path), entry.is_symlink()
    if depth > 1:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(entry.path, depth - 1)


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:  # a link that leads in circles, or to where we may not look
        return False


def _is_inside(path: Path, folders: Sequence[Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


def _leads_out(path: Path) -> ScriptError:
    return ScriptError(
        f"{path} is a link that leads out of its location, to {path.resolve()}.",
        code="OUTSIDE_LOCATION",
        hint="Put the file itself there.",
        file=path,
    )
