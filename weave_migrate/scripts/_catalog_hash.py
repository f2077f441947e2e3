"""The checksum of an XML migration, byte by byte that of neo4j-migrations (§3.4).

It is a CRC-32 over the document in the form of Canonical XML 1.0 without comments,
after two changes: texts are trimmed line by line, and the catalog is replaced by a new
one that holds constraints before indexes.
"""

from __future__ import annotations

import re
import zlib
from itertools import dropwhile

from weave_migrate.scripts._java import trim
from weave_migrate.scripts._xml import Element, Text

_LINE_END = re.compile(r"\r?\n")
_XML = "xml"  # the one prefix that need not be declared
_IN_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#xD;"})
_IN_ATTRIBUTE = str.maketrans(
    {
        "&": "&amp;",
        "<": "&lt;",
        '"': "&quot;",
        "\t": "&#x9;",
        "\n": "&#xA;",
        "\r": "&#xD;",
    }
)


def arrange(root: Element) -> None:
    """Put the new catalog in the place of the old one, as neo4j-migrations does.

    It moves attributes from one list to the other while it counts them, so that in
    the order of their names only every other one arrives.
    """
    for catalog in root.elements:
        if catalog.local != "catalog":
            continue
        parts = sorted(catalog.elements, key=lambda part: part.local)
        catalog.children = [*parts]  # "constraints" come before "indexes"
        names = {each.name: each for each in catalog.attributes}
        declared = {_declaration(p): p for p in catalog.declared}
        kept = sorted([*names, *declared], key=_utf16)[::2]
        catalog.attributes = [names[name] for name in kept if name in names]
        catalog.declared = {
            declared[name]: catalog.declared[declared[name]]
            for name in kept
            if name in declared
        }


def checksum(root: Element) -> str:
    """Give the checksum as neo4j-migrations 1.13.0 and newer has it."""
    return _crc32(root, without="")


def older_checksum(root: Element) -> str:
    """Give the checksum as 1.7 to 1.12 had it: there was no ``includeOptions``."""
    return _crc32(root, without="includeOptions")


def _crc32(root: Element, *, without: str) -> str:
    parts: list[str] = []
    _render(root, parts, {"": ""}, without)
    return str(zlib.crc32("".join(parts).encode()))


def _render(
    element: Element, parts: list[str], scope: dict[str, str | None], without: str
) -> None:
    """Add the parts of an element; ``scope`` has the namespaces declared above it."""
    parts.append(f"<{element.name}")
    new = {
        prefix: uri
        for prefix, uri in element.declared.items()
        if prefix != _XML and scope.get(prefix) != uri
    }
    parts += (
        f' {_declaration(prefix)}="{new[prefix].translate(_IN_ATTRIBUTE)}"'
        for prefix in sorted(new)
    )
    parts += (
        f' {each.name}="{each.value.translate(_IN_ATTRIBUTE)}"'
        for each in sorted(element.attributes, key=lambda a: (_utf16(a.uri), a.local))
        if not (each.is_default and each.local == without)
    )
    parts.append(">")
    before = {prefix: scope.get(prefix) for prefix in new}
    scope.update(new)
    for child in element.children:
        if isinstance(child, Element):
            _render(child, parts, scope, without)
        elif isinstance(child, Text):
            parts.append(_trimmed(child).translate(_IN_TEXT))
    scope.update(before)
    parts.append(f"</{element.name}>")


def _trimmed(text: Text) -> str:
    """Trim each line of each section; nothing is left of blank ones at the beginning.

    Blank ones behind others stay as they are: the peer does not choose them, but its
    library renders all that is adjacent to what was chosen.
    """
    kept = list(dropwhile(_is_blank, text.sections))
    return "".join(each if _is_blank(each) else _trimmed_lines(each) for each in kept)


def _is_blank(section: str) -> bool:
    return not trim(section)


def _trimmed_lines(section: str) -> str:
    lines = _LINE_END.split(section)
    while not lines[-1]:  # Java's split knows no empty ones at the end
        lines.pop()
    return "\n".join(map(trim, lines))


def _declaration(prefix: str) -> str:
    return f"xmlns:{prefix}" if prefix else "xmlns"


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-be")
