"""Placeholders of ``.http`` scripts: elasticsearch-evolution's, made safe.

elasticsearch-evolution replaces ``${name}`` in the whole text before it looks at
lines (§3), so that a value may make comments, headers or, with a line end in it,
whole lines.  Here a value without line ends is put in at the same moment, in one pass.
A value with one (or with NUL) is first held back by a stand-in, which no file can hold,
and only ever put into a body.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from weave_migrate.errors import ConfigError
from weave_migrate.scripts._java import trim

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_PIECE = 1 << 20  # characters
_BREAKS = re.compile("[\r\n\x00]")
_SURROGATE = re.compile("[\ud800-\udfff]")

# Lone surrogates: decoded text has none, and names and values may have none.
_OPEN, _CLOSE = "\ud800", "\udbff"
_STAND_IN = re.compile(f"{_OPEN}([^{_CLOSE}]*+){_CLOSE}")


@dataclass(frozen=True, slots=True)
class Placeholders:
    """Values by name, and how a name is marked in a script.

    Raises ConfigError where elasticsearch-evolution would refuse (§3): prefix or suffix
    are blank, or a name or value contains one of them.
    """

    values: Mapping[str, str] = field(repr=False)  # may hold secrets
    prefix: str = "${"
    suffix: str = "}"

    def __post_init__(self) -> None:
        for mark in (self.prefix, self.suffix):
            if not trim(mark) or _BREAKS.search(mark) or _SURROGATE.search(mark):
                raise ConfigError(
                    "The prefix and suffix of placeholders must be text on one line, "
                    "and not blank."
                )
        for name, value in self.values.items():
            self._check(name, "name", name)
            self._check(name, "value", value)
            if _BREAKS.search(name):
                raise ConfigError(
                    f"The name of the placeholder {name!r} contains a line end or NUL."
                )

    def _check(self, name: str, what: str, text: str) -> None:
        for mark in (self.prefix, self.suffix):
            if mark in text:
                raise ConfigError(
                    f"The {what} of the placeholder {name!r} contains {mark!r}, which "
                    f"marks placeholders.",
                    hint="Choose another placeholder prefix and suffix.",
                )
        if _SURROGATE.search(text):
            raise ConfigError(
                f"The {what} of the placeholder {name!r} is no valid text: it contains "
                f"a lone surrogate."
            )

    def replace(self, text: str) -> str:
        """Put in every known value once, from left to right; never look at the result.

        Values with a line end or NUL become stand-ins.
        """
        return "".join(self.replaced(text))

    def replaced(self, text: str) -> list[str]:
        """Do the same in pieces, so that the caller can let go of the text first."""
        if not self.values or self.prefix not in text:
            return [text]
        names = "|".join(map(re.escape, sorted(self.values)))
        prefix, suffix = re.escape(self.prefix), re.escape(self.suffix)
        marked = re.compile(f"{prefix}({names}){suffix}")
        pieces, start = [], 0
        while start < len(text):  # no placeholder goes beyond its line
            stop = text.find("\n", start + _PIECE) + 1 or len(text)
            pieces.append(marked.sub(self._value, text[start:stop]))
            start = stop
        return pieces

    def _value(self, match: re.Match[str]) -> str:
        name, value = match[1], self.values[match[1]]
        return f"{_OPEN}{name}{_CLOSE}" if _BREAKS.search(value) else value

    def held_back(self, text: str) -> str | None:
        """Name the first value that ``replace`` held back in the text."""
        found = _STAND_IN.search(text) if _OPEN in text else None
        return found[1] if found else None

    def restore(self, text: str) -> str:
        """Put in the values that ``replace`` held back."""
        return _STAND_IN.sub(lambda match: self.values[match[1]], text)

    def unresolved(self, texts: Iterable[str]) -> tuple[str, ...]:
        """List the names that stand in the texts, in order of appearance.

        Asked of replaced texts, these are the names that no value was given for.
        """
        pattern = re.compile(self._any())
        names: dict[str, None] = {}
        for text in texts:
            if self.prefix in text:
                names.update((match[1], None) for match in pattern.finditer(text))
        return tuple(names)

    def without(self, text: str) -> str:
        """Leave out every placeholder, whatever its name."""
        return re.sub(self._any(), "", text) if self.prefix in text else text

    def _any(self) -> str:
        prefix, suffix = re.escape(self.prefix), re.escape(self.suffix)
        return f"{prefix}((?:(?!{prefix}|{suffix})[^\n])++){suffix}"
