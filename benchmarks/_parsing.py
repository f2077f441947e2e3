"""Reading and splitting scripts: megabytes a second, and memory."""

from __future__ import annotations

import json
import sys
from itertools import count
from statistics import median
from typing import TYPE_CHECKING

from benchmarks._measure import ENVIRON, ask, say
from benchmarks._stores import HERE
from benchmarks._table import Section, met, time

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_MB = 1_000_000
_MEMORY = 4  # times the file
_NOTE = (
    "Reading the file is included. Memory is what the process grew by while it read "
    "and parsed, bytes and result included, beside the size of the file."
)
_CYPHER = """\
// Person {n}: imported from the old system; see the notes
MERGE (p:Person {{id: {n}}})
  ON CREATE SET p.name = 'O\\'Neil; {n}', p.note = "a // b; c", p.tags = ['x', "y;"]
  SET p.seen = timestamp();

/* Two kinds of
   relationships; both at once */
MATCH (a:Person {{id: {n}}}), (b:Person {{id: {n} - 1}})
CREATE (a)-[:KNOWS {{since: date('2024-01-01')}}]->(b);
"""
_DOCUMENT = """\
{{"index": {{"_id": "{n}"}}}}
{{"name": "document {n}", "tags": ["x", "y # z"], "text": "a // b, plain words {n}"}}
"""
_REQUEST = """\
### Document {n}
# written by hand
PUT /documents/_doc/{n}?refresh=false
Content-Type: application/json

{{
  "name": "document {n}",
  "tags": ["x", "y # z"]
}}

"""
_BULK = "POST /documents/_bulk\nContent-Type: application/x-ndjson\n\n"
# What is parsed, as what, and the goal in MB/s.
_CASES = (
    ("Cypher", "cypher", 10),
    ("`.http`, one bulk request, with its checksum", "http", 12),
    ("`.http`, one bulk request, without", "http-unhashed", 100),
    ("`.http`, many requests, with the checksum", "http", 12),
    ("`.http`, many requests, without", "http-unhashed", 100),
)


def measure(work: Path, *, runs: int) -> list[Section]:
    """Parse files of 1 and 20 MB, each time in a new process."""
    section = Section(
        "Reading and splitting scripts",
        notes=[_NOTE],
        header=("script", "size", "median", "speed", "goal", "memory", "goal "),
    )
    for name, kind, goal in _CASES:
        for size in (1, 20):
            path = _write(work, name, size)
            say(f"Parsing: {name}, {size} MB")
            command = [sys.executable, str(HERE / "parse_files.py"), kind, str(path)]
            said = [
                json.loads(ask(command, environ=ENVIRON, cwd=work)) for _ in range(runs)
            ]
            seconds = median(each["seconds"] for each in said)
            bytes_ = path.stat().st_size
            speed = bytes_ / _MB / seconds
            grown = median(each["grown"] for each in said) / bytes_
            section.rows.append(
                (
                    name,
                    f"{size} MB",
                    time(seconds),
                    f"{speed:.1f} MB/s",
                    f"{goal} MB/s: {met(is_met=speed >= goal)}",
                    f"{grown:.1f} x the file",
                    f"below {_MEMORY} x: {met(is_met=grown < _MEMORY)}",
                )
            )
    return [section]


def _write(work: Path, name: str, size: int) -> Path:
    begin, block = "", _CYPHER
    if "bulk" in name:
        begin, block = _BULK, _DOCUMENT
    elif "many" in name:
        block = _REQUEST
    path = work / f"{''.join(filter(str.isalpha, name))}-{size}"
    path.write_text(_text(begin, block.format, size * _MB), encoding="ascii")
    return path


def _text(begin: str, block: Callable[..., str], size: int) -> str:
    pieces, length = [begin], len(begin)
    numbers = count(1)
    while length < size:
        pieces.append(block(n=next(numbers)))
        length += len(pieces[-1])
    return "".join(pieces)
