"""One run over one or many stores: plan all, then lock, apply and report each."""

from weave_migrate.engine._callbacks import Callbacks
from weave_migrate.engine._create import create_script
from weave_migrate.engine._edit import clean, edit, mend
from weave_migrate.engine._examine import examine
from weave_migrate.engine._lock import lock_status, release_lock
from weave_migrate.engine._read import report_plan, status, validate
from weave_migrate.engine._run import migrate
from weave_migrate.engine._scripts import run_scripts
from weave_migrate.engine._stores import opened, select

__all__ = [
    "Callbacks",
    "clean",
    "create_script",
    "edit",
    "examine",
    "lock_status",
    "mend",
    "migrate",
    "opened",
    "release_lock",
    "report_plan",
    "run_scripts",
    "select",
    "status",
    "validate",
]
