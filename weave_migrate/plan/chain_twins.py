"""Checksums that a script may have under another folder (reference, §3.2 rule 2).

Teams keep one file name in two folders, one for each edition or version, and let
preconditions choose.  A history written under one of them is accepted under the other.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from weave_migrate.model import CatalogScript, CypherScript

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weave_migrate.model import Migration

_Script = CypherScript | CatalogScript


def with_twins(migrations: Sequence[Migration]) -> list[Migration]:
    """Add to each script's alternatives the checksums of its twins.

    Twins are scripts of the same file name in other folders, where both have at least
    one precondition, whether or not they are met.
    """
    families: dict[str, list[tuple[Migration, _Script]]] = defaultdict(list)
    for migration in migrations:
        script = migration.script
        if isinstance(script, _Script) and script.preconditions:
            families[migration.source].append((migration, script))
    return [_extended(each, families[each.source]) for each in migrations]


def _extended(
    migration: Migration, family: list[tuple[Migration, _Script]]
) -> Migration:
    script = migration.script
    if not isinstance(script, _Script) or not script.preconditions:
        return migration
    others = [twin for owner, twin in family if owner is not migration]
    if not others:
        return migration
    accepted = script.alternatives.union(
        *({twin.checksum, *twin.alternatives} for twin in others)
    )
    return replace(migration, script=replace(script, alternatives=accepted))
