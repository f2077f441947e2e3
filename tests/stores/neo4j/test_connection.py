"""What is said when Neo4j can't be asked; no secret in any of it."""

from __future__ import annotations

import socket
import ssl
import threading
import traceback
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from weave_migrate.errors import (
    ConfigError,
    StoreError,
    StoreUnavailable,
    WeaveError,
)
from weave_migrate.model import Secret
from weave_migrate.stores.neo4j._session import Connection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.neo4j

# Of localhost, signed by itself.
CERTIFICATE = Path(__file__).parents[1] / "elasticsearch/localhost.pem"

CANARY = "yranac"[::-1]  # not to be seen in this file's own lines


def _shown(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def test_a_refused_connection_names_the_host(project: Any) -> None:
    with pytest.raises(StoreUnavailable) as caught:
        project.plan(uri="bolt://127.0.0.1:1", password=Secret(CANARY))

    assert caught.value.code == "UNAVAILABLE"
    assert "bolt://127.0.0.1:1" in caught.value.message
    assert CANARY not in _shown(caught.value)


def test_a_wrong_password_is_said_and_not_shown(project: Any) -> None:
    with pytest.raises(StoreUnavailable) as caught:
        project.plan(password=Secret(CANARY))

    assert caught.value.code == "AUTHENTICATION_FAILED"
    assert CANARY not in _shown(caught.value)


def test_a_password_inside_the_uri_is_not_shown(project: Any) -> None:
    with pytest.raises(WeaveError) as caught:
        project.plan(uri=f"bolt://neo4j:{CANARY}@127.0.0.1:1")

    assert CANARY not in _shown(caught.value)


def test_an_unknown_scheme_is_a_matter_of_configuration(project: Any) -> None:
    with pytest.raises(ConfigError, match=r"gopher://127\.0\.0\.1"):
        project.plan(uri="gopher://127.0.0.1")


def test_an_unknown_database_is_named(project: Any) -> None:
    with pytest.raises(StoreUnavailable, match="nowhere"):
        project.plan(database="nowhere")


def test_facts_name_server_version_and_edition(project: Any) -> None:
    with project.store() as store:
        facts = store.facts()

    assert facts.server == f"Neo4j {facts.version} Community"
    assert facts.flavour == "community"


def test_closing_twice_is_fine(project: Any) -> None:
    with project.store() as store:
        store.facts()
        store.close()


def test_custom_authentication_reaches_the_server(
    project: Any, neo4j_server: Any
) -> None:
    parts = {"Scheme": "basic", "principal": neo4j_server.user, "realm": "native"}
    with project.store(custom_auth=parts, user="nobody") as store:
        assert store.facts().version


def test_a_bearer_token_reaches_the_server_and_is_not_shown(project: Any) -> None:
    with pytest.raises(StoreUnavailable, match="'bearer' is not supported") as caught:
        project.plan(bearer=Secret(CANARY), password=None)

    assert caught.value.code == "AUTHENTICATION_FAILED"
    assert "the owner of the bearer token" in caught.value.message
    assert "NEO4J_BEARER_TOKEN" in (caught.value.hint or "")
    assert CANARY not in _shown(caught.value)


def test_without_a_password_nobody_is_let_in(project: Any) -> None:
    with pytest.raises(StoreUnavailable, match="a client without a password") as caught:
        project.plan(password=None)

    assert caught.value.code == "AUTHENTICATION_FAILED"


@pytest.fixture
def impersonating(project: Any) -> Iterator[Connection]:
    """A connection that acts as somebody else, which a community server refuses."""
    with project.store() as store:
        if store.facts().flavour != "community":
            pytest.skip("needs a server that refuses impersonation")
    connection = Connection(replace(project.settings, impersonated_user="bob"))
    with closing(connection):
        yield connection


@pytest.mark.parametrize(
    "use",
    [
        lambda connection: connection.read("RETURN 1"),
        lambda connection: connection.write("RETURN 1"),
        lambda connection: connection.implicit("RETURN 1"),
    ],
)
def test_every_session_acts_as_the_other_user(
    impersonating: Connection, use: Callable[[Connection], object]
) -> None:
    with (
        pytest.raises(StoreError, match="Impersonation is not supported"),
        impersonating.explained(),
    ):
        use(impersonating)


def test_a_session_can_be_that_of_the_connected_user(
    impersonating: Connection, neo4j_server: Any
) -> None:
    (row,) = impersonating.as_connected_user().read("SHOW CURRENT USER YIELD user")

    assert row["user"] == neo4j_server.user


@pytest.fixture
def tls(neo4j_server: Any) -> Iterator[str]:
    """An address of the server behind TLS: host and port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    target = urlsplit(neo4j_server.uri)
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("localhost", 0)))

        def serve() -> None:
            with suppress(OSError):  # the listener is closed at the end
                while True:
                    client, _ = listener.accept()
                    threading.Thread(target=relay, args=[client], daemon=True).start()

        def relay(client: socket.socket) -> None:
            with suppress(OSError), client:  # a client that distrusts us hangs up
                inside = context.wrap_socket(client, server_side=True)
                where = (target.hostname, target.port or 7687)
                with inside, socket.create_connection(where) as server:
                    back = threading.Thread(target=pump, args=[server, inside])
                    back.start()
                    pump(inside, server)
                    back.join()

        def pump(source: socket.socket, sink: socket.socket) -> None:
            with suppress(OSError):
                while data := source.recv(65536):
                    sink.sendall(data)
            with suppress(OSError):
                sink.shutdown(socket.SHUT_RDWR)

        threading.Thread(target=serve, daemon=True).start()
        yield f"localhost:{listener.getsockname()[1]}"


def test_a_server_that_ones_own_authority_vouches_for_is_trusted(
    project: Any, tls: str
) -> None:
    with project.store(uri=f"bolt+s://{tls}", ca_certs=CERTIFICATE) as store:
        assert store.facts().version


def test_a_self_signed_server_is_trusted_where_the_scheme_says_so(
    project: Any, tls: str
) -> None:
    with project.store(uri=f"bolt+ssc://{tls}") as store:
        assert store.facts().version


def test_a_server_that_nobody_vouches_for_is_not_trusted(
    project: Any, tls: str
) -> None:
    with pytest.raises(StoreUnavailable, match="self-signed certificate") as caught:
        project.plan(uri=f"bolt+s://{tls}", password=Secret(CANARY))

    assert caught.value.code == "TLS_FAILED"
    assert "ca_certs" in (caught.value.hint or "")
    assert CANARY not in _shown(caught.value)


@pytest.mark.parametrize("scheme", ["bolt+s", "neo4j+s"])
def test_a_server_without_tls_is_told_from_one_that_is_down(
    project: Any, neo4j_server: Any, scheme: str
) -> None:
    where = urlsplit(neo4j_server.uri).netloc
    with pytest.raises(StoreUnavailable) as caught:
        project.plan(uri=f"{scheme}://{where}")

    assert caught.value.code == "TLS_FAILED"
