"""The sign of life that keeps a lock ours, given beside whatever the run does.

A thread and a connection of its own: a statement that runs for an hour delays no beat,
nor does a pool of one connection.
"""

from __future__ import annotations

import threading
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from weave_migrate import _log
from weave_migrate.stores.neo4j._session import Connection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from weave_migrate.config import Neo4jSettings

_PATIENCE = 2.0  # seconds for a beat under way, when there is no more need for it


class Heartbeat:
    """Calls ``beat`` three times a ``lease`` (seconds) for as long as it goes.

    ``beat`` says whether the lock is still ours; after its first no, ``is_lost`` is
    True and nothing is called any more.  A beat that fails is tried again soon: a
    server that is away for a moment costs nothing.
    """

    def __init__(
        self,
        settings: Neo4jSettings,
        beat: Callable[[Connection], bool],
        *,
        lease: float,
    ) -> None:
        self.is_lost = False
        self._settings = settings
        self._beat = beat
        self._pause = lease / 3
        self._over = threading.Event()

    @contextmanager
    def going(self) -> Iterator[None]:
        """Beat until the block ends, and not a moment longer."""
        # A daemon: one that hangs on a dead connection must not keep the process.
        thread = threading.Thread(target=self._run, name="weave-heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join(_PATIENCE)

    def _run(self) -> None:
        pause = self._pause
        with closing(Connection(self._settings)) as connection:
            while not self._over.wait(pause):
                try:
                    self.is_lost = not self._beat(connection)
                except Exception as error:  # noqa: BLE001 - a thread has no caller
                    _log.debug(
                        "lock.unheard", store="neo4j", error=type(error).__name__
                    )
                    pause = self._pause / 4
                    continue
                if self.is_lost:
                    _log.info("lock.lost", store="neo4j")
                    return
                pause = self._pause
