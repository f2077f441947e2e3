"""The dictionary of ``weave db inspect --json`` for one XML migration."""

from __future__ import annotations

import pytest

from weave_migrate.scripts.inspect_catalog import inspect_catalog

EMPTY = b'<migration xmlns="https://michael-simons.github.io/neo4j-migrations"/>'


@pytest.mark.parametrize(
    ("path", "kind", "version"),
    [
        ("a/V1__x.xml", "versioned", "1"),
        ("R2__x.xml", "repeatable", "2"),
        ("x.xml", "other", None),
    ],
)
def test_the_name_says_kind_and_version(
    path: str, kind: str, version: str | None
) -> None:
    found = inspect_catalog(EMPTY, path=path)

    assert (found["kind"], found["version"]) == (kind, version)
    assert (found["type"], found["error"]) == ("CATALOG", None)
    assert found["checksum"] is not None


def test_a_bad_document_is_an_error_and_has_no_checksum() -> None:
    found = inspect_catalog(b"<migration>", path="V1__x.xml")

    assert found["version"] == "1"
    assert (found["checksum"], found["preconditions"]) == (None, [])
    assert found["error"]
