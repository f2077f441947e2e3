"""Real servers start, answer, and leave nothing behind."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from neo4j import GraphDatabase
from neo4j.exceptions import AuthError

from weave_migrate import sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

WEAVE = [sys.executable, "-m", "weave_migrate"]
ONLY_POSTGRES = ["--no-neo4j", "--no-elasticsearch"]


def _gone(pid: int) -> bool:
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    return not state.strip() or state.startswith("Z")


def _assert_gone(pid: int, folder: Path) -> None:
    deadline = time.monotonic() + 60
    while not (_gone(pid) and not folder.exists()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert _gone(pid)
    assert not folder.exists()


def _folder(pid: int) -> Path:
    """The temporary folder of a server: the last word of its watchdog's command."""
    parent = subprocess.check_output(["ps", "-o", "ppid=", "-p", str(pid)], text=True)
    words = ["ps", "-ww", "-o", "args=", "-p", parent.strip()]
    folder = Path(subprocess.check_output(words, text=True).split()[-1])
    assert folder.is_dir()
    return folder


def _listening(port: int) -> set[str]:
    """The addresses on which ``port`` accepts connections."""
    addresses = {"127.0.0.1"}
    with contextlib.suppress(OSError):
        addresses |= set(socket.gethostbyname_ex(socket.gethostname())[2])
    probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with probe, contextlib.suppress(OSError):
        probe.connect(("192.0.2.1", 9))  # sends nothing; names our own address
        addresses.add(probe.getsockname()[0])
    found = set()
    for address in addresses:
        with contextlib.suppress(OSError), socket.create_connection((address, port), 5):
            found.add(address)
    return found


@pytest.fixture
def cache() -> Iterator[dict[str, str]]:
    """An environment with a cache of its own."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield {**os.environ, "WEAVE_CACHE_DIR": folder}


@pytest.mark.postgres
@pytest.mark.neo4j
@pytest.mark.elasticsearch
def test_a_sandbox_answers_on_loopback_and_is_gone_afterwards() -> None:
    with sandbox.sandbox(databases=("slack", "insight-mesh")) as servers:
        postgres, neo4j, search = servers.postgres, servers.neo4j, servers.search
        assert postgres is not None
        assert neo4j is not None
        assert search is not None
        environ = servers.environ

        with psycopg.connect(
            host=environ["POSTGRES_HOST"],
            port=environ["POSTGRES_PORT"],
            user=environ["POSTGRES_USER"],
            password=environ["POSTGRES_PASSWORD"],
            dbname="insight-mesh",
        ) as link:
            assert link.execute("SELECT 1").fetchone() == (1,)
        user = (environ["NEO4J_USER"], environ["NEO4J_PASSWORD"])
        with GraphDatabase.driver(environ["NEO4J_URI"], auth=user) as driver:
            assert driver.execute_query("RETURN 1 AS one").records[0]["one"] == 1
        with (
            GraphDatabase.driver(environ["NEO4J_URI"], auth=("neo4j", "x")) as driver,
            pytest.raises(AuthError),
        ):
            driver.verify_connectivity()
        request = urllib.request.Request(
            f"{environ['ELASTICSEARCH_URL']}/things/_doc/1?refresh=true",
            method="PUT",
            data=b'{"a": 1}',
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as response:
            assert json.load(response)["result"] == "created"

        running = [_pid_and_folder(server.pid) for server in servers.servers.values()]
        ports = [
            postgres.port,
            *(int(u.rsplit(":", 1)[1]) for u in (neo4j.uri, search.url)),
        ]
        for port in ports:
            assert _listening(port) == {"127.0.0.1"}
    for pid, folder in running:
        _assert_gone(pid, folder)


def _pid_and_folder(pid: int | None) -> tuple[int, Path]:
    if pid is None:
        pytest.skip("containers are removed by Docker")
    return pid, _folder(pid)


@pytest.mark.postgres
@pytest.mark.neo4j
@pytest.mark.elasticsearch
def test_no_server_outlives_a_parent_killed_by_sigkill() -> None:
    script = (
        "import time; from weave_migrate.sandbox import sandbox\n"
        "with sandbox() as s:\n"
        "    print(*(one.pid for one in s.servers.values()), flush=True)\n"
        "    time.sleep(1000)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        try:
            pids = parent.stdout.readline().split()
            running = [(int(pid), _folder(int(pid))) for pid in pids]
        finally:
            parent.kill()
    assert len(running) == 3
    for pid, folder in running:
        _assert_gone(pid, folder)


@pytest.mark.postgres
def test_run_passes_the_environment_and_the_exit_status() -> None:
    script = (
        "import os, psycopg\n"
        "url = os.environ['DATABASE_URL_SLACK'].replace('+psycopg', '')\n"
        "psycopg.connect(url).close()\n"
        "print(sorted(k for k in os.environ if k.startswith('POSTGRES_')))\n"
        "raise SystemExit(7)"
    )
    with tempfile.TemporaryDirectory() as project:
        Path(project, ".weave/migrations/slack/versions").mkdir(parents=True)
        done = subprocess.run(
            [
                *(*WEAVE, "sandbox", "run", "--project", project, *ONLY_POSTGRES),
                *("--", sys.executable, "-c", script),
            ],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "POSTGRES_PASSWORD_FILE": "/real", "DATABASE_URL_X": ""},
        )
    assert done.returncode == 7, done.stderr
    names = ["HOST", "PASSWORD", "PORT", "USER"]
    assert done.stdout == f"{[f'POSTGRES_{name}' for name in names]}\n"
    assert "PostgreSQL" in done.stderr


@pytest.mark.postgres
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_run_forwards_signals_and_stops_its_servers(number: int) -> None:
    script = (
        "import os, psycopg, signal, time\n"
        "def leave(number, frame): raise SystemExit(number + 40)\n"
        "signal.signal(signal.SIGTERM, leave); signal.signal(signal.SIGINT, leave)\n"
        "names = {'host': 'HOST', 'port': 'PORT', 'user': 'USER', 'password': "
        "'PASSWORD'}\n"
        "where = {k: os.environ[f'POSTGRES_{v}'] for k, v in names.items()}\n"
        "link = psycopg.connect(**where, dbname='postgres')\n"
        "folder = link.execute('SHOW data_directory').fetchone()[0]\n"
        "pid = open(folder + '/postmaster.pid').readline().strip()\n"
        "print(pid, folder, flush=True); time.sleep(1000)"
    )
    with subprocess.Popen(
        [*WEAVE, "sandbox", "run", *ONLY_POSTGRES, "--", sys.executable, "-c", script],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as run:
        assert run.stdout is not None
        try:
            pid, folder = run.stdout.readline().split()
        finally:
            run.send_signal(number)
        assert run.wait() == number + 40
        assert _gone(int(pid))
        assert not Path(folder).parent.exists()


@pytest.mark.postgres
def test_up_stays_until_down(cache: dict[str, str]) -> None:
    def weave(*words: str) -> Any:
        done = subprocess.run(
            [*WEAVE, "sandbox", *words, "--json"],
            capture_output=True,
            text=True,
            check=False,
            env=cache,
        )
        return json.loads(done.stdout), done.stderr

    document, _ = weave("up", *ONLY_POSTGRES)
    try:
        environ = document["environment"]
        assert document["ok"]
        again, note = weave("up", *ONLY_POSTGRES)
        assert again["environment"] == environ
        assert "runs already" in note
        more, _ = weave("up", "--no-elasticsearch")
        assert more["error"]["code"] == "SANDBOX_RUNNING"
        assert "without neo4j" in more["error"]["message"]
        where = f"host=127.0.0.1 port={environ['POSTGRES_PORT']} user=postgres"
        where += f" password={environ['POSTGRES_PASSWORD']} dbname=postgres"
        with psycopg.connect(where) as link:
            row = link.execute("SHOW data_directory").fetchone()
            assert row is not None
            assert Path(row[0]).exists()
    finally:
        _, stopped = weave("down")
    assert "is stopped" in stopped
    assert not Path(row[0]).parent.exists()
    assert "No sandbox runs" in weave("down")[1]
    left = {path.name for path in Path(cache["WEAVE_CACHE_DIR"]).glob("*.json")}
    assert left == set()


def test_the_error_names_what_to_install_when_maven_is_missing(
    cache: dict[str, str],
) -> None:
    done = subprocess.run(
        [
            *(*WEAVE, "sandbox", "run", "--no-postgres", "--no-elasticsearch"),
            *("--", sys.executable, "-c", "print('ran')"),
        ],
        capture_output=True,
        text=True,
        check=False,
        env={**cache, "PATH": "/no/such/folder", "DOCKER_HOST": "tcp://127.0.0.1:1"},
    )
    assert done.returncode == 5
    assert "error[SANDBOX_UNAVAILABLE]" in done.stderr
    assert "Install Maven" in done.stderr
    assert "Docker" in done.stderr
    assert done.stdout == ""
