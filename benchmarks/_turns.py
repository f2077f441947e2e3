"""How often each tool waits for the server, counted on the wire.

A relay between client and server counts how often the client speaks after the server
did.  That is the same for all of them, whatever they count themselves.
"""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from benchmarks._measure import FailedError, say
from benchmarks._table import Section

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks._measure import Contestant
    from benchmarks._stores import Bench

_FEW, _MORE = 10, 110
_COUNTED = (
    "Counted on the wire by a relay: how often the client spoke after the server did, "
    f"while {_FEW} and {_MORE} migrations of one statement were applied to a fresh "
    "store. The difference is what each migration takes, the rest is once a run, "
    "opening connections included."
)
_REMAINING = (
    "Weave's four for each migration: BEGIN; the script's statement (one for each "
    "there is, as each may fail with a place of its own); the record, which in one "
    "statement makes sure of the lock, finds the end of the chain by its id and "
    "extends it; COMMIT. The driver waits for the answer to each."
)


class Relay:
    """Passes bytes on between clients and one server, and counts their turns."""

    def __init__(self, host: str, port: int) -> None:
        self.turns = 0
        self._server = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        """Where clients are awaited."""
        return int(self._listener.getsockname()[1])

    def close(self) -> None:
        """Await no more clients."""
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._server)
                for each in (client, server):
                    each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                turn = _Turn(self)
                for ends in ((client, server, True), (server, client, False)):
                    threading.Thread(
                        target=turn.pass_on, args=ends, daemon=True
                    ).start()


class _Turn:
    """Whose turn it is to speak on one connection."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._is_clients = False
        self._lock = threading.Lock()

    def pass_on(
        self, source: socket.socket, target: socket.socket, is_client: bool, /
    ) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                with self._lock:
                    self._relay.turns += is_client and not self._is_clients
                    self._is_clients = is_client
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)


def measure(bench: Bench) -> Section:
    """Count the turns of everybody."""
    section = Section(
        "Neo4j: round trips",
        notes=[_COUNTED, _REMAINING],
        header=("who", "for each migration", "once a run", "sum for 1,000"),
    )
    with _relayed(bench) as (relayed, relay):
        few = _everybody(relayed, _FEW)
        for one, other in zip(few, _everybody(relayed, _MORE), strict=True):
            if one.absent:
                section.rows.append((one.name, f"skipped: {one.absent}", "", ""))
                continue
            say(f"{section.title}: {one.name}")
            try:
                low, high = (_turns(relayed, relay, each) for each in (one, other))
            except FailedError as error:
                section.failures.append(f"{section.title}: {one.name}")
                section.rows.append((one.name, f"failed: {error}", "", ""))
                continue
            each = (high - low) / (_MORE - _FEW)
            once = low - _FEW * each
            row = (one.name, f"{each:.2f}", f"{once:.0f}", f"{once + 1000 * each:,.0f}")
            section.rows.append(row)
    return section


def _everybody(bench: Bench, count: int) -> list[Contestant]:
    return bench.contestants(bench, "apply", *bench.project(count))


def _turns(bench: Bench, relay: Relay, contestant: Contestant) -> int:
    bench.ask("wipe")
    before = relay.turns
    bench.run(contestant)
    return relay.turns - before


@contextmanager
def _relayed(bench: Bench) -> Iterator[tuple[Bench, Relay]]:
    """Give the same bench, behind a relay."""
    uri = urlsplit(bench.server.environ["NEO4J_URI"])
    relay = Relay(uri.hostname or "127.0.0.1", uri.port or 7687)
    here = {"NEO4J_URI": f"bolt://127.0.0.1:{relay.port}"}
    server = replace(bench.server, environ={**bench.server.environ, **here})
    try:
        yield replace(bench, server=server), relay
    finally:
        relay.close()
