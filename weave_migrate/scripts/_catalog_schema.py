"""What an XML migration may look like: the schema of neo4j-migrations 4.1 (§7.1).

Every element name stands for one kind of content, wherever it occurs; the kinds are
rows of one table.  A kind's children are a small machine of numbered states.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    # What may come next, and which state that leads to.
    Machine = tuple[Mapping[str, int], ...]

NAMESPACE = "https://michael-simons.github.io/neo4j-migrations"
_NONE: Mapping[str, Value] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Value:
    """What an attribute may hold, and what it holds where it is absent."""

    kind: Literal["text", "boolean", "id", "reference"] = "text"
    one_of: frozenset[str] = frozenset()
    default: str | None = None
    required: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """What an element may hold: attributes, and text or children.

    ``children`` are the states of its machine, the first being where it begins;
    ``ends`` are those in which it may stop.  ``is_open``: one child or more, any.
    """

    attributes: Mapping[str, Value] = field(default_factory=lambda: _NONE)
    children: Machine = ()
    ends: frozenset[int] = frozenset()
    holds_text: bool = False
    is_open: bool = False


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split(","))


_YES = Value("boolean", default="true")
_NO = Value("boolean", default="false")
_TEXT = Kind(holds_text=True)
_ITEM: Machine = ({"label": 1, "type": 1}, {"properties": 2}, {"options": 3}, {})
_OPERATIONS = {"refactor": 3, "create": 3, "drop": 3}
_ONE_ITEM: Machine = ({"constraint": 1, "index": 1}, {})
_REFERENCE = {"item": Value(), "ref": Value("reference")}
_CONSTRAINTS = _words("unique,unique_relationship_property,exists,key,property_type")
_PROPERTIES = _words(
    "BOOLEAN,STRING,INTEGER,FLOAT,DATE,LOCAL TIME,ZONED TIME,LOCAL DATETIME,"
    "ZONED DATETIME,DURATION,POINT"
)
_REFACTORINGS = _words(
    "merge.nodes,migrate.createFutureIndexes,migrate.replaceBTreeIndexes,"
    "normalize.asBoolean,rename.label,rename.type,rename.nodeProperty,"
    "rename.relationshipProperty,addSurrogateKeyTo.nodes,"
    "addSurrogateKeyTo.relationships,listToVectorOn.nodes,listToVectorOn.relationships"
)
KINDS: Mapping[str, Kind] = {
    "migration": Kind(
        children=(
            {"catalog": 1, "verify": 2, **_OPERATIONS, "apply": 4},
            {"verify": 2, **_OPERATIONS, "apply": 4},
            {**_OPERATIONS, "apply": 4},
            _OPERATIONS,
            {},
        ),
        ends=frozenset(range(5)),
    ),
    "catalog": Kind(
        attributes={"reset": _NO},
        children=(
            {"constraints": 1, "indexes": 2},
            {"indexes": 3},
            {"constraints": 3},
            {},
        ),
        ends=frozenset(range(4)),
    ),
    "constraints": Kind(children=({"constraint": 0},), ends=frozenset({0})),
    "indexes": Kind(children=({"index": 0},), ends=frozenset({0})),
    "constraint": Kind(
        attributes={
            "name": Value("id", required=True),
            "type": Value(one_of=_CONSTRAINTS, required=True),
        },
        children=_ITEM,
        ends=frozenset({2, 3}),
    ),
    "index": Kind(
        attributes={
            "name": Value("id", required=True),
            "type": Value(one_of=_words("property,fulltext,text")),
        },
        children=_ITEM,
        ends=frozenset({2, 3}),
    ),
    "label": _TEXT,
    "type": _TEXT,
    "options": _TEXT,
    "properties": Kind(
        children=({"property": 1}, {"property": 1}), ends=frozenset({1})
    ),
    "property": Kind(attributes={"type": Value(one_of=_PROPERTIES)}, holds_text=True),
    "verify": Kind(
        attributes={"useCurrent": _NO, "allowEquivalent": _YES, "includeOptions": _NO}
    ),
    "create": Kind(
        attributes={**_REFERENCE, "ifNotExists": _YES},
        children=_ONE_ITEM,
        ends=frozenset({0, 1}),
    ),
    "drop": Kind(
        attributes={**_REFERENCE, "ifExists": _YES},
        children=_ONE_ITEM,
        ends=frozenset({0, 1}),
    ),
    "apply": Kind(),
    "refactor": Kind(
        attributes={"type": Value(one_of=_REFACTORINGS, required=True)},
        children=({"parameters": 1}, {}),
        ends=frozenset({0, 1}),
    ),
    "parameters": Kind(is_open=True),
}
