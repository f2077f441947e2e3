"""One Alembic environment a database: where its files lie, and its Config in memory.

Alembic has one ``context`` a process, so whoever runs it, or executes revision files,
holds ``ALEMBIC``.  It is never held while waiting for a database's own lock.
"""

from __future__ import annotations

import asyncio
import io
import sys
import threading
from argparse import Namespace
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from alembic.config import Config

from weave_migrate.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from weave_migrate.config import PostgresSettings

ALEMBIC = threading.RLock()
_OURS = Path(__file__).parent / "_env"
_T = TypeVar("_T")


class Environment:
    """The files of one database and the modules they import.

    ``versions`` is where revisions lie; ``has_own_env`` says whether Alembic executes
    the folder's env.py or the one in this package.
    """

    def __init__(self, settings: PostgresSettings) -> None:
        self.settings = settings
        folder = settings.folder
        self.has_own_env = (folder / "env.py").is_file()
        inner = folder / "versions"
        self.versions = inner if inner.is_dir() else folder
        self.location = folder if self.has_own_env else _OURS
        self._modules: dict[str, ModuleType] = {}

    def check(self) -> None:
        """Refuse an env.py that Alembic would read as a revision.

        Raises ConfigError (ENV_BESIDE_REVISIONS) with what to type.
        """
        if not self.has_own_env or self.versions != self.settings.folder:
            return
        folder = self.settings.folder
        others = any(path.name != "env.py" for path in folder.glob("*.py"))
        move = " && git mv $(ls *.py | grep -vx env.py) versions/" if others else ""
        raise ConfigError(
            f"{folder.name}/ holds an env.py and no versions/: Alembic would take the "
            "env.py for a revision.",
            code="ENV_BESIDE_REVISIONS",
            hint=f"cd {folder} && mkdir versions{move}",
            file=folder / "env.py",
        )

    def config(self, **attributes: Any) -> Config:
        """Make a Config that prints nothing and knows no file.

        ``attributes`` are for env.py, ours or theirs (``connection``).
        """
        options = {
            "script_location": str(self.location),
            "version_locations": str(self.versions),
            "path_separator": "newline",
        }
        if self.has_own_env:
            options["sqlalchemy.url"] = self.settings.url.reveal()
        config = Config(
            stdout=io.StringIO(),
            output_buffer=io.StringIO(),
            cmd_opts=Namespace(quiet=True, x=None, autogenerate=False),
            attributes=attributes,
        )
        for name, value in options.items():
            config.set_main_option(name, value.replace("%", "%%"))
        return config

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Hold Alembic, with this database's modules importable.

        Afterwards ``sys.path`` is as before, and modules that came from our folders
        are put away until the next time, so that ``models`` of one database is not
        ``models`` of the next.  What the application imports by itself stays.
        """
        with ALEMBIC:
            path = sys.path.copy()
            added = [str(p) for p in self.settings.prepend_sys_path]
            foreign = [each for each in added if each not in path]
            sys.path[:0] = added
            packages = {name.partition(".")[0] for name in sys.modules}
            sys.modules.update(self._modules)
            try:
                yield
            finally:
                sys.path[:] = path
                self._modules = {
                    name: sys.modules.pop(name)
                    for name, module in list(sys.modules.items())
                    if name.partition(".")[0] not in packages
                    and _lies_in(module, foreign)
                }

    def run(self, work: Callable[[], _T]) -> _T:
        """Do ``work`` while entered.

        A user's env.py may call ``asyncio.run``: it gets a thread of its own where
        this one runs an event loop.
        """

        def entered() -> _T:
            with self.entered():
                return work()

        if not (self.has_own_env and _has_running_loop()):
            return entered()
        with ThreadPoolExecutor(max_workers=1) as one:
            return one.submit(entered).result()


def _has_running_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _lies_in(module: ModuleType, folders: list[str]) -> bool:
    spec = getattr(module, "__spec__", None)
    places = [getattr(module, "__file__", None)]
    places += (spec and spec.submodule_search_locations) or ()  # a namespace package
    return any(
        Path(place).is_relative_to(folder)
        for place in places
        if place
        for folder in folders
    )
