"""Where to connect, what is said when it fails, and never a password."""

from __future__ import annotations

import traceback
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import URL, make_url

from weave_migrate.errors import ConfigError, StoreUnavailable, WeaveError
from weave_migrate.model import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

ODD = "p%40s@s:w/o?r#d ü'\"\\ %(here)s $1"


def told(project: Any, url: URL | str) -> WeaveError:
    """Give the error of planning with another URL."""
    text = url if isinstance(url, str) else url.render_as_string(hide_password=False)
    with pytest.raises(WeaveError) as caught:
        project.store(url=Secret(text)).plan()
    return caught.value


@pytest.fixture
def url(project: Any) -> URL:
    return make_url(project.database.url)


@pytest.fixture
def odd_user(project: Any) -> Iterator[str]:
    """A user who may do all in the test's database, with an odd password."""
    name = f"odd_{uuid.uuid4().hex[:8]}"
    quoted = ODD.replace("'", "''").replace(":", "\\:")
    project.database.execute(f"CREATE ROLE {name} SUPERUSER LOGIN PASSWORD '{quoted}'")
    yield name
    project.database.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")


def test_a_server_that_does_not_answer_is_named(project: Any, url: URL) -> None:
    error = told(project, url.set(host="127.0.0.1", port=1, query={}))
    assert isinstance(error, StoreUnavailable)
    assert error.code == "UNAVAILABLE"
    assert error.exit_status == 5
    assert "127.0.0.1:1" in error.message


def test_a_missing_database_is_named_with_what_creates_it(
    project: Any, url: URL
) -> None:
    error = told(project, url.set(database="weave_not_there"))
    assert error.code == "DATABASE_MISSING"
    assert "weave_not_there" in error.message
    assert error.hint == "Create it: createdb weave_not_there"


def test_an_unknown_user_is_told_apart(project: Any, url: URL) -> None:
    error = told(project, url.set(username="weave_nobody", password="x"))
    assert error.code == "AUTHENTICATION_FAILED"


def test_a_wrong_password_is_told_apart_and_not_shown(project: Any, url: URL) -> None:
    if not url.password:
        pytest.skip("this server asks for no password")
    error = told(project, url.set(password="canary-4711"))
    assert error.code == "AUTHENTICATION_FAILED"
    shown = "".join(traceback.format_exception(error)) + repr(error.__dict__)
    assert "canary-4711" not in shown


@pytest.mark.parametrize("driver", ["postgresql", "postgresql+psycopg", "postgres"])
def test_each_way_to_write_psycopg_works(project: Any, driver: str) -> None:
    project.chain("a")
    _, _, rest = project.database.url.partition("://")
    recorder = project.migrate(url=Secret(f"{driver}://{rest}"))
    assert len(recorder.applied) == 1


def test_every_character_may_stand_in_a_password(
    project: Any, url: URL, odd_user: str
) -> None:
    project.chain("a")
    odd = url.set(username=odd_user, password=ODD)
    secret = Secret(odd.render_as_string(hide_password=False))
    assert len(project.migrate(url=secret).applied) == 1


def test_an_env_py_of_the_user_gets_the_password_whole(
    project: Any, url: URL, odd_user: str
) -> None:
    project.chain("a")
    (project.folder / "env.py").write_text(
        "from alembic import context\n"
        "from sqlalchemy import create_engine, NullPool\n"
        "url = context.config.get_main_option('sqlalchemy.url')\n"
        "with create_engine(url, poolclass=NullPool).connect() as connection:\n"
        "    context.configure(connection=connection)\n"
        "    with context.begin_transaction():\n"
        "        context.run_migrations()\n"
    )
    odd = url.set(username=odd_user, password=ODD)
    secret = Secret(odd.render_as_string(hide_password=False))
    assert len(project.migrate(url=secret).applied) == 1


def test_a_lost_server_session_is_an_error_of_weave(
    project: Any, recorder: Any
) -> None:
    project.add("a", do='op.execute("SELECT pg_terminate_backend(pg_backend_pid())")')
    store = project.store()
    with store.lock(1, recorder) as lock, pytest.raises(WeaveError) as caught:
        store.apply(store.plan(), lock, recorder)
    assert "a_step.py" in caught.value.message
    assert recorder.applied == []


def test_another_database_works_without_a_lock_and_says_so(
    project: Any, recorder: Any, tmp_path: Any
) -> None:
    project.chain("a", "b")
    store = project.store(url=Secret(f"sqlite:///{tmp_path}/app.db"))
    with store.lock(1, recorder) as lock:
        store.apply(store.plan(), lock, recorder)
    assert len(recorder.applied) == 2
    assert "can't lock sqlite" in recorder.warnings[0]
    assert store.plan().pending == ()
    assert store.lock_info() is None
    assert store.facts().server.startswith("sqlite 3.")


def test_an_unknown_driver_is_a_wrong_setting(project: Any) -> None:
    assert isinstance(told(project, "postgresql+nothing://h/d"), ConfigError)
