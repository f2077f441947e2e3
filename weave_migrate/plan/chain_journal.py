"""What is left of a migration that a run began and did not record, and what follows.

Its journal knows which statements are committed, and which one transaction may or may
not be.  Nothing is run twice unasked: the plan names what was begun as a problem until
somebody says whether to resume behind it or to restart.  Where nothing is in doubt and
nothing left to run, it is only recorded.

An edit of the script changes nothing of that, as it takes nothing out of the database:
who mends the statement that failed would else run those before it again, or batches of
it.  Only a record, or statements none of which is or may be committed, end a journal.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from weave_migrate.model import CypherScript, Entry, Plan, Problem, State
from weave_migrate.plan.chain_problems import place

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from weave_migrate.model import Migration, Statement

_RUN = "weave db migrate-neo4j"


class Fingerprint(Protocol):
    """Identifies the first ``count`` statements of a script by what they say."""

    def __call__(self, script: CypherScript, count: int, /) -> str | None:
        """Give it, or None if the script has not so many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """How far one version came; statements are counted from 1.

    The first ``committed`` statements are in the database.  Those behind them, up to
    ``started``, may be: their transaction was about to commit (0: there are none).
    ``checksum`` and ``statements`` (their number) are those of the script as it was
    then, ``fingerprint`` is that of its committed statements.
    """

    version: str
    checksum: str | None
    statements: int
    committed: int
    started: int = 0
    fingerprint: str | None = None
    owner: str | None = None
    host: str | None = None
    pid: int | None = None
    at: datetime | None = None

    @property
    def is_in_doubt(self) -> bool:
        """Tell whether there are statements that may or may not be committed."""
        return self.started > self.committed


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalPolicy:
    """What to do with a migration that was begun, and how to judge what is in doubt."""

    on_interrupted: Literal["refuse", "resume", "restart"] = "refuse"
    assume: Literal["done", "not_done"] | None = None


class Resumption(NamedTuple):
    """A plan, and behind which statement its migrations begin where it is not 0.

    ``journals`` are those that were found, by version, be they of use or not.
    """

    plan: Plan
    begins: Mapping[str, int]
    journals: Mapping[str, Journal]


class _Verdict(NamedTuple):
    begin: int = 0
    state: State | None = None
    problem: Problem | None = None
    warning: str | None = None


def resume(
    plan: Plan,
    journals: Mapping[str, Journal],
    policy: JournalPolicy,
    *,
    fingerprint: Fingerprint,
) -> Resumption:
    """Judge the pending migrations of ``plan`` by what ``journals`` know of them."""
    pending = {each.version for each in plan.pending}
    entries: list[Entry] = []
    verdicts: dict[str, _Verdict] = {}
    for entry in plan.entries:
        journal = journals.get(entry.version)
        migration = entry.migration
        script = migration and migration.script
        if (
            migration
            and journal
            and entry.version in pending
            and isinstance(script, CypherScript)
            and _matters(entry, journal)
        ):
            verdict = _judge(migration, script, journal, policy, fingerprint)
            verdicts[entry.version] = verdict
            entries.append(replace(entry, state=verdict.state or entry.state))
        else:
            entries.append(entry)
    told = verdicts.values()
    judged = replace(
        plan,
        entries=tuple(entries),
        problems=(*plan.problems, *(v.problem for v in told if v.problem)),
        warnings=(*plan.warnings, *(v.warning for v in told if v.warning)),
    )
    begins = {version: v.begin for version, v in verdicts.items() if v.begin}
    return Resumption(judged, begins, journals)


def _matters(entry: Entry, journal: Journal) -> bool:
    """Tell whether a journal knows of anything that history does not know yet."""
    at = entry.applied and entry.applied.applied_at
    if at and journal.at and at >= journal.at:
        return False
    return journal.committed > 0 or journal.is_in_doubt


def _judge(
    migration: Migration,
    script: CypherScript,
    journal: Journal,
    policy: JournalPolicy,
    fingerprint: Fingerprint,
) -> _Verdict:
    state = State.IN_DOUBT if journal.is_in_doubt else State.FAILED
    if policy.on_interrupted == "restart":
        return _Verdict(state=state)
    resumes = policy.on_interrupted == "resume"
    if _is_edited(script, journal, fingerprint):
        return _Verdict(state=state, problem=_edited(migration, journal))
    if journal.is_in_doubt:
        if not (resumes and policy.assume):
            return _Verdict(state=state, problem=_in_doubt(migration, script, journal))
        done = policy.assume == "done"
        behind = min(journal.started, len(script.statements))
        return _Verdict(behind if done else journal.committed, state)
    if journal.committed >= len(script.statements):
        return _Verdict(journal.committed, state, warning=_only_recorded(migration))
    if resumes:
        return _Verdict(journal.committed, state)
    return _Verdict(state=state, problem=_partly_applied(migration, script, journal))


def _is_edited(
    script: CypherScript, journal: Journal, fingerprint: Fingerprint
) -> bool:
    """Tell whether the script changed in what is committed, not only behind that."""
    if not journal.committed:
        return False
    now = fingerprint(script, journal.committed)
    return now is None or now != journal.fingerprint


def _in_doubt(migration: Migration, script: CypherScript, journal: Journal) -> Problem:
    first = journal.committed + 1
    doubtful = _numbers(first, journal.started)
    batches = ""
    statement = _statement(script, first)
    if statement and statement.transaction == "implicit":
        batches = (
            " It commits in batches, of which some may be there: done leaves out the "
            "others, not-done runs it whole."
        )
    edited = ""
    if journal.checksum != migration.checksum:
        edited = (
            " The file was changed since: done goes on behind these numbers, not-done "
            "runs what it says now."
        )
    return Problem(
        code="IN_DOUBT",
        message=_story(migration, script, journal),
        hint=f"See in the database whether {doubtful} took effect, then: {_RUN} "
        f"--resume --assume done, or --assume not-done.{batches}{edited} To "
        f"begin again with statement 1: {_RUN} --restart",
        file=place(migration),
        line=statement.line if statement else None,
    )


def _partly_applied(
    migration: Migration, script: CypherScript, journal: Journal
) -> Problem:
    following = _statement(script, journal.committed + 1)
    return Problem(
        code="PARTLY_APPLIED",
        message=_story(migration, script, journal),
        hint=f"Go on behind what is committed: {_RUN} --resume. To begin again with "
        f"statement 1: {_RUN} --restart",
        file=place(migration),
        line=following.line if following else None,
    )


def _edited(migration: Migration, journal: Journal) -> Problem:
    return Problem(
        code="PARTLY_APPLIED",
        message=f"{place(migration)} can't be resumed: what had been committed of it "
        f"was changed since {_who(journal)}. {_former(journal)}",
        hint="Bring the committed statements back as they were, for instance from "
        f"version control, then go on behind them: {_RUN} --resume. To begin again "
        f"with statement 1: {_RUN} --restart",
        file=place(migration),
    )


def _only_recorded(migration: Migration) -> str:
    return (
        f"{place(migration)}: an earlier run committed all statements but ended before "
        "their record; they are recorded now, and not run again."
    )


def _story(migration: Migration, script: CypherScript, journal: Journal) -> str:
    """Say who left the migration when, and how far it came."""
    begun = max(journal.committed, journal.started)
    told = [f"{place(migration)} is applied in part only: {_who(journal)}."]
    if journal.committed:
        told.append(f"Committed: {_lines(script, 1, journal.committed)}.")
    if journal.is_in_doubt:
        told.append(
            "Not known whether committed: "
            f"{_lines(script, journal.committed + 1, journal.started)}."
        )
    if begun < len(script.statements):
        told.append(
            f"Not started: {_lines(script, begun + 1, len(script.statements))}."
        )
    return " ".join(told)


def _who(journal: Journal) -> str:
    who = journal.owner or "somebody"
    where = f" on {journal.host}" if journal.host else ""
    process = f" (process {journal.pid})" if journal.pid else ""
    when = f" at {journal.at:%Y-%m-%d %H:%M:%S %Z}" if journal.at else ""
    return f"a run of {who}{where}{process} left it{when}"


def _former(journal: Journal) -> str:
    """Say what is committed of a text that is no more."""
    verb = "is" if journal.committed == 1 else "are"
    told = [f"{_numbers(1, journal.committed)} {verb} committed"]
    if journal.is_in_doubt:
        doubtful = _numbers(journal.committed + 1, journal.started)
        told.append(f"it is not known whether {doubtful} took effect")
    return f"Of its former {journal.statements} statements, {', and '.join(told)}."


def _lines(script: CypherScript, first: int, last: int) -> str:
    """Name statements with the lines they begin on."""
    one, other = _statement(script, first), _statement(script, last)
    if one is None or other is None:  # of a longer script, which it was then
        return _numbers(first, last)
    lines = f"line {one.line}"
    if last > first:
        lines = f"lines {one.line} to {other.line}"
    return f"{_numbers(first, last)} ({lines})"


def _numbers(first: int, last: int) -> str:
    return f"statement {first}" if first == last else f"statements {first} to {last}"


def _statement(script: CypherScript, number: int) -> Statement | None:
    return script.statements[number - 1] if number <= len(script.statements) else None
