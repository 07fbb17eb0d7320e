"""Search by words: BM25 over texts, by tantivy, which maps them from a folder."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import tantivy

from kgrag.errors import PassageError
from kgrag.retrieval.hybrid import Ranking, ranking_of
from kgrag.retrieval.passages.analysis import analyzer, spaced
from kgrag.types import Floats, Ids

Text = tuple[int, str, Sequence[str]]  # row, what is searched, and tags that searches may be restricted to

_ANALYZER = "words"
_LOCK = ".lock"  # ending of the files by which tantivy keeps writers apart
_HEAP = 50_000_000  # bytes that are written to at once
_EQUALS = 16  # how many times as many as are wanted are looked at, where so many are equally good


@dataclass
class _Work:
    """What an index is being changed by."""

    writer: tantivy.IndexWriter | None = None
    adding: Future[None] | None = None
    dropped: bool = False  # nobody will search for what is still to be added


class WordIndex:
    """BM25 over texts by rows. Changes are seen by the next search.

    Its files are in a folder of its own below ``TMPDIR``, which goes when it goes.

    Args:
        language: Of the texts; see `kgrag.retrieval.passages.analysis`.
        folder: Where `write` wrote; it is not changed.

    Raises:
        PassageError: The language is unknown.
        ValueError: The folder holds no such index.
    """

    def __init__(self, language: str = "en", folder: Path | None = None) -> None:
        self._analyzer = analyzer(language)
        self._schema = _schema()
        self._work = _Work()
        if folder is not None:
            _link(folder, self._folder)
            self._index.reload()

    @cached_property
    def _folder(self) -> Path:
        folder = Path(tempfile.mkdtemp(prefix="kgrag-words-"))
        weakref.finalize(self, _drop, self._work, folder)
        return folder

    @cached_property
    def _index(self) -> tantivy.Index:
        index = tantivy.Index(self._schema, path=str(self._folder))
        index.register_tokenizer(_ANALYZER, self._analyzer)
        index.config_reader("manual")  # else a thread of its own looks for changes, and puts locks into the folder
        return index

    def add(self, texts: Iterable[Text]) -> None:
        """Adds texts, in a thread of its own: whatever comes before the next search, as encoding them, goes on meanwhile."""
        self._writing()
        thread = ThreadPoolExecutor(1)
        self._work.adding = thread.submit(_add, self._work, texts)
        thread.shutdown(wait=False)

    def remove(self, rows: Ids) -> None:
        """Removes texts."""
        if len(rows):
            query = tantivy.Query.term_set_query(self._schema, "row", rows.tolist())
            self._writing().delete_documents_by_query(query)

    def search(self, text: str, limit: int, wanted: Sequence[Sequence[str]] = ()) -> Ranking:
        """The texts that share words with ``text``.

        Args:
            text: What is sought.
            limit: How many rows to find.
            wanted: Groups of tags, of each of which a text must have one.
        """
        self._commit()
        terms = dict.fromkeys(self.terms(text))  # terms, not a query string: nothing to escape
        rows, scores = np.zeros(0, np.int64), np.zeros(0, np.float32)
        if limit > 0 and terms:
            query, searcher = self._query(terms, wanted), self._index.searcher()
            for count in (
                2 * limit,
                _EQUALS * limit,
            ):  # of equal ones, in whatever order they lie, the first rows are wanted
                hits = searcher.search(query, count, count=False).hits
                if len(hits) < count or hits[-1][0] < hits[limit - 1][0]:
                    break
            rows = np.array(searcher.fast_field_values("row", [address for _, address in hits]), np.int64)
            scores = np.array([score for score, _ in hits], np.float32)
        return ranking_of(rows, scores, limit)

    def scores(self, text: str, rows: Ids) -> Floats:
        """BM25 of given rows, 0 where none of the words is in them; shape (rows,)."""
        scores, terms = np.zeros(len(rows), np.float32), dict.fromkeys(self.terms(text))
        if len(rows) and terms:
            self._commit()
            query, occur, searcher = tantivy.Query, tantivy.Occur, self._index.searcher()
            # One query a row is looked up; a set of terms would be compared with every row there is.
            those = [(occur.Should, query.term_query(self._schema, "row", row)) for row in rows.tolist()]
            only = query.const_score_query(query.boolean_query(those), 0.0)
            both = query.boolean_query([(occur.Must, only), (occur.Should, self._query(terms, ()))])
            hits = searcher.search(both, len(rows), count=False).hits
            found = searcher.fast_field_values("row", [address for _, address in hits])
            by_row = dict(zip(found, (score for score, _ in hits)))
            scores[:] = [by_row.get(row, 0.0) for row in rows.tolist()]
        return scores

    def terms(self, text: str) -> list[str]:
        """The words of a text as they are compared, in order."""
        return self._analyzer.analyze(spaced(text))

    def rarity(self, terms: Iterable[str]) -> Floats:
        """How rare words are: 0 for those in each text, 1 for those in one; shape (terms,)."""
        self._commit()
        searcher = self._index.searcher()
        count = max(searcher.num_docs, 2)
        seen = np.array([searcher.doc_freq("text", term) for term in terms], np.float32)
        return (np.log(count / seen.clip(1)).clip(0) / np.log(count)).astype(np.float32)

    def write(self, folder: Path) -> None:
        """Writes it into a new folder.

        Raises:
            OSError: It cannot be written.
            PassageError: Nor can what was changed.
        """
        self._commit()
        folder.mkdir()
        _link(self._folder, folder)

    def _query(self, terms: Iterable[str], wanted: Sequence[Sequence[str]]) -> tantivy.Query:
        query, occur = tantivy.Query, tantivy.Occur
        words = query.boolean_query([(occur.Should, query.term_query(self._schema, "text", term)) for term in terms])
        if not wanted:
            return words
        groups = (query.term_set_query(self._schema, "tags", list(tags)) for tags in wanted)
        only = [(occur.Must, query.const_score_query(group, 0.0)) for group in groups]
        return query.boolean_query([(occur.Must, words), *only])

    def _writing(self) -> tantivy.IndexWriter:
        """What writes, once all before was handed to it."""
        work = self._work
        adding, work.adding = work.adding, None
        if adding is not None:
            with _written():
                adding.result()
        if work.writer is None:  # one thread, so that the order is always the same
            work.writer = self._index.writer(heap_size=_HEAP, num_threads=1)
        return work.writer

    def _commit(self) -> None:
        """Makes changes visible; what is merged thereby is part of the figures that BM25 goes by, and waited for."""
        if self._work.writer is not None:
            writer = self._writing()
            with _written():
                writer.commit()
                writer.wait_merging_threads()
            self._work.writer = None
            self._index.reload()


def _add(work: _Work, texts: Iterable[Text]) -> None:
    for row, text, tags in texts:
        if work.dropped or work.writer is None:
            return
        work.writer.add_document(_document(row, text, tags))


def _drop(work: _Work, folder: Path) -> None:
    """Removes a folder as soon as nothing writes into it; waiting is no way, as what adds may be what runs this."""
    work.dropped = True
    if work.adding is None:
        _remove(work, folder)
    else:
        work.adding.add_done_callback(lambda _: _remove(work, folder))


def _remove(work: _Work, folder: Path) -> None:
    work.writer = None  # which waits for its threads
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _written() -> Iterator[None]:
    """Says what to do where tantivy cannot write."""
    try:
        yield
    except ValueError as error:
        raise PassageError(
            f"What was changed cannot be indexed: {error}.",
            f"Make room in {tempfile.gettempdir()}, or set TMPDIR, and load the index again.",
        ) from error


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("row", indexed=True, fast=True)
    builder.add_text_field("text", tokenizer_name=_ANALYZER, index_option="freq")
    builder.add_text_field("tags", tokenizer_name="raw", index_option="basic")
    return builder.build()


def _document(row: int, text: str, tags: Sequence[str]) -> tantivy.Document:
    document = tantivy.Document(text=spaced(text))
    document.add_unsigned("row", row)
    for tag in tags:
        document.add_text("tags", tag)
    return document


def _link(source: Path, target: Path) -> None:
    """Puts the files of a folder into another one: they are never changed, only replaced and added to."""
    for file in source.iterdir():
        if file.suffix == _LOCK:
            continue
        try:
            os.link(file, target / file.name)
        except OSError:  # on another disk
            shutil.copyfile(file, target / file.name)
