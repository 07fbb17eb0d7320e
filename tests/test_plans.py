"""Plans: sought relation by relation, followed exactly, traced back to statements."""

import numpy as np
import pytest

from kgrag import KnowledgeGraph
from kgrag.encoding.plans import Plan, followed, seek, statements, trace
from kgrag.graph.directed import GraphRows


@pytest.fixture(scope="module")
def graph():
    return KnowledgeGraph.from_triples(
        [
            ("film", "made by", "ann"),
            ("film", "made by", "bob"),
            ("other", "made by", "ann"),
            ("third", "made by", "cid"),
            ("other", "shown in", '"1999"'),
            ("third", "shown in", '"1999"'),
        ]
    )


def find(graph, weights, start, steps=3):
    """Seeks with a logit by (step, name of the directed relation)."""
    rows = GraphRows(graph)

    def weigh(step, there):
        names = [graph.relation_label(d >> 1) + ("^" if d & 1 else "") for d in there.tolist()]
        return np.array([weights.get((step, name), -5.0) for name in names], np.float32), -6.0

    return rows, seek(rows, np.array(graph.find(start)[:1]), steps, weigh, weigh, graph.is_literal.__getitem__)


def labels(graph, nodes):
    return {graph.label(int(node)) for node in nodes}


def test_the_likeliest_relations_are_followed_step_by_step(graph):
    weights = {(0, "made by"): 5.0, (1, "made by^"): 5.0, (2, "shown in"): 5.0}
    rows, found = find(graph, weights, "film")
    best = [max(plans, key=lambda plan: plan.score) for plans in found]
    assert labels(graph, best[0].ends) == {"ann", "bob"}
    assert labels(graph, best[1].ends) == {"film", "other"}
    assert labels(graph, best[2].ends) == {"1999"}
    assert all(-0.1 < plan.score <= 0 for plan in best)


def test_a_path_runs_over_statements_that_are_there(graph):
    rows, found = find(graph, {(0, "made by"): 5.0, (1, "made by^"): 5.0, (2, "shown in"): 5.0}, "film")
    plan = max(found[2], key=lambda plan: plan.score)
    path = trace(rows, plan, int(plan.ends[0]))
    assert [str(graph.triple(s)) for s in path] == [
        "film — made by — ann",
        "other — made by — ann",
        "other — shown in — 1999",
    ]
    everything = statements(rows, plan, plan.ends)
    assert [len(step) for step in everything] == [1, 1, 1]


def test_what_is_reached_only_by_coming_back_is_told_apart():
    facts = [("film", "made by", "ann"), ("other", "made by", "ann"), ("film", "won", "palm")]
    facts += [("film", "seen by", "bob"), ("other", "seen by", "bob"), ("film", "seen by", "cid")]
    graph = KnowledgeGraph.from_triples(facts)
    rows = GraphRows(graph)

    def along(*steps):
        plan = Plan((), (np.array(graph.find("film")),), 0.0)
        for name, inverse in steps:
            plan = followed(rows, plan, 2 * graph.relation_labels.index(name) + inverse)
        return plan

    there_and_back = along(("made by", 0), ("made by", 1))
    assert labels(graph, there_and_back.ends) == {"film", "other"}
    assert labels(graph, there_and_back.returned) == {"film"}
    seen = along(("made by", 0), ("made by", 1), ("seen by", 0))
    assert labels(graph, seen.ends) == {"bob", "cid"} and labels(graph, seen.returned) == {"cid"}
    assert labels(graph, along(("made by", 0), ("made by", 1), ("won", 0)).returned) == {"palm"}
    assert not len(along(("made by", 0)).returned)
    assert there_and_back.is_there_and_back and seen.is_there_and_back and not along(("made by", 0)).is_there_and_back
    assert not along(("made by", 1), ("made by", 0)).is_there_and_back
    path = trace(rows, seen, graph.find("bob")[0])
    assert [str(graph.triple(s)) for s in path][1:] == ["other — made by — ann", "other — seen by — bob"]


def test_literals_are_left_only_where_they_are_named(graph):
    back = {(0, "shown in"): 5.0, (1, "shown in^"): 5.0}
    _, found = find(graph, back, "other")
    assert all(plan.relations[:1] != plan.relations[1:2] for plan in found[1])
    assert not any(labels(graph, plan.ends) == {"third"} for plans in found[1:2] for plan in plans)
    _, found = find(graph, {(0, "shown in^"): 5.0}, "1999")
    assert labels(graph, found[0][0].ends) == {"other", "third"}


def test_scores_are_log_probabilities_beside_none_of_these(graph):
    _, found = find(graph, {}, "film", steps=1)
    assert sum(np.exp(plan.score) for plan in found[0]) < 1


def test_nothing_leads_from_nowhere(graph):
    rows = GraphRows(graph)
    assert seek(rows, np.zeros(0, np.int64), 2, None, None, graph.is_literal.__getitem__) == [[], []]
