"""A ``.http`` file as it was read, to say where in it something is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from weave_migrate.errors import ConfigError, ScriptSyntaxError
from weave_migrate.scripts import _evolution
from weave_migrate.scripts._source import decode, excerpt, printable

if TYPE_CHECKING:
    from weave_migrate.errors import ScriptError


@dataclass(frozen=True, slots=True)
class HttpSource:
    """The bytes of a file, read anew for an error so that no second text is kept.

    Errors show the file's own lines: those with values put in may hold secrets.
    """

    data: bytes
    file: str
    encoding: str

    def text(self) -> str:
        """Decode, with every line end an LF; raises ScriptError, ConfigError."""
        try:
            text = decode(self.data, file=self.file, encoding=self.encoding)
        except LookupError as error:
            raise ConfigError(
                f"The encoding {self.encoding!r} is not known.",
                hint="Name one that Python knows, for example utf-8.",
            ) from error
        return _evolution.normalise(text)

    def line(self, number: int) -> str:
        """Give a line as the file has it, without its line end."""
        lines = self.text().split("\n", number)
        return lines[number - 1] if number <= len(lines) else ""

    def word(self, number: int) -> str:
        """Give a line's first word, cut and made printable, to be quoted."""
        first = self.line(number).split(maxsplit=1)[:1]
        return printable(first[0][:30]) if first else ""

    def error(
        self,
        message: str,
        *,
        line: int,
        at: str = "",
        hint: str | None = None,
        code: str | None = None,
        kind: type[ScriptError] = ScriptSyntaxError,
    ) -> ScriptError:
        """Make an error that points at ``at`` in a line, or at its first character.

        The message is a clause to follow "FILE, line N: ".
        """
        shown = self.line(line)
        column = shown.find(at) if at else -1
        if column < 0:
            column = len(shown) - len(shown.lstrip())
        return kind(
            f"{self.file}, line {line}: {message}",
            hint=hint,
            code=code,
            file=self.file,
            line=line,
            column=column + 1,
            excerpt=excerpt(shown, column),
        )
