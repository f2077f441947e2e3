"""Fetch server distributions through the Maven on the machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from weave_migrate.sandbox._process import unavailable

_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"
_POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion>
<groupId>weave</groupId><artifactId>sandbox</artifactId><version>1</version>
<dependencies><dependency>
<groupId>{group}</groupId><artifactId>{artifact}</artifactId>
<version>{version}</version><type>{type}</type>
</dependency></dependencies>
</project>
"""


def fetch(
    coordinates: str, into: Path, *, java_home: Path, archive: bool = False
) -> None:
    """Copy an artifact with what it needs, as jars, into the folder ``into``.

    ``coordinates`` are ``group:artifact:version``; ``archive`` asks for its zip alone.
    Progress goes to standard error.  Raises StoreUnavailable.
    """
    maven = shutil.which("mvn")
    if maven is None:
        raise unavailable(
            f"{coordinates} has to be fetched, and there is no Maven (mvn) on PATH.",
            "Install Maven, or Docker.",
        )
    group, artifact, version = coordinates.split(":")
    environment = dict(os.environ)
    if not environment.get("JAVA_HOME") and not shutil.which("java"):
        environment["JAVA_HOME"] = str(java_home)
    with tempfile.TemporaryDirectory(prefix="weave-maven-") as folder:
        pom = Path(folder, "pom.xml")
        kind = "zip" if archive else "jar"
        pom.write_text(
            _POM.format(group=group, artifact=artifact, version=version, type=kind)
        )
        _run(
            [
                maven,
                "-Dstyle.color=never",
                "-f",
                str(pom),
                f"{_PLUGIN}:copy-dependencies",
                f"-DoutputDirectory={into}",
                "-DincludeScope=runtime",
                f"-DexcludeTransitive={str(archive).lower()}",
            ],
            environment,
            coordinates,
        )


def _run(command: list[str], environment: dict[str, str], coordinates: str) -> None:
    """Run Maven, showing what it downloads; raise with its own words if it fails."""
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    title = f"Fetching {coordinates} (once; it is kept)"
    if not console.is_terminal:
        console.print(f"{title} ...", soft_wrap=True)
    errors: list[str] = []
    with (
        subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,  # then a carriage return ends a line, as in Maven's progress
            errors="replace",
        ) as maven,
        console.status(title) as status,
    ):
        try:
            for line in maven.stdout or ():
                if line.startswith("[ERROR]"):
                    errors.append(line.removeprefix("[ERROR]").strip())
                elif found := re.match(r"Progress \(\d++\): (.++)", line):
                    status.update(f"{title}: {found[1]}")
        except BaseException:
            maven.kill()
            raise
    if maven.returncode != 0:
        raise unavailable(
            "\n".join([f"Maven can't fetch {coordinates}:", *errors[:1]]),
            "Check the version and the connection to your Maven registry.",
        )
