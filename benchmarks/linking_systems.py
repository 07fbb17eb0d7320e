"""What benchmarks/linking.py compares: `EntityLinker`, and the usual ways from a mention or a question to a node."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from linking_sets import Document

from kgrag.graph import KnowledgeGraph
from kgrag.graph.terms import normalise
from kgrag.linking import EntityLinker

LIMIT = 30  # candidates of a mention
RERANKED = 100  # names that are looked at for these
LONGEST = 12  # tokens of a name in a question
SHORTEST, LEAST_RATIO = 4, 75  # characters and edit ratio of what rapidfuzz takes for a name
AT_ONCE = 64  # mentions
_TOKEN = re.compile(r"\w+|[^\w\s]")

Span = tuple[int, int]
Candidates = list[tuple[int, float]]  # nodes and scores, best first


class System:
    """A way to link; what it cannot do raises NotImplementedError.

    Args:
        graph: Whose nodes are named.
        only: The nodes that count.
    """

    def __init__(self, graph: KnowledgeGraph, only: frozenset[int]) -> None:
        self.graph, self.only = graph, only

    def mentions(self, documents: Sequence[Document]) -> list[list[Candidates]]:
        """Candidates for each mention of each text."""
        raise NotImplementedError

    def text(self, text: str) -> dict[Span, int]:
        """Mentions in a text, and the node of each."""
        raise NotImplementedError

    def question(self, question: str, topics: int) -> Candidates:
        """The nodes that a question names, each with how sure that is; only baselines make use of how many there are."""
        raise NotImplementedError


class Kgrag(System):
    """A linker of ours."""

    def __init__(self, graph: KnowledgeGraph, only: frozenset[int], linker: EntityLinker) -> None:
        super().__init__(graph, only)
        self.linker = linker

    def mentions(self, documents: Sequence[Document]) -> list[list[Candidates]]:
        return [
            [
                [one for one in link.candidates if one[0] in self.only]
                for link in self.linker.link_spans(d.text, d.spans)
            ]
            for d in documents
        ]

    def text(self, text: str) -> dict[Span, int]:
        links = self.linker.link(text)
        return {(k.mention.start, k.mention.end): k.node for k in links if k.node is not None and k.node in self.only}

    def question(self, question: str, topics: int) -> Candidates:
        return [(link.node, link.score) for link in self.linker.link(question) if link.node is not None]


class _Baseline(System):
    """Ranks names, which stand for the nodes that bear them, the best connected first."""

    def __init__(self, graph: KnowledgeGraph, only: frozenset[int]) -> None:
        super().__init__(graph, only)
        ends = np.concatenate([graph.heads[graph.statements], graph.tails[graph.statements]])
        degrees = np.bincount(ends, minlength=graph.num_nodes)
        self.nodes: dict[str, list[int]] = {}
        for alias, node in graph.aliases():
            if node in only:
                self.nodes.setdefault(normalise(alias), []).append(node)
        for nodes in self.nodes.values():
            nodes.sort(key=lambda node: (-degrees[node], node))
        self.names = list(self.nodes)

    def rank(self, texts: Sequence[str]) -> Iterable[list[tuple[int, float]]]:
        """Places and scores of the names most like each text, best first."""
        raise NotImplementedError

    def mentions(self, documents: Sequence[Document]) -> list[list[Candidates]]:
        texts = list(dict.fromkeys(normalise(d.text[start:end]) for d in documents for start, end in d.spans))
        ranked = dict(zip(texts, map(self._candidates, self.rank(texts))))
        return [[ranked[normalise(d.text[start:end])] for start, end in d.spans] for d in documents]

    def _candidates(self, ranked: Iterable[tuple[int, float]]) -> Candidates:
        found: dict[int, float] = {}
        for place, score in ranked:
            for node in self.nodes[self.names[place]]:
                found.setdefault(node, score)
        return list(found.items())[:LIMIT]


class Exact(_Baseline):
    """The same name; in a text the longest ones that are there."""

    def rank(self, texts: Sequence[str]) -> Iterable[list[tuple[int, float]]]:
        places = {name: place for place, name in enumerate(self.names)}
        return ([(places[text], 1.0)] if text in places else [] for text in texts)

    def text(self, text: str) -> dict[Span, int]:
        found = {span: float(len(name)) for span, name in _spans(text) if name in self.nodes}
        return {(a, b): self.nodes[normalise(text[a:b])][0] for a, b in _apart(found)}

    def question(self, question: str, topics: int) -> Candidates:
        return [(node, 1.0) for node in self.text(question).values()][:topics]  # the longest come first


class Tfidf(_Baseline):
    """TF-IDF over character 3-grams, as scispaCy finds its candidates (its analyzer; the search is exact here)."""

    def __init__(self, graph: KnowledgeGraph, only: frozenset[int]) -> None:
        super().__init__(graph, only)
        from sklearn.feature_extraction.text import TfidfVectorizer

        self._vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 3), dtype=np.float32)
        self._by_gram = self._vectorizer.fit_transform(self.names).T.tocsr()

    def rank(self, texts: Sequence[str]) -> Iterator[list[tuple[int, float]]]:
        for start in range(0, len(texts), AT_ONCE):
            yield from _best((self._vectorizer.transform(texts[start : start + AT_ONCE]) @ self._by_gram).toarray())

    def question(self, question: str, topics: int) -> Candidates:
        (ranked,) = self.rank([normalise(question)])
        return self._candidates(ranked)[:topics]


class Rapidfuzz(_Baseline):
    """rapidfuzz: WRatio of a mention to every name; in a question, the edit ratio of every span to every name."""

    def rank(self, texts: Sequence[str]) -> Iterator[list[tuple[int, float]]]:
        from rapidfuzz import fuzz, process

        for start in range(0, len(texts), AT_ONCE):
            chosen = texts[start : start + AT_ONCE]
            yield from _best(process.cdist(chosen, self.names, scorer=fuzz.WRatio, dtype=np.float32) / 100)

    def question(self, question: str, topics: int) -> Candidates:
        from rapidfuzz import fuzz, process

        worth: dict[Span, float] = {}
        nodes: dict[Span, tuple[int, float]] = {}
        for span, text in _spans(question):
            best = process.extractOne(text, self.names, scorer=fuzz.ratio, score_cutoff=LEAST_RATIO)
            if best and len(text) >= SHORTEST:
                worth[span] = (best[1] - LEAST_RATIO) * len(text)
                nodes[span] = self.nodes[best[0]][0], best[1] / 100
        return [nodes[span] for span in _apart(worth)[:topics]]


class MiniLM(_Baseline):
    """Cosine of the text encoder's vectors of mention and name."""

    def __init__(self, graph: KnowledgeGraph, only: frozenset[int]) -> None:
        super().__init__(graph, only)
        from kgrag.encoder import default_encoder

        self._encode = default_encoder().encode
        self._vectors = self._encode(self.names, progress=True)

    def rank(self, texts: Sequence[str]) -> Iterator[list[tuple[int, float]]]:
        for start in range(0, len(texts), AT_ONCE):
            yield from _best(self._encode(texts[start : start + AT_ONCE]) @ self._vectors.T)


def _best(scores: np.ndarray) -> Iterator[list[tuple[int, float]]]:
    """Columns of the highest scores of each row, best first, the earlier of equal ones."""
    for row in scores:
        order = np.argsort(-row, kind="stable")[:RERANKED]
        yield [(int(place), float(row[place])) for place in order if row[place] > 0]


def _spans(text: str) -> Iterator[tuple[Span, str]]:
    """Every stretch of few tokens, and its normalised text."""
    tokens = [token.span() for token in _TOKEN.finditer(text)]
    for first, (start, _) in enumerate(tokens):
        for _, end in tokens[first : first + LONGEST]:
            yield (start, end), normalise(text[start:end])


def _apart(worth: dict[Span, float]) -> list[Span]:
    """Spans that do not overlap, the most worth first."""
    taken: list[Span] = []
    for start, end in sorted(worth, key=lambda span: (-worth[span], span)):
        if all(end <= a or b <= start for a, b in taken):
            taken.append((start, end))
    return taken


BASELINES: dict[str, type[_Baseline]] = {"exact": Exact, "TF-IDF": Tfidf, "rapidfuzz": Rapidfuzz, "MiniLM": MiniLM}
