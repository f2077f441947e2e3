"""Send the library's events to standard error, for -v and -vv."""

from __future__ import annotations

import logging

from weave_migrate._log import NAME

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class _Formatter(logging.Formatter):
    """Write an event and its keys on one line."""

    def format(self, record: logging.LogRecord) -> str:
        keys = (f" {k}={v}" for k, v in vars(record).items() if k not in _STANDARD)
        time = self.formatTime(record, "%H:%M:%S")
        return f"{time} {record.getMessage()}{''.join(keys)}"


def log_to_stderr(*, debug: bool) -> None:
    """Show the library's events; only the command line ever does this."""
    logger = logging.getLogger(NAME)
    handler = logging.StreamHandler()
    handler.setFormatter(_Formatter())
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG if debug else logging.INFO)
