"""The library's logger: silent until an application wants to hear it.

A library must not configure structlog, and an unconfigured structlog prints to
standard output; so events are rendered to keyword arguments of a standard logger with
a null handler.  Keys must not be names of LogRecord attributes (``name``, ``module``).
"""

from __future__ import annotations

import logging
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import structlog

NAME = "weave_migrate"


@cache
def get_logger() -> structlog.stdlib.BoundLogger:
    """Give the package's logger; structlog is imported at the first call."""
    import structlog

    logging.getLogger(NAME).addHandler(logging.NullHandler())
    logger: structlog.stdlib.BoundLogger = structlog.wrap_logger(
        logging.getLogger(NAME),
        wrapper_class=structlog.stdlib.BoundLogger,
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.render_to_log_kwargs,
        ],
        context_class=dict,
    )
    return logger
