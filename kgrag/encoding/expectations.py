"""What sort of thing a question asks for, and whether an answer clearly is another sort of thing.

Only what is clear counts: a node without a class, a class that has a word in common with the one asked for, and a question
that does not say what it asks for contradict nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from kgrag.encoding.classes import ClassNames
from kgrag.graph import KnowledgeGraph, normalise
from kgrag.graph.inference import SUBCLASS
from kgrag.types import Ids
from kgrag.wordings.classes import DATE, PERSON, PLACE, TEXT, is_group, kind_of
from kgrag.wordings.english import PARTICLES, agrees, singular

_ASKED = re.compile(  # the word that asks, at the beginning of a clause, and what comes after it
    r"(?:^|[.,:;!?\u2013-]\s*)(?:and |but |so )?(?:(?:in|on|at|to|by|for|from|of|with|under|during|since) )?"
    r"(who|whom|how|when|where|which|what) ([^.,:;!?]*)",
    re.IGNORECASE,
)
_MEASURED = frozenset(
    ["many", "much", "long", "old", "tall", "high", "far", "heavy", "large", "big", "deep", "often", "fast"]
)
_HAPPENED = frozenset(["was", "were", "did"])
_BEING = frozenset(["is", "are", "was", "were"])
_SENTENCE = re.compile(r"(?:\S+\s+){4,}.*[.!?]\s*$", re.DOTALL)
_POINTS_IN_TIME = frozenset(["year", "month", "date", "day", "century", "decade"])
_NUMBER = re.compile(
    r"\d|\b(?:no|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|hundred|thousand|million|once|twice|"
    r"half|daily|weekly|monthly|yearly|hours?|days?|weeks?|months?|years?|minutes?|seconds?|lifelong|always|never)\b",
    re.IGNORECASE,
)
_AFTER = frozenset(  # what may come after a noun that is asked for: it is no part of a longer one then
    [
        "is",
        "are",
        "was",
        "were",
        "do",
        "does",
        "did",
        "can",
        "could",
        "may",
        "might",
        "must",
        "should",
        "will",
        "would",
        "has",
        "have",
        "had",
        "be",
        *("of", "in", "under", "from", "for", "on"),
    ]
)
_SORT_OF = re.compile(  # but for what asks of which sort X itself is
    r"\b(what|which) (?:types?|kinds?|sorts?) of ([\w-]+)(?= (?:can|could|may|might|do|does|did|will|is|are|was|were|has|have)\b)"
    r"(?! (?:is|are|was|were) (?:an? |the )?X\W*$)",
    re.IGNORECASE,
)
_SORTS = frozenset(
    ["type", "kind", "sort", "class", "group", "category", "form"]
)  # what follows says what is asked for
_COMPARED = 50  # nodes that are compared with what is asked for
_HIGHEST = 8  # classes above a class that are looked at


class Expectations:
    """What questions over one graph ask for.

    Args:
        graph: The graph.

    Attributes:
        classes: What the classes of the graph are called.
    """

    def __init__(self, graph: KnowledgeGraph) -> None:
        self.graph = graph
        self.classes = ClassNames(graph)

    def contradiction(self, question: str, nodes: Sequence[int]) -> str:
        """What is asked for, where every one of the nodes clearly is something else; empty otherwise.

        Args:
            question: The question.
            nodes: What would be answered; the first of them are looked at.
        """
        graph, found, nodes = self.graph, _ASKED.search(question), nodes[:_COMPARED]
        words = re.findall(r"[\w'-]+", found[2].lower()) if found else []
        if found is None or not words or not nodes:
            return ""
        asks = found[1].lower()
        if asks == "how":
            return "a number" if words[0] in _MEASURED and all(_is_no_number(graph, n) for n in nodes) else ""
        if asks == "when":
            return "a date" if words[0] in _HAPPENED and all(_is_no_date(graph, n) for n in nodes) else ""
        if asks == "where":
            return "a place" if all(_is_number(graph, n) for n in nodes) else ""
        if asks in ("who", "whom"):
            return "a person" if all(_is_no_person(graph, n) for n in nodes) else ""
        if words[0] in _POINTS_IN_TIME:
            return f"a {words[0]}" if all(_is_no_date(graph, n) for n in nodes) else ""
        label, classes = self._asked(words)
        classes &= self.classes.full().get(normalise(label), frozenset())  # a rule need not be a "Legal rule"
        return label if classes and all(_is_none_of(graph, n, label, classes) for n in nodes) else ""

    def sorted(self, question: str, several: Sequence[Ids]) -> list[NDArray[np.int8]]:
        """Which nodes are of the class that a question asks for by name: "Which chapter is Article 17 in?".

        Args:
            question: The question; what it names may be masked.
            several: Groups of nodes.

        Returns:
            For each group 1 where a node is of such a class, -1 where it clearly is something else, 0 otherwise, shape (nodes,).
        """
        found, graph = _ASKED.search(question), self.graph
        asks_so = found is not None and found[1].lower() in ("which", "what")
        words = re.findall(r"[\w'-]+", found[2].lower()) if found and asks_so else []
        label, classes = self._asked(words, agrees)
        if not classes:
            return [np.zeros(len(nodes), np.int8) for nodes in several]
        types = _types(graph, np.unique(np.concatenate([*several, np.zeros(0, np.int64)])))
        _above(graph, {one for own in types.values() for one in own} | classes)  # from an endpoint, in one go
        known: dict[tuple[int, ...], int] = {}

        def sort_of(node: int) -> int:
            own = types.get(node, ())
            if own not in known:
                is_one = bool(_above(graph, set(own)) & classes)
                known[own] = 1 if is_one else -int(_is_none_of(graph, node, label, classes))
            return known[own]

        return [np.fromiter(map(sort_of, nodes.tolist()), np.int8, count=len(nodes)) for nodes in several]

    def are_no_actors(self, question: str, several: Sequence[Ids]) -> list[bool]:
        """Which groups of nodes are sentences alone, where it is asked who does something; they may tell who someone is."""
        found = _ASKED.search(question)
        who = found[1].lower() if found else ""
        if found is None or who not in ("who", "whom") or (who == "who" and _BEING & set(found[2].lower().split()[:1])):
            return [False] * len(several)
        return [_are_sentences(self.graph, nodes) for nodes in several]

    def plainly(self, masked: str) -> str:
        """A question whose mentions are masked, with "which cancer" for "what types of cancer" where there is a class of that name.

        Its members are asked for then, and not what they are a type of.
        """
        found = _SORT_OF.search(masked)
        if found is None or not self.classes.named(normalise(singular(found[2]))):
            return masked
        return f"{masked[: found.start()]}{found[1]} {found[2]}{masked[found.end() :]}"

    def _asked(
        self, words: Sequence[str], goes_on: Callable[[str, str], bool] = lambda noun, rest: False
    ) -> tuple[str, frozenset[int]]:
        """The name of classes that the words begin with, in either number, and these; none where they go on with another noun.

        Args:
            words: The words after "which" or "what".
            goes_on: Whether a word, which is no verb that the graph has, can be one after a noun all the same.
        """
        verbs = {label.lower().split()[0] for label in self.graph.relation_labels if label.split()}
        for length in range(min(4, len(words)), 0, -1):
            rest = words[length] if len(words) > length else ""
            if rest == "of" and singular(words[length - 1]) in _SORTS:
                break
            is_verb = rest in _AFTER or {rest, f"{rest}s", rest.removesuffix("s")} & verbs
            if rest and not is_verb and not goes_on(words[length - 1], rest):
                continue
            for name in (singular(" ".join(words[:length])), " ".join(words[:length])):
                if classes := self.classes.named(normalise(name)):
                    return name, classes
        return "", frozenset()


def _is_no_number(graph: KnowledgeGraph, node: int) -> bool:
    """Whether a node is a thing of a class, in whose name there is no number and no measure of time."""
    return not graph.is_literal[node] and bool(graph.types(node)) and not _NUMBER.search(graph.label(node))


def _is_number(graph: KnowledgeGraph, node: int) -> bool:
    """Whether a node is a number or a date that is stated."""
    return bool(graph.is_literal[node]) and bool(re.fullmatch(r"[\W\d]+", graph.label(node)))


def _are_sentences(graph: KnowledgeGraph, nodes: Ids) -> bool:
    return (
        len(nodes) > 0
        and bool(graph.is_literal[nodes].all())
        and all(_SENTENCE.match(graph.label(node)) for node in nodes[:_COMPARED].tolist())
    )


def _is_no_date(graph: KnowledgeGraph, node: int) -> bool:
    kinds = {kind_of(label) for label in _labels(graph, _classes(graph, node))}
    return bool(kinds) and DATE not in kinds and not _NUMBER.search(graph.label(node))


def _is_no_person(graph: KnowledgeGraph, node: int) -> bool:
    """Whether a node is a number, or a place, a date or a text by its class: much else may act."""
    if graph.is_literal[node]:
        return _is_number(graph, node)
    labels = list(_labels(graph, _classes(graph, node)))
    kinds = {kind_of(label) for label in labels}
    return bool(kinds) and kinds <= {PLACE, DATE, TEXT} and PERSON not in kinds and not any(map(is_group, labels))


def _is_none_of(graph: KnowledgeGraph, node: int, label: str, asked: frozenset[int]) -> bool:
    """Whether all classes of a node are others than those asked for, not above nor below them, and called otherwise."""
    own = _classes(graph, node)
    if (
        not own
        or own & asked
        or any(asked_one in _above(graph, {c}) or c in _above(graph, asked) for c in own for asked_one in asked)
    ):
        return False
    words = set(normalise(label).split()) - PARTICLES
    return not any(words & {singular(w) for w in normalise(other).split()} for other in _labels(graph, own))


def _classes(graph: KnowledgeGraph, node: int) -> set[int]:
    """Classes of a node, and those above them."""
    return _above(graph, set(graph.types(node)))


def _types(graph: KnowledgeGraph, nodes: Ids) -> dict[int, tuple[int, ...]]:
    """Classes of those nodes that have some, all looked up at once: at an endpoint each look-up is a request."""
    with graph.lock:
        statements, owners = graph.statements_from(nodes)
        typing = np.isin(graph.relations[statements], graph.type_relations())
        pairs = np.unique(np.stack([nodes[owners[typing]], graph.tails[statements[typing]]], axis=1), axis=0)
    found: dict[int, tuple[int, ...]] = {}
    for node, own in pairs.tolist():
        found[node] = (*found.get(node, ()), own)
    return found


def _above(graph: KnowledgeGraph, classes: Sequence[int] | set[int] | frozenset[int]) -> set[int]:
    found, new = set(classes), list(classes)
    for _ in range(_HIGHEST if new else 0):
        statements, _ = graph.statements_from(new)
        upward = [s for s in statements.tolist() if graph.relation_iri(int(graph.relations[s])) == SUBCLASS]
        new = [node for node in {int(graph.tails[s]) for s in upward} if node not in found]
        found.update(new)
        if not new:
            break
    return found


def _labels(graph: KnowledgeGraph, nodes: set[int]) -> Iterator[str]:
    return (graph.label(node) for node in nodes)
