"""A collection of passages that is searched by meaning, by words and by named nodes, and changed while it is in use."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from kgrag.errors import ModelError, PassageError, SavedFolderError
from kgrag.journal import Journal
from kgrag.retrieval.hybrid import Pool, diversified
from kgrag.retrieval.passages.candidates import Metric
from kgrag.retrieval.passages.changes import Change, Encoding, by_id, given_twice, replacement
from kgrag.retrieval.passages.contents import Contents
from kgrag.retrieval.passages.expansion import Expansion
from kgrag.retrieval.passages.ranker import Ranker
from kgrag.retrieval.passages.records import full_text, read_jsonl
from kgrag.retrieval.passages.reranker import Reranker
from kgrag.retrieval.passages.storage import read_index, write_index
from kgrag.retrieval.passages.tags import Where, document_tag, source_tag
from kgrag.retrieval.passages.vectors import Kind, unit
from kgrag.retrieval.passages.windows import windows_of
from kgrag.sentences import sentences
from kgrag.types import Floats, Ids, Passage, ScoredPassage, TextEncoder

Granularity = Literal["passage", "document"]

DEPTH = 50  # least length of each of the fused rankings
RERANKED = 50  # passages that are ranked anew, or chosen among for being unlike one another
_TOGETHER = 8_192  # passages that are encoded before the vectors are written


class PassageIndex:
    """A collection of passages that can be searched.

    Make one by `from_jsonl`, `from_passages`, `from_texts` or `load`. Passages are encoded when an encoder is at hand: by
    `build`, or by the first search. Once it was saved or loaded, it lives in its folder: each change is on the disk before
    it is made. Several threads may use it.

    Args:
        passages: The passages; their ids must differ.
        metric: How vectors are compared: ``"cosine"``, ``"dot"`` (inner product) or ``"l2"`` (Euclidean distance).
        kind: How they are searched: ``"flat"`` compares all of them, ``"sq8"`` all with one byte a dimension, ``"pq"`` all with
            two bits a dimension, ``"ivf"`` those in the nearest inverted lists, ``"hnsw"`` follows a graph of neighbours;
            ``"auto"`` takes ``"flat"`` up to 20,000 passages, ``"pq"`` up to 400,000, ``"ivf"`` beyond.
        language: Of the passages, for BM25: ``"en"``, ``"de"`` and so on for stems without stop words, ``""`` for words as
            they are written. Chinese, Japanese and the like are searched by pairs of characters in every one.

    Raises:
        PassageError: An id is given twice, an id or a text is empty, or there is no such metric, kind or language.
    """

    def __init__(
        self,
        passages: Iterable[Passage] = (),
        metric: Metric = "cosine",
        *,
        kind: Kind = "auto",
        language: str = "en",
    ) -> None:
        for name, value, choices in (("metric", metric, get_args(Metric)), ("kind of index", kind, get_args(Kind))):
            if value not in choices:
                raise PassageError(f"There is no {name} {value!r}.", f"Choose one of {', '.join(choices)}.")
        self._contents = Contents(metric, kind, language)
        self._journal: Journal | None = None
        self.ranker = Ranker()
        self._lock = threading.RLock()
        self.add(passages)

    @classmethod
    def from_passages(cls, passages: Iterable[Passage], metric: Metric = "cosine", **options: Any) -> PassageIndex:
        """An index of passages; ``options`` are those of `PassageIndex`."""
        return cls(passages, metric, **options)

    @classmethod
    def from_texts(cls, texts: Iterable[str], metric: Metric = "cosine", **options: Any) -> PassageIndex:
        """An index of plain texts, whose ids are ``"1"``, ``"2"`` and so on."""
        return cls((Passage(str(i), text) for i, text in enumerate(texts, start=1)), metric, **options)

    @classmethod
    def from_jsonl(cls, path: str | Path, metric: Metric = "cosine", **options: Any) -> PassageIndex:
        """An index of a file with one JSON object a line: ``id``, ``text`` and, where there are any, ``title``, ``source``,
        ``entities``, ``document`` and ``metadata``.

        Raises:
            PassageError: The file cannot be read or holds no passage, or a line is not a passage; says which line.
        """
        return cls(read_jsonl(Path(path)), metric, **options)

    @property
    def encoder_name(self) -> str:
        """Name of what encoded the passages; empty before."""
        return self._contents.encoder

    def __len__(self) -> int:
        return self._contents.rows.count

    def __iter__(self) -> Iterator[Passage]:
        rows = self._contents.rows
        with self._lock:
            order = rows.in_order()
        for row in order.tolist():
            with self._lock:
                passage = rows.passage(row) if rows.is_live[row] else None
            if passage is not None:
                yield passage

    def __contains__(self, passage_id: object) -> bool:
        return bool(self._contents.rows.find([passage_id])[0] >= 0)  # type: ignore[list-item]

    # Looks

    def get(self, passage_id: str) -> Passage:
        """The passage with an id.

        Raises:
            PassageError: There is none.
        """
        with self._lock:
            rows = self._contents.rows
            return rows.passage(rows.row(passage_id))

    def document(self, document: str) -> list[Passage]:
        """The passages of a document, in order.

        Raises:
            PassageError: There is none.
        """
        with self._lock:
            return [self._contents.rows.passage(row) for row in self._bearing(document_tag(document)).tolist()]

    def neighbours(self, passage_id: str, before: int = 1, after: int = 1) -> list[Passage]:
        """A passage between those that stand before and after it in its document; alone where it is of none.

        Raises:
            PassageError: There is none with that id.
        """
        with self._lock:
            rows = self._contents.rows
            row = rows.row(passage_id)
            document = rows.passage(row).document
            order = self._bearing(document_tag(document)).tolist() if document else [row]
            place = order.index(row)
            return [rows.passage(near) for near in order[max(place - before, 0) : place + after + 1]]

    def sentences(self, passage: Passage) -> list[str]:
        """The sentences of a passage, word for word, in order."""
        return list(sentences(passage.text, str(passage.metadata.get("language", ""))))

    # Changes

    def add(self, passages: Iterable[Passage]) -> None:
        """Adds passages, all or none; the next search finds them.

        Raises:
            PassageError: An id is in use or given twice, or an id or a text is empty.
        """
        with self._lock:
            new = by_id(passages)
            for passage_id, row in zip(new, self._contents.rows.find(list(new)).tolist()):
                if row >= 0:
                    raise given_twice(passage_id)
            self._change(Change(add=new))

    def update(self, passages: Iterable[Passage], *, document: str = "", source: str = "") -> None:
        """Puts passages in the places of those with the same ids, and adds those with new ones, all or none.

        What is as it was before is not encoded again.

        Args:
            passages: The passages.
            document: A document of which these, in this order, are now all passages: what else it had goes.
            source: A source, likewise.

        Raises:
            PassageError: An id is given twice, or an id or a text is empty, or a passage is not of the document or source.
        """
        with self._lock:
            new, rows = by_id(passages), self._contents.rows
            for passage in new.values():
                if (document and passage.document != document) or (source and passage.source != source):
                    raise PassageError(
                        f"The passage {passage.id!r} is of document {passage.document!r} and source {passage.source!r}.",
                        "Give the passages of what is to be updated.",
                    )
            before = [rows.bearing(tag) for tag in _tags(document, source)]
            only = rows.in_order(np.unique(np.concatenate(before))).tolist() if before else None
            self._change(replacement(rows, new, only))

    def remove(self, ids: Iterable[str] = (), *, document: str = "", source: str = "") -> int:
        """Removes passages, all or none; the next search does not find them, and the next `save` leaves nothing of them.

        Args:
            ids: Ids of passages.
            document: A document of which all passages go as well.
            source: A source of which all passages go as well.

        Returns:
            How many went.

        Raises:
            PassageError: An id, the document or the source is not in the collection.
        """
        with self._lock:
            given = self._contents.rows.rows(list(ids))
            gone = np.unique(np.concatenate([given, *map(self._bearing, _tags(document, source))]))
            self._change(Change(gone))
            return len(gone)

    def build(self, encoder: TextEncoder, progress: bool = True) -> PassageIndex:
        """Encodes what is not encoded yet and makes it searchable.

        Args:
            encoder: Encodes passages, and later questions.
            progress: Whether to show a progress bar.

        Raises:
            ModelError: The passages were encoded by another encoder, or this one gives no vectors of one length.
        """
        with self._lock:
            contents, encoder = self._contents, self.ranker.passage_encoder(encoder)
            if contents.encoder not in ("", encoder.name):
                raise ModelError(
                    f"The passages were encoded by {contents.encoder!r}, and {encoder.name!r} cannot search them.",
                    f"Give {contents.encoder!r}, or make a new index: PassageIndex.from_passages(list(index)).",
                )
            while pending := contents.pending(_TOGETHER):
                texts, counts = windows_of(encoder, list(pending.values()))
                vectors = self._checked(encoder.encode(texts, progress=progress), len(texts), encoder)
                encoding = Encoding(encoder.name, contents.encoded, max(pending) + 1, vectors, counts)
                if self._journal is not None:
                    with contextlib.suppress(PassageError):  # they are encoded again the next time
                        self._journal.append(encoding.as_json())
                contents.take(encoding)
        return self

    def learn(self, ranker: Ranker, encoder: TextEncoder) -> None:
        """Searches by a ranker from now on.

        Where it encodes passages by itself, all are encoded anew, and the index lives in memory until it is saved.

        Args:
            ranker: What was learned.
            encoder: What the index is built with.
        """
        with self._lock:
            if self._contents.encoder not in ("", ranker.passage_encoder(encoder).name):
                contents = Contents(self._contents.metric, self._contents.kind, self._contents.language)
                contents.change(Change(add=by_id(self)))
                self._contents, self._journal = contents, None
            self.ranker = ranker
            self.build(encoder)

    @property
    def contents(self) -> Contents:
        """What it holds, for those that train on it."""
        return self._contents

    # Search

    def search(
        self,
        text: str,
        k: int,
        encoder: TextEncoder,
        entities: Sequence[str] = (),
        *,
        expansion: Expansion | None = None,
        where: Where | None = None,
        granularity: Granularity = "passage",
        diversity: float = 0.0,
        reranker: Reranker | None = None,
    ) -> list[ScoredPassage]:
        """Finds passages by meaning, by words and by named nodes, and what these are tied to, and ranks them by what was learned.

        Args:
            text: The question.
            k: How many passages to return at most.
            encoder: Encodes the question.
            entities: IRIs of nodes; passages that name them rank higher.
            expansion: What a graph knows of these, as `kgrag.retrieval.expand` gives it; for a ranker that has learned to use it.
            where: Metadata that a passage must have: for each name a value, or a tuple of values of which it has one.
            granularity: ``"document"`` returns of each document the best passage only.
            diversity: From 0 to 1, how much passages count that are unlike those before them (maximal marginal relevance).
            reranker: Ranks the best anew.

        Returns:
            Passages, best first. ``score`` is the cosine of question and passage, not what they are ranked by.

        Raises:
            ModelError: The passages were encoded by another encoder.
            PassageError: There is no such filter, granularity or diversity.
        """
        options: dict[str, Any] = {
            "where": where,
            "granularity": granularity,
            "diversity": diversity,
            "reranker": reranker,
        }
        expansions = None if expansion is None else [expansion]
        return self.search_many([text], k, encoder, [entities], expansions=expansions, **options)[0]

    def search_many(
        self,
        texts: Sequence[str],
        k: int,
        encoder: TextEncoder,
        entities: Sequence[Sequence[str]] | None = None,
        *,
        expansions: Sequence[Expansion] | None = None,
        where: Where | None = None,
        granularity: Granularity = "passage",
        diversity: float = 0.0,
        reranker: Reranker | None = None,
    ) -> list[list[ScoredPassage]]:
        """Finds passages for several questions, for each as `search` would."""
        if granularity not in get_args(Granularity):
            raise PassageError(f"There is no granularity {granularity!r}.", "Choose passage or document.")
        if not 0 <= diversity <= 1:
            raise PassageError(f"There is no diversity {diversity!r}.", "Choose one from 0 to 1.")
        self.build(encoder, progress=False)
        found: list[list[ScoredPassage]] = [[] for _ in texts]
        if k <= 0 or not len(self):
            return found
        named = [()] * len(texts) if entities is None else entities
        known = expansions if self.ranker.fusion.expands else None
        vectors = self._checked(self.ranker.encode_questions(texts, encoder), len(texts), encoder)
        depth, open_ = max(DEPTH, 4 * k), list(range(len(texts)))
        with self._lock:
            while open_:
                of_open = [texts[i] for i in open_], vectors[open_], depth, [named[i] for i in open_]
                of_known = None if known is None else [known[i] for i in open_]
                pools = self._contents.pools(*of_open, where, self.ranker.fusion.reads, of_known)
                for i, pool in zip(open_, pools):
                    order, scores = self._order(texts[i], vectors[i], pool, k, diversity, reranker)
                    found[i] = self._best(pool, order, scores, k, granularity)
                # Documents of many passages may have left no room for others.
                open_ = [i for i, pool in zip(open_, pools) if len(found[i]) < k and pool.is_cut]
                depth *= 4
        return found

    # Saving

    def save(self, folder: str | Path) -> None:
        """Writes the index into a folder, all or nothing, and lives there from then on.

        Raises:
            SavedFolderError: Something else is at ``folder``, or it cannot be written.
        """
        with self._lock:
            self._contents, self._journal = write_index(folder, self._contents, self.ranker)

    @classmethod
    def load(cls, folder: str | Path) -> PassageIndex:
        """Opens a saved index as it was after its last change; nothing is encoded again, and little is read at once.

        Raises:
            SavedFolderError: The folder is incomplete, was changed, or holds what may not be loaded.
        """
        index = cls()
        index._contents, journal, index.ranker = read_index(folder)
        try:
            for change in journal.changes:
                index._contents.replay(change)
        except (PassageError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise SavedFolderError(
                f"The changes of the index in {folder} are damaged: {error}.", "Save the index again."
            ) from error
        journal.changes.clear()
        index._journal = journal
        return index

    # Within

    def _bearing(self, tag: str) -> Ids:
        """The rows of the passages that bear a tag, in their order."""
        rows = self._contents.rows.bearing(tag)
        if not len(rows):
            name, _, value = tag.partition("\n")
            raise PassageError(
                f"There is no passage of the {name} {value!r}.", "Iterate over the index for all of them."
            )
        return rows

    def _change(self, change: Change) -> None:
        """Makes a change, on the disk first where the index lives there."""
        if change:
            if self._journal is not None:
                self._journal.append(change.as_json())
            self._contents.change(change)

    def _checked(self, given: Floats, count: int, encoder: TextEncoder) -> Floats:
        """Vectors of so many texts, if they can be compared with those that are there."""
        vectors, there = np.asarray(given), self._contents.vectors
        width = vectors.shape[-1] if there is None else there.width
        if vectors.shape != (count, width) or not np.isfinite(vectors).all():
            raise ModelError(
                f"{encoder.name!r} gave vectors of shape {vectors.shape} for {count} texts, or such as are not finite, "
                f"where {width} numbers a text are compared.",
                "Give the encoder that the passages were encoded by.",
            )
        return vectors.astype(np.float32, copy=False)

    def _order(
        self, text: str, vector: Floats, pool: Pool, k: int, diversity: float, reranker: Reranker | None
    ) -> tuple[Ids, Floats]:
        """Places in a pool, best first, and what they are ranked by; equal ones by their cosines, then by their ids."""
        contents, scores = self._contents, self.ranker.fusion.scores(pool)
        order = np.lexsort((-pool.cosines, -scores))
        if reranker is not None:
            order = order[: max(RERANKED, k)]
            scores[order] = reranker.scores(
                text, [full_text(contents.rows.passage(row)) for row in pool.rows[order].tolist()]
            )
            order = order[np.argsort(-scores[order], kind="stable")]
        if diversity and contents.vectors is not None:
            order = order[: max(RERANKED, 4 * k)]
            units = unit(contents.vectors.nearest(vector, pool.rows[order]))
            order = order[diversified(scores[order], units, len(order), diversity)]
            scores[order] = -np.arange(len(order))
        return order, scores[order]

    def _best(self, pool: Pool, order: Ids, scores: Floats, k: int, granularity: Granularity) -> list[ScoredPassage]:
        rows = self._contents.rows
        places = zip(scores.tolist(), pool.cosines[order].tolist(), pool.rows[order].tolist())
        found: dict[str, ScoredPassage] = {}
        for _, equal in groupby(places, key=lambda place: place[:2]):
            for _, cosine, row in sorted(equal, key=lambda place: rows.id(place[2])):
                passage = rows.passage(row)
                group = document_tag(passage.document) if granularity == "document" and passage.document else str(row)
                found.setdefault(group, ScoredPassage(passage, cosine))
                if len(found) == k:
                    return list(found.values())
        return list(found.values())


def _tags(document: str, source: str) -> list[str]:
    return [document_tag(document)] * bool(document) + [source_tag(source)] * bool(source)
