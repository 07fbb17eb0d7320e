"""What is known of the passages that are considered for a question: the measures that `Fusion` weighs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from kgrag.retrieval.hybrid import NO_POOL, RANK_OFFSET, Pool, Ranking, Rankings
from kgrag.retrieval.passages.candidates import Chosen
from kgrag.retrieval.passages.expansion import Expansion
from kgrag.retrieval.passages.records import full_text
from kgrag.retrieval.passages.rows import Rows
from kgrag.retrieval.passages.tags import document_tag, entity_tag
from kgrag.retrieval.passages.vectors import unit
from kgrag.retrieval.passages.windows import PassageVectors
from kgrag.retrieval.passages.words import WordIndex
from kgrag.types import Floats, Ids

FIRST = 10  # passages that lend some of their score to those that are tied to them
MOST_READ = 50  # passages that are read for what follows one another in them
MEAN_OF = 3  # first passages whose mean others are compared with
COMMON = 50  # passages that share a node or a document with one of the first, and are all considered therefore
MOST_SHARING = 2_000  # what more passages share ties none of them
LONG = 1_000  # bytes from which on a passage is not short
GAP = 10  # the best stand out from the one at this rank
WORDY = 30  # words from which on a question is long


class Pools:
    """Makes pools of one collection.

    Args:
        rows: The passages.
        vectors: Those of the first rows.
        words: Those of the same rows.
    """

    def __init__(self, rows: Rows, vectors: PassageVectors, words: WordIndex) -> None:
        self.rows, self.vectors, self.words = rows, vectors, words

    def pool(
        self,
        text: str,
        vector: Floats,
        entities: Sequence[str],
        rankings: Rankings,
        expansion: Expansion,
        among: Chosen = None,
        reads: bool = True,
    ) -> Pool:
        """The passages that were found for a question, and those that the first of them lead to.

        Args:
            text: The question.
            vector: The question encoded.
            entities: IRIs of the nodes that it names.
            rankings: What was found.
            expansion: Of the question.
            among: Which rows may be found, all where not given.
            reads: Whether passages are read, for the measures that need it.
        """
        found = np.unique(np.concatenate([ranking.rows for ranking in rankings]))
        if not len(found):
            return NO_POOL
        near = self._near(vector, found)
        first, trusts = _first(found, near[2], rankings)
        by_nodes, by_document = self._shared(first, trusts, among)
        led_to = [there for there, *_ in (*by_nodes, *by_document) if len(there) <= COMMON]
        rows = np.unique(np.concatenate([found, *led_to]))
        units, cosines, alike = near if len(rows) == len(found) else self._near(vector, rows)
        in_words = self._in_words(text, rows, rankings.words)
        meaning, wording = _fractions(alike), _fractions(in_words)
        terms = self.words.terms(text)
        rarity = list(zip(terms, self.words.rarity(terms).tolist()))
        measures = [
            meaning,
            wording,
            _above(alike, rows, rankings.dense),
            *self._read(rarity, rows, np.lexsort((rows, -meaning - wording))[: MOST_READ if reads else 0]),
            _reciprocal_ranks(rows, rankings.dense),
            _reciprocal_ranks(rows, rankings.words),
            _scattered(rows, rankings.naming) / max(len(set(entities)), 1),
            _lent(rows, by_nodes),
            _lent(rows, by_document),
            *_likest(rows, by_document, meaning, wording),
            units @ _mean(units[np.searchsorted(rows, first[:MEAN_OF])]),
            np.log(self.rows.sizes(rows).clip(1, LONG)) / np.log(LONG),
            *(_fractions(self.words.scores(" ".join(names), rows)) for names in (expansion.names, expansion.near)),
            self._naming(rows, expansion.neighbours),
        ]
        return Pool(rows, cosines, np.stack(measures, axis=1).astype(np.float32), _traits(dict(rarity), rankings))

    def _near(self, question: Floats, rows: Ids) -> tuple[Floats, Floats, Floats]:
        """Vectors of rows with length 1, of several windows that of the nearest, shape (rows, width); their cosines with a
        question; and their inner products with it where these are what is compared, else the cosines, shape (rows,)."""
        vectors, metric = self.vectors.nearest(question, rows), self.vectors.metric
        units = vectors if metric == "cosine" else unit(vectors)
        cosines = units @ unit(question)
        return units, cosines, vectors @ question if metric == "dot" else cosines

    def _shared(self, first: Ids, trusts: Floats, among: Chosen) -> tuple[list[_Share], list[_Share]]:
        """What the first passages share with others: nodes, and documents."""
        by_nodes: list[_Share] = []
        by_document: list[_Share] = []
        for row, trust in zip(first.tolist(), trusts.tolist()):
            passage = self.rows.passage(row)
            tags = [entity_tag(iri) for iri in dict.fromkeys(passage.entities)]
            documents = [document_tag(passage.document)] if passage.document else []
            for into, several in ((by_nodes, tags), (by_document, documents)):
                for tag in several:
                    there = self.rows.tags.rows(tag)
                    there = there[there < len(self.vectors)]
                    there = there if among is None else there[among[there]]
                    if 1 < len(there) <= MOST_SHARING:
                        into.append((there, row, trust / (len(there) - 1) ** 0.5))
        return by_nodes, by_document

    def _naming(self, rows: Ids, iris: Sequence[str]) -> Floats:
        """Of nodes, the share that each row names."""
        counts = np.zeros(len(rows), np.float32)
        for iri in iris:
            counts += np.isin(rows, self.rows.tags.rows(entity_tag(iri)))
        return (counts / max(len(iris), 1)).astype(np.float32)

    def _in_words(self, text: str, rows: Ids, ranking: Ranking) -> Floats:
        """BM25 of all rows: those beyond the ranking are asked for."""
        scores = _scattered(rows, ranking)
        missing = np.flatnonzero(~np.isin(rows, ranking.rows))
        scores[missing] = self.words.scores(text, rows[missing])
        return scores

    def _read(self, terms: Sequence[tuple[str, float]], rows: Ids, places: Ids) -> tuple[Floats, Floats]:
        """How much of the question's words passages have, however often, and how much of its pairs of words that follow one
        another; each word is given with how rare it is, and counts as much. Only some are read, at these places."""
        rarity = dict(terms)
        pairs = {(one, other): here + there for (one, here), (other, there) in zip(terms, terms[1:])}
        covered, phrases = np.zeros(len(rows), np.float32), np.zeros(len(rows), np.float32)
        for place in places.tolist():
            read = self.words.terms(full_text(self.rows.passage(int(rows[place]))))
            covered[place] = sum(rarity[term] for term in rarity.keys() & set(read))
            phrases[place] = sum(pairs[pair] for pair in pairs.keys() & set(zip(read, read[1:])))
        return _fractions(covered), _fractions(phrases)


_Share = tuple[Ids, int, float]  # passages that share something, the one of the first among them, and what it lends


def _first(found: Ids, alike: Floats, rankings: Rankings) -> tuple[Ids, Floats]:
    """The best of what was found by meaning and words alike, and how good they are."""
    scores = _fractions(alike) + _fractions(_scattered(found, rankings.words))
    order = np.lexsort((found, -scores))[:FIRST]
    return found[order], (scores[order] / 2).astype(np.float32)


def _fractions(scores: Floats) -> Floats:
    """Scores as fractions of the best one."""
    most = scores.max(initial=0.0)
    return scores / most if most > 0 else np.zeros_like(scores)


def _above(scores: Floats, rows: Ids, ranking: Ranking) -> Floats:
    """How far scores of rows, which ascend, are above that of the last one of a ranking, where the first one has 1."""
    if not len(ranking.rows):
        return np.zeros_like(scores)
    best, last = scores[np.searchsorted(rows, ranking.rows[[0, -1]])]
    return ((scores - last) / (best - last)).clip(0) if best > last else np.zeros_like(scores)


def _scattered(rows: Ids, ranking: Ranking) -> Floats:
    """The scores of rows, which ascend and hold those of the ranking; 0 for others."""
    scores = np.zeros(len(rows), np.float32)
    scores[np.searchsorted(rows, ranking.rows)] = ranking.scores
    return scores


def _reciprocal_ranks(rows: Ids, ranking: Ranking) -> Floats:
    places = (RANK_OFFSET / (RANK_OFFSET + np.arange(len(ranking.rows)))).astype(np.float32)
    return _scattered(rows, Ranking(ranking.rows, places))


def _lent(rows: Ids, shares: Iterable[_Share]) -> Floats:
    """What others lend to each row, which ascend; saturates."""
    sums = np.zeros(len(rows))
    for there, own, strength in shares:
        places = np.searchsorted(rows, there).clip(max=len(rows) - 1)
        sums[places[(rows[places] == there) & (there != own)]] += strength
    return (sums / (1 + sums)).astype(np.float32)


def _likest(rows: Ids, shares: Iterable[_Share], *scores: Floats) -> list[Floats]:
    """Of each of several scores of rows, which ascend, that of the best row of those that share something with each."""
    best = np.stack(scores)
    for there, *_ in shares:
        places = np.isin(rows, there)
        best[:, places] = best[:, places].max(axis=1, keepdims=True, initial=0.0)
    return list(best)


def _traits(rarity: Mapping[str, float], rankings: Rankings) -> Floats:
    """What is known of a question by its words, each with how rare it is, and by its rankings."""
    dense, words = rankings.dense, rankings.words
    mean = float(np.mean(list(rarity.values()), dtype=np.float32)) if rarity else 0.0
    agreement = len(np.intersect1d(dense.rows[:GAP], words.rows[:GAP])) / GAP
    return np.array([min(len(rarity) / WORDY, 1.0), mean, agreement, _gap(dense), _gap(words)], np.float32)


def _mean(vectors: Floats) -> Floats:
    mean = vectors.mean(axis=0)
    return mean / max(float(np.linalg.norm(mean)), 1e-12)


def _gap(ranking: Ranking) -> float:
    """How far the best stands out, as a fraction of its score."""
    scores = ranking.scores
    return float((scores[0] - scores[min(GAP, len(scores)) - 1]) / abs(scores[0])) if len(scores) and scores[0] else 0.0
