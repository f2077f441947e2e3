"""Check an XML migration against its schema, and add what the schema adds to it.

Before a document is hashed, the schema of neo4j-migrations changes it: white space of
some attributes collapses, absent attributes get their defaults (§3.4).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from weave_migrate.scripts._catalog_schema import KINDS, NAMESPACE
from weave_migrate.scripts._source import printable
from weave_migrate.scripts._xml import Attribute, Text, is_ncname

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from weave_migrate.errors import ScriptSyntaxError
    from weave_migrate.scripts._catalog_schema import Kind, Value
    from weave_migrate.scripts._xml import Document, Element, Place, Source

_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
_XML = "http://www.w3.org/XML/1998/namespace"
_SPACE = " \t\r\n"
_BLANKS = re.compile(r"[ \t\r\n]++")
_BOOLEANS = frozenset({"true", "false", "1", "0"})
_OF_RELATIONSHIPS = frozenset(
    {"exists", "property_type", "unique_relationship_property"}
)
# Anything may be a parameter, but these neo4j-migrations takes for its own anywhere.
_RESERVED = frozenset({"migration", "catalog", "constraints", "indexes"})


def check(document: Document) -> None:
    """Check a document and complete its attributes.

    Beyond its schema, neo4j-migrations stops at contradictory constraints and
    operations, and so do we.  Raises ScriptSyntaxError: SCRIPT_SYNTAX, and
    SCRIPT_UNSUPPORTED for what has no use in a migration: prefixes, ``xsi:type``,
    parameters that are named like parts of a migration.
    """
    root = document.root
    if (root.uri, root.local) != (NAMESPACE, "migration"):
        raise document.source.error(
            f"this is no migration, but <{root.name}>.",
            root.place,
            hint=f'It has to be <migration xmlns="{NAMESPACE}">.',
        )
    _Checker(document.source).check(root)


@dataclass(slots=True)
class _Checker:
    """Checks elements from the top; the names of items are unique in a document."""

    source: Source
    names: set[str] = field(default_factory=set)

    def check(self, element: Element) -> None:
        if ":" in element.name:
            raise self._unsupported(f"the prefix of <{element.name}>", element.place)
        self._check_namespaces(element)
        kind = KINDS[element.local]
        self._check_attributes(element, kind.attributes)
        self._check_texts(element, kind)
        if kind.is_open:
            self._check_open(element)
            return
        self._check_children(element, kind)
        for child in element.elements:
            self.check(child)
        if element.local == "constraint":
            self._check_constraint(element)
        elif element.local in ("create", "drop"):
            self._check_operation(element)

    def _check_namespaces(self, element: Element) -> None:
        """Refuse relative ones: Canonical XML has no place for them."""
        for uri in element.declared.values():
            if uri and uri.find(":") < 1:
                raise self._unsupported(f"the namespace {uri[:80]}", element.place)

    def _check_attributes(self, element: Element, allowed: Mapping[str, Value]) -> None:
        given: set[str] = set()
        for attribute in element.attributes:
            if attribute.uri == _INSTANCE:
                self._check_instance(attribute, element)
            elif attribute.uri or attribute.local not in allowed:
                raise self._wrong(
                    f"<{element.name}> has no attribute {attribute.name}",
                    element.place,
                    _one_of(allowed),
                )
            else:
                given.add(attribute.local)
                self._check_value(attribute, allowed[attribute.local], element)
        for name, value in allowed.items():
            if name in given:
                continue
            if value.required:
                raise self._wrong(
                    f"<{element.name}> lacks the attribute {name}",
                    element.place,
                    _one_of(value.one_of),
                )
            if value.default is not None:
                element.attributes.append(
                    Attribute(name, "", name, value.default, is_default=True)
                )

    def _check_instance(self, attribute: Attribute, element: Element) -> None:
        """Accept the hints where a schema is; no others are of use."""
        if attribute.local == "schemaLocation":
            attribute.value = _collapsed(attribute.value)
        elif attribute.local == "noNamespaceSchemaLocation":
            attribute.value = attribute.value.strip(_SPACE)
        else:
            raise self._unsupported(
                f"{attribute.name} of <{element.name}>", element.place
            )

    def _check_value(
        self, attribute: Attribute, value: Value, element: Element
    ) -> None:
        if value.kind != "text":
            attribute.value = _collapsed(attribute.value)
        text = attribute.value
        if value.one_of:
            fits, hint = text in value.one_of, _one_of(value.one_of)
        elif value.kind == "boolean":
            fits, hint = text in _BOOLEANS, _one_of(("true", "false"))
        else:
            fits = value.kind == "text" or is_ncname(text)
            hint = "A name begins with a letter or _, and holds no blanks or colons."
        if not fits:
            raise self._wrong(
                f'{attribute.name}="{printable(text[:80])}" of <{element.name}> is '
                "not allowed",
                element.place,
                hint,
            )
        if value.kind == "id":
            if text in self.names:
                raise self._wrong(f"two items have the name {text}", element.place)
            self.names.add(text)

    def _check_texts(self, element: Element, kind: Kind) -> None:
        if kind.holds_text:
            return
        may_be_laid_out = kind.is_open or kind.children
        for child in element.children:
            if isinstance(child, Text) and not (
                may_be_laid_out and not "".join(child.sections).strip(_SPACE)
            ):
                raise self._wrong(f"<{element.name}> holds no text", child.place)

    def _check_children(self, element: Element, kind: Kind) -> None:
        state = 0
        for child in element.elements:
            following = kind.children[state] if kind.children else {}
            if child.uri != NAMESPACE or child.local not in following:
                raise self._wrong(
                    f"<{child.name}> does not belong here, in <{element.name}>",
                    child.place,
                    _one_of(following),
                )
            state = following[child.local]
        if kind.children and state not in kind.ends:
            raise self._wrong(
                f"<{element.name}> is not complete",
                element.place,
                _one_of(kind.children[state]),
            )

    def _check_open(self, element: Element) -> None:
        if not element.elements:
            raise self._wrong(f"<{element.name}> is empty", element.place)
        for child in element.elements:
            self._check_any(child)

    def _check_any(self, element: Element) -> None:
        """Look for what neo4j-migrations and its schema find at any depth."""
        self._check_namespaces(element)
        if element.local in _RESERVED:
            raise self._unsupported(f"<{element.name}> among parameters", element.place)
        for attribute in element.attributes:
            if attribute.uri == _INSTANCE:
                self._check_instance(attribute, element)
            elif attribute.uri == _XML:
                raise self._unsupported(
                    f"{attribute.name} of <{element.name}>", element.place
                )
        for child in element.elements:
            self._check_any(child)

    def _check_constraint(self, element: Element) -> None:
        given = {each.local: each.value for each in element.attributes}
        target, properties = element.elements[:2]
        if target.local == "type" and given["type"] not in _OF_RELATIONSHIPS:
            raise self._wrong(
                f"a constraint of type {given['type']} is for nodes only",
                element.place,
                _one_of(_OF_RELATIONSHIPS),
            )
        types = [
            [each.value for each in one.attributes if each.name == "type"]
            for one in properties.elements
        ]
        if given["type"] == "property_type" and [len(each) for each in types] != [1]:
            raise self._wrong(
                "a property_type constraint has one property, and that has a type",
                element.place,
            )

    def _check_operation(self, element: Element) -> None:
        given = {each.local for each in element.attributes} & {"item", "ref"}
        if len(given) + len(element.elements) != 1:
            raise self._wrong(
                f"<{element.name}> takes one item: by item, by ref, or inside it",
                element.place,
            )

    def _wrong(
        self, what: str, place: Place, hint: str | None = None
    ) -> ScriptSyntaxError:
        return self.source.error(f"{what}.", place, hint=hint)

    def _unsupported(self, what: str, place: Place) -> ScriptSyntaxError:
        return self.source.error(
            f"{what} is not supported.", place, code="SCRIPT_UNSUPPORTED"
        )


def _collapsed(text: str) -> str:
    return _BLANKS.sub(" ", text).strip(" ")


def _one_of(words: Iterable[str]) -> str | None:
    listed = ", ".join(sorted(words))
    return f"Possible here: {listed}." if listed else None
