"""HTTP to the cluster: the one module that knows the driver, media types and versions.

Rules that hold for every request:

- plain ``application/json`` serves OpenSearch and Elasticsearch 7 to 9 alike;
- a request that may have reached a server is sent again only if it reads;
  one that can't have (connection refused, unknown host) goes to the next node;
- redirects are not followed, and bodies pass in both directions as they are;
- the version is asked by ``GET /_nodes``, for ``GET /`` is a module that some lack.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import elastic_transport
import urllib3.exceptions
from elastic_transport.client_utils import basic_auth_to_header, url_to_node_config

from weave_migrate.errors import ConfigError, StoreError, StoreUnavailable
from weave_migrate.stores._base import Facts
from weave_migrate.stores.elasticsearch._answers import Answer, mapping

if TYPE_CHECKING:
    from collections.abc import Mapping

    from elastic_transport import NodeConfig

    from weave_migrate.config import ElasticsearchSettings

_JSON = {"content-type": "application/json"}
_READ_RETRIES = 2
# Elasticsearch numbers its releases from 5 on; OpenSearch began again at 1.
_OLDEST_ELASTICSEARCH = 5


class _Bytes(elastic_transport.Serializer):
    mimetype = "*/*"

    def loads(self, data: bytes) -> bytes:
        return data

    def dumps(self, data: bytes) -> bytes:
        return data


class _Verbatim(elastic_transport.SerializerCollection):
    """Let every media type pass: the driver's own add line ends and refuse answers."""

    def get_serializer(self, mimetype: str | None) -> elastic_transport.Serializer:  # noqa: ARG002
        return _Bytes()


class Cluster:
    """One cluster, by way of any of its nodes."""

    def __init__(self, settings: ElasticsearchSettings) -> None:
        nodes = [_node(url, settings) for url in settings.urls]
        self._timeout = settings.request_timeout
        self._nodes = len(nodes)
        self._transport = elastic_transport.Transport(
            nodes,
            randomize_nodes_in_pool=False,
            max_retries=0,
            meta_header=False,
        )
        self._transport.serializers = _Verbatim()
        self.url = ", ".join(
            f"{node.scheme}://{node.host}:{node.port}{node.path_prefix}"
            for node in nodes
        )

    def close(self) -> None:
        """Close all connections; safe to call twice."""
        self._transport.close()

    def send(
        self,
        method: str,
        target: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        retries: int = 0,
    ) -> Answer:
        """Send one request and give whatever was answered.

        Raises StoreUnavailable with code UNAVAILABLE where it never reached a server,
        REQUEST_TIMEOUT, CONNECTION_LOST or TLS_FAILED where it may have been.
        """
        for left in reversed(range(self._nodes)):
            try:
                return self._send(method, target, body, headers or {}, retries)
            except StoreUnavailable as error:
                if left == 0 or error.code != "UNAVAILABLE":
                    raise
        raise AssertionError  # there is at least one node

    def _send(
        self,
        method: str,
        target: str,
        body: bytes | None,
        headers: Mapping[str, str],
        retries: int,
    ) -> Answer:
        try:
            meta, received = self._transport.perform_request(
                method, target, body=body, headers=headers, max_retries=retries
            )
        except elastic_transport.TransportError as error:
            raise self._unavailable(error) from error
        except ValueError:
            # Its text shows the header, which may hold a secret.
            raise StoreError(
                "The path or a header holds a character that HTTP can't carry.",
                code="REQUEST_INVALID",
            ) from None
        return Answer(meta.status, received or b"")

    def _unavailable(self, error: elastic_transport.TransportError) -> StoreUnavailable:
        cause = error.__cause__
        if isinstance(cause, urllib3.exceptions.ReadTimeoutError):
            return StoreUnavailable(
                f"{self.url} gave no answer within {self._timeout:g} s; "
                "it may still be at work on the request.",
                code="REQUEST_TIMEOUT",
                hint="Give it longer with request_timeout under [elasticsearch].",
            )
        why = _innermost(cause or error).rstrip(".")
        if isinstance(error, elastic_transport.TlsError):
            return StoreUnavailable(
                f"No trusted connection to {self.url}: {why}.",
                code="TLS_FAILED",
                hint="Set ELASTICSEARCH_CA_CERTS or ELASTICSEARCH_FINGERPRINT to those "
                "of its certificate; or does the server speak http?",
            )
        if isinstance(
            cause,
            urllib3.exceptions.NewConnectionError
            | urllib3.exceptions.ConnectTimeoutError,
        ):
            return StoreUnavailable(
                f"Cannot connect to {self.url}: {why}.",
                hint="Is it running, and is the URL right? Set ELASTICSEARCH_URL.",
            )
        return StoreUnavailable(
            f"{self.url} dropped the connection: {why}.",
            code="CONNECTION_LOST",
            hint="Does the URL say http where the server speaks https?",
        )

    def ask(self, method: str, target: str, body: object = None) -> Answer:
        """Send a request of our own that only reads; errors are raised, 404 given."""
        answer = self._own(method, target, body, retries=_READ_RETRIES)
        return self._checked(answer, f"{method} {target}", frozenset({404}))

    def tell(
        self,
        method: str,
        target: str,
        body: object = None,
        *,
        allowed: frozenset[int] = frozenset(),
    ) -> Answer:
        """Send a request of our own that writes, once; ``allowed`` are no errors."""
        answer = self._own(method, target, body, retries=0)
        return self._checked(answer, f"{method} {target}", allowed)

    def _own(self, method: str, target: str, body: object, *, retries: int) -> Answer:
        if body is None:
            return self.send(method, target, retries=retries)
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.send(method, target, body=data, headers=_JSON, retries=retries)

    def _checked(self, answer: Answer, request: str, allowed: frozenset[int]) -> Answer:
        # A web server's 404 is no word about an index: the URL is wrong.
        is_said = request.startswith("HEAD ") or answer.object()
        if answer.is_success or (answer.status in allowed and is_said):
            return answer
        if answer.status == 401 or answer.error_type == "security_exception":
            raise StoreUnavailable(
                f"{self.url} does not let us in: {answer.reason}",
                code="AUTHENTICATION_FAILED",
                hint="Set ELASTICSEARCH_API_KEY, or ELASTICSEARCH_USER and "
                "ELASTICSEARCH_PASSWORD.",
            )
        if answer.status in (502, 503, 504):
            raise StoreUnavailable(
                f"{self.url} is not ready: {answer.reason}", code="NOT_READY"
            )
        hint = None
        if 300 <= answer.status <= 399:
            hint = "It redirects: set ELASTICSEARCH_URL to where the server really is."
        elif not answer.object():
            hint = "This is no Elasticsearch or OpenSearch: check ELASTICSEARCH_URL."
        raise StoreError(f"{request} failed on {self.url}: {answer.reason}", hint=hint)

    def facts(self) -> Facts:
        """Ask for distribution and version."""
        answer = self.ask(
            "GET",
            "/_nodes/_all/_none?filter_path=nodes.*.version,nodes.*.build_flavor",
        )
        nodes = mapping(answer.object().get("nodes")).values()
        versions = sorted({str(mapping(node).get("version")) for node in nodes})
        if not versions:
            raise StoreError(f"{self.url} did not say its version: {answer.reason}")
        major = versions[0].partition(".")[0]
        opensearch = major.isdigit() and int(major) < _OLDEST_ELASTICSEARCH
        name = "OpenSearch" if opensearch else "Elasticsearch"
        return Facts(
            server=f"{name} {', '.join(versions)}",
            version=versions[0],
            flavour=name.lower(),
        )


def _node(url: str, settings: ElasticsearchSettings) -> NodeConfig:
    try:
        node = url_to_node_config(url, use_default_ports_for_scheme=True)
        if node.scheme not in ("http", "https"):
            raise ValueError  # noqa: TRY301 - said below, as for any other bad URL
    except ValueError:
        # The URL may hold a password, and the driver's message repeats it.
        raise ConfigError(
            "An Elasticsearch URL is not of the form https://host:port.",
            hint="Set url under [elasticsearch], or ELASTICSEARCH_URL.",
        ) from None
    headers = dict(node.headers)
    if settings.api_key:
        headers["authorization"] = f"ApiKey {settings.api_key.reveal()}"
    elif settings.user:
        password = settings.password.reveal() if settings.password else ""
        headers["authorization"] = basic_auth_to_header((settings.user, password))
    node = node.replace(headers=headers, request_timeout=settings.request_timeout)
    if node.scheme != "https":
        return node
    return node.replace(
        ca_certs=str(settings.ca_certs) if settings.ca_certs else None,
        ssl_assert_fingerprint=settings.fingerprint,
    )


def _innermost(error: BaseException) -> str:
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
