"""Servers to measure on: given by WEAVE_TEST_* as for the tests, or started here."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from weave_migrate import sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_DATABASE = "weave_bench"


@dataclass(frozen=True, slots=True)
class Server:
    """What runs, for people, and the variables by which clients find it."""

    label: str
    environ: Mapping[str, str]


@contextmanager
def neo4j() -> Iterator[Server]:
    """Give a Neo4j that only this benchmark uses."""
    if uri := os.environ.get("WEAVE_TEST_NEO4J_URI"):
        environ = {
            "NEO4J_URI": uri,
            "NEO4J_USER": os.environ.get("WEAVE_TEST_NEO4J_USER", "neo4j"),
            "NEO4J_PASSWORD": os.environ.get("WEAVE_TEST_NEO4J_PASSWORD", ""),
        }
        yield Server("Neo4j (given)", environ)
        return
    with sandbox.neo4j() as server:
        yield Server(_without_runtime(server.label), server.environ)


@contextmanager
def elasticsearch() -> Iterator[Server]:
    """Give a cluster; index names of our own are used in it."""
    if url := os.environ.get("WEAVE_TEST_ELASTICSEARCH_URL"):
        yield Server("Elasticsearch or OpenSearch (given)", {"ELASTICSEARCH_URL": url})
        return
    with sandbox.search() as server:
        yield Server(_without_runtime(server.label), server.environ)


@contextmanager
def postgres() -> Iterator[Server]:
    """Give a PostgreSQL; a database of our own is made in it."""
    if url := os.environ.get("WEAVE_TEST_POSTGRES_URL"):
        yield Server("PostgreSQL (given)", _database(url))
        return
    with sandbox.postgres() as server:
        yield Server(_without_runtime(server.label), _database(server.url))


def _without_runtime(label: str) -> str:
    """Leave out where its Java or its wheel is: a result names no place."""
    return label.partition(" (")[0]


def _database(maintenance_url: str) -> dict[str, str]:
    url = urlsplit(maintenance_url)._replace(path=f"/{_DATABASE}").geturl()
    return {
        "DATABASE_URL_BENCH": url,
        "WEAVE_BENCH_MAINTENANCE_URL": maintenance_url,
    }
