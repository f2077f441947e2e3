"""What goes over the wire, and what a bad connection becomes, on our own server."""

from __future__ import annotations

import _thread
import base64
import hashlib
import json
import socket
import ssl
import threading
from contextlib import closing
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fake_store import Listener

from weave_migrate.config import ElasticsearchSettings
from weave_migrate.errors import ConfigError, StoreError, StoreUnavailable
from weave_migrate.model import Secret
from weave_migrate.stores.elasticsearch import ElasticsearchStore
from weave_migrate.stores.elasticsearch._transport import Cluster

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CANARY = "canary-secret"
# Signed by itself, for localhost and 127.0.0.1, for a hundred years.
CERTIFICATE = Path(__file__).parent / "localhost.pem"


@dataclass
class Recorder:
    """A server that notes each request and answers what it is told to."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    drop: bool = False
    stall: threading.Event | None = None
    # By method and path without query: other answers, and what to do before them.
    answers: dict[tuple[str, str], tuple[int, bytes]] = field(default_factory=dict)
    before: dict[tuple[str, str], Callable[[], None]] = field(default_factory=dict)
    requests: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    def drop_connections(self) -> None:
        """Answer nothing from now on."""
        self.drop = True


@pytest.fixture
def server() -> Iterator[Recorder]:
    yield from serve(None)


@pytest.fixture
def tls_server() -> Iterator[Recorder]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    yield from serve(context)


def serve(tls: ssl.SSLContext | None) -> Iterator[Recorder]:
    recorder = Recorder()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline()
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            size = int(self.headers.get("Content-Length") or 0)
            headers = {k.lower(): v for k, v in self.headers.items()}
            recorder.requests.append(
                (self.command, self.path, headers, self.rfile.read(size))
            )
            if recorder.stall:
                recorder.stall.wait()
            key = (self.command, self.path.partition("?")[0])
            recorder.before.get(key, lambda: None)()
            if recorder.drop or recorder.stall:
                self.close_connection = True
                return
            status, body = recorder.answers.get(key, (recorder.status, recorder.body))
            self.send_response(status)
            for name, value in recorder.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        recorder.url = f"http{'s' if tls else ''}://127.0.0.1:{http.server_port}"
        if tls:
            http.socket = tls.wrap_socket(http.socket, server_side=True)
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield recorder
        if recorder.stall:
            recorder.stall.set()
        http.shutdown()
        thread.join()


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


def cluster(*urls: str, **settings: Any) -> closing[Cluster]:
    return closing(Cluster(ElasticsearchSettings(locations=(), urls=urls, **settings)))


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json; charset=UTF-8",
        "application/x-ndjson",
        "application/vnd.elasticsearch+json; compatible-with=8",
        "application/yaml",
        "text/plain",
    ],
)
def test_a_body_goes_out_byte_for_byte(server: Recorder, content_type: str) -> None:
    body = ' {"a":\t"é"}\n\n '.encode("latin-1")
    with cluster(server.url) as one:
        one.send("POST", "/_bulk", body=body, headers={"Content-Type": content_type})
    ((method, path, headers, received),) = server.requests
    assert (method, path, received) == ("POST", "/_bulk", body)
    assert headers["content-type"] == content_type


@pytest.mark.parametrize("method", ["GET", "DELETE", "PATCH", "OPTIONS", "HEAD"])
def test_every_method_goes_out(server: Recorder, method: str) -> None:
    server.body = b""
    with cluster(server.url) as one:
        assert one.send(method, "/a").status == 200
    assert server.requests[0][:2] == (method, "/a")


@pytest.mark.parametrize("path", ["/a%2fb%20c?q=%22x%22", "/%3Clogs-%7Bnow%2Fd%7D%3E"])
def test_percent_encoding_keeps_its_meaning(server: Recorder, path: str) -> None:
    with cluster(server.url) as one:
        one.send("GET", path)
    assert server.requests[0][1].upper() == path.upper()


def test_the_prefix_of_a_url_is_kept(server: Recorder) -> None:
    with cluster(f"{server.url}/search/") as one:
        one.send("GET", "/a")
    assert server.requests[0][1] == "/search/a"


def test_a_key_goes_before_user_and_password(server: Recorder) -> None:
    login = {"user": "me", "password": Secret(CANARY)}
    with cluster(server.url, **login) as one:
        one.send("GET", "/")
    with cluster(server.url, api_key=Secret("abc"), **login) as one:
        one.send("GET", "/")
    basic = base64.b64encode(f"me:{CANARY}".encode()).decode()
    sent = [request[2]["authorization"] for request in server.requests]
    assert sent == [f"Basic {basic}", "ApiKey abc"]


def test_a_script_may_bring_its_own_login(server: Recorder) -> None:
    with cluster(server.url, api_key=Secret("abc")) as one:
        one.send("GET", "/", headers={"Authorization": "Bearer x"})
    assert server.requests[0][2]["authorization"] == "Bearer x"


def test_redirects_are_not_followed(server: Recorder) -> None:
    server.status, server.headers = 302, {"Location": "/elsewhere"}
    with cluster(server.url) as one:
        assert one.send("GET", "/a").status == 302
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_write_is_never_sent_twice(server: Recorder, status: int) -> None:
    server.status = status
    with cluster(server.url) as one, pytest.raises(StoreError):
        one.tell("PUT", "/a", {"n": 1})
    assert len(server.requests) == 1


def test_a_write_whose_connection_drops_is_not_sent_again(server: Recorder) -> None:
    server.drop = True
    with (
        cluster(server.url, server.url.replace("127.0.0.1", "localhost")) as one,
        pytest.raises(StoreUnavailable) as raised,
    ):
        one.tell("PUT", "/a", {"n": 1})
    assert raised.value.code == "CONNECTION_LOST"
    assert len(server.requests) == 1


def test_a_read_is_repeated(server: Recorder) -> None:
    server.status = 503
    with cluster(server.url) as one, pytest.raises(StoreUnavailable) as raised:
        one.ask("GET", "/a")
    assert raised.value.code == "NOT_READY"
    assert len(server.requests) == 3


def test_a_dead_node_is_passed_over_even_for_writes(
    server: Recorder, closed_port: int
) -> None:
    with cluster(f"http://127.0.0.1:{closed_port}", server.url) as one:
        assert one.tell("PUT", "/a", {}).status == 200
    assert len(server.requests) == 1


def test_nobody_there_names_the_server(closed_port: int) -> None:
    with (
        cluster(f"http://127.0.0.1:{closed_port}") as one,
        pytest.raises(StoreUnavailable) as raised,
    ):
        one.facts()
    assert raised.value.code == "UNAVAILABLE"
    assert raised.value.exit_status == 5
    assert f"127.0.0.1:{closed_port}: Connection refused" in raised.value.message


def test_an_unknown_host_is_unavailable() -> None:
    with (
        cluster("http://no-such-host.invalid:9200") as one,
        pytest.raises(StoreUnavailable, match="no-such-host") as raised,
    ):
        one.facts()
    assert raised.value.code == "UNAVAILABLE"


def fingerprint() -> str:
    text = CERTIFICATE.read_text()
    certificate = text[: text.index("-----BEGIN PRIVATE")]
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate)).hexdigest()


def test_a_certificate_is_checked_by_its_authority(tls_server: Recorder) -> None:
    with cluster(tls_server.url, ca_certs=CERTIFICATE) as one:
        assert one.send("GET", "/").status == 200


def test_a_certificate_is_checked_by_its_fingerprint(tls_server: Recorder) -> None:
    with cluster(tls_server.url, fingerprint=fingerprint()) as one:
        assert one.send("GET", "/").status == 200


@pytest.mark.parametrize("settings", [{}, {"fingerprint": "00" * 32}])
def test_a_certificate_that_fits_neither_is_refused(
    tls_server: Recorder, settings: dict[str, str]
) -> None:
    with (
        cluster(tls_server.url, **settings) as one,
        pytest.raises(StoreUnavailable) as raised,
    ):
        one.tell("PUT", "/a", {})
    assert raised.value.code == "TLS_FAILED"
    assert raised.value.hint is not None
    assert "ELASTICSEARCH_CA_CERTS" in raised.value.hint
    assert tls_server.requests == []


def test_http_spoken_to_https_is_guessed(tls_server: Recorder) -> None:
    with (
        cluster(tls_server.url.replace("https", "http")) as one,
        pytest.raises(StoreUnavailable) as raised,
    ):
        one.facts()
    assert raised.value.hint is not None
    assert "https" in raised.value.hint


def test_no_answer_in_time_says_that_the_server_may_go_on(server: Recorder) -> None:
    server.stall = threading.Event()
    with (
        cluster(server.url, request_timeout=0.2) as one,
        pytest.raises(StoreUnavailable, match="may still be at work") as raised,
    ):
        one.tell("POST", "/_reindex", {})
    assert raised.value.code == "REQUEST_TIMEOUT"
    assert "within 0.2 s" in raised.value.message
    assert raised.value.hint is not None
    assert "request_timeout" in raised.value.hint
    assert len(server.requests) == 1


def test_a_wrong_login_is_told_from_a_missing_server(server: Recorder) -> None:
    server.status = 401
    server.body = b'{"error": {"type": "security_exception", "reason": "no"}}'
    with (
        cluster(server.url, user="me", password=Secret(CANARY)) as one,
        pytest.raises(StoreUnavailable) as raised,
    ):
        one.ask("GET", "/a")
    assert raised.value.code == "AUTHENTICATION_FAILED"
    assert "security_exception: no" in raised.value.message


@pytest.mark.parametrize("status", [401, 503, 500])
def test_no_secret_is_in_an_error(server: Recorder, status: int) -> None:
    server.status = status
    url = server.url.replace("//", f"//me:{CANARY}@")
    with cluster(url) as one, pytest.raises(StoreError) as raised:
        one.tell("PUT", "/a", {})
    shown: BaseException | None = raised.value
    while shown:
        assert CANARY not in f"{shown!r} {shown}"
        shown = shown.__cause__ or shown.__context__


@pytest.mark.parametrize(
    "url", ["nonsense", f"http://me:{CANARY}@:x", "ftp://a:21", ""]
)
def test_a_bad_url_is_a_setting_to_correct(url: str) -> None:
    with pytest.raises(ConfigError) as raised:
        cluster(url)
    assert CANARY not in str(raised.value)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<html><h1>Bad\nGateway</h1></html>", "502 Bad Gateway: <html><h1>Bad Gate"),
        (b'{"error": "plain words"}', "502 Bad Gateway: plain words"),
        (b'{"error": {"type"', '502 Bad Gateway: {"error": {"type"'),
        (b"", "502 Bad Gateway"),
        (b"\xff\xfe", "502 Bad Gateway: \ufffd\ufffd"),
        (b"[" * 100_000, "502 Bad Gateway: [[["),
    ],
)
def test_any_answer_becomes_a_readable_reason(
    server: Recorder, body: bytes, reason: str
) -> None:
    server.status, server.body = 502, body
    with cluster(server.url) as one:
        answer = one.send("GET", "/a")
    assert answer.reason.startswith(reason)
    assert len(answer.reason) < 600


def test_an_answer_of_any_media_type_is_taken(server: Recorder) -> None:
    server.headers, server.body = {"Content-Type": "application/cbor"}, b"\xa0"
    with cluster(server.url) as one:
        assert one.send("PUT", "/a").body == b"\xa0"


def test_a_header_that_can_not_be_sent_is_an_error(server: Recorder) -> None:
    with cluster(server.url) as one, pytest.raises(StoreError) as raised:
        one.send("PUT", "/a", headers={"X-Note": f"日本 {CANARY}"})
    assert raised.value.code == "REQUEST_INVALID"
    assert raised.value.__suppress_context__
    assert CANARY not in str(raised.value)
    assert server.requests == []


LOCKED = b'{"found": true, "_seq_no": 3, "_primary_term": 1}'
EMPTY = b'{"hits": {"hits": []}, "_shards": {"failed": 0}}'
HISTORY = "/es_evolution"


def scripted(server: Recorder, folder: Path) -> ElasticsearchStore:
    """Give a store on a server that lets it lock."""
    server.answers = {
        ("POST", f"{HISTORY}/_search"): (200, EMPTY),
        ("PUT", f"{HISTORY}/_create/0.1"): (201, LOCKED),
        ("GET", f"{HISTORY}/_doc/0.1"): (200, LOCKED),
    }
    return ElasticsearchStore(
        ElasticsearchSettings(locations=(folder,), urls=(server.url,))
    )


def test_a_lock_that_can_not_be_confirmed_is_given_back(
    server: Recorder, tmp_path: Path
) -> None:
    with closing(scripted(server, tmp_path)) as store:
        server.answers["POST", f"{HISTORY}/_refresh"] = (500, b"{}")
        with pytest.raises(StoreError), store.lock(0, Listener()):
            pytest.fail("the lock was not confirmed")
    deleted = [path for method, path, _, _ in server.requests if method == "DELETE"]
    assert deleted == [f"{HISTORY}/_doc/0.1?if_seq_no=3&if_primary_term=1"]


def test_a_lock_that_may_have_been_made_is_said(
    server: Recorder, tmp_path: Path
) -> None:
    with closing(scripted(server, tmp_path)) as store:
        server.before["PUT", f"{HISTORY}/_create/0.1"] = server.drop_connections
        with (
            pytest.raises(StoreUnavailable, match="dropped") as raised,
            store.lock(0, Listener()),
        ):
            pytest.fail("the lock was not confirmed")
    assert raised.value.hint is not None
    assert "weave db lock release elasticsearch" in raised.value.hint


def test_an_interrupt_while_a_request_runs_is_recorded_as_a_failure(
    server: Recorder, tmp_path: Path
) -> None:
    (tmp_path / "V1__a.http").write_text("PUT /a\n")
    listener = Listener()
    with closing(scripted(server, tmp_path)) as store:
        server.before["PUT", "/a"] = _thread.interrupt_main
        plan = store.plan()
        with store.lock(0, listener) as lock, pytest.raises(KeyboardInterrupt):
            store.apply(plan, lock, listener)
    (lines,) = (
        body.splitlines()
        for method, path, _, body in server.requests
        if (method, path) == ("POST", f"{HISTORY}/_bulk")
    )
    assert json.loads(lines[0]) == {"index": {"_id": "1"}}
    assert json.loads(lines[1])["success"] is False


def test_nothing_pending_is_one_search(server: Recorder, tmp_path: Path) -> None:
    server.body = b'{"hits": {"hits": []}, "_shards": {"failed": 0}}'
    settings = ElasticsearchSettings(locations=(tmp_path,), urls=(server.url,))
    with closing(ElasticsearchStore(settings)) as store:
        assert store.plan().pending == ()
    assert [request[:2] for request in server.requests] == [
        ("POST", "/es_evolution/_search")
    ]


@pytest.mark.parametrize(
    "body",
    [
        b'{"hits": {"hits": []}, "_shards": {"failed": 1}}',
        b'{"hits": {"hits": []}, "timed_out": true}',
        b'{"hits": {"hits"',
        b"[]",
    ],
)
def test_half_a_history_is_none(server: Recorder, tmp_path: Path, body: bytes) -> None:
    server.body = body
    settings = ElasticsearchSettings(locations=(tmp_path,), urls=(server.url,))
    with (
        closing(ElasticsearchStore(settings)) as store,
        pytest.raises(StoreError, match="can't be read whole"),
    ):
        store.plan()


@pytest.mark.parametrize(
    ("version", "server_name"),
    [("3.8.0", "OpenSearch 3.8.0"), ("8.19.1", "Elasticsearch 8.19.1")],
)
def test_the_version_is_asked_of_the_nodes(
    server: Recorder, version: str, server_name: str
) -> None:
    server.body = f'{{"nodes": {{"x": {{"version": "{version}"}}}}}}'.encode()
    with cluster(server.url) as one:
        assert one.facts().server == server_name
    assert server.requests[0][1].startswith("/_nodes")


def test_a_server_without_a_version_is_an_error(server: Recorder) -> None:
    with cluster(server.url) as one, pytest.raises(StoreError, match="version"):
        one.facts()


@pytest.mark.parametrize(
    ("status", "body", "hint"),
    [
        (404, b"<html>not found</html>", "no Elasticsearch or OpenSearch"),
        (404, b"", "no Elasticsearch or OpenSearch"),
        (500, b"<html>oops</html>", "no Elasticsearch or OpenSearch"),
        (302, b"", "It redirects"),
    ],
)
def test_a_server_of_another_kind_is_no_empty_history(
    server: Recorder, tmp_path: Path, status: int, body: bytes, hint: str
) -> None:
    server.status, server.body = status, body
    (tmp_path / "V1__x.http").write_text("GET /\n")
    settings = ElasticsearchSettings(locations=(tmp_path,), urls=(server.url,))
    with (
        closing(ElasticsearchStore(settings)) as store,
        pytest.raises(StoreError) as caught,
    ):
        store.plan()
    assert hint in (caught.value.hint or "")
