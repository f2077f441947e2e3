"""What is wrong or worth knowing about pending ``.http`` scripts, before they run."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING
from urllib.parse import unquote

from weave_migrate.model import HttpScript, Problem
from weave_migrate.plan.positions import place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from weave_migrate.model import Migration, Request

# They read, whatever their method is.
_READING = frozenset(
    {
        "_analyze",
        "_count",
        "_explain",
        "_field_caps",
        "_msearch",
        "_refresh",
        "_search",
        "_validate",
    }
)
# Without an index they mean every index.
_EVERYWHERE = frozenset({"_mapping", "_mappings", "_settings"})


def check_scripts(
    pending: Sequence[Migration], *, history_index: str
) -> tuple[tuple[Problem, ...], tuple[str, ...]]:
    """Find what forbids to run these scripts, and what their users should know.

    A placeholder without a value is a problem; what the peer would read differently,
    and a request that reaches the history index, are warnings.
    """
    problems: list[Problem] = []
    warnings: list[str] = []
    for migration in pending:
        script = migration.script
        if not isinstance(script, HttpScript):
            continue
        problems.extend(_unresolved(migration, script))
        warnings.extend(f"{migration.source}: {note}" for note in script.notes)
        warnings.extend(
            f"{migration.source}, line {request.line}: this {request.method} request "
            f"reaches the history index {history_index} too."
            for request in script.requests
            if reaches(request, history_index)
        )
    return tuple(problems), tuple(warnings)


def _unresolved(migration: Migration, script: HttpScript) -> Iterator[Problem]:
    for name in script.unresolved:
        yield Problem(
            code="PLACEHOLDER_UNKNOWN",
            message=f"{migration.source} uses the placeholder {name}, which has no "
            "value.",
            hint="Give it one under [elasticsearch] placeholders in .weave/weave.toml.",
            file=place(migration),
        )


def reaches(request: Request, index: str) -> bool:
    """Whether a request may change the index, by name or by wildcard (§11.3, 32)."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return False
    target, _, rest = request.path.partition("?")[0].lstrip("/").partition("/")
    if target.startswith("_") and target != "_all":
        return target in _EVERYWHERE
    if rest.partition("/")[0] in _READING:
        return False
    hit = False
    for name in unquote(target).split(","):
        if name.startswith("-"):
            hit = hit and not _matches(index, name[1:])
        else:
            hit = hit or name == "_all" or _matches(index, name)
    return hit


def _matches(index: str, pattern: str) -> bool:
    # Only * is special to the server.
    return fnmatchcase(index, pattern.replace("[", "[[]").replace("?", "[?]"))
