"""URLs: which driver, and which are refused without showing anything of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from weave_migrate.config import PostgresSettings
from weave_migrate.errors import ConfigError
from weave_migrate.model import Secret
from weave_migrate.stores.postgres._connect import open_engine, parse_url


def settings(url: str) -> PostgresSettings:
    return PostgresSettings(name="app", folder=Path("app"), url=Secret(url))


@pytest.mark.parametrize(
    "scheme",
    ["postgres", "postgresql", "postgresql+psycopg", "postgresql+asyncpg"],
)
def test_psycopg_is_the_driver_unless_another_synchronous_one_is_named(
    scheme: str,
) -> None:
    url = parse_url(settings(f"{scheme}://u:p%40%2525@h/d"))
    assert url.drivername == "postgresql+psycopg"
    assert url.password == "p@%25"


def test_the_name_of_asyncpg_for_the_tls_mode_is_understood() -> None:
    url = parse_url(settings("postgresql+asyncpg://h/d?ssl=require"))
    assert dict(url.query) == {"sslmode": "require"}


@pytest.mark.parametrize(
    "url",
    [
        "canary",
        "postgresql://u:p@canary@h/d",
        "postgresql://u/canary:p@h/d",
        "postgresql://u:p@h:canary/d",
        "canary://u:p@h/d",
        "postgresql+canary://h/d",
    ],
)
def test_a_url_that_is_not_understood_is_not_shown(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_url(settings(url))
    error = caught.value
    assert "canary" not in f"{error} {error.hint} {error.__cause__}"
    assert error.__suppress_context__ or error.__context__ is None


def test_a_driver_that_is_not_installed_is_a_wrong_setting() -> None:
    with pytest.raises(ConfigError, match="its driver needs pg8000"):
        open_engine(settings("postgresql+pg8000://h/d"))


def test_an_engine_shows_no_password() -> None:
    engine = open_engine(settings("postgresql://u:canary@h/d"))
    assert "canary" not in f"{engine!r} {engine.url}"
