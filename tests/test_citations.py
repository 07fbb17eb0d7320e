"""Citation precision and recall, claim by claim, as worked out by hand."""

import pytest

from kgrag.evaluation.citations import claims_of, holds_the_words, stated, support
from kgrag.types import Answer, Citation, Passage, Triple


def triple(subject: str, relation: str, object_: str) -> Triple:
    return Triple(subject, relation, object_, (subject, relation, object_))


TREATS = triple("kelamin", "treats", "brivane")
ALSO = triple("nortisol", "treats", "brivane")
EFFECT = triple("nortisol", "has side effect", "nausea")
ASIDE = triple("dolphic fever", "has symptom", "rash")
IN_SHORT = triple("brivane", "needs", "kelamin")
IN_FULL = triple("brivane", "needs", "fever of kelamin")
KEPT = Passage("p1", "Nortisol must be kept in a refrigerator. It is swallowed.", "Nortisol")


def answer(text: str, *sources: Triple | Passage, **fields) -> Answer:
    citations = [
        Citation(number, triple=source) if isinstance(source, Triple) else Citation(number, passage=source)
        for number, source in enumerate(sources, start=1)
    ]
    return Answer("?", text, citations=tuple(citations), **fields)


def test_markers_belong_to_their_sentence_or_to_those_before_them():
    found = claims_of(answer("Fever [1]. One thing. Two things. [2] [3] Yes. A last thing", TREATS, ALSO, EFFECT))
    assert [(claim.text, [c.number for c in claim.citations]) for claim in found] == [
        ("Fever.", [1]),
        ("One thing. Two things.", [2, 3]),
        ("A last thing", []),
    ]
    assert claims_of(answer("Nortisol treats it [9].", ALSO))[0].citations == ()  # a source that is not there


@pytest.mark.parametrize(
    ("text", "sources", "precision", "recall"),
    [
        ("Kelamin [1] and nortisol [2] treat brivane.", (TREATS, ALSO), 1, 1),
        ("Kelamin [1] and nortisol [2] treat brivane.", (TREATS, ASIDE), 0, 0),  # nothing for nortisol
        ("Kelamin [1] [2] treats brivane.", (TREATS, ASIDE), 1 / 2, 1),  # the second is not needed
        ("Kelamin [1] cures brivane.", (TREATS,), 0, 0),  # another relation
        ("Kelamin treats brivane.", (), None, 0),
        ("Nausea [1] [2].", (ALSO, EFFECT), 1, 1),  # both are needed, to lead from brivane to it
        ("Nausea [1].", (EFFECT,), 0, 0),  # leads to nothing that is asked about
        ("Brivane needs kelamin [1] and fever of kelamin [2].", (IN_SHORT, IN_FULL), 1, 1),  # names within names
        ("Brivane needs kelamin [1] and fever of kelamin [2].", (IN_FULL, IN_SHORT), 0, 0),
        ("2: kelamin [1] and nortisol [2].", (TREATS, ALSO), 1, 1),  # which can be counted
        ("3: kelamin [1] and nortisol [2].", (TREATS, ALSO), 0, 0),
        ("Kelamin treats brivane [1]. Dolphic fever has symptom rash.", (TREATS,), 1, 1 / 2),
    ],
)
def test_statements(text, sources, precision, recall):
    found = support(answer(text, *sources), ["brivane"])
    assert found == (precision, recall)


def test_which_nodes_the_question_names_decides_what_is_needed():
    assert stated("Nausea", [ALSO, EFFECT], ["brivane"]) and not stated("Nausea", [EFFECT], ["brivane"])
    both = answer("Kelamin [1] [2] treats brivane.", TREATS, triple("kelamin", "treats", "dolphic fever"))
    assert support(both, ["brivane", "dolphic fever"]) == (1 / 2, 1)  # of the other nothing is said
    assert stated("Nausea", [EFFECT], ["nortisol"]) and not stated("Nausea", [], ["nausea"])


def test_what_leads_to_one_answer_is_no_source_of_another():
    more = triple("kelamin", "treats", "dolphic fever"), triple("nortisol", "treats", "dolphic fever")
    both = answer("Kelamin [1] [2] and nortisol [3] [4] treat brivane.", TREATS, more[0], ALSO, more[1])
    # without [1] kelamin would still hang on to brivane by way of dolphic fever and nortisol, but not by sources of its own
    assert support(both, ["brivane", "dolphic fever"]) == (1 / 2, 1)


def test_passages_are_left_to_the_judge():
    quoted = answer("Nortisol must be kept in a refrigerator. [1]", KEPT)
    assert support(quoted, []) == (1, 1)
    seen = []

    def strict(premise: str, claim: str) -> bool:
        seen.append((premise, claim))
        return False

    assert support(quoted, [], strict) == (0, 0)
    assert seen[0] == ("Nortisol. " + KEPT.text, "Nortisol must be kept in a refrigerator.")
    assert holds_the_words(KEPT.text, "It must be kept in refrigerators.") and not holds_the_words(
        KEPT.text, "Keep it dry."
    )


def test_either_source_is_precise_where_each_is_enough():
    both = answer("Nortisol treats brivane [1] [2].", ALSO, Passage("p2", "Brivane: nortisol treats it."))
    assert support(both, ["brivane"]) == (1, 1)


def test_what_claims_nothing_has_no_support():
    assert support(answer("I cannot answer that.", abstained=True), []) is None
    assert support(answer("No: the graph has no statement that says so.", verdict="no"), ["a"]) is None
    assert support(answer("Yes."), ["a"]) is None
