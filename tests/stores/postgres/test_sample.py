"""The sample project's databases, migrated from nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import make_url

from weave_migrate.config import PostgresSettings, load_settings
from weave_migrate.stores.postgres import PostgresStore, create

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[3]


@pytest.fixture(params=["slack", "insightmesh"])
def sample(
    request: pytest.FixtureRequest, fresh_database: Callable[[], Any]
) -> tuple[PostgresSettings, Any]:
    """Settings as the project has them, with a fresh database."""
    database = fresh_database()
    url = make_url(database.url).set(drivername="postgresql")
    environ = {
        f"DATABASE_URL_{request.param.upper()}": url.render_as_string(
            hide_password=False
        )
    }
    settings = load_settings(project=ROOT, environ=environ)
    return next(s for s in settings.postgres if s.name == request.param), database


def migrate(settings: PostgresSettings, recorder: Any) -> None:
    store = PostgresStore(settings)
    with store.lock(5, recorder) as lock:
        store.apply(store.plan(), lock, recorder)


def test_it_migrates_to_a_schema_equal_to_its_models(
    sample: tuple[PostgresSettings, Any], recorder: Any
) -> None:
    settings, _ = sample
    migrate(settings, recorder)
    assert len(recorder.applied) >= 3
    plan = PostgresStore(settings).plan()
    assert (plan.pending, plan.problems) == ((), ())
    assert create(settings, "no difference", auto=True) is None


def test_its_models_hold_data(
    sample: tuple[PostgresSettings, Any], recorder: Any
) -> None:
    settings, database = sample
    migrate(settings, recorder)
    if settings.name == "slack":
        database.execute("INSERT INTO workspaces VALUES ('T1', 'Acme')")
        database.execute("INSERT INTO channels VALUES ('C1', 'T1', 'go', 'public')")
        sql = (
            "INSERT INTO messages (channel_id, sent_at, body) VALUES ('C1', now(), '')"
        )
        database.execute(sql)
        assert database.column("SELECT reactions FROM messages") == [{}]
    else:
        database.execute("INSERT INTO teams (slug, title) VALUES ('a', 'A')")
        database.execute(
            "INSERT INTO insights (team_id, summary) SELECT id, 's' FROM teams"
        )
        assert database.column("SELECT confidence::text FROM insights") == ["0.50"]


def test_its_data_migration_moves_what_was_there(
    fresh_database: Callable[[], Any], recorder: Any, tmp_path: Path
) -> None:
    database = fresh_database()
    versions = tmp_path / "slack" / "versions"
    versions.mkdir(parents=True)
    source = ROOT / ".weave" / "migrations" / "slack" / "versions"
    files = sorted(p for p in source.glob("*.py"))
    late = [p for p in files if p.name.startswith(("c47a90e3b5d8", "f1d83e6b2a97"))]
    for path in set(files) - set(late):
        (versions / path.name).write_bytes(path.read_bytes())
    url = (
        load_settings(project=ROOT, environ={"DATABASE_URL_SLACK": database.url})
        .postgres[-1]
        .url
    )
    settings = PostgresSettings(name="slack", folder=versions.parent, url=url)
    migrate(settings, recorder)
    database.execute("INSERT INTO workspaces VALUES ('T1', 'Acme')")
    database.execute(
        "INSERT INTO channels VALUES ('C1', 'T1', 'c'), ('G1', 'T1', 'g'), "
        "('D1', 'T1', 'd')"
    )
    for path in late:
        (versions / path.name).write_bytes(path.read_bytes())
    migrate(settings, recorder)
    assert database.column("SELECT kind FROM channels ORDER BY id") == [
        "public",
        "direct",
        "private",
    ]
