"""OpenSearch or Elasticsearch from Docker, or from Maven's distribution on a Java."""

from __future__ import annotations

import json
import re
import secrets
import shutil
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from weave_migrate.errors import ConfigError
from weave_migrate.sandbox._cache import cached
from weave_migrate.sandbox._distribution import unpack
from weave_migrate.sandbox._docker import Container, has_docker
from weave_migrate.sandbox._java import NEWEST, find_java, no_java
from weave_migrate.sandbox._process import Process, free_port
from weave_migrate.sandbox._servers import SearchServer

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import ExitStack
    from pathlib import Path

DEFAULT = "opensearch:3.8.0"
_JAVA = {
    ("opensearch", 2): (11, 23),
    ("opensearch", 3): (21, NEWEST),
    ("elasticsearch", 7): (8, 23),
    ("elasticsearch", 8): (17, 25),
    ("elasticsearch", 9): (21, NEWEST),
}
_IMAGES = {
    "opensearch": "opensearchproject/opensearch",
    "elasticsearch": "docker.elastic.co/elasticsearch/elasticsearch",
}
# Options of the JVM that ours replace, and what would fill disks.
_DROPPED = re.compile(
    r"^#|^\s*$|^-Xm[sx]|UseG1GC|UseConcMarkSweepGC|CMSInitiatingOccupancy|GCLog"
    r"|G1ReservePercent|InitiatingHeapOccupancy|HeapDump|ErrorFile|[:=]gc|Xloggc"
    r"|PrintGC|PrintTenuring|GCApplication"
)
_KEPT_SMALL = (
    *("-Xms512m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
    "-XX:-UsePerfData",
)


@dataclass(frozen=True, slots=True)
class _Server:
    """Which server: ``opensearch`` or ``elasticsearch``, and its version."""

    flavour: str
    version: str

    @property
    def java(self) -> tuple[int, int]:
        return _JAVA[self.flavour, int(self.version.split(".")[0])]


# What DEFAULT becomes where Java 21 is missing.
_ON_OLD_JAVA = _Server("opensearch", "2.19.6")


def parse(text: str) -> _Server:
    """Read ``opensearch:3.8.0`` or ``elasticsearch:9.5.3``; raise ConfigError."""
    flavour, _, version = text.partition(":")
    known = re.fullmatch(r"\d{1,2}(?:\.\w++)++", version) is not None
    if not known or (flavour, int(version.split(".")[0])) not in _JAVA:
        raise ConfigError(
            f"{text!r} is no search server that the sandbox can start.",
            hint=f"Give one like {DEFAULT} or elasticsearch:9.5.3 "
            "(OpenSearch 2 and 3, Elasticsearch 7 to 9).",
        )
    return _Server(flavour, version)


def launch(stack: ExitStack, *, server: str | None) -> Callable[[], SearchServer]:
    """Start a server that stops with ``stack``; the result waits until it answers.

    ``server`` None means DEFAULT, or what the Java at hand can run instead.
    """
    wanted = parse(server or DEFAULT)
    cluster = f"weave-{secrets.token_hex(8)}"
    if has_docker():
        return _launch_container(stack, wanted, cluster)
    if server is None and _java_of(wanted) is None and _java_of(_ON_OLD_JAVA):
        wanted = _ON_OLD_JAVA
    if (java := _java_of(wanted)) is None:
        raise no_java(f"{wanted.flavour} {wanted.version}", *wanted.java)
    flavour, version = wanted.flavour, wanted.version
    home = cached(
        f"{flavour}-{version}",
        lambda folder: unpack(flavour, version, folder, java_home=java),
    )
    process = stack.enter_context(Process(flavour))
    port = free_port()
    config = _configure(process.folder, home, wanted, cluster, port)
    prefix = {"opensearch": "OPENSEARCH", "elasticsearch": "ES"}[flavour]
    process.run(
        [home / "bin" / flavour],
        environment={
            "JAVA_HOME": java,
            f"{prefix}_JAVA_HOME": java,
            f"{prefix}_PATH_CONF": config,
            f"{prefix}_TMPDIR": process.folder / "tmp",
        },
    )

    def wait() -> SearchServer:
        url = f"http://127.0.0.1:{port}"
        return SearchServer(
            url=url,
            flavour=flavour,
            version=process.wait(lambda: _ask(url, cluster)),
            runtime=f"Java at {java}",
            pid=process.pid,
        )

    return wait


def _java_of(server: _Server) -> Path | None:
    """The machine's Java: the wheel's lacks languages that analyzers need (Thai)."""
    return find_java(*server.java)


def _launch_container(
    stack: ExitStack, server: _Server, cluster: str
) -> Callable[[], SearchServer]:
    small = "-Xms512m -Xmx512m"
    container = stack.enter_context(
        Container(
            f"{_IMAGES[server.flavour]}:{server.version}",
            port=9200,
            environment={
                "cluster.name": cluster,
                "discovery.type": "single-node",
                "cluster.routing.allocation.disk.threshold_enabled": "false",
                **(
                    {"DISABLE_SECURITY_PLUGIN": "true", "OPENSEARCH_JAVA_OPTS": small}
                    if server.flavour == "opensearch"
                    else {"xpack.security.enabled": "false", "ES_JAVA_OPTS": small}
                ),
            },
        )
    )

    def wait() -> SearchServer:
        url = f"http://127.0.0.1:{container.port}"
        return SearchServer(
            url=url,
            flavour=server.flavour,
            version=container.wait(lambda: _ask(url, cluster)),
            runtime="Docker",
            pid=None,
        )

    return wait


def _configure(
    folder: Path, home: Path, server: _Server, cluster: str, port: int
) -> Path:
    """Write the node's own configuration folder."""
    config = folder / "config"
    shutil.copytree(home / "config", config)
    for name in ("data", "logs", "tmp"):
        (folder / name).mkdir()
    settings = {
        "cluster.name": cluster,
        "node.name": "node-1",
        "path.data": folder / "data",
        "path.logs": folder / "logs",
        "network.host": "127.0.0.1",
        "http.port": port,
        "transport.port": free_port(),
        "discovery.type": "single-node",
        "cluster.routing.allocation.disk.threshold_enabled": "false",
    }
    if (home / "modules/x-pack-security").exists():
        settings["xpack.security.enabled"] = "false"
    if (home / "modules/x-pack-ml").exists():
        settings["xpack.ml.enabled"] = "false"  # its native part is not for every CPU
    (config / f"{server.flavour}.yml").write_text(
        "".join(f"{key}: {value}\n" for key, value in settings.items())
    )
    options = config / "jvm.options"
    kept = [
        line for line in options.read_text().splitlines() if not _DROPPED.search(line)
    ]
    options.write_text("\n".join([*kept, *_KEPT_SMALL, ""]))
    return config


def _ask(url: str, cluster: str) -> str | None:
    """Give the server's version, None while it does not answer.

    ``GET /`` is a module that some distributions lack, so the nodes are asked.
    """
    try:
        health = _get(f"{url}/_cluster/health")
        if health["cluster_name"] != cluster:  # somebody else's, on a port we chose
            return None
        nodes = _get(f"{url}/_nodes/_local?filter_path=nodes.*.version")["nodes"]
    except (OSError, ValueError, KeyError):
        return None
    return next((str(node["version"]) for node in nodes.values()), None)


def _get(url: str) -> Any:
    # A proxy of the environment has no business on loopback.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=5) as response:
        return json.load(response)
