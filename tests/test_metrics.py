"""Metrics of sets, rankings and texts, against numbers worked by hand and against the programs that others report with."""

import random

import pytest

from kgrag.evaluation.metrics import (
    Overlap,
    accuracy,
    exact_match,
    hit_at,
    mean,
    percentile,
    recall_at,
    reciprocal_rank,
    set_f1,
)
from kgrag.evaluation.texts import bleu, rouge_l


def test_sets():
    # a b c against b c d e: two right, of three said and four wanted
    found = Overlap.of(["a", "b", "c", "b"], {"b", "c", "d", "e"})
    assert found == (2, 3, 4)
    assert (found.precision, found.recall) == (2 / 3, 2 / 4)
    assert found.f1 == pytest.approx(2 * (2 / 3) * (1 / 2) / (2 / 3 + 1 / 2)) == set_f1("abc", set("bcde"))
    assert Overlap.of([], {"a"}).f1 == Overlap.of(["a"], set()).f1 == 0.0
    assert exact_match("abba", {"a", "b"}) == 1.0 and exact_match("a", {"a", "b"}) == 0.0


def test_micro_averages_weigh_what_is_said():
    # 1 of 1 and 0 of 3: macro precision would be 1/2
    total = Overlap.total([Overlap(1, 1, 1), Overlap(0, 3, 1)])
    assert (total.precision, total.recall, total.f1) == (1 / 4, 1 / 2, 2 / 6)
    assert Overlap.total([]) == (0, 0, 0)


def test_rankings():
    ranked, gold = ["a", "b", "c", "d"], {"b", "d", "x"}
    assert [hit_at(ranked, gold, k) for k in (1, 2, 4)] == [0.0, 1.0, 1.0] and hit_at([], gold) == 0.0
    assert [recall_at(ranked, gold, k) for k in (1, 2, 4)] == [0.0, 1 / 3, 2 / 3]
    assert reciprocal_rank(ranked, gold) == 1 / 2 and reciprocal_rank(ranked, gold, 1) == 0.0
    assert reciprocal_rank(ranked, {"x"}) == 0.0


def test_means_leave_out_what_does_not_apply():
    assert mean([1, None, 0.0]) == 0.5 and mean([None]) is None
    assert percentile([4, 1, None, 3, 2], 50) == 2.5 and percentile([], 95) is None
    assert percentile(range(101), 95) == 95.0
    assert accuracy(["yes", "no", "yes"], ["yes", "yes", "yes"]) == 2 / 3 and accuracy([], []) == 0.0


def test_texts_by_hand():
    # 5 of 6 words, 3 of 5 pairs, 1 of 4 triples, none of 3 fours, which counts as a half
    value = (5 / 6 * 3 / 5 * 1 / 4 * 0.5 / 3) ** (1 / 4)
    assert bleu(["the cat sat on the mat"], ["the cat is on the mat"]) == pytest.approx(value)
    # the same at two thirds of the length: all n-grams right, brevity e^(1 - 6/4)
    assert bleu(["the cat is on"], ["the cat is on the mat"]) == pytest.approx(2.718281828459045**-0.5)
    # the cat ... on the mat: 5 of 6 and 6
    assert rouge_l("The cat sat on the mat.", "the cat is on the mat") == pytest.approx(5 / 6)
    # order counts: of "b a" only one word is in order
    assert rouge_l("b a", "a b") == 1 / 2
    assert bleu([""], ["a"]) == bleu(["x y z w"], ["a b c d"]) == rouge_l("", "a") == 0.0
    assert rouge_l("感冒的症状", "感冒症状") == pytest.approx(2 * 4 / 9)


def test_texts_as_others_compute_them():
    sacrebleu = pytest.importorskip("sacrebleu")
    scorer = pytest.importorskip("rouge_score.rouge_scorer").RougeScorer(["rougeL"])
    text = "the cat sat on a mat , and 1,000 dogs - 12-13 of them (all) ran 3.5 miles away. isn't it? &amp; co"
    words = text.split()
    draw = random.Random(0)
    texts, references = ([" ".join(draw.choices(words, k=draw.randint(1, 25))) for _ in range(150)] for _ in range(2))
    for text, reference in zip(texts, references):
        assert 100 * bleu([text], [reference]) == pytest.approx(sacrebleu.corpus_bleu([text], [[reference]]).score)
        assert rouge_l(text, reference) == pytest.approx(scorer.score(reference, text)["rougeL"].fmeasure)
    assert 100 * bleu(texts, references) == pytest.approx(sacrebleu.corpus_bleu(texts, [references]).score)
