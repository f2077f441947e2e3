"""Find and build the Lark grammars: once a process, when something is parsed."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lark import Lark

_PACKAGE = Path(__file__).resolve().parents[1]
_IN_WHEEL = _PACKAGE / "grammars"

# In the wheel the grammars lie inside the package, in a checkout beside it.  (Not
# importlib.resources: an editable install has no weave_migrate.grammars to find.)
GRAMMARS = _IN_WHEEL if _IN_WHEEL.is_dir() else _PACKAGE.parent / "grammars"


@cache
def load_grammar(name: str, start: str = "start") -> Lark:
    """Build the LALR parser of ``grammars/<name>.lark``.

    Lark costs about 45 ms to import and a grammar 2 to 15 ms to build, so neither
    happens before the first script is read.
    """
    from lark import Lark

    return Lark.open(
        str(GRAMMARS / f"{name}.lark"),
        parser="lalr",
        start=start,
        maybe_placeholders=False,
    )


@cache
def load_lexer(name: str) -> Lark:
    """Build what cuts a text into the terminals of ``grammars/<name>.lark``.

    For a grammar that is nothing but a sequence of terminals this is all there is to
    do, without the parser's tables: 5 ms less to build, and half the time a token.
    """
    from lark import Lark

    return Lark.open(str(GRAMMARS / f"{name}.lark"), parser=None, lexer="basic")
