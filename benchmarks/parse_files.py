"""Read and parse files in a process of its own; print seconds and bytes of memory.

``parse_files.py cypher|http|http-unhashed FILE…`` prints JSON: ``seconds`` for all of
them, reading included, and ``grown``, how far memory rose above what it was before.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from weave_migrate.scripts import _evolution
from weave_migrate.scripts.cypher import parse_cypher
from weave_migrate.scripts.http import parse_http

if TYPE_CHECKING:
    from collections.abc import Callable

_SMALL = {
    "cypher": b"CREATE (:A {b: 'c'}); // d\nMATCH (n) RETURN n;\n",
    "http": b"PUT /a\nContent-Type: application/json\n\n{}\n",
}


def _memory(key: str) -> int:
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith(key):
            return int(line.split()[1]) * 1024
    return 0


def main() -> None:
    """Measure once."""
    kind, *files = sys.argv[1:]
    language, _, unhashed = kind.partition("-")
    if unhashed:  # everything else stays as it is
        _evolution.checksum = lambda *_, **__: 0
    parse: Callable[..., object] = parse_cypher if language == "cypher" else parse_http
    parse(_SMALL[language], file="warm-up")  # the grammar is loaded once a process
    before = _memory("VmRSS")
    began = time.perf_counter()
    for name in files:
        parse(Path(name).read_bytes(), file=name)
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "grown": _memory("VmHWM") - before}))


main()
