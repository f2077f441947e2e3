"""A process that migrates one database when told to go, and prints what it did."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from weave_migrate.config import PostgresSettings
from weave_migrate.engine import migrate
from weave_migrate.model import Secret
from weave_migrate.stores.postgres import PostgresStore

if TYPE_CHECKING:
    from weave_migrate.model import Applied, LockInfo, Migration


class _Silent:
    def lock_waiting(self, holder: LockInfo | None, seconds: float) -> None: ...
    def migration_started(self, migration: Migration) -> None: ...
    def migration_applied(self, applied: Applied) -> None: ...
    def progressed(self, message: str) -> None: ...
    def noted(self, message: str) -> None: ...
    def warned(self, message: str) -> None: ...


if __name__ == "__main__":
    url = Secret(os.environ["TEST_URL"])
    folder = Path(sys.argv[1])
    store = PostgresStore(PostgresSettings(name="app", folder=folder, url=url))
    print("ready", flush=True)
    sys.stdin.readline()
    report = migrate([store], listen=lambda _: _Silent(), lock_timeout=50)
    print(json.dumps(report.to_dict() | {"new": report.stores[0].newly_applied}))
