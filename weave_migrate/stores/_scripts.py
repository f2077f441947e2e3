"""Files of scripts: in folders and in packages, read once as long as they stay so.

A package that is installed as files is a folder like others.  One in a zip file is
read through ``importlib.resources``; nothing in there can lead out of it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from weave_migrate.errors import ConfigError, ScriptError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from importlib.resources.abc import Traversable

    from weave_migrate.config import Location, PackageLocation

    _T = TypeVar("_T")

_UNCHANGING = (0, 0)  # what is in a zip file


@dataclass(frozen=True, slots=True)
class ScriptFile:
    """One file; ``path`` says where it is, for one in a zip as ``package:my_app/…``."""

    path: Path
    content: Traversable


def roots(location: Location) -> list[Traversable]:
    """Give the folders that a location is; more than one for a namespace package.

    They need not exist; a Path is absolute.  Raises ConfigError (LOCATION_MISSING) for
    a package that can't be imported.
    """
    if isinstance(location, Path):
        return [Path(os.path.abspath(location))]  # noqa: PTH100 - keeps links
    try:
        top = resources.files(location.package)
    except Exception as error:  # importing runs the package's own code
        raise _not_imported(location, error) from error
    folder = top.joinpath(*location.folder.split("/")) if location.folder else top
    if isinstance(folder, Path) or not folder.is_dir():
        return [folder]
    inside = {each.parent for each in folder.iterdir() if isinstance(each, Path)}
    return [*sorted(inside)] or [folder]


def resource_files(folder: Traversable, place: str) -> Iterator[ScriptFile]:
    """Give the files below a folder in a zip, in the order of their names."""
    waiting = [ScriptFile(Path(place), folder)]
    while waiting:
        here = waiting.pop()
        if here.content.is_file():
            yield here
        elif here.content.is_dir():
            children = sorted(here.content.iterdir(), key=lambda each: each.name)
            waiting += [
                ScriptFile(here.path / each.name, each) for each in reversed(children)
            ]


@dataclass(slots=True)
class ParsedFiles:
    """What was made of files; one that did not change is parsed once only."""

    _known: dict[Path, tuple[object, Any]] = field(default_factory=dict)
    _contents: dict[Path, Traversable] = field(default_factory=dict)

    def get(self, file: ScriptFile, parse: Callable[[bytes], _T]) -> _T:
        """Parse a file, unless its time of change and size are those of last time.

        Raises ScriptError: what ``parse`` raises, and UNREADABLE.
        """
        self._contents[file.path] = file.content
        try:
            stamp = _stamp(file.content)
            known = self._known.get(file.path)
            if known is None or known[0] != stamp:
                known = stamp, parse(file.content.read_bytes())
                self._known[file.path] = known
        except OSError as error:
            raise ScriptError(
                f"{file.path} can't be read: {error.strerror or error}.",
                code="UNREADABLE",
                hint="Check that it exists and that you may read it.",
                file=file.path,
            ) from error
        value: _T = known[1]
        return value

    def read_again(self, path: Path) -> bytes | None:
        """Give the bytes of a file that was parsed, or None where that is over."""
        try:
            return self._contents[path].read_bytes()
        except (KeyError, OSError):
            return None


def _stamp(content: Traversable) -> tuple[int, int]:
    if not isinstance(content, Path):
        return _UNCHANGING
    status = content.stat()
    return status.st_mtime_ns, status.st_size


def _not_imported(location: PackageLocation, error: Exception) -> ConfigError:
    return ConfigError(
        f"The location {location} can't be used: the package {location.package} can't "
        f"be imported ({type(error).__name__}: {error}).",
        code="LOCATION_MISSING",
        hint="Install it where weave runs, or add its folder to PYTHONPATH.",
    )
