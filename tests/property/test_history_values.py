"""Whatever values the properties of a history have, they end in words."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from typing import TYPE_CHECKING

from history_graph import file, graph
from hypothesis import given
from hypothesis import strategies as st
from neo4j.spatial import CartesianPoint, WGS84Point
from neo4j.time import Date, DateTime, Duration, Time

from weave_migrate.errors import WeaveError
from weave_migrate.plan.chain import ChainPolicy, decide
from weave_migrate.plan.chain_graph import Link, Node, read_chain
from weave_migrate.plan.chain_records import baseline, delete
from weave_migrate.plan.chain_repair import repair
from weave_migrate.scripts.cypher_names import compare_versions

if TYPE_CHECKING:
    from weave_migrate.plan.chain_edit import Graph

_EDGES = [
    datetime.min.replace(tzinfo=timezone(timedelta(hours=14))),
    datetime.max.replace(tzinfo=timezone(-timedelta(hours=14))),
    datetime(2026, 1, 1),  # noqa: DTZ001 - the server has such, too
]
_scalars = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.text(st.characters(codec="utf-8"), max_size=9),
    st.sampled_from(["1", "2", "BASELINE", "JAVA", "CYPHER", "DELETE", "9" * 5000]),
    st.binary(max_size=3).map(bytearray),
    st.binary(max_size=3),
    st.just(Date(2026, 1, 1)),
    st.just(Time(1, 2, 3)),
    st.just(DateTime(2026, 1, 1, tzinfo=UTC)),
    st.just(Duration(months=1, seconds=5)),
    st.just(CartesianPoint((1.0, 2.0))),
    st.just(WGS84Point((1.0, 2.0, 3.0))),
    st.sampled_from(_EDGES),
)
values = st.none() | _scalars | st.lists(_scalars, max_size=2)


@st.composite
def histories(draw: st.DrawFn) -> Graph:
    """Draw a chain like one of weave, a property or two of which is anything."""
    names = ["BASELINE", *draw(st.sampled_from([("1",), ("1", "2"), ("2", "1")]))]
    run = {"at": datetime(2026, 1, 1, tzinfo=UTC), "in": 5, "by": "m"}
    nodes = {
        name: {"version": name, "type": "CYPHER", "source": "s", "checksum": name}
        for name in names
    }
    ends = [
        *pairwise(names),
        *((name, name) for name in draw(st.sets(st.sampled_from(names)))),
    ]
    links = [(*pair, dict(run)) for pair in ends]
    every = [*nodes.values(), *(properties for _, _, properties in links)]
    for _ in range(draw(st.integers(1, 3))):
        name = draw(
            st.sampled_from(
                [
                    *nodes["BASELINE"],
                    *run,
                    "description",
                    "repeatable",
                    "connectedAs",
                    "migrationTarget",
                    "flyway_failed",
                ]
            )
        )
        draw(st.sampled_from(every))[name] = draw(values)  # type: ignore[index]
    return graph(
        [Node(name, properties) for name, properties in nodes.items()],
        [
            Link("REPEATED" if a == b else "MIGRATED_TO", a, b, properties, f"{a}>{b}")
            for a, b, properties in links
        ],
    )


@given(before=histories(), on_newer=st.sampled_from(["fail", "ok"]))
def test_no_value_ends_a_reading_but_in_an_error_of_weave(
    before: Graph, on_newer: str
) -> None:
    local = [file("1"), file("2", repeatable=True)]
    policy = ChainPolicy(on_newer=on_newer)  # type: ignore[arg-type]
    chain = read_chain(before.nodes.values(), (*before.steps, *before.loops))

    assert {each.code for each in chain.problems} <= {"HISTORY_DAMAGED"}
    with suppress(WeaveError):
        decide(local, chain.applied, policy, compare=compare_versions)
    with suppress(WeaveError):
        repair(before, local, policy, compare=compare_versions, target=None)
    with suppress(WeaveError):
        baseline(before, local, "2", policy, compare=compare_versions, target=None)
    with suppress(WeaveError):
        delete(before, "1", target=None)
