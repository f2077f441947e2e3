"""XML migrations of neo4j-migrations: bytes in, a frozen value out.

Strategy: ``_xml`` makes a tree of the bytes, ``_catalog_check`` holds it against the
schema and completes it, ``_catalog_hash`` puts the catalog in order and renders what
is hashed.  Nothing is made of the operations: weave does not apply them.  Sections
are those of the compatibility reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from weave_migrate.model import CatalogScript, Precondition
from weave_migrate.scripts._catalog_check import check
from weave_migrate.scripts._catalog_hash import arrange, checksum, older_checksum
from weave_migrate.scripts._java import trim
from weave_migrate.scripts._xml import Element, Instruction, parse_xml
from weave_migrate.scripts.preconditions import parse_precondition

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from weave_migrate.scripts._xml import Node


def parse_catalog(data: bytes, *, file: str) -> CatalogScript:
    """Make a value of a document's bytes: checksum (§3.4) and preconditions (§2.5).

    A ``<verify>`` without ``includeOptions`` was hashed without it before release
    1.13.0 (§3.6): that checksum is an alternative, so that histories of 1.7 to 1.12
    validate.  neo4j-migrations itself does not accept it.

    Raises ScriptError: SCRIPT_SYNTAX (not well-formed, or not as the schema has it),
    SCRIPT_UNSUPPORTED (a DTD and other parts of XML that migrations have no use for),
    PRECONDITION_INVALID.
    """
    document = parse_xml(data, file=file)
    check(document)
    arrange(document.root)
    main, older = checksum(document.root), older_checksum(document.root)
    return CatalogScript(
        checksum=main,
        preconditions=tuple(_preconditions(document.children, file)),
        alternatives=frozenset({older} - {main}),
    )


def _preconditions(nodes: Iterable[Node], file: str) -> Iterator[Precondition]:
    """Read every processing instruction as if it were a comment of Cypher (§2.5).

    Those directly in ``<catalog>`` do not count: neo4j-migrations puts another
    catalog in its place before it looks.
    """
    for node in nodes:
        if isinstance(node, Element):
            yield from _preconditions(node.children, file)
        elif isinstance(node, Instruction):
            line = f"// {node.target} {trim(node.data)}"
            found = parse_precondition(line, file=file, line_number=node.place.line)
            if found:
                yield Precondition(found.type, found.text)
