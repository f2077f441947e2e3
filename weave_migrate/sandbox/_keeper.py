"""Keep a sandbox running after the command that started it has ended.

``up`` starts a keeper: this module as a process in a session of its own, which opens
the sandbox and holds it until SIGTERM.  While it lives it holds a lock on a file in the
cache.  So whoever can't take that lock knows that a sandbox runs, that the state file
beside it is true, and that the process id in there is the keeper's.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, NoReturn

from weave_migrate.errors import ConfigError, StoreUnavailable, WeaveError
from weave_migrate.sandbox import (
    STORES,
    Neo4jServer,
    PostgresServer,
    Sandbox,
    SearchServer,
    _postgres,
    sandbox,
)
from weave_migrate.sandbox._cache import cache_dir, locked

if TYPE_CHECKING:
    from pathlib import Path

_BUSY = "another process starts or stops the sandbox; waiting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked of a sandbox; a version that is None may be any."""

    stores: tuple[str, ...] = STORES
    databases: tuple[str, ...] = ()
    neo4j_version: str | None = None
    search_server: str | None = None

    @property
    def options(self) -> dict[str, Any]:
        """The options of ``sandbox()`` that this decides."""
        return {key: value for key, value in asdict(self).items() if value is not None}

    def why_not(self, running: Sandbox) -> str | None:
        """Say what of this a running sandbox lacks."""
        versions = {
            "neo4j": self.neo4j_version and f"neo4j:{self.neo4j_version}",
            "elasticsearch": self.search_server,
        }
        for store in self.stores:
            if store not in running.servers:
                return f"without {store}"
            spec = running.servers[store].spec
            if (wanted := versions.get(store)) and wanted != spec:
                return f"with {spec}, not {wanted}"
        return None


def up(wish: Wish) -> tuple[Sandbox, bool]:
    """Start a sandbox that stays; the flag says whether it was started just now.

    One that runs already gets the databases it lacks.  Raises ConfigError when it
    can't give what is wished, and what ``sandbox()`` raises.
    """
    with locked(_lock("up"), _BUSY):
        if (state := _running()) is None:
            return _start(wish), True
        running = _sandbox(state)
        if reason := wish.why_not(running):
            raise ConfigError(
                f"A sandbox runs already, {reason}.",
                code="SANDBOX_RUNNING",
                hint="Stop it first: weave sandbox down",
            )
        server = running.postgres
        if server is not None:
            _postgres.create_databases(server.port, server.password, wish.databases)
            server = replace(server, databases=wish.databases)
        return replace(running, postgres=server), False


def down() -> bool:
    """Stop the sandbox that stays and remove its data; False where none runs."""
    with locked(_lock("up"), _BUSY):
        if (state := _running()) is None:
            return False
        os.kill(state["pid"], signal.SIGTERM)
        with locked(_lock("keeper"), "Stopping the sandbox"):
            return True


def _start(wish: Wish) -> Sandbox:
    """Start a keeper and wait for its word: the state, or the error it met."""
    keeper = subprocess.Popen(
        [sys.executable, "-m", __name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert keeper.stdin is not None  # noqa: S101 - pipes were asked for
    assert keeper.stdout is not None  # noqa: S101
    try:
        with keeper.stdin, keeper.stdout:
            keeper.stdin.write(json.dumps(asdict(wish)).encode())
            keeper.stdin.close()
            answer = keeper.stdout.readline()
    except BaseException:
        keeper.terminate()
        keeper.wait()
        raise
    said: dict[str, Any] = json.loads(answer or b"{}")
    if "pid" in said:
        return _sandbox(said)
    usage = said.pop("exit", None) == ConfigError.exit_status
    said.setdefault("message", "The process that keeps the sandbox has died.")
    raise (ConfigError if usage else StoreUnavailable)(**said)


def _running() -> dict[str, Any] | None:
    """Read the state of the sandbox that runs, None where no keeper lives."""
    import fcntl

    with _lock("keeper").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            state: dict[str, Any] = json.loads(_state().read_text())
            return state
    return None


def _sandbox(state: dict[str, Any]) -> Sandbox:
    kinds = {"postgres": PostgresServer, "neo4j": Neo4jServer, "search": SearchServer}
    return Sandbox(
        **{name: kind(**state[name]) for name, kind in kinds.items() if state[name]}
    )


def _state() -> Path:
    return cache_dir() / "sandbox.json"


def _lock(name: str) -> Path:
    return cache_dir() / f"sandbox.{name}.lock"


def _keep(wish: Wish) -> NoReturn:
    """Hold a sandbox until a signal comes."""
    with (
        locked(_lock("keeper"), "waiting"),
        sandbox(**wish.options) as servers,
    ):
        state = json.dumps({"pid": os.getpid(), **asdict(servers)})
        _state().unlink(missing_ok=True)
        with open(_state(), "x", opener=_for_us_only) as file:
            file.write(state)
        try:
            print(state, flush=True)  # noqa: T201 - the word that ``_start`` waits for
            nowhere = os.open(os.devnull, os.O_RDWR)
            for standard in (0, 1, 2):  # whoever reads them must see them end
                os.dup2(nowhere, standard)
            while True:
                signal.pause()
        finally:
            _state().unlink()


def _for_us_only(path: str, flags: int) -> int:
    """Open a file that holds passwords."""
    return os.open(path, flags, 0o600)


def _leave(_number: int, _frame: object) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise SystemExit(0)


def main() -> None:
    """Be a keeper: standard input is a wish, standard output its outcome, in JSON."""
    signal.signal(signal.SIGTERM, _leave)
    try:
        _keep(Wish(**json.load(sys.stdin)))
    except WeaveError as error:
        said = {
            "message": error.message,
            "hint": error.hint,
            "code": error.code,
            "exit": error.exit_status,
        }
        print(json.dumps(said), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
