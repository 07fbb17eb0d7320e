"""Documents to passages: along their structure, word for word, within a budget; and joined to the graph."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from document_files import ACT, report

from kgrag.documents import Document, Section, link, read, split
from kgrag.encoder import count_tokens, default_encoder
from kgrag.errors import DocumentError
from kgrag.graph import KnowledgeGraph
from kgrag.linking import EntityLinker
from kgrag.sentences import sentences


def words(texts: Sequence[str]) -> list[int]:
    """A count of tokens that needs no model."""
    return [len(text.split()) for text in texts]


def text_of(*lengths: int) -> str:
    """Sentences of so many words."""
    return " ".join(" ".join([f"S{n}", *["w"] * (length - 2), "end."]) for n, length in enumerate(lengths))


def of(*paragraphs: str, title: str = "", headings: tuple[str, ...] = ()) -> Document:
    return Document("d", title, "d.txt", sections=(Section(headings, paragraphs),))


def starts(document: Document, budget: int, overlap: int = 0) -> list[list[str]]:
    """The first word of each sentence of each passage."""
    passages = split(document, budget, overlap, words)
    return [[s.split()[0] for s in sentences(passage.text)] for passage in passages]


def test_a_short_document_is_one_passage_with_its_name() -> None:
    document = Document(
        "d", "T", "d.txt", "de", {"year": 1999}, (Section(("H",), ("A.", "B."), id="s1", pages=(3, 4)),), ("urn:x",)
    )
    (passage,) = split(document, count=words)
    assert (passage.id, passage.text, passage.title, passage.source) == ("d", "A.\n\nB.", "T › H", "d.txt")
    assert (passage.document, passage.entities) == ("d", ("urn:x",))
    assert passage.metadata == {"year": 1999, "language": "de", "section": "s1", "page": 3}


def test_passages_are_about_equally_long() -> None:
    assert starts(of(text_of(*[10] * 6)), 50) == [["S0", "S1", "S2"], ["S3", "S4", "S5"]]  # and not five and one


def test_passages_end_with_paragraphs_where_they_can() -> None:
    document = of(text_of(10, 10, 10), "P" + text_of(10, 10), text_of(10, 10))
    assert [words([p.text])[0] for p in split(document, 50, 0, words)] == [30, 40]
    document = of(text_of(10, 10), text_of(10, 10, 10, 10))
    assert [words([p.text])[0] for p in split(document, 50, 0, words)] == [20, 40]  # and not 50 and 10


def test_passages_never_cross_sections() -> None:
    sections = (Section(("1",), ("A.",)), Section(("2",), ("B.",)))
    assert [(p.title, p.text, p.id) for p in split(Document("d", sections=sections))] == [
        ("1", "A.", "d#1"),
        ("2", "B.", "d#2"),
    ]


def test_overlap_repeats_sentences_within_the_budget() -> None:
    document = of(text_of(*[10] * 6))
    assert starts(document, 40, 1) == [["S0", "S1", "S2", "S3"], ["S3", "S4", "S5"]]
    for budget in (16, 20, 30, 40, 70):
        for overlap in (0, 1, 2, 3):
            passages = split(document, budget, overlap, words)
            assert all(count <= budget for count in words([p.text for p in passages]))
            new = [s for before, p in zip([None, *passages], passages) for s in sentences(p.text)
                   if before is None or s not in sentences(before.text)]  # fmt: skip
            assert new == list(sentences(document.sections[0].paragraphs[0]))  # each once, in their order


def test_a_long_sentence_is_cut_between_clauses_or_words() -> None:
    clauses = " ".join(f"clause {n} of it,{' w' * 5};" for n in range(8)) + " end."
    parts = [p.text for p in split(of(clauses), 30, 0, words)]
    assert " ".join(parts) == clauses
    assert all(part.endswith((";", ".")) for part in parts)
    parts = [p.text for p in split(of("w " * 100 + "end."), 30, 0, words)]
    assert " ".join(parts) == "w " * 100 + "end." and max(words(parts)) <= 30
    parts = [p.text for p in split(of("药物" * 400 + "。"), 64)]
    assert "".join(parts) == "药物" * 400 + "。" and max(count_tokens(parts)) <= 64
    parts = [p.text for p in split(of("x" * 10_000), 64)]
    assert "".join(parts) == "x" * 10_000 and max(map(len, parts)) <= 64 * 16


def test_the_title_is_part_of_the_budget_and_cut_short() -> None:
    long = "A title of many words, which goes on and on " * 10
    document = of(text_of(*[10] * 20), title=long, headings=("Chapter", "Section " + long, "Article 5"))
    passages = split(document, 80, 1, words)
    assert all(sum(words([p.title, p.text])) <= 80 for p in passages)
    for passage in passages:
        assert words([passage.title])[0] <= 20 + 2 and passage.title.endswith(" › Article 5")
        assert passage.title.startswith("A title of")
    assert [p.title for p in split(of("A.", title="T", headings=("T", "H")))] == ["T › H"]


@pytest.mark.parametrize(("budget", "overlap"), [(15, 1), (100, -1)])
def test_passages_that_are_not_made(budget: int, overlap: int) -> None:
    with pytest.raises(DocumentError, match="Give a budget of 16 or more"):
        split(of("A."), budget, overlap)


@pytest.mark.parametrize("seed", range(20))
def test_nothing_is_lost_and_nothing_is_too_long(seed: int) -> None:
    rng = random.Random(seed)
    marks = [". ", "! ", "。", "; ", ", ", " ", " ", " ", " "]
    paragraphs = []
    for _ in range(rng.randint(1, 8)):
        pieces = [f"w{rng.randint(0, 99)}{rng.choice(marks)}" for _ in range(rng.randint(1, 150))]
        paragraphs.append(" ".join("".join(pieces).split()))
    document = of(*paragraphs, title="T")
    budget = rng.randint(16, 60)
    overlap = rng.randint(0, 2)
    passages = split(document, budget, overlap)
    assert passages == split(document, budget, overlap)
    whole = "\n\n".join(paragraphs)
    end = 0
    for passage in passages:
        assert sum(count_tokens([passage.title, passage.text])) <= budget
        at = whole.index(passage.text, max(end - len(passage.text), 0))
        assert not whole[end:at].strip()
        end = max(end, at + len(passage.text))
    assert end == len(whole)


def test_the_count_is_that_of_the_encoder() -> None:
    texts = ["Warfarin thins the blood.", "药物有效。", "", "x" * 500]
    _, mask = default_encoder().tokens(texts)
    assert [count + 2 for count in count_tokens(texts)] == mask.sum(dim=1).tolist()


def test_passages_know_their_page_and_article() -> None:
    (document,) = read(report(), kind="pdf")
    assert [p.metadata["page"] for p in split(document, 40, 0)][0] == 1
    assert [p.metadata["page"] for p in split(document)] == [1, 2]
    (document,) = read(ACT.encode(), kind="xml")
    article = next(p for p in split(document) if p.metadata.get("section") == "art_1")
    assert article.title == "Pump Act 2020/7 on pumps and valves › CHAPTER I General provisions › Article 1 Scope"
    assert "(a) toys;" in article.text and "Definitions" not in article.text


def test_passages_are_linked_to_the_nodes_that_they_name() -> None:
    graph = KnowledgeGraph.from_triples([("kelamin", "treats", "brivane"), ("nortisol", "treats", "brivane")])
    linker = EntityLinker(graph)
    document = Document(
        "d", "Kelamin", sections=(Section((), ("It treats brivane. Notrisol does not.",)),), entities=("x:y",)
    )
    (passage,) = link(split(document), linker)
    assert passage.entities == ("x:y", "urn:kgrag:node:kelamin", "urn:kgrag:node:brivane")
