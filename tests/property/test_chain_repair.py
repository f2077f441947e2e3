"""Whatever nodes and relationships there are, repair leaves one chain that agrees."""

from __future__ import annotations

from history_graph import file, graph, loop, node, rewritten, step
from hypothesis import assume, given
from hypothesis import strategies as st

from weave_migrate.plan.chain import ChainPolicy, decide
from weave_migrate.plan.chain_edit import Graph, Rewrite
from weave_migrate.plan.chain_graph import read_chain
from weave_migrate.plan.chain_repair import repair
from weave_migrate.scripts.cypher_names import compare_versions

_VERSIONS = ["1", "2", "3", "10"]


@st.composite
def histories(draw: st.DrawFn) -> Graph:
    """Draw up to eight nodes, several of a version too, joined at random."""
    versions = draw(st.lists(st.sampled_from(["BASELINE", *_VERSIONS]), max_size=8))
    nodes = [node(f"n{at}", version) for at, version in enumerate(versions)]
    ids = [each.id for each in nodes]
    if not ids:
        return graph([])
    ends = st.tuples(st.sampled_from(ids), st.sampled_from(ids))
    pairs = draw(st.lists(ends.filter(lambda pair: pair[0] != pair[1]), unique=True))
    days = draw(st.permutations(range(len(pairs))))
    links = [step(a, b, day) for (a, b), day in zip(pairs, days, strict=True)]
    again = draw(st.lists(st.sampled_from(ids), max_size=2, unique=True))
    return graph(nodes, [*links, *(loop(each, "x", 99) for each in again)])


files = st.lists(st.sampled_from(_VERSIONS), min_size=1, unique=True)


@given(before=histories(), versions=files)
def test_repair_leaves_a_chain_that_agrees_with_the_files(
    before: Graph, versions: list[str]
) -> None:
    local = [file(version) for version in versions]
    policy = ChainPolicy()

    assume(not _is_in_other_order(before))  # which is a matter of settings
    told, edit = repair(before, local, policy, compare=compare_versions, target=None)
    after = rewritten(before, edit)

    chain = read_chain(after.nodes.values(), (*after.steps, *after.loops))
    assert (chain.problems, chain.warnings) == ((), ())
    plan = decide(local, chain.applied, policy, compare=compare_versions)
    assert plan.problems == ()
    assert bool(told) == (edit != Rewrite())
    again = repair(after, local, policy, compare=compare_versions, target=None)
    assert again == ((), Rewrite())


def _is_in_other_order(before: Graph) -> bool:
    chain = read_chain(before.nodes.values(), before.steps)
    versions = [each.version for each in chain.applied]
    by_text, by_number = sorted(versions), sorted(versions, key=int)
    return not chain.problems and by_text == versions != by_number
