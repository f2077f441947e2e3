"""What one XML migration is to weave: ``weave db inspect`` of a catalog."""

from __future__ import annotations

from weave_migrate.errors import ScriptError
from weave_migrate.scripts.catalog import parse_catalog
from weave_migrate.scripts.cypher_names import parse_migration_name


def inspect_catalog(data: bytes, *, path: str) -> dict[str, object]:
    """Describe a document in the form of docs/json.md; a ScriptError becomes a value.

    It has the keys of a Cypher script, so that whoever reads these reads it too, but
    no statements: weave does not apply it.  Only the file name counts.
    """
    kind, version, description = "other", None, None
    script, error = None, None
    try:
        name = parse_migration_name(path.rpartition("/")[2], extension="xml")
        if name:
            kind = "repeatable" if name.repeatable else "versioned"
            version, description = name.version, name.description
        script = parse_catalog(data, file=path)
    except ScriptError as raised:
        error = {"code": raised.code, "message": raised.message, "line": raised.line}
    return {
        "path": path,
        "store": "neo4j",
        "kind": kind,
        "type": "CATALOG",
        "version": version,
        "description": description,
        "checksum": script.checksum if script else None,
        "statements": [],
        "preconditions": [
            {"type": each.type, "text": each.text}
            for each in (script.preconditions if script else ())
        ],
        "unresolved": [],
        "error": error,
    }
