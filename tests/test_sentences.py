"""Sentences of texts."""

from __future__ import annotations

from kgrag.retrieval import PassageIndex
from kgrag.types import Passage


def test_sentences_are_word_for_word() -> None:
    text = (
        "Drugs, e.g. aspirin, thin the blood (see Fig. 2). Dr. Smith et al. gave 2.5 mg, i.e. half a dose.\n\n"
        "Was it enough? Yes! 药物有效。它很安全。 Levels vs. time, approx. 3 h, were in range"
    )
    sentences = PassageIndex().sentences(Passage("x", text))
    assert sentences == [
        "Drugs, e.g. aspirin, thin the blood (see Fig. 2).",
        "Dr. Smith et al. gave 2.5 mg, i.e. half a dose.",
        "Was it enough?",
        "Yes!",
        "药物有效。",
        "它很安全。",
        "Levels vs. time, approx. 3 h, were in range",
    ]
    assert all(sentence in text for sentence in sentences)
