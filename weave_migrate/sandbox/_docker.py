"""Servers in containers, through testcontainers, where a Docker daemon answers.

Its reaper removes the containers when our process ends in whatever way.
"""

from __future__ import annotations

import functools
import importlib.util
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Self, TypeVar

from weave_migrate.sandbox._process import poll

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")


_PING = (
    "from testcontainers.core.docker_client import DockerClient;"
    "DockerClient(timeout=5).client.ping()"
)


@functools.cache
def has_docker() -> bool:
    """Say whether testcontainers is installed and a Docker daemon answers.

    Asked in a process of its own: a failing client leaves open sockets behind.
    """
    if importlib.util.find_spec("testcontainers") is None:
        return False
    ping = subprocess.run(
        [sys.executable, "-c", _PING], capture_output=True, check=False
    )
    return ping.returncode == 0


class Container:
    """A container with one port, published on loopback only."""

    pid = None

    def __init__(
        self, image: str, *, port: int, environment: Mapping[str, str], **options: Any
    ) -> None:
        from testcontainers.core.container import DockerContainer

        self.name = image
        self._port = port
        self._container = DockerContainer(image, **options).with_envs(**environment)
        # testcontainers publishes on all interfaces; docker takes an address as well.
        ports: dict[str, Any] = self._container.ports
        ports[str(port)] = ("127.0.0.1",)

    def __enter__(self) -> Self:
        self._container.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._container.stop()

    @property
    def port(self) -> int:
        """The port on loopback."""
        return int(self._container.get_exposed_port(self._port))

    def wait(self, probe: Callable[[], T | None]) -> T:
        """Give what ``probe`` answers once the server is up."""
        return poll(self.name, probe, ended=self._ended, log=self._log)

    def _ended(self) -> bool:
        self._container.reload()
        return self._container.status not in {"created", "running"}

    def _log(self) -> str:
        out, err = self._container.get_logs()
        return (out + err).decode(errors="replace")
