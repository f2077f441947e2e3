"""Where scripts are: folders, and folders inside of importable packages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from weave_migrate.errors import ConfigError

_SCHEME = re.compile(r"\s*+([A-Za-z][A-Za-z0-9+.-]*+):(.*)", re.DOTALL)
_FILE = re.compile(r"(?://[^/]*+)?(/.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class PackageLocation:
    """A folder that is installed with a package, which may lie in a zip file.

    ``package`` is its dotted name, ``folder`` a path below it with ``/``, or ``""``.
    """

    package: str
    folder: str = ""

    def __str__(self) -> str:
        return "package:" + "/".join(filter(None, (self.package, self.folder)))


Location = Path | PackageLocation


def parse_location(value: str, base: Path) -> Location:
    """Read a location; a path without a scheme is relative to ``base``.

    ``package:my_app.data/neo4j`` is a package, and behind the first slash a folder in
    it.  ``file:/path``, ``file:///path`` and ``file://host/path`` are folders as for
    neo4j-migrations (§1.7); so is a bare path, which is the class path there.  Raises
    ConfigError for any other scheme.
    """
    match = _SCHEME.fullmatch(value)
    if match is None or Path(value).drive:
        return base / value.strip()
    scheme, rest = match[1].lower(), match[2].strip().replace("\\", "/")
    if scheme == "package":
        return _package(rest, value)
    if scheme == "file" and (path := _FILE.fullmatch(rest)):
        return Path(unquote(path[1]))
    raise ConfigError(
        f"The location {value!r} is none that weave knows.",
        hint="The resources of a Python package are package:my_app/migrations."
        if scheme == "classpath"
        else "Use a folder, file:/path, or package:my_app/migrations.",
    )


def _package(text: str, value: str) -> PackageLocation:
    package, slash, folder = text.partition("/")
    parts = folder.rstrip("/").split("/") if slash and folder.rstrip("/") else []
    is_name = all(part.isidentifier() for part in package.split("."))
    if not is_name or any(part in ("", ".", "..") for part in parts):
        raise ConfigError(
            f"The location {value!r} names no folder in a package.",
            hint="Use package:my_app.data, or package:my_app/migrations.",
        )
    return PackageLocation(package, "/".join(parts))
