"""``python -m weave_migrate`` is the command ``weave``."""

from weave_migrate.cli import main

main()
