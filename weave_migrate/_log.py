"""The library's events: silent until an application wants to hear them.

A library must not configure structlog, and an unconfigured structlog prints to
standard output; so events are rendered to keyword arguments of a standard logger with
a null handler.  structlog costs a tenth of a second to import and is imported at the
first event that somebody hears.  Keys must not be names of LogRecord attributes
(``name``, ``module``, ``args`` …).
"""

from __future__ import annotations

import logging
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import structlog

NAME = "weave_migrate"
_standard = logging.getLogger(NAME)
_standard.addHandler(logging.NullHandler())


def info(event: str, **keys: object) -> None:
    """Log a fact in the past tense: ``migration.applied``, ``lock.acquired``."""
    if _standard.isEnabledFor(logging.INFO):
        _structured().info(event, **keys)


def debug(event: str, **keys: object) -> None:
    """Log a detail; only here may a statement's text stand."""
    if _standard.isEnabledFor(logging.DEBUG):
        _structured().debug(event, **keys)


@cache
def _structured() -> structlog.stdlib.BoundLogger:
    import structlog

    logger: structlog.stdlib.BoundLogger = structlog.wrap_logger(
        _standard,
        wrapper_class=structlog.stdlib.BoundLogger,
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.render_to_log_kwargs,
        ],
        context_class=dict,
    )
    return logger
