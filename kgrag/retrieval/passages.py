"""Passages: found by meaning (FAISS), by words (BM25) and by the nodes that they name, the three rankings fused."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from kgrag.errors import ModelError, PassageError, SavedFolderError
from kgrag.persistence import read_folder, read_json, write_folder, write_json
from kgrag.retrieval.sentences import sentences_of
from kgrag.retrieval.vectors import VectorIndex
from kgrag.types import Floats, Passage, ScoredPassage, TextEncoder

if TYPE_CHECKING:
    from kgrag.retrieval.words import WordIndex

Metric = Literal["cosine", "dot", "l2"]
RANK_OFFSET = 60  # of reciprocal-rank fusion: how much the first ranks weigh less than 1/rank would have them
DEPTH = 50  # least length of each of the fused rankings


class PassageIndex:
    """A collection of passages that can be searched.

    Make one by `from_jsonl`, `from_passages` or `from_texts`. Passages are encoded when an encoder is at hand: by `build`,
    or by the first search.

    Args:
        passages: The passages; their ids must differ.
        metric: How vectors are compared: ``"cosine"``, ``"dot"`` (inner product) or ``"l2"`` (Euclidean distance).

    Raises:
        PassageError: An id is given twice, an id or a text is empty, or the metric is unknown.
    """

    def __init__(self, passages: Iterable[Passage] = (), metric: Metric = "cosine") -> None:
        if metric not in ("cosine", "dot", "l2"):
            raise PassageError(f"There is no metric {metric!r}.", "Choose cosine, dot or l2.")
        self.metric: Metric = metric
        self.encoder_name = ""
        self._rows: list[Passage | None] = []  # a removed passage leaves a gap, so that the others keep their rows
        self._row_of: dict[str, int] = {}
        self._named_in: dict[str, set[int]] = {}
        self._indexed = 0  # how many rows the two indexes know of
        self._vectors: VectorIndex | None = None
        self._words: WordIndex | None = None
        self._lock = threading.RLock()
        self.add(passages)

    @classmethod
    def from_passages(cls, passages: Iterable[Passage], metric: Metric = "cosine") -> PassageIndex:
        """An index of passages."""
        return cls(passages, metric)

    @classmethod
    def from_texts(cls, texts: Iterable[str], metric: Metric = "cosine") -> PassageIndex:
        """An index of plain texts, whose ids are ``"1"``, ``"2"`` and so on."""
        return cls((Passage(str(i), text) for i, text in enumerate(texts, start=1)), metric)

    @classmethod
    def from_jsonl(cls, path: str | Path, metric: Metric = "cosine") -> PassageIndex:
        """An index of a file with one JSON object a line: ``id``, ``text``, optional ``title``, ``source``, ``entities``.

        Raises:
            PassageError: The file cannot be read or holds no passage, or a line is not a passage; says which line.
        """
        return cls(_read_jsonl(Path(path)), metric)

    def __len__(self) -> int:
        return len(self._row_of)

    def __iter__(self) -> Iterator[Passage]:
        return iter([passage for passage in self._rows if passage is not None])

    def __contains__(self, passage_id: object) -> bool:
        return passage_id in self._row_of

    def get(self, passage_id: str) -> Passage:
        """The passage with an id.

        Raises:
            PassageError: There is none.
        """
        passage = self._rows[self._row(passage_id)]
        assert passage is not None
        return passage

    def add(self, passages: Iterable[Passage]) -> None:
        """Adds passages, all or none; the next search finds them.

        Raises:
            PassageError: An id is in use or given twice, or an id or a text is empty.
        """
        new: dict[str, Passage] = {}
        with self._lock:
            for passage in passages:
                if not passage.id or not passage.text.strip():
                    raise PassageError(
                        f"A passage has no {'text' if passage.id else 'id'}: {passage!r}.", "Give it one."
                    )
                if passage.id in self._row_of or passage.id in new:
                    raise PassageError(
                        f"The passage id {passage.id!r} is given twice.", "Give each passage its own id."
                    )
                new[passage.id] = passage
            for passage in new.values():
                row = self._row_of[passage.id] = len(self._rows)
                self._rows.append(passage)
                for iri in passage.entities:
                    self._named_in.setdefault(iri, set()).add(row)

    def remove(self, ids: Iterable[str]) -> None:
        """Removes passages, all or none; the next search does not find them.

        Raises:
            PassageError: An id is not in the collection.
        """
        with self._lock:
            rows = sorted({self._row(passage_id) for passage_id in ids})
            for row in rows:
                passage = self._rows[row]
                assert passage is not None
                self._rows[row] = None
                del self._row_of[passage.id]
                for iri in passage.entities:
                    self._named_in[iri].discard(row)
            indexed = [row for row in rows if row < self._indexed]
            if self._vectors is not None:
                self._vectors.remove(indexed)
            if self._words is not None and indexed:
                self._words.update(removed=indexed)

    def build(self, encoder: TextEncoder, progress: bool = True) -> PassageIndex:
        """Encodes what is not encoded yet and makes it searchable.

        Args:
            encoder: Encodes passages, and later questions.
            progress: Whether to show a progress bar.

        Raises:
            ModelError: The passages were encoded by another encoder.
        """
        with self._lock:
            if self.encoder_name not in ("", encoder.name):
                raise ModelError(
                    f"The passages were encoded by {self.encoder_name!r}, and {encoder.name!r} cannot search them.",
                    f"Give {self.encoder_name!r}, or make a new index: PassageIndex.from_passages(list(index)).",
                )
            if self._indexed < len(self._rows):
                self._index_new(encoder, progress)
        return self

    def search(self, text: str, k: int, encoder: TextEncoder, entities: Sequence[str] = ()) -> list[ScoredPassage]:
        """Finds passages by meaning, by words and by named nodes, and fuses the three rankings by reciprocal rank.

        Args:
            text: The question.
            k: How many passages to return at most.
            encoder: Encodes the question.
            entities: IRIs of nodes; passages that name them rank higher.

        Returns:
            Passages, best first. ``score`` is the cosine of question and passage, not what they are ranked by.

        Raises:
            ModelError: The passages were encoded by another encoder.
        """
        with self._lock:
            self.build(encoder, progress=False)
            if k <= 0 or self._vectors is None or self._words is None or not len(self):
                return []
            depth = max(DEPTH, 4 * k)
            question = encoder.encode([text])[0]
            rankings = [
                self._vectors.search(question, depth),
                self._words.search(text, depth),
                self._naming(entities, question)[:depth],
            ]
            fused: dict[int, float] = {}
            for ranking in rankings:
                for rank, row in enumerate(ranking):
                    fused[row] = fused.get(row, 0.0) + 1.0 / (RANK_OFFSET + rank)
            rows = list(fused)
            cosines = dict(zip(rows, self._vectors.cosines(question, rows).tolist()))
            found = [(passage, row) for row in rows if (passage := self._rows[row]) is not None]
        found.sort(key=lambda f: (-fused[f[1]], -cosines[f[1]], f[0].id))
        return [ScoredPassage(passage, cosines[row]) for passage, row in found[:k]]

    def sentences(self, passage: Passage) -> list[str]:
        """The sentences of a passage, word for word, in order."""
        return list(sentences_of(passage.text))

    def save(self, folder: str | Path) -> None:
        """Writes passages and vectors into a folder, all or nothing.

        Raises:
            SavedFolderError: Something else is at ``folder``.
        """
        write_folder(folder, self._write, kind="passages")

    @classmethod
    def load(cls, folder: str | Path) -> PassageIndex:
        """Reads a saved index back; nothing is encoded again, the indexes are made from the vectors.

        Raises:
            SavedFolderError: The folder is incomplete, was changed, or holds what may not be loaded.
        """
        folder = Path(folder)
        read_folder(folder, kind="passages")
        settings = read_json(folder / "index.json")
        passages = list(_read_jsonl(folder / "passages.jsonl", may_be_empty=True))
        index = cls(passages, settings["metric"])
        index.encoder_name = settings["encoder"]
        if index.encoder_name:
            index._restore(folder)
        return index

    # inside

    def _row(self, passage_id: str) -> int:
        if passage_id not in self._row_of:
            raise PassageError(
                f"There is no passage with the id {passage_id!r}.", "Iterate over the index for all of them."
            )
        return self._row_of[passage_id]

    def _index_new(self, encoder: TextEncoder, progress: bool) -> None:
        """Encodes the rows that the indexes do not know of."""
        pending = self._pending(self._indexed, len(self._rows))
        vectors = encoder.encode([_full_text(passage) for _, passage in pending], progress=progress)
        self._put(pending, vectors, len(self._rows))
        self.encoder_name = encoder.name

    def _pending(self, start: int, stop: int) -> list[tuple[int, Passage]]:
        return [(row, passage) for row in range(start, stop) if (passage := self._rows[row]) is not None]

    def _put(self, pending: list[tuple[int, Passage]], vectors: Floats, indexed: int) -> None:
        from kgrag.retrieval.words import WordIndex

        if self._vectors is None or self._words is None:
            self._vectors, self._words = VectorIndex(vectors.shape[1], self.metric), WordIndex()
        self._vectors.add([row for row, _ in pending], vectors)
        self._words.update(added=[(row, _full_text(passage)) for row, passage in pending])
        self._indexed = indexed

    def _naming(self, entities: Sequence[str], question: Floats) -> list[int]:
        """Rows of the passages that name entities: those that name most first, then the nearest to the question."""
        counts: dict[int, int] = {}
        for iri in dict.fromkeys(entities):
            for row in self._named_in.get(iri, ()):
                counts[row] = counts.get(row, 0) + 1
        assert self._vectors is not None
        cosines = dict(zip(counts, self._vectors.cosines(question, list(counts)).tolist()))
        return sorted(counts, key=lambda row: (-counts[row], -cosines[row], row))

    def _write(self, folder: Path) -> None:
        from safetensors.numpy import save_file

        with self._lock:
            with (folder / "passages.jsonl").open("w", encoding="utf-8") as file:
                for passage in self:
                    file.write(json.dumps(_as_json(passage), ensure_ascii=False) + "\n")
            write_json(folder / "index.json", {"encoder": self.encoder_name, "metric": self.metric})
            if self._vectors is not None:
                rows = [row for row, _ in self._pending(0, self._indexed)]
                save_file({"vectors": self._vectors.vectors(rows)}, folder / "vectors.safetensors")

    def _restore(self, folder: Path) -> None:
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        file = folder / "vectors.safetensors"
        try:
            vectors = load_file(file)["vectors"].astype(np.float32, copy=False)
        except (OSError, KeyError, SafetensorError) as error:
            raise SavedFolderError(f"{file} cannot be read: {error}.", "Save the index again.") from error
        if vectors.ndim != 2 or len(vectors) > len(self):
            raise SavedFolderError(
                f"{file} holds vectors of shape {vectors.shape} for {len(self)} passages.", "Save the index again."
            )
        if len(vectors):
            self._put(self._pending(0, len(vectors)), vectors, len(vectors))


def _full_text(passage: Passage) -> str:
    """What is searched: title and text."""
    return f"{passage.title}\n{passage.text}" if passage.title else passage.text


def _as_json(passage: Passage) -> dict[str, Any]:
    values = {"id": passage.id, "text": passage.text, "title": passage.title, "source": passage.source}
    return {**{k: v for k, v in values.items() if v}, **({"entities": passage.entities} if passage.entities else {})}


def _read_jsonl(path: Path, may_be_empty: bool = False) -> Iterator[Passage]:
    if not path.is_file():
        raise PassageError(f"There is no file {path}.", "Give a file with one JSON object a line.")
    seen: dict[str, int] = {}
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            passage = _parse(line.removeprefix(b"\xef\xbb\xbf"), f"{path}, line {number}")
            if passage.id in seen:
                raise PassageError(
                    f"{path}, line {number}: the id {passage.id!r} was given in line {seen[passage.id]} already.",
                    "Give each passage its own id.",
                )
            seen[passage.id] = number
            yield passage
    if not seen and not may_be_empty:
        raise PassageError(f"{path} holds no passage.", 'Write one a line: {"id": "1", "text": "..."}.')


def _parse(line: bytes, where: str) -> Passage:
    """A passage from a line of JSON."""
    shape = 'Write it as {"id": "1", "text": "...", "title": "...", "source": "...", "entities": ["IRI", ...]}.'
    try:
        value = json.loads(line)
        json.dumps(value, ensure_ascii=False).encode("utf-8")  # half a surrogate pair cannot be written back
    except (ValueError, RecursionError) as error:
        raise PassageError(f"{where}: not JSON in UTF-8 ({error}).", shape) from error
    if not isinstance(value, dict):
        raise PassageError(f"{where}: not a JSON object.", shape)
    if isinstance(value.get("id"), int) and not isinstance(value["id"], bool):
        value["id"] = str(value["id"])
    for key in ("id", "text"):
        if not isinstance(value.get(key), str) or not value[key].strip():
            raise PassageError(f"{where}: {key!r} must be a text that is not empty; it is {value.get(key)!r}.", shape)
    optional = {key: value.get(key) or "" for key in ("title", "source")}
    for key, given in optional.items():
        if not isinstance(given, str):
            raise PassageError(f"{where}: {key!r} must be a text; it is {given!r}.", shape)
    entities = value.get("entities") or []
    if not isinstance(entities, list) or not all(isinstance(iri, str) for iri in entities):
        raise PassageError(f"{where}: 'entities' must be a list of IRIs; it is {entities!r}.", shape)
    return Passage(value["id"], value["text"], optional["title"], optional["source"], tuple(entities))
