"""Reading commands: what they report, and the status they end with."""

from __future__ import annotations

from fake_store import FakeDatabase, FakeStore

from weave_migrate.engine import status, validate
from weave_migrate.errors import ScriptSyntaxError, StoreUnavailable
from weave_migrate.model import Applied, Entry, Migration, Plan, Problem, State


def pending() -> FakeStore:
    database = FakeDatabase()
    database.add("1")
    return FakeStore(database)


def test_pending_migrations_are_fine_for_status_and_not_for_validate() -> None:
    assert status([pending()]).exit == 0
    report = validate([pending()])
    assert report.exit == 1
    assert report.error is not None
    assert report.error.code == "PENDING"
    assert report.error.hint == "weave db migrate fake"


def test_status_with_exit_code_counts_pending_and_problems() -> None:
    broken = FakeStore(problems=[Problem("OUT_OF_ORDER", "V1 is late.")])
    assert status([pending()], exit_code=True).exit == 1
    assert status([broken], exit_code=True).exit == 1
    assert status([FakeStore()], exit_code=True).exit == 0


def test_an_unreachable_store_is_status_5_and_the_others_are_still_reported() -> None:
    down = FakeStore(name="down", plan_error=StoreUnavailable("down is down."))
    report = status([down, pending()])
    assert report.exit == 5
    assert [str(store.state) for store in report.stores] == ["unreachable", "pending"]
    assert report.stores[1].server == "Fake 1.0"


def test_an_unreadable_script_is_reported_and_invalid() -> None:
    error = ScriptSyntaxError("no", file="V1__x.http", line=3, excerpt="x\n^")
    report = validate([FakeStore(plan_error=error)])
    assert report.exit == 1
    assert report.stores[0].problems[0].line == 3
    assert report.stores[0].problems[0].excerpt == "x\n^"


class Changed(FakeStore):
    """A store whose first script was changed; it runs again, or it doesn't."""

    def __init__(self, *, runs_again: bool) -> None:
        super().__init__()
        self.runs_again = runs_again

    def plan(self) -> Plan:
        migration = Migration("1", "x", "CYPHER", "R1__x.cypher", checksum="2")
        applied = Applied("1", "x", "CYPHER", "R1__x.cypher", checksum="1")
        entries = (Entry(State.CHANGED, migration, applied),)
        if self.runs_again:
            return Plan(entries, (migration,))
        changed = Problem("CHECKSUM_MISMATCH", "R1__x.cypher is not what was applied.")
        return Plan(entries, overlooked=(changed,))


def test_a_changed_repeatable_is_applied_and_pending() -> None:
    report = status([Changed(runs_again=True)])
    store = report.stores[0]
    assert [e.version for e in store.applied] == ["1"]
    assert [e.version for e in store.pending] == ["1"]
    assert validate([Changed(runs_again=True)]).error.code == "PENDING"  # type: ignore[union-attr]


def test_validate_counts_what_the_settings_let_a_migrate_pass_over() -> None:
    store = Changed(runs_again=False)
    assert status([store], exit_code=True).ok
    report = validate([store])
    assert report.exit == 1
    assert report.error is not None
    assert report.error.code == "CHECKSUM_MISMATCH"


def test_a_held_lock_is_shown() -> None:
    store = pending()
    store.database.holder = object()
    lock = status([store]).to_dict()["stores"][0]["lock"]  # type: ignore[index]
    assert lock["host"] == "here"
    assert lock["pid"] == 1
