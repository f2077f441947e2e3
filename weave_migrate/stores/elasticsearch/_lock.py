"""The lock: document ``0.1`` of the history index, which the peer respects (§6.3).

The peer locks by ``locked: true`` on every row, or by ``0.1`` in an empty index; it
looks first and locks then, without owner or expiry.  Ours is created atomically; its
sequence number proves that it is still ours.  In this order:

1. any locked row: somebody is at work, wait;
2. create ``0.1``: exists already, wait;
3. look again: a locked row beside ours means that the peer slipped in between its
   look and its locking.  It can't see us, so we step back and wait.

Waiting never touches anything, and nothing is removed that is not ours; only
``release``, which a person asks for, ends another's lock.
"""

from __future__ import annotations

import os
import socket
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from getpass import getuser
from hashlib import sha256
from typing import TYPE_CHECKING
from uuid import uuid4

from weave_migrate.errors import (
    LockLost,
    LockTimeout,
    StoreError,
    StoreUnavailable,
    WeaveError,
)
from weave_migrate.model import LockInfo
from weave_migrate.stores.elasticsearch._answers import mapping
from weave_migrate.stores.elasticsearch._history import LOCK_ID, Document
from weave_migrate.stores.elasticsearch._rows import document

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from weave_migrate.model import Applied
    from weave_migrate.stores._base import Observer
    from weave_migrate.stores.elasticsearch._history import History

_PAUSE = 0.5  # seconds between two looks; the peer takes one to ten
_AT_ONCE = 0.5  # seconds for which a look is not repeated
_LOCKED = {"term": {"locked": True}}
_OWN = "weave"  # the field of 0.1 that says whose lock it is; the peer ignores it
_BY_HAND = "weave db lock release elasticsearch"


@dataclass(slots=True)
class HeldLock:
    """The lock while it is ours: the revision of ``0.1`` that we wrote."""

    history: History
    seq_no: int
    primary_term: int
    _seen: float | None = None  # when ``record`` saw it last, on the monotonic clock

    def record(self, applied: Applied) -> None:
        """Write a row, and look at the lock in the same request.

        The look is an update that changes nothing and fails unless ``0.1`` is still
        the revision we wrote.  It serves the next ``check`` if that follows at once.
        """
        revision = {"if_seq_no": self.seq_no, "if_primary_term": self.primary_term}
        look = {"update": {"_id": LOCK_ID, **revision}}
        if self.history.record(applied, look, {"doc": {}}):
            self._seen = time.monotonic()

    def check(self) -> None:
        """Raise LockLost unless ``0.1`` is still the revision we wrote."""
        seen, self._seen = self._seen, None
        if seen is not None and time.monotonic() - seen < _AT_ONCE:
            return
        answer = self.history.cluster.ask(
            "GET", f"{self.history.path}/_doc/{LOCK_ID}?_source=false"
        )
        found = answer.object()
        now = (found.get("_seq_no"), found.get("_primary_term"))
        if found.get("found") is not True or now != (self.seq_no, self.primary_term):
            raise LockLost(
                f"The lock in {self.history.index} is not ours any more: somebody "
                "released it, or elasticsearch-evolution did at the end of its run.",
                hint="See what is applied, then run again: weave db status",
            )

    def release(self) -> bool:
        """Delete our own ``0.1``; False when it was gone or somebody else's."""
        answer = self.history.cluster.tell(
            "DELETE",
            f"{self.history.path}/_doc/{LOCK_ID}"
            f"?if_seq_no={self.seq_no}&if_primary_term={self.primary_term}",
            allowed=frozenset({404, 409}),
        )
        if answer.error_type == "index_not_found_exception":
            return True  # we have just cleaned it away
        self.history.refresh()
        return answer.is_success


@contextmanager
def hold(history: History, timeout: float, observer: Observer) -> Iterator[HeldLock]:
    """Take the lock, waiting up to ``timeout`` seconds, and give it back at the end.

    All that was written under it is visible to searches afterwards.
    """
    lock = _acquire(history, timeout, observer)
    try:
        yield lock
    finally:
        _give_back(lock, observer)


def _give_back(lock: HeldLock, observer: Observer) -> None:
    """Release without raising: what happened under the lock matters more."""
    index = lock.history.index
    try:
        if not lock.release():
            observer.warned(f"The lock in {index} was gone before it was released.")
    except StoreError as error:
        observer.warned(
            f"The lock in {index} may not have been released: {error.message} "
            f"If it was not: {_BY_HAND}"
        )


def holder(locked: Sequence[Document]) -> LockInfo | None:
    """Who holds the lock, by the locked documents; None when there are none."""
    if not locked:
        return None
    held = _held(locked)
    own = mapping(held[0].source.get(_OWN))
    if own:
        return _ours(own, token=_token(held))
    rows = [each.id for each in held]
    named = ", ".join(rows[:5]) + ("…" if len(rows) > 5 else "")
    return LockInfo(
        owner=f"elasticsearch-evolution (locked documents: {named})",
        token=_token(held),
    )


def release(history: History, holding: LockInfo) -> bool:
    """Take the lock away from ``holding``; False if that holds it no more.

    Of the peer's lock every locked row is opened, which is what it does at the end of
    its own run (§6.1).
    """
    held = _held(locked_documents(history))
    return bool(held) and _token(held) == holding.token and history.unlock(held)


def _held(locked: Sequence[Document]) -> Sequence[Document]:
    """Give the documents by which one holder locks; ours count before the peer's."""
    return [each for each in locked if mapping(each.source.get(_OWN))] or locked


def _token(held: Sequence[Document]) -> str:
    """Tell one holding from every other: each write gives a document a new number."""
    seen = sorted((each.id, each.seq_no, each.primary_term) for each in held)
    return sha256(repr(seen).encode()).hexdigest()


def locked_documents(history: History) -> list[Document]:
    """Give the documents that say ``locked: true``; reading only."""
    return history.search(_LOCKED)


def _acquire(history: History, timeout: float, observer: Observer) -> HeldLock:
    started = time.monotonic()
    while True:
        locked = history.search(_LOCKED, create=True)
        lock = None if locked else _create(history)
        if lock:
            try:
                history.refresh()
                locked = [d for d in locked_documents(history) if d.id != LOCK_ID]
            except BaseException:
                _give_back(lock, observer)
                raise
            if not locked:
                return lock
            _give_back(lock, observer)
        waited = time.monotonic() - started
        if waited >= timeout:
            raise _timeout(history, locked, timeout)
        observer.lock_waiting(holder(locked), waited)
        time.sleep(min(_PAUSE, timeout - waited))


def _create(history: History) -> HeldLock | None:
    now = datetime.now(UTC)
    lock = document(
        version=LOCK_ID,
        description="lock entry",
        script_name="-",
        checksum=0,
        timestamp=now,
        millis=0,
        success=True,
        locked=True,
        index_name=history.index,
    )
    run = str(uuid4())
    lock[_OWN] = {
        "run": run,
        "owner": f"{_user()}@{socket.gethostname()}",
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "since": now.isoformat(),
    }
    try:
        answer = history.cluster.tell(
            "PUT", f"{history.path}/_create/{LOCK_ID}", lock, allowed=frozenset({409})
        )
    except StoreUnavailable as error:
        if error.code in ("REQUEST_TIMEOUT", "CONNECTION_LOST"):
            error.hint = (
                "This run may have left its lock behind. If the next one says so: "
                + _BY_HAND
            )
        raise
    except BaseException:  # an interrupt: it may be there all the same
        _withdraw(history, run)
        raise
    if answer.status == 409:
        return None
    made = answer.object()
    seq_no, term = made.get("_seq_no"), made.get("_primary_term")
    assert isinstance(seq_no, int)  # noqa: S101 - the server's own contract
    assert isinstance(term, int)  # noqa: S101
    return HeldLock(history, seq_no, term)


def _withdraw(history: History, run: str) -> None:
    """Delete the lock document if it is the one of ``run``."""
    path = f"{history.path}/_doc/{LOCK_ID}"
    with suppress(WeaveError):
        found = history.cluster.ask("GET", path).object()
        if mapping(mapping(found.get("_source")).get(_OWN)).get("run") == run:
            condition = (
                f"if_seq_no={found['_seq_no']}&if_primary_term={found['_primary_term']}"
            )
            history.cluster.tell("DELETE", f"{path}?refresh=true&{condition}")


def _user() -> str:
    try:
        return getuser()
    except (KeyError, OSError):  # an account without a name, as in some containers
        return str(os.getuid()) if hasattr(os, "getuid") else "unknown"


def _ours(said: Mapping[str, object], *, token: str) -> LockInfo:
    since, pid = said.get("since"), said.get("pid")
    try:
        at = datetime.fromisoformat(since) if isinstance(since, str) else None
    except ValueError:
        at = None
    owner, host = said.get("owner"), said.get("host")
    return LockInfo(
        owner=owner if isinstance(owner, str) else None,
        host=host if isinstance(host, str) else None,
        pid=pid if isinstance(pid, int) else None,
        since=at,
        token=token,
    )


def _timeout(
    history: History, locked: Sequence[Document], timeout: float
) -> LockTimeout:
    info = holder(locked)
    if info is None:
        who = "somebody who was quicker each time"
    elif info.pid is None:
        who = info.owner or "somebody"
    else:
        who = f"weave-migrate, process {info.pid} on {info.host}, since {info.since}"
    return LockTimeout(
        f"{history.index} is still locked after {timeout:g} s. It is held by {who}.",
        hint=f"If no run is at work any more, release it: {_BY_HAND}",
    )
