"""Events: heard by an application that listens, silent and cheap for all others."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest

from weave_migrate import _log

SILENT = """
import sys
from weave_migrate import _log
_log.info("migration.applied", store="neo4j")
assert "structlog" not in sys.modules
"""
LIBRARY_ONLY = """
import logging, structlog
logging.getLogger("weave_migrate").setLevel(logging.DEBUG)
from weave_migrate import _log
_log.info("migration.applied", store="neo4j")
assert not structlog.is_configured()
"""


@pytest.mark.parametrize("code", [SILENT, LIBRARY_ONLY])
def test_an_application_without_handlers_hears_nothing(code: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_keys_reach_the_applications_handlers_as_attributes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, logger=_log.NAME)
    _log.info("migration.applied", store="neo4j", version="1")
    _log.debug("lock.acquired", store="neo4j")
    first, second = caplog.records
    assert first.getMessage() == "migration.applied"
    assert vars(first)["version"] == "1"
    assert second.levelno == logging.DEBUG


def test_a_level_that_nobody_wants_is_not_rendered(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING, logger=_log.NAME)
    _log.info("migration.applied")
    _log.debug("lock.acquired")
    assert caplog.records == []
