"""New script files for the stores whose files weave names itself."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from weave_migrate.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from weave_migrate.model import StoreKind

_VERSION = re.compile(r"[VR](\d+)(?:[._]\d+)*__")
_WIDTH = 3  # of the first file's number: V001
_LONGEST = 100  # characters of a slug; file systems take 255 bytes
_TEMPLATES = {
    # Both forms are read by the Java tools.  The Cypher one has no statement yet: a
    # comment alone is never sent.
    "neo4j": ("cypher", "// {message}\n"),
    "elasticsearch": (
        "http",
        "# {message}\nPUT /my-index\nContent-Type: application/json\n\n{{\n}}\n",
    ),
}


def create_script(kind: StoreKind, folder: Path, message: str) -> Path:
    """Write an empty migration with the next whole version and give its path.

    The number is padded like the widest one there.  Raises ConfigError for a message
    without a letter or digit.
    """
    slug = slugify(message)
    if not slug:
        raise ConfigError(
            "The message needs at least one letter or digit.",
            hint=f'weave db create {kind} "add an index on person names"',
        )
    extension, template = _TEMPLATES[kind]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"V{_next_version(folder)}__{slug}.{extension}"
    line = " ".join(message.split())
    with path.open("x", encoding="utf-8", newline="\n") as file:
        file.write(template.format(message=line))
    return path


def slugify(message: str) -> str:
    """Reduce a message to what a file name may hold: ``[A-Za-z0-9_]``."""
    plain = unicodedata.normalize("NFKD", message).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]+", "_", plain).strip("_")[:_LONGEST].rstrip("_")


def _next_version(folder: Path) -> str:
    numbers = [
        match[1] for path in folder.rglob("*") if (match := _VERSION.match(path.name))
    ]
    width = max(map(len, numbers), default=_WIDTH)
    return str(max(map(int, numbers), default=0) + 1).zfill(width)
