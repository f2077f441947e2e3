"""PostgreSQL, any number of databases, through Alembic.

Revisions run unchanged and ``alembic_version`` stays Alembic's own.  What is weave's:
the plan, the lock, the transaction of each revision, and what an error says.
"""

from weave_migrate.stores.postgres._create import create, init
from weave_migrate.stores.postgres._store import PostgresStore

__all__ = ["PostgresStore", "create", "init"]
