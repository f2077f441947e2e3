"""Neo4j Community from Docker, or from Maven's jars on a Java.

The jars of ``org.neo4j:neo4j`` and what it needs hold the whole server.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import zipfile
from typing import TYPE_CHECKING

from weave_migrate.sandbox._cache import cached
from weave_migrate.sandbox._docker import Container, has_docker
from weave_migrate.sandbox._java import NEWEST, find_java, no_java, wheel_java
from weave_migrate.sandbox._maven import fetch
from weave_migrate.sandbox._process import Process, check_version, free_port
from weave_migrate.sandbox._servers import Neo4jServer

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import ExitStack
    from pathlib import Path

DEFAULT_VERSION = "5.26.30"
_USER = "neo4j"
_OPENS = ("lang", "nio", "io", "util.concurrent")
_MAIN_CLASSES = ("Neo4jCommunity", "CommunityEntryPoint")  # since 2025, before


def launch(stack: ExitStack, *, version: str) -> Callable[[], Neo4jServer]:
    """Start a server that stops with ``stack``; the result waits until it answers."""
    check_version("Neo4j", version)
    password = secrets.token_urlsafe(16)
    if has_docker():
        return _launch_container(stack, version, password)
    suitable = _java_range(version)
    java = find_java(*suitable) or wheel_java(*suitable)
    if java is None:
        raise no_java(f"Neo4j {version}", *suitable)
    jars = cached(
        f"neo4j-{version}",
        lambda folder: fetch(f"org.neo4j:neo4j:{version}", folder, java_home=java),
    )
    process = stack.enter_context(Process("Neo4j"))
    home, port = process.folder, free_port()
    for name in ("conf", "data/dbms", "logs", "plugins", "import", "run", "tmp"):
        (home / name).mkdir(parents=True)
    settings = _settings(version, port)
    (home / "conf/neo4j.conf").write_text(
        "".join(f"{key}={value}\n" for key, value in settings.items())
    )
    (home / "data/dbms/auth.ini").write_text(_auth_ini(password))
    process.run(
        [
            str(java / "bin" / "java"),
            *_jvm_options(java),
            f"-Djava.io.tmpdir={home / 'tmp'}",
            *("-cp", f"{jars}/*", _main_class(jars / f"neo4j-{version}.jar")),
            *(f"--home-dir={home}", f"--config-dir={home}/conf"),
        ],
        environment={"NEO4J_HOME": home, "NEO4J_CONF": home / "conf"},
    )

    def wait() -> Neo4jServer:
        uri = f"bolt://127.0.0.1:{port}"
        return Neo4jServer(
            uri=uri,
            user=_USER,
            password=password,
            version=process.wait(lambda: _ask(uri, password)),
            runtime=f"Java at {java}",
            pid=process.pid,
        )

    return wait


def _launch_container(
    stack: ExitStack, version: str, password: str
) -> Callable[[], Neo4jServer]:
    container = stack.enter_context(
        Container(
            f"neo4j:{version}-community",
            port=7687,
            environment={
                "NEO4J_AUTH": f"{_USER}/{password}",
                "NEO4J_dbms_usage__report_enabled": "false",
                "NEO4J_server_memory_heap_max__size": "512m",
            },
        )
    )

    def wait() -> Neo4jServer:
        uri = f"bolt://127.0.0.1:{container.port}"
        return Neo4jServer(
            uri=uri,
            user=_USER,
            password=password,
            version=container.wait(lambda: _ask(uri, password)),
            runtime="Docker",
            pid=None,
        )

    return wait


def _java_range(version: str) -> tuple[int, int]:
    """The oldest and newest Java that a version of the server runs on."""
    major = int(version.partition(".")[0])
    if major <= 4:
        return 11, 17
    return (17, NEWEST) if major == 5 else (21, NEWEST)


def _settings(version: str, port: int) -> dict[str, str]:
    """The server's settings; names changed between 4.x and 5.x."""
    old = version.startswith("4.")
    server = "dbms" if old else "server"
    connector = "dbms.connector" if old else "server"
    return {
        f"{server}.default_listen_address": "127.0.0.1",
        f"{connector}.bolt.listen_address": f"127.0.0.1:{port}",
        f"{connector}.http.enabled": "false",
        f"{connector}.https.enabled": "false",
        f"{server}.memory.pagecache.size": "64m",
        f"{'dbms' if old else 'db'}.tx_log.preallocate": "false",
        # Stop at once; unsupported/internal is the same switch.
        f"{'unsupported' if old else 'internal'}"
        ".dbms.bolt.netty_server_shutdown_quiet_period": "0",
        **({} if old else {"dbms.usage_report.enabled": "false"}),
    }


def _jvm_options(java: Path) -> list[str]:
    """One collector and one compiler tier: quick to start, and small."""
    options = [
        *("-Xms512m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
        *("-XX:-UsePerfData", "-Djava.awt.headless=true", "-Dlog4j2.disable.jmx=true"),
        *("-Dneo4j.ext.udc.disable=true", "-Dio.netty.tryReflectionSetAccessible=true"),
        *(f"--add-opens=java.base/java.{name}=ALL-UNNAMED" for name in _OPENS),
        "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
    ]
    release = (java / "release").read_text(errors="replace")
    found = re.search(r'JAVA_VERSION="(?:1\.)?(\d+)', release)
    major = int(found[1]) if found else 0
    if major >= 22:
        options.append("--enable-native-access=ALL-UNNAMED")
    if major >= 24:
        options.append("--sun-misc-unsafe-memory-access=allow")
    return options


def _auth_ini(password: str) -> str:
    """What ``neo4j-admin dbms set-initial-password`` writes, without a second JVM."""
    salt = secrets.token_bytes(32)
    digest = hashlib.sha256(salt + password.encode()).digest()
    for _ in range(1023):
        digest = hashlib.sha256(digest).digest()
    return f"{_USER}:SHA-256,{digest.hex()},{salt.hex()},1024:\n"


def _main_class(jar: Path) -> str:
    with zipfile.ZipFile(jar) as archive:
        names = set(archive.namelist())
    found = next(n for n in _MAIN_CLASSES if f"org/neo4j/server/{n}.class" in names)
    return f"org.neo4j.server.{found}"


def _ask(uri: str, password: str) -> str | None:
    """Give the server's version, None while it does not answer queries."""
    from neo4j import GraphDatabase
    from neo4j.exceptions import DriverError, Neo4jError

    query = (  # newer servers have a component "Cypher" as well
        "CALL dbms.components() YIELD name, versions "
        "WHERE name = 'Neo4j Kernel' RETURN versions[0]"
    )
    try:
        with (
            GraphDatabase.driver(uri, auth=(_USER, password)) as driver,
            driver.session(database="neo4j") as session,
        ):
            return str(session.run(query).single(strict=True)[0])
    except (DriverError, Neo4jError):
        return None
