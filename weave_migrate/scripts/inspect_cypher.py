"""What one Cypher script is to weave, as the dictionary ``weave db inspect`` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weave_migrate.errors import ScriptError
from weave_migrate.scripts.cypher import cypher_checksum, parse_cypher
from weave_migrate.scripts.cypher_names import callback_phase, parse_migration_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from weave_migrate.model import CypherScript, Statement


def inspect_cypher(
    data: bytes,
    *,
    path: str,
    placeholders: Mapping[str, str],
    autocrlf: bool,
    flyway_checksums: bool,
) -> dict[str, object]:
    """Describe a script in the form of docs/json.md; a ScriptError becomes a value.

    Only the file name counts, not its folders: where its location begins is unknown.
    """
    kind, version, description = "other", None, None
    script, error = None, None
    try:
        kind, version, description = _name(path.rpartition("/")[2])
        script = parse_cypher(
            data,
            file=path,
            placeholders=placeholders,
            autocrlf=autocrlf,
            flyway_checksums=flyway_checksums,
            with_preconditions=kind != "callback",
        )
    except ScriptError as raised:
        error = {"code": raised.code, "message": raised.message, "line": raised.line}
    checksum = (
        script.checksum
        if script
        else _checksum_if_any(
            data, path=path, autocrlf=autocrlf, flyway_checksums=flyway_checksums
        )
    )
    return {
        "path": path,
        "store": "neo4j",
        "kind": kind,
        "version": version,
        "description": description,
        "checksum": checksum,
        **_content(script),
        "error": error,
    }


def _name(name: str) -> tuple[str, str | None, str | None]:
    migration = parse_migration_name(name)
    callback = callback_phase(name)
    if callback is not None:
        return "callback", None, callback[1] or None
    if migration is None:
        return "other", None, None
    kind = "repeatable" if migration.repeatable else "versioned"
    return kind, migration.version, migration.description


def _checksum_if_any(
    data: bytes, *, path: str, autocrlf: bool, flyway_checksums: bool
) -> str | None:
    try:
        return cypher_checksum(
            data, file=path, autocrlf=autocrlf, flyway_checksums=flyway_checksums
        )
    except ScriptError:
        return None


def _content(script: CypherScript | None) -> dict[str, object]:
    if script is None:
        return {"statements": [], "preconditions": [], "unresolved": []}
    return {
        "statements": [_statement(s) for s in script.statements],
        "preconditions": [
            {"type": p.type, "text": p.text} for p in script.preconditions
        ],
        "unresolved": list(script.unresolved),
    }


def _statement(statement: Statement) -> dict[str, object]:
    described: dict[str, object] = {
        "text": statement.text,
        "database": statement.database,
        "transaction": statement.transaction,
        "line": statement.line,
    }
    if statement.peer_transaction is not None:
        described["peer_transaction"] = statement.peer_transaction
    return described
