"""Fixtures of the Elasticsearch store's tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from search_bench import SearchBench

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def bench(search_server: Any, tmp_path: Path) -> Iterator[SearchBench]:
    """A folder of scripts and a corner of the real cluster."""
    made = SearchBench(search_server.url, tmp_path)
    yield made
    made.remove()
