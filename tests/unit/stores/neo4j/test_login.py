"""What the Neo4j driver is given, by value: authentication, trust, the pool."""

from __future__ import annotations

from pathlib import Path

import neo4j
import pytest

from weave_migrate.config import Neo4jSettings
from weave_migrate.errors import ConfigError
from weave_migrate.model import Secret
from weave_migrate.stores.neo4j._login import driver_options, login

CANARY = "c4n4ry"
CERTIFICATE = Path(__file__).parents[3] / "stores/elasticsearch/localhost.pem"
LOGIN_PARTS = {"Scheme": "sso", "principal": "ann", "realm": "corp", "tenant": "x"}


def settings(**given: object) -> Neo4jSettings:
    return Neo4jSettings(locations=(), **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, None),
        ({"password": Secret("pw")}, neo4j.basic_auth("neo4j", "pw")),
        ({"user": "ann", "password": Secret("pw")}, neo4j.basic_auth("ann", "pw")),
        ({"bearer": Secret("token")}, neo4j.bearer_auth("token")),
        (
            {"custom_auth": LOGIN_PARTS, "password": Secret("pw")},
            neo4j.custom_auth("ann", "pw", "corp", "sso", tenant="x"),
        ),
        (
            {"custom_auth": {"scheme": "sso"}, "password": Secret("pw")},
            neo4j.custom_auth("neo4j", "pw", None, "sso"),
        ),
    ],
)
def test_the_settings_decide_how_we_log_in(
    given: dict[str, object], expected: neo4j.Auth | None
) -> None:
    assert driver_options(settings(**given))["auth"] == expected


@pytest.mark.parametrize(
    "given",
    [
        {"custom_auth": {"scheme": "sso"}},
        {"custom_auth": {"principal": "ann"}, "password": Secret(CANARY)},
    ],
)
def test_custom_authentication_needs_scheme_and_credentials(
    given: dict[str, object],
) -> None:
    with pytest.raises(ConfigError, match="needs a scheme, and credentials") as caught:
        driver_options(settings(**given))
    assert CANARY not in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize("scheme", ["bolt", "neo4j"])
def test_an_authority_of_ones_own_takes_the_place_of_the_systems(scheme: str) -> None:
    options = driver_options(
        settings(uri=f"{scheme}+s://graph:7687/?policy=eu", ca_certs=CERTIFICATE)
    )
    assert options["uri"] == f"{scheme}://graph:7687/?policy=eu"
    assert options["encrypted"] is True
    trusted = options["trusted_certificates"]
    assert isinstance(trusted, neo4j.TrustCustomCAs)
    assert list(trusted.certs) == [str(CERTIFICATE)]


@pytest.mark.parametrize("scheme", ["bolt", "neo4j", "bolt+ssc", "neo4j+ssc"])
def test_an_authority_that_would_not_be_asked_is_refused(scheme: str) -> None:
    with pytest.raises(ConfigError, match="checks nobody"):
        driver_options(settings(uri=f"{scheme}://graph", ca_certs=CERTIFICATE))


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_an_authority_that_can_not_be_read_is_named(
    tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ConfigError, match=r"ca\.pem can't be used"):
        driver_options(settings(uri="bolt+s://graph", ca_certs=file))


@pytest.mark.parametrize("scheme", ["bolt+s", "bolt+ssc", "neo4j+s", "neo4j+ssc"])
def test_without_an_authority_the_scheme_says_it_all(scheme: str) -> None:
    options = driver_options(settings(uri=f"{scheme}://graph"))
    assert options["uri"] == f"{scheme}://graph"
    assert not {"encrypted", "trusted_certificates"} & options.keys()


def test_the_size_of_the_pool_is_the_drivers_unless_it_is_set() -> None:
    assert "max_connection_pool_size" not in driver_options(settings())
    options = driver_options(settings(max_connection_pool_size=2))
    assert options["max_connection_pool_size"] == 2


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"password": Secret(CANARY)}, "neo4j"),
        ({}, "a client without a password"),
        ({"bearer": Secret(CANARY)}, "the owner of the bearer token"),
        ({"custom_auth": {"Principal": "ann"}}, "ann"),
        ({"custom_auth": {"scheme": "x"}}, "neo4j"),
        (
            {"password": Secret(CANARY), "impersonated_user": "bob"},
            "neo4j, acting as bob,",
        ),
    ],
)
def test_messages_say_who_we_are(given: dict[str, object], expected: str) -> None:
    assert login(settings(**given)) == expected
