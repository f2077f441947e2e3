"""Revision files as Alembic's revision graph, and everything wrong with them.

Alembic stops at the first bad file, and where two files have one revision id lets the
last of them win.  Here each file is executed by itself, so all problems are found,
and Alembic is given only a graph that it can walk.
"""

from __future__ import annotations

import linecache
import re
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from alembic.script import Script, ScriptDirectory
from alembic.script.revision import CycleDetected, RevisionError, RevisionMap
from alembic.util import CommandError, load_python_file, to_tuple

from weave_migrate.model import Migration, Problem
from weave_migrate.scripts import _source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from weave_migrate.stores.postgres._environment import Environment

TYPE = "ALEMBIC"
_SYMBOLS = frozenset({"base", "head", "heads", "current"})
_SOURCE_FILE = re.compile(r"(?!\.#|__init__).*\.py")  # what Alembic reads


@dataclass(frozen=True, slots=True)
class Revisions:
    """What lies in one folder; with any ``problems`` the graph is not to be used."""

    directory: ScriptDirectory
    scripts: tuple[Script, ...]
    problems: tuple[Problem, ...] = ()

    @property
    def heads(self) -> tuple[str, ...]:
        """The revisions that nothing follows."""
        return tuple(self.directory.get_heads())

    def knows(self, version: str) -> bool:
        """Whether there is a file for a recorded revision."""
        return any(script.revision == version for script in self.scripts)

    def after(self, recorded: Sequence[str]) -> list[Script]:
        """Give what lies between the recorded revisions and the heads, in order.

        The order is the one in which Alembic would run it.  Raises CommandError or
        RevisionError where the records contradict the graph.
        """
        steps = self.directory.iterate_revisions(
            "heads", tuple(recorded), implicit_base=True
        )
        return list(steps)[::-1]


def read_revisions(environment: Environment) -> Revisions:
    """Execute every revision file of a database and put them in relation.

    Never raises for what a file holds: each problem names its file.
    """
    with environment.entered():
        directory = ScriptDirectory.from_config(environment.config())
        scripts: list[Script] = []
        problems: list[Problem] = []
        for path in revision_files(environment.versions):
            found = _read(path)
            if isinstance(found, Script):
                scripts.append(found)
            else:
                problems.append(found)
        problems += _unrelated(scripts)
        if not problems:
            directory.revision_map = RevisionMap(lambda: scripts)
            problems += _walk(directory, scripts)
    return Revisions(directory, tuple(scripts), tuple(problems))


def revision_files(folder: Path) -> list[Path]:
    """Give the files of a folder that Alembic would execute, by name."""
    if not folder.is_dir():
        return []
    return sorted(p for p in folder.iterdir() if _SOURCE_FILE.fullmatch(p.name))


def as_migration(script: Script) -> Migration:
    """Show a revision the way all stores show their migrations."""
    path = Path(script.path)
    lines = script.longdoc.splitlines()
    return Migration(
        version=script.revision,
        description=lines[0].strip() if lines else "",
        type=TYPE,
        source=path.name,
        path=path,
    )


def _read(path: Path) -> Script | Problem:
    try:
        module = load_python_file(path.parent, path.name)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - any code may stand there
        return _broken(path, error)
    for name in ("revision", "down_revision"):
        if not hasattr(module, name):
            return _undefined(path, name)
    if not isinstance(module.revision, str):
        return _undefined(path, "revision")
    if module.revision in _SYMBOLS:
        return _misnamed(path, f"{module.revision!r} is a word of Alembic's own")
    try:
        return Script(module, module.revision, path)
    except RevisionError as error:
        return _misnamed(path, str(error))


def _misnamed(path: Path, why: str) -> Problem:
    return Problem(
        code="SCRIPT_INVALID",
        message=f"{path.name}: {why}.",
        hint=f"Give {path.name} another revision id.",
        file=str(path),
    )


def _broken(path: Path, error: BaseException) -> Problem:
    line = line_in(path, error)
    said = error.msg if isinstance(error, SyntaxError) else str(error)
    where = f", line {line}," if line else ""
    kind = type(error).__name__
    return Problem(
        code="SCRIPT_INVALID",
        message=f"{path.name}{where} can't be loaded: {kind}: {said}".rstrip(": "),
        hint=f"Correct {path}.",
        file=str(path),
        line=line,
        excerpt=line_excerpt(path, line),
    )


def _undefined(path: Path, name: str) -> Problem:
    return Problem(
        code="SCRIPT_INVALID",
        message=f"{path.name} does not define {name}, as every revision does.",
        hint=f"Define it, or move {path.name} out of {path.parent.name}/.",
        file=str(path),
    )


def line_in(path: Path, error: BaseException) -> int | None:
    """Give the line of ``path`` at which an error arose, if it did there."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return error.lineno
    frames = traceback.walk_tb(error.__traceback__)
    lines = [line for frame, line in frames if frame.f_code.co_filename == str(path)]
    return lines[-1] if lines else None


def line_excerpt(path: Path, line: int | None) -> str | None:
    """Give one line of a file, cut and harmless to a terminal."""
    if not line:
        return None
    linecache.checkcache(str(path))
    text = linecache.getline(str(path), line).rstrip()
    return _source.printable(text.strip()[:72]) or None


def _unrelated(scripts: list[Script]) -> Iterator[Problem]:
    """Find ids that two files claim, and parents that no file has."""
    by_id: dict[str, Script] = {}
    for script in scripts:
        path, first = Path(script.path), by_id.setdefault(script.revision, script)
        if first is not script:
            yield Problem(
                code="DUPLICATE_VERSION",
                message=f"{Path(first.path).name} and {path.name} are both revision "
                f"{script.revision}.",
                hint=f"Give the one that was never applied a revision id of its own "
                f"(in {path.name}: revision = '…').",
                file=str(path),
            )
    labels = {label for script in scripts for label in script.branch_labels}
    for script in scripts:
        path = Path(script.path)
        needed = [
            *to_tuple(script.down_revision, default=()),
            *to_tuple(script.dependencies, default=()),
        ]
        for name in needed:
            if name not in by_id and name not in labels:
                yield Problem(
                    code="MISSING_PARENT",
                    message=f"{path.name} follows revision {name}, and no file in "
                    f"{path.parent.name}/ is that revision.",
                    hint=f"Bring the file of {name} back (git log --diff-filter=D "
                    f"--name-only), or correct down_revision in {path.name}.",
                    file=str(path),
                )


def _walk(directory: ScriptDirectory, scripts: list[Script]) -> Iterator[Problem]:
    """Let Alembic put the graph together, and say where it can't."""
    try:
        directory.get_heads()
    except CycleDetected as error:
        cycle = [s for s in scripts if s.revision in error.revisions]
        names = ", ".join(Path(script.path).name for script in cycle)
        yield Problem(
            code="REVISION_CYCLE",
            message=f"These revisions follow each other in a circle: {names}.",
            hint="Correct down_revision in one of them.",
            file=cycle[0].path if cycle else None,
        )
    except (RevisionError, CommandError) as error:
        yield Problem(
            code="HISTORY_CONFLICT",
            message=f"Alembic can't relate the revisions: {error}.",
            hint=f"See the revisions in {directory.versions}.",
        )
