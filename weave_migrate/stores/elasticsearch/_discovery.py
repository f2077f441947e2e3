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

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
class Found:
    """What lies in the locations: scripts, and what is wrong or looks wrong."""

    files: list[File] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def discover(settings: ElasticsearchSettings) -> Found:
    """Read and parse every script; a bad one is a problem, not an end."""
    found = Found()
    seen: set[tuple[str, HttpScript]] = set()
    for location in settings.locations:
        try:
            paths = list(_walk(location))
        except ConfigError as error:
            found.problems.append(Problem.from_error(error))
            continue
        for path in paths:
            _take(path, settings, found, seen)
    return found


def explain(
    migration: Migration, recorded: str, *, settings: ElasticsearchSettings
) -> str | None:
    """Say which older way of reading gives a file the recorded checksum (§13)."""
    if migration.path is None:
        return None
    try:
        data = _read(migration.path, settings)
        variants = checksum_variants(
            data, file=str(migration.path), encoding=settings.encoding
        )
    except ScriptError:
        return None
    for name, checksum in variants.items():
        if str(checksum) == recorded:
            return _VARIANTS[name]
    return None


def _walk(location: Path) -> Iterator[Path]:
    if location.is_file():
        yield location
        return
    if not location.is_dir():
        raise ConfigError(
            f"The location {location} does not exist.",
            code="LOCATION_MISSING",
            hint=f"mkdir -p {location}",
        )
    for folder, folders, names in os.walk(location, onerror=_unreadable):
        here = Path(folder)
        folders.sort()
        if len(here.relative_to(location).parts) >= _DEPTH - 1:
            folders.clear()
        yield from (here / name for name in sorted(names))


def _unreadable(error: OSError) -> None:
    raise ConfigError(
        f"The folder {error.filename} can't be read: {error.strerror}.",
        code="LOCATION_UNREADABLE",
    )


def _take(
    path: Path,
    settings: ElasticsearchSettings,
    found: Found,
    seen: set[tuple[str, HttpScript]],
) -> None:
    if not path.is_file():
        return
    try:
        name = parse_http_name(
            path.name,
            prefix=settings.migration_prefix,
            suffixes=settings.migration_suffixes,
        )
        if name is None:
            miss = near_miss(
                path.name,
                prefix=settings.migration_prefix,
                suffixes=settings.migration_suffixes,
            )
            if miss:
                found.warnings.append(f"{path}: {miss}")
            return
    except ScriptError as error:
        error.file = str(path)
        found.problems.append(Problem.from_error(error))
        return
    script: HttpScript | None = None
    try:
        script = parse_script(_read(path, settings), path, settings)
        if script is None or (name.source, script) in seen:
            return
        seen.add((name.source, script))
    except ScriptError as error:
        # Its version still has its place among the others.
        found.problems.append(Problem.from_error(error))
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


def _read(path: Path, settings: ElasticsearchSettings) -> bytes:
    if path.is_symlink() and not _is_inside(path.resolve(), settings.locations):
        raise ScriptError(
            f"{path} is a link that leads out of its location, to {path.resolve()}.",
            code="OUTSIDE_LOCATION",
            hint="Put the file itself there.",
            file=path,
        )
    try:
        return path.read_bytes()
    except OSError as error:
        raise ScriptError(
            f"{path} can't be read: {error.strerror or error}.",
            code="UNREADABLE",
            file=path,
        ) from error


def _is_inside(path: Path, locations: Sequence[Path]) -> bool:
    return any(path.is_relative_to(location.resolve()) for location in locations)


def parse_script(
    data: bytes, path: Path, settings: ElasticsearchSettings
) -> HttpScript | None:
    """Parse one script under the settings; None for an empty one."""
    return parse_http(
        data,
        file=str(path),
        placeholders=settings.placeholders,
        placeholder_prefix=settings.placeholder_prefix,
        placeholder_suffix=settings.placeholder_suffix,
        placeholder_replacement=settings.placeholder_replacement,
        encoding=settings.encoding,
        line_separator=settings.line_separator,
        trim_trailing_newline=settings.trim_trailing_newline,
    )
