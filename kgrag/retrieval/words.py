"""Search by words: BM25 over texts, held in memory by tantivy."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

# Chinese, Japanese and Korean put no spaces between words: each character is taken as one.
_IDEOGRAPH = re.compile(r"([\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])")
_ANALYZER = "words"


class WordIndex:
    """BM25 over numbered texts. English words are stemmed and stop words left out; other languages are taken as they are."""

    def __init__(self) -> None:
        import tantivy

        self._tantivy: Any = tantivy
        builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        for step in (
            tantivy.Filter.remove_long(80),
            tantivy.Filter.lowercase(),
            tantivy.Filter.ascii_fold(),
            tantivy.Filter.stopword("english"),
            tantivy.Filter.stemmer("english"),
        ):
            builder = builder.filter(step)
        self._analyzer = builder.build()
        schema = tantivy.SchemaBuilder()
        schema.add_unsigned_field("row", stored=True, indexed=True, fast=True)
        schema.add_text_field("text", tokenizer_name=_ANALYZER)
        self._schema = schema.build()
        self._index = tantivy.Index(self._schema)
        self._index.register_tokenizer(_ANALYZER, self._analyzer)
        # One thread, so that the order is always the same.
        self._writer = self._index.writer(heap_size=50_000_000, num_threads=1)

    def update(self, added: Iterable[tuple[int, str]] = (), removed: Iterable[int] = ()) -> None:
        """Makes additions and removals visible to the next search."""
        for row in removed:
            self._writer.delete_documents_by_query(self._tantivy.Query.term_query(self._schema, "row", row))
        for row, text in added:
            document = self._tantivy.Document(text=_spaced(text))
            document.add_unsigned("row", row)
            self._writer.add_document(document)
        self._writer.commit()
        self._index.reload()

    def search(self, text: str, limit: int) -> list[int]:
        """Rows of the texts that share words with ``text``, best first."""
        query = self._tantivy.Query
        terms = dict.fromkeys(self._analyzer.analyze(_spaced(text)))  # terms, not a query string: nothing to escape
        if not terms:
            return []
        should = [(self._tantivy.Occur.Should, query.term_query(self._schema, "text", term)) for term in terms]
        searcher = self._index.searcher()
        hits = searcher.search(query.boolean_query(should), limit).hits
        found = [(-score, int(searcher.doc(address)["row"][0])) for score, address in hits]
        return [row for _, row in sorted(found)]


def _spaced(text: str) -> str:
    return _IDEOGRAPH.sub(r" \1 ", text)
