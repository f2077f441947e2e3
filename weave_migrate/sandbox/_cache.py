"""Where downloads are kept, and how two processes share one of them."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from weave_migrate.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def cache_dir() -> Path:
    """Give the folder of downloads: WEAVE_CACHE_DIR, or the platform's place.

    For root that is below /var/cache, since servers started by root run as another
    account, which can't look into root's home.  Raises ConfigError where it can't be
    made or used.
    """
    chosen = os.environ.get("WEAVE_CACHE_DIR")
    if chosen:
        folder = Path(chosen).expanduser().absolute()
    elif _is_root():
        folder = Path("/var/cache/weave-migrate")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        folder = Path(base) / "weave-migrate"
    hint = "Set WEAVE_CACHE_DIR to a folder for downloads."
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{folder} can't be made: {error}.", hint=hint) from error
    if not reachable(folder):
        raise ConfigError(
            f"{folder} can't be reached by the account nobody, which runs servers for "
            "root.",
            hint=hint,
        )
    return folder


def reachable(path: Path) -> bool:
    """Say whether the account that runs servers may look into ``path``."""
    if not _is_root():
        return True
    path = path.resolve()
    return all(p.stat().st_mode & stat.S_IXOTH for p in (path, *path.parents))


def cached(name: str, build: Callable[[Path], None]) -> Path:
    """Give the folder ``name`` of the cache, filled by ``build`` the first time.

    Two processes that ask at once get one build; a killed build leaves nothing that
    could be taken for a whole one.
    """
    cache = cache_dir()
    folder, partial = cache / name, cache / f"{name}.partial"
    if folder.is_dir():
        return folder
    with locked(cache / f"{name}.lock", f"another process makes {name}; waiting"):
        if folder.is_dir():
            return folder
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        try:
            build(partial)
            _open_to_all(partial)
            partial.rename(folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return folder


@contextlib.contextmanager
def locked(path: Path, waiting: str) -> Iterator[None]:
    """Hold the lock file ``path``; say ``waiting`` if that takes patience."""
    import fcntl  # not on every platform; the rest of this room imports without it

    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"{waiting} ...", file=sys.stderr, flush=True)  # noqa: T201
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _open_to_all(folder: Path) -> None:
    """Make all of a folder readable for other accounts, whatever our umask is."""
    for path in (folder, *folder.rglob("*")):
        if path.is_symlink():
            continue
        mode = path.stat().st_mode
        executable = mode & stat.S_IXUSR
        more = 0o055 if executable else 0o044
        path.chmod(stat.S_IMODE(mode) | more)


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0
