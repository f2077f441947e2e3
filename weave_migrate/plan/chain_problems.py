"""The sentences for what can be wrong between scripts and a recorded chain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, Protocol

from weave_migrate.model import Problem, State

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from weave_migrate.model import Applied, Entry, Migration


Order = Literal["semantic", "lexicographic"]
_SHOWN = 5  # versions named in one sentence


class Compare(Protocol):
    """Compares two versions in an order: negative, 0 or positive (§1.5)."""

    def __call__(self, a: str, b: str, /, *, order: Order) -> int:
        """Say which of ``a`` and ``b`` comes first."""


# Says why a script's checksum is not the recorded one, and what to do, if it can.
Explain = Callable[["Migration", "Applied"], tuple[str, str] | None]


def unexplained(_local: Migration, _record: Applied) -> None:
    """Explain no checksum."""


def duplicates(files: Mapping[str, Sequence[Migration]]) -> Iterator[Problem]:
    """Refuse two files of one version, naming both (§1.6)."""
    for version, same in files.items():
        if len(same) > 1:
            places = sorted(place(each) for each in same)
            yield Problem(
                code="DUPLICATE_VERSION",
                message=f"Version {version} belongs to {len(same)} files: "
                f"{', '.join(places)}.",
                hint="Give all but one of them a version of their own.",
                file=places[-1],
            )


def recorded_twice(recorded: Sequence[Applied]) -> Iterator[Problem]:
    """Refuse a version that the chain holds more than once (§6.6)."""
    for version, count in Counter(each.version for each in recorded).items():
        if count > 1:
            yield Problem(
                code="DUPLICATE_VERSION",
                message=f"Version {version} is recorded {count} times.",
                hint="See what would be removed: weave db repair neo4j --dry-run",
            )


def wrong_order(
    recorded: Sequence[Applied], order: Order, compare: Compare
) -> Iterator[Problem]:
    """Refuse a chain whose path is not in the configured order (§1.5, §4.6)."""
    wrong = breach([each.version for each in recorded], order, compare)
    if wrong is None:
        return
    if refusals := list(other_order(recorded, order, compare)):
        yield from refusals
        return
    yield Problem(
        code="SORT_ORDER",
        message=f"{_said(wrong, order)} It fits no other order either.",
        hint="See what would put it in order: weave db repair neo4j --dry-run",
    )


def other_order(
    recorded: Sequence[Applied], order: Order, compare: Compare
) -> Iterator[Problem]:
    """Refuse a chain that is in the other order, naming the setting for it."""
    versions = [each.version for each in recorded]
    other: Order = "lexicographic" if order == "semantic" else "semantic"
    wrong = breach(versions, order, compare)
    if wrong and breach(versions, other, compare) is None:
        yield Problem(
            code="SORT_ORDER",
            message=f"{_said(wrong, order)} It was written in {other} order.",
            hint=f'Set version_sort_order = "{other}" below [neo4j] in weave.toml.',
        )


def _said(wrong: tuple[str, str], order: Order) -> str:
    return (
        f"The recorded history is not in {order} order: {wrong[0]} comes before "
        f"{wrong[1]}."
    )


def breach(
    versions: Sequence[str], order: Order, compare: Compare
) -> tuple[str, str] | None:
    """Give the first two neighbours that are not in the order."""
    return next(
        (pair for pair in pairwise(versions) if compare(*pair, order=order) > 0),
        None,
    )


def same_place(
    entries: Sequence[Entry], order: Order, compare: Compare
) -> Iterator[Problem]:
    """Refuse a pending version that the order can't tell from its neighbour.

    ``1`` and ``01`` are two migrations of which none is first (§1.5, trap 14).
    """
    for one, two in pairwise(entries):
        settled = one.applied is not None and two.applied is not None
        if settled or compare(one.version, two.version, order=order):
            continue
        late = two.migration or one.migration
        yield Problem(
            code="VERSIONS_EQUAL",
            message=f"Versions {one.version} and {two.version} are different "
            f"migrations, but none of them comes first in {order} order.",
            hint="Rename the one that is not applied yet.",
            file=place(late) if late else None,
        )


def missing(entry: Entry, *, left_out: bool) -> Problem:
    """Name a recorded version that no file stands for."""
    record = entry.applied
    source = f" ({record.source})" if record and record.source else ""
    if entry.state is State.EXTERNAL:
        why = (
            "was applied by Java code of neo4j-migrations, and no local file "
            "stands in for it"
        )
        hint = (
            f"Add a script of version {entry.version} without any statement, "
            "only comments, to accept it as done."
        )
    elif left_out:
        why = "is recorded, but its file is left out by an `assume` that is not met"
        hint = "Add a file of the same name whose preconditions are met."
    else:
        why = "is recorded, but there is no file for it"
        hint = (
            "Bring the file back, for instance from version control; or let history "
            "agree with the files: weave db repair neo4j"
        )
    return Problem(
        code="MISSING_LOCAL",
        message=f"Version {entry.version}{source} {why}.",
        hint=hint,
    )


def newer(entries: Sequence[Entry]) -> Problem:
    """Name what was applied by an application newer than the files."""
    versions = [entry.version for entry in entries]
    shown = ", ".join(versions[:_SHOWN])
    rest = f" and {len(versions) - _SHOWN} more" if len(versions) > _SHOWN else ""
    return Problem(
        code="MISSING_LOCAL",
        message="More migrations have been applied to the database than there are "
        f"files for: {shown}{rest}.",
        hint="Run the newer version of the application, or accept a newer history: "
        'on_newer = "warn" in weave.toml.',
    )


def catalog(migration: Migration) -> Problem:
    """Name a pending XML migration: the run ends before it."""
    return Problem(
        code="CATALOG_UNSUPPORTED",
        message=f"{place(migration)} is a catalog; weave can't apply it yet. Later "
        "migrations wait for it.",
        hint="Apply it with neo4j-migrations, then run again.",
        file=place(migration),
    )


def out_of_order(migration: Migration) -> Problem:
    """Name a script that is older than what is recorded already."""
    return Problem(
        code="OUT_OF_ORDER",
        message=f"{place(migration)} is not applied, but later versions are.",
        hint="Give it a version above all others, or allow it: "
        "out_of_order = true below [neo4j] in weave.toml.",
        file=place(migration),
    )


def repeatable_changed(local: Migration, record: Applied) -> Problem:
    """Name a version that changed between versioned and repeatable."""
    words = {True: "repeatable", False: "not repeatable"}
    return Problem(
        code="REPEATABLE_CHANGED",
        message=f"{place(local)} is {words[local.repeatable]}, but version "
        f"{record.version} is recorded as {words[record.repeatable]}.",
        hint=f"Rename it to begin with {'R' if record.repeatable else 'V'}.",
        file=place(local),
    )


def checksum_mismatch(local: Migration, record: Applied, explain: Explain) -> Problem:
    """Name a script that is not what was applied, and why, where that is known."""
    reason, hint = explain(local, record) or (
        "It was changed after it had been applied.",
        "Undo the edit, or accept the file as it is now: weave db repair neo4j",
    )
    return Problem(
        code="CHECKSUM_MISMATCH",
        message=f"{place(local)} is not what was applied: the recorded checksum is "
        f"{record.checksum or 'none'}, the file has {local.checksum}. {reason}",
        hint=hint,
        file=place(local),
    )


def place(migration: Migration) -> str:
    """Say where a script is: its path, or at least its name."""
    return str(migration.path or migration.source)
