"""A process that migrates one database, to be paused or killed, and says how it ended.

It is told by its arguments: URI, user, folder, lease; and NEO4J_PASSWORD.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from fake_store import Listener

from weave_migrate.config import Neo4jSettings
from weave_migrate.engine import migrate
from weave_migrate.model import Secret
from weave_migrate.stores.neo4j import Neo4jStore

if __name__ == "__main__":
    uri, user, folder, lease = sys.argv[1:]
    settings = Neo4jSettings(
        locations=(Path(folder),),
        uri=uri,
        user=user,
        password=Secret(os.environ["NEO4J_PASSWORD"]),
        lock_lease=float(lease),
    )
    report = migrate(
        [Neo4jStore(settings)], listen=lambda _: Listener(), lock_timeout=60
    )
    print(json.dumps(report.to_dict() | {"new": report.stores[0].newly_applied}))
