"""elasticsearch-evolution itself, built by Maven, beside us on one real cluster."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from search_bench import SearchBench

if TYPE_CHECKING:
    from collections.abc import Iterator

_RUNNER = Path(__file__).parent / "runner"
_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
VERSIONS = ("0.6.0", "0.4.3")


@dataclass(frozen=True)
class Evolution:
    """One version of elasticsearch-evolution on the cluster and folder of a bench."""

    classpath: str
    bench: SearchBench

    def start(
        self, *, out_of_order: bool = False, level: str = "error"
    ) -> subprocess.Popen[str]:
        """Start its migrate; what it logs comes with what it prints."""
        command = ["java", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
        command += [f"-Dorg.slf4j.simpleLogger.defaultLogLevel={level}"]
        command += ["-cp", self.classpath, "Main", self.bench.url]
        command += [str(self.bench.folder), self.bench.history_index]
        command += [str(out_of_order).lower()]
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def migrate(self, *, out_of_order: bool = False) -> tuple[int, str]:
        """Run its migrate to the end: exit status and what it printed."""
        with self.start(out_of_order=out_of_order) as process:
            output, _ = process.communicate(timeout=120)
        return process.returncode, output.strip()


@pytest.fixture
def bench(search_server: Any, tmp_path: Path) -> Iterator[SearchBench]:
    """A folder of scripts and a corner of the real cluster."""
    made = SearchBench(search_server.url, tmp_path)
    yield made
    made.remove()


@pytest.fixture(scope="session")
def build_evolution() -> Any:
    """Build the runner for a version, once a machine; gives its class path."""
    if not shutil.which("mvn") or not shutil.which("java"):
        pytest.fail(
            "install Maven and Java 17 or later for tests/interop", pytrace=False
        )

    def build(version: str) -> str:
        target = _CACHE / "weave-migrate" / "evolution-runner" / version
        target.mkdir(parents=True, exist_ok=True)
        classes = target / "classes" / "Main.class"
        newest = max(each.stat().st_mtime for each in _RUNNER.iterdir())
        with (target / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not classes.exists() or classes.stat().st_mtime < newest:
                command = ["mvn", "-q", "-B", "-f", str(_RUNNER / "pom.xml"), "compile"]
                command += [f"-Devolution.version={version}"]
                command += [f"-Drunner.build={target}"]
                built = subprocess.run(
                    command, capture_output=True, text=True, check=False
                )
                if built.returncode:
                    pytest.fail(f"Maven failed:\n{built.stdout}", pytrace=False)
        jars = (target / "classpath.txt").read_text().strip()
        return f"{target / 'classes'}{os.pathsep}{jars}"

    return build


@pytest.fixture(params=VERSIONS)
def each_evolution(
    request: pytest.FixtureRequest, build_evolution: Any, bench: SearchBench
) -> Evolution:
    """Every version of elasticsearch-evolution that we test against, in turn."""
    return Evolution(build_evolution(request.param), bench)


@pytest.fixture
def evolution(build_evolution: Any, bench: SearchBench) -> Evolution:
    """The newest version of elasticsearch-evolution that Maven Central has whole."""
    return Evolution(build_evolution(VERSIONS[0]), bench)
