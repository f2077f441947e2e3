"""One run over one or many stores: plan all, then lock, apply and report each."""

from weave_migrate.engine._create import create_script
from weave_migrate.engine._edit import clean, edit, mendable
from weave_migrate.engine._lock import lock_status, release_lock
from weave_migrate.engine._read import examine, status, validate
from weave_migrate.engine._run import migrate
from weave_migrate.engine._stores import opened, select

__all__ = [
    "clean",
    "create_script",
    "edit",
    "examine",
    "mendable",
    "lock_status",
    "migrate",
    "opened",
    "release_lock",
    "select",
    "status",
    "validate",
]
