"""XML as a small tree: elements, texts and processing instructions, with places.

Strategy: expat reads the bytes and knows what is well-formed; a builder keeps what
neo4j-migrations hashes or asks.  Comments divide texts and leave nothing else behind.
There is no DTD, so a document has no entities of its own, and no deep nesting:
whoever walks the tree may recurse.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.parsers import expat

from weave_migrate.errors import ScriptSyntaxError
from weave_migrate.scripts._source import excerpt, offset_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_SEPARATOR = "\x01"  # no XML document can hold it
_DEEPEST = 100
# Those that Java and Python read alike.
_ENCODING = re.compile(
    r"UTF-8|UTF-16|US-ASCII|ISO-8859-(?:[1-9]|13|15)|windows-125[0-8]", re.IGNORECASE
)
_UTF_16 = (b"\xfe\xff", b"\xff\xfe")


@dataclass(frozen=True, slots=True)
class Place:
    """Where something begins; both are 1-based, and columns count characters."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Text:
    """The characters between two tags, comments or instructions.

    CDATA sections in it, and what is between them, are ``sections`` of their own.
    """

    sections: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Instruction:
    """A processing instruction: ``<?target data?>``."""

    target: str
    data: str
    place: Place


@dataclass(slots=True)
class Attribute:
    """An attribute that declares no namespace; ``name`` is as written.

    ``is_default``: it is not in the document, a schema adds it.
    """

    name: str
    uri: str
    local: str
    value: str
    is_default: bool = False


@dataclass(slots=True)
class Element:
    """An element; ``declared`` are the namespaces it declares, ``""`` the default."""

    name: str
    uri: str
    local: str
    place: Place
    attributes: list[Attribute] = field(default_factory=list)
    declared: dict[str, str] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)

    @property
    def elements(self) -> list[Element]:
        """The children that are elements."""
        return [child for child in self.children if isinstance(child, Element)]


Node = Element | Text | Instruction


@dataclass(frozen=True, slots=True)
class Source:
    """The bytes of a document, for errors in it."""

    data: bytes
    file: str
    encoding: str = "utf-8"

    def error(
        self,
        what: str,
        place: Place,
        *,
        hint: str | None = None,
        code: str = "SCRIPT_SYNTAX",
    ) -> ScriptSyntaxError:
        """Make the error for something at a place; ``what`` ends the sentence."""
        text = self.data.decode(self.encoding, "replace")
        return ScriptSyntaxError(
            f"{self.file}, line {place.line}: {what}",
            code=code,
            hint=hint,
            file=self.file,
            line=place.line,
            column=place.column,
            excerpt=excerpt(text, offset_of(text, place.line, place.column)),
        )


@dataclass(frozen=True, slots=True)
class Document:
    """All that is at the top: one element, and instructions before and behind it."""

    source: Source
    children: Sequence[Node]

    @property
    def root(self) -> Element:
        """The one element at the top."""
        return next(child for child in self.children if isinstance(child, Element))


def parse_xml(data: bytes, *, file: str) -> Document:
    """Make a tree of a document's bytes.

    Raises ScriptSyntaxError: SCRIPT_SYNTAX for what is not well-formed,
    SCRIPT_UNSUPPORTED for a DTD, XML 1.1, an encoding other than UTF-8, UTF-16,
    US-ASCII, ISO-8859-x and windows-125x, and elements nested more than 100 deep.
    """
    return _Builder(data, file).build()


def is_ncname(text: str) -> bool:
    """Tell whether a text is a name without a colon; expat knows the characters."""
    if "<" in text or ":" in text:
        return False
    names: list[str] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda name, _: names.append(name)
    try:
        parser.Parse(f"<{text}/>", True)
    except expat.ExpatError:
        return False
    return names == [text]


class _Builder:
    """Collects what expat reports."""

    def __init__(self, data: bytes, file: str) -> None:
        encoding = "utf-16" if data.startswith(_UTF_16) else "utf-8"
        self._source = Source(data, file, encoding)
        self._top = Element("", "", "", Place(1, 1))
        self._open = [self._top]
        self._declared: dict[str, str] = {}
        self._sections: list[str] = []
        self._characters: list[str] = []  # of the section that is being read
        self._text_place = self._top.place
        parser = self._parser = expat.ParserCreate(None, _SEPARATOR)
        parser.namespace_prefixes = True
        parser.ordered_attributes = True
        parser.XmlDeclHandler = self._declaration
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartNamespaceDeclHandler = self._namespace
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartCdataSectionHandler = self._end_section
        parser.EndCdataSectionHandler = self._end_section
        parser.CommentHandler = lambda _: self._end_text()
        parser.ProcessingInstructionHandler = self._instruction

    def build(self) -> Document:
        if self._source.data.startswith((b"\0<", b"<\0")):
            raise self._unsupported("UTF-16 without a byte order mark is not supported")
        try:
            self._parser.Parse(self._source.data, True)
        except expat.ExpatError as error:
            what = expat.ErrorString(error.code)
            place = Place(error.lineno, error.offset + 1)
            raise self._source.error(f"this is no XML: {what}.", place) from None
        return Document(self._source, self._top.children)

    @property
    def _place(self) -> Place:
        parser = self._parser
        return Place(parser.CurrentLineNumber, parser.CurrentColumnNumber + 1)

    def _unsupported(self, what: str, hint: str | None = None) -> ScriptSyntaxError:
        return self._source.error(
            f"{what}.", self._place, hint=hint, code="SCRIPT_UNSUPPORTED"
        )

    def _declaration(self, version: str, encoding: str | None, _: int) -> None:
        if version != "1.0":
            raise self._unsupported(f"XML {version} is not supported", "Say 1.0.")
        if encoding and not _ENCODING.fullmatch(encoding):
            raise self._unsupported(
                f"the encoding {encoding} is not supported", "Save it as UTF-8."
            )
        if encoding and self._source.encoding == "utf-8":
            self._source = Source(self._source.data, self._source.file, encoding)

    def _doctype(self, *_: object) -> None:
        raise self._unsupported(
            "a document type declaration is not supported",
            "Remove it: the schema of migrations needs none.",
        )

    def _namespace(self, prefix: str | None, uri: str | None) -> None:
        self._declared[prefix or ""] = uri or ""

    def _start(self, name: str, attributes: list[str]) -> None:
        self._end_text()
        if len(self._open) > _DEEPEST:
            raise self._unsupported(f"elements are nested more than {_DEEPEST} deep")
        written, uri, local = _names(name)
        element = Element(
            name=written,
            uri=uri,
            local=local,
            place=self._place,
            attributes=[
                Attribute(*_names(key), value)
                for key, value in zip(attributes[::2], attributes[1::2], strict=True)
            ],
            declared=self._declared,
        )
        self._declared = {}
        self._open[-1].children.append(element)
        self._open.append(element)

    def _end(self, _: str) -> None:
        self._end_text()
        self._open.pop()

    def _text(self, data: str) -> None:
        if not self._characters and not self._sections:
            self._text_place = self._place
        self._characters.append(data)

    def _end_section(self) -> None:
        if self._characters:
            self._sections.append("".join(self._characters))
            self._characters = []

    def _end_text(self) -> None:
        self._end_section()
        if self._sections:
            text = Text(tuple(self._sections), self._text_place)
            self._open[-1].children.append(text)
            self._sections = []

    def _instruction(self, target: str, data: str) -> None:
        self._end_text()
        self._open[-1].children.append(Instruction(target, data, self._place))


def _names(name: str) -> tuple[str, str, str]:
    """Divide what expat makes of a name: as written, namespace, local name."""
    parts = name.split(_SEPARATOR)
    if len(parts) == 1:
        return name, "", name
    uri, local = parts[:2]
    prefix = f"{parts[2]}:" if len(parts) > 2 else ""
    return prefix + local, uri, local
