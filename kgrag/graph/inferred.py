"""A graph with what follows from it: a view that is made at the first look, and anew after each change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from kgrag.config import Limits
from kgrag.errors import GraphError
from kgrag.graph.explaining import explain
from kgrag.graph.facts import Conclusions, Premises, Terms
from kgrag.graph.inference import RULES, infer
from kgrag.graph.interning import Columns
from kgrag.graph.knowledge_graph import KnowledgeGraph
from kgrag.graph.statements import SUBJECT
from kgrag.graph.store import Store
from kgrag.graph.terms import local_name, read_triple, relation_name
from kgrag.graph.vocabulary import LABELS
from kgrag.types import Ids, Triple

_OWN = frozenset(
    ["base", "rules", "limits", "infer", "explain", "renamed_since", "_hidden", "_seen", "_apart", "_looked"]
)
_OF_BASE = frozenset(
    ["language", "version", "skipped", "lock", "imports", "add", "remove", "remove_where", "update", "write", "save"]
)


class _Seen(NamedTuple):
    """What a view found at its last look."""

    version: int
    premises: Premises
    conclusions: Conclusions
    graph: KnowledgeGraph


class InferredView(KnowledgeGraph):
    """A graph that holds the statements of another one and those that follow from them; it follows its changes.

    What a class says by a restriction has the source "FILE, restriction", whatever else follows "inferred (RULE)". Nodes
    and relations of the graph underneath have the same ids here. What is added or removed goes to that graph, and `write`
    and `save` write that graph, without anything derived.

    Args:
        base: The graph.
        rules: Some of `kgrag.graph.inference.RULES`.
        limits: Bounds the number of derived statements.
        hidden: Gives ids of nodes of the graph that no statement of the view speaks of, though it infers from them.

    Raises:
        GraphError: If a rule is not known, or none is given.
    """

    def __init__(
        self,
        base: KnowledgeGraph,
        rules: Sequence[str],
        limits: Limits | None = None,
        hidden: Callable[[KnowledgeGraph], Ids] | None = None,
    ) -> None:
        unknown = [rule for rule in rules if rule not in RULES]
        if unknown or not rules:
            what = f"The rule {unknown[0]!r} is not known." if unknown else "No rule was given to infer by."
            raise GraphError(what, f"Use some of {', '.join(RULES)}.")
        self.base, self.rules, self.limits = base, tuple(dict.fromkeys(rules)), limits or Limits()
        self._hidden = hidden
        self._seen: _Seen | None = None
        self._apart = -1  # last version in which it was another graph than the one underneath

    def __getattribute__(self, name: str) -> Any:
        """What the view does not do itself, the graph that it stands for does."""
        if name in _OWN or name.startswith("__"):
            return object.__getattribute__(self, name)
        return getattr(self.base if name in _OF_BASE else self._looked().graph, name)

    def infer(self, *rules: str, limits: Limits | None = None) -> InferredView:
        """See `KnowledgeGraph.infer`; this view's rules hold too."""
        return InferredView(self.base, (*self.rules, *rules), limits or self.limits, self._hidden)

    def explain(self, triple: Triple | Sequence[str]) -> list[Triple]:
        """The statements of the graph, and axioms of SKOS, that a statement follows from: one short derivation.

        Args:
            triple: A `Triple`, or (subject, predicate, object) strings as of `from_triples`.

        Returns:
            Statements in the order of the derivation; the statement itself where the graph holds it.

        Raises:
            GraphError: If the statement neither is in the graph nor follows from it.
        """
        row, seen = read_triple(triple), self._looked()
        premises, conclusions = seen.premises, seen.conclusions
        subject, predicate, obj = (premises.terms.get(term) for term in row)

        def places(columns: Premises | Conclusions) -> list[int]:
            same = (columns.heads == subject) & (columns.properties == predicate) & (columns.tails == obj)
            return np.flatnonzero(same).tolist()

        derived = places(conclusions)
        if derived:
            return [_premise(self.base, premises, place) for place in explain(premises, conclusions, derived[0])]
        found = places(premises)
        if not found:
            raise GraphError(f"{' '.join(row)} does not follow from the graph.", "Give a statement of the view.")
        return [_premise(self.base, premises, found[0])]

    def renamed_since(self, version: int) -> list[int] | None:
        """See `KnowledgeGraph.renamed_since`."""
        with self.base.lock:
            graph = self._looked().graph
            return graph.renamed_since(version) if version > self._apart else None

    def _looked(self) -> _Seen:
        with self.base.lock:
            if self._seen is None or self._seen.version != self.base.version:
                self._seen = _look(self.base, self.rules, self.limits.derived, self._hidden)
                if self._seen.graph is not self.base:
                    self._apart = self._seen.version
            return self._seen


def _look(
    base: KnowledgeGraph, rules: Sequence[str], most: int, hidden: Callable[[KnowledgeGraph], Ids] | None
) -> _Seen:
    version, statements = base.version, base.statements
    heads, relations, tails = (column[statements] for column in (base.heads, base.relations, base.tails))
    terms = Terms(base.is_literal, base.iri, base.node)
    relation_iris = map(base.relation_iri, range(base.num_relations))
    premises = Premises.of(heads, relations, tails, relation_iris, terms)
    conclusions = infer(premises, rules, most)
    is_hidden = np.zeros(len(terms), np.bool_)
    if hidden is not None:
        is_hidden[hidden(base)] = True
    graph = base
    if is_hidden.any() or len(conclusions):
        graph = base.copy()
        store = graph._store
        names, _ = store.names.by(SUBJECT, store.nodes.terms[np.flatnonzero(is_hidden)])
        store.drop(statements[is_hidden[heads] | is_hidden[tails]], names)
        is_shown = ~(is_hidden[conclusions.heads] | is_hidden[conclusions.tails])
        store.take(_columns(store, base, terms, conclusions)[:, is_shown])
    return _Seen(version, premises, conclusions, graph)


def _columns(store: Store, base: KnowledgeGraph, terms: Terms, conclusions: Conclusions) -> Columns:
    """The derived statements as a store takes them."""
    further = [store.terms.add(terms[term]) for term in range(base.num_nodes, len(terms))]
    numbers = np.concatenate([store.nodes.terms, np.array(further, np.int64)])
    names = [store.origins.add(f"inferred ({step.rule})") for step in conclusions.how]
    sources = np.array(names, np.int64)[conclusions.steps]
    origin = np.zeros(base.num_nodes, np.int64)
    origin[base.heads] = base.sources
    said = conclusions.grounds >= 0
    origins, place = np.unique(origin[conclusions.grounds[said]], return_inverse=True)
    names = [store.origins.add(f"{base.source_names[source]}, restriction") for source in origins.tolist()]
    sources[said] = np.array(names, np.int64)[place]
    ends = (conclusions.heads, conclusions.properties, conclusions.tails)
    return np.stack([*(numbers[column] for column in ends), sources])


def _premise(base: KnowledgeGraph, premises: Premises, place: int) -> Triple:
    ends = (premises.heads, premises.properties, premises.tails)
    subject, predicate, obj = (premises.terms[int(column[place])] for column in ends)
    statements, _ = base._store.matching((subject, predicate, obj))
    if len(statements):
        return base.triple(int(statements[0]))
    labels = (relation_name(subject), LABELS.get(predicate) or relation_name(predicate), local_name(obj))
    return Triple(subject, predicate, obj, labels, source="SKOS")
