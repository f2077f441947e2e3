"""A whole life of one history: both tools take turns on every step of it.

Whoever acts, the other judges; run twice, so that each step is done by both.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING, Any

import pytest

from weave_migrate import engine

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.neo4j, pytest.mark.interop]

_ARTIST = "CREATE (:Artist {name: 'Ada', born: 1815});\n"
_BOOK = """// a comment; with a semicolon
CREATE (:Book {title: 'semi;colon', quote: "it's; \\"fine\\""});

/* a block comment; with a semicolon
   over two lines */
MATCH (a:Artist {name: 'Ada'}), (b:Book {title: 'semi;colon'})
CREATE (a)-[:WROTE {url: 'http://x/y;z'}]->(b);
// trailing comment
MATCH (b:Book) SET b.`odd;name` = 1
"""
_CATALOG = """<?xml version="1.0" encoding="UTF-8"?>
<migration xmlns="https://michael-simons.github.io/neo4j-migrations">
  <catalog>
    <indexes>
      <index name="book_title">
        <label>Book</label>
        <properties><property>title</property></properties>
      </index>
    </indexes>
  </catalog>
  <create ref="book_title"/>
</migration>
"""
_COUNT = "MERGE (c:Counter) SET c.n = coalesce(c.n, 0) + {0};\n"
_HALF = "CREATE (:Half {n: 1});\n%sCREATE (:Half {n: 2});\n"
# A semicolon at the end of a line divides, wherever it stands.
_DIVIDED = {
    "V011__block.cypher": "/* a semicolon at the end;\n of a line */\nCREATE (:End);\n",
    "V011__string.cypher": "CREATE (:End {k: 'first line;\nsecond line'});\n",
}
_NOT_DIVIDED = "// a line comment that ends in a semicolon;\nCREATE (:End);\n"


@dataclass
class Turns:
    """Lets the two tools act in turn; each call tells whether it succeeded."""

    both: Any
    order: Iterator[str]

    def migrate(self, **options: Any) -> bool:
        if next(self.order) == "java":
            words = (f"--{k.replace('_', '-')}={v}" for k, v in options.items())
            return bool(self.both.java("migrate", options=tuple(words)).exit == 0)
        with closing(self.both.store(**options)) as store:
            report = engine.migrate(
                [store], listen=lambda _: self.both.observer, lock_timeout=5
            )
        return report.exit == 0

    def edit(self, kind: str, *words: str) -> bool:
        if next(self.order) == "java":
            return bool(self.both.java(kind, *words).exit == 0)
        return bool(self.both.edit(kind, *words))

    def clean(self, *, everything: bool) -> None:
        if next(self.order) == "java":
            cleaned = self.both.java("clean", *(["all"] if everything else []))
            assert cleaned.exit == 0
            return
        with (
            closing(self.both.store()) as store,
            store.lock(5, self.both.observer) as lock,
        ):
            store.edit(store.plan_clean(everything=everything), lock)

    def count(self, label: str) -> int:
        (row,) = self.both.query(f"MATCH (n:{label}) RETURN count(n) AS n")
        return int(row["n"])

    def both_say(self, verdict: str) -> None:
        said = self.both.java_says(), self.both.weave_says()
        assert said == (verdict, verdict)


@pytest.fixture(params=["java", "weave"])
def turns(both: Any, request: pytest.FixtureRequest) -> Turns:
    """Turns that begin with one of the two."""
    other = {"java": "weave", "weave": "java"}[request.param]
    return Turns(both, cycle([request.param, other]))


def test_from_the_first_script_over_failures_to_a_catalog(turns: Turns) -> None:
    both = turns.both
    both.put("V001__a.cypher", _ARTIST)
    both.put("V002__b.cypher", _BOOK)
    turns.both_say("INCOMPLETE_DATABASE")
    assert turns.migrate()
    assert turns.count("Book") == 1

    both.put("V003__half.cypher", _HALF % "THIS IS NOT CYPHER;\n")
    assert not turns.migrate()
    assert turns.count("Half") == 0
    assert not turns.migrate(transaction_mode="per_statement")
    assert turns.count("Half") == 1
    both.query("MATCH (n:Half) DELETE n")
    both.put("V003__half.cypher", _HALF % "")
    # Java knows of no journal; what weave left of one is then over.
    assert turns.migrate()
    assert turns.count("Half") == 2
    turns.both_say("VALID")

    for name, text in _DIVIDED.items():
        both.put(name, text)
        assert not turns.migrate()
        both.remove(name)
    both.put("V011__line.cypher", _NOT_DIVIDED)
    assert turns.migrate()
    assert turns.count("End") == 1

    both.put("V020__x.xml", _CATALOG)
    both.put("V021__behind.cypher", "CREATE (:Behind);\n")
    assert not turns.migrate() or turns.count("Behind") == 1  # weave stops before it
    assert both.java("migrate").exit == 0
    assert turns.count("Behind") == 1
    turns.both_say("VALID")


def test_from_repeating_over_mending_to_clean(turns: Turns) -> None:
    both = turns.both
    for number in ("002", "003", "005", "010"):
        both.put(f"V{number}__x.cypher", f"CREATE (:X{number});\n")
    both.put("R004__repeat.cypher", _COUNT.format("1"))
    assert turns.migrate()

    both.put("R004__repeat.cypher", _COUNT.format("10"))
    assert both.weave_says() == "VALID"
    assert turns.migrate()
    assert both.query("MATCH (c:Counter) RETURN c.n AS n") == [{"n": 11}]
    both.put("R__repeat.cypher", "CREATE (:Unversioned);\n")
    both.put("afterMigrate.cypher", "MERGE (:Called);\n")
    assert turns.migrate()
    assert (turns.count("Unversioned"), turns.count("Called")) == (0, 1)
    both.remove("R__repeat.cypher")
    both.remove("afterMigrate.cypher")

    both.put("V002__x.cypher", "CREATE (:Edited);\n")
    assert not turns.migrate()
    assert both.weave_says() == "DIFFERENT_CONTENT"
    assert turns.edit("repair")
    turns.both_say("VALID")

    both.put("V003_1__between.cypher", "CREATE (:Between);\n")
    assert not turns.migrate()
    assert both.weave_says() == "DIFFERENT_CONTENT"
    assert turns.migrate(out_of_order="true")
    assert turns.count("Between") == 1
    both.put("V11__ten.cypher", "CREATE (:Eleven);\n")
    assert turns.migrate()
    turns.both_say("VALID")

    both.remove("V003__x.cypher")
    assert not turns.migrate()
    assert both.weave_says() == "INCOMPLETE_MIGRATIONS"
    assert turns.edit("repair")
    assert turns.edit("delete", "005")
    turns.both_say("DIFFERENT_CONTENT")
    both.remove("V005__x.cypher")
    turns.both_say("VALID")

    turns.clean(everything=False)
    turns.both_say("INCOMPLETE_DATABASE")
    turns.clean(everything=True)
    assert turns.count("__Neo4jMigration") == 0
    assert both.query("SHOW CONSTRAINTS YIELD name RETURN name") == []


def test_a_history_is_valid_in_the_order_it_was_written_in(both: Any) -> None:
    for number in ("1", "2", "10"):
        both.put(f"V{number}__x.cypher", f"CREATE (:X{number});\n")
    assert both.migrate(version_sort_order="lexicographic") == ["1", "10", "2"]

    assert both.java_says() == "VALID"  # this release's default is the other one
    assert both.java_says("--version-sort-order=SEMANTIC") == "DIFFERENT_CONTENT"
    assert both.weave_says() == "DIFFERENT_CONTENT"
    (problem,) = both.plan().problems
    assert "version_sort_order" in str(problem.hint)
