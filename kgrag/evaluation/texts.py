"""How close the words of an answer are to those of a reference: BLEU and ROUGE-L."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

ORDER = 4  # of the longest n-grams that BLEU counts
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_\u3040-\u30ff\u3400-\u9fff]+")  # signs of CJK stand alone
_MARK = re.compile(r"([!-&(-+/:-@\[-`{-~])")  # ASCII marks but for ' , - and .
_POINT_AFTER = re.compile(r"([^0-9])([.,])")
_POINT_BEFORE = re.compile(r"([.,])([^0-9])")
_DASH = re.compile(r"([0-9])(-)")


def words_of(text: str) -> list[str]:
    """Words of a text, case folded, without marks."""
    return _WORD.findall(text.casefold())


def rouge_l(text: str, reference: str) -> float:
    """F1 of the longest common subsequence of words (ROUGE-L; Lin, 2004), case folded, without stemming."""
    said, gold = words_of(text), words_of(reference)
    common = _common_subsequence(said, gold)
    return 2 * common / (len(said) + len(gold)) if common else 0.0


def bleu(texts: Sequence[str], references: Sequence[str]) -> float:
    """BLEU of a set of texts (Papineni et al., 2002), with a reference for each, in 0..1.

    Words are parted as by mteval-v13a, precisions of zero are smoothed exponentially: what sacrebleu computes by default,
    divided by 100. It is a figure of the whole set, no mean over texts.
    """
    right, said = np.zeros(ORDER), np.zeros(ORDER)
    lengths = np.zeros(2)
    for text, reference in zip(texts, references, strict=True):
        words, gold = _parted(text), _parted(reference)
        lengths += len(words), len(gold)
        for order in range(1, ORDER + 1):
            grams, wanted = _grams(words, order), _grams(gold, order)
            right[order - 1] += (grams & wanted).total()
            said[order - 1] += grams.total()
    if not right[0] or not said.all():
        return 0.0
    missing = np.cumsum(right == 0)  # the first order with none counts a half, the next a quarter, and so on
    precisions = np.where(right > 0, right, 0.5**missing) / said
    brevity = min(0.0, 1 - lengths[1] / lengths[0])
    return math.exp(brevity + float(np.log(precisions).mean()))


def _parted(text: str) -> list[str]:
    text = text.replace("-\n", "")
    for coded, mark in (("&quot;", '"'), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(coded, mark)
    text = _MARK.sub(r" \1 ", f" {text} ")
    text = _POINT_BEFORE.sub(r" \1 \2", _POINT_AFTER.sub(r"\1 \2 ", text))
    return _DASH.sub(r"\1 \2 ", text).split()


def _grams(words: Sequence[str], order: int) -> Counter[tuple[str, ...]]:
    return Counter(zip(*(words[start:] for start in range(order))))


def _common_subsequence(a: Sequence[str], b: Sequence[str]) -> int:
    """Length of the longest sequence of words that both hold in this order, words between them left out."""
    lengths = [0] * (len(b) + 1)
    for word in a:
        before = 0  # of the row above, one column to the left
        for column, other in enumerate(b, start=1):
            before, lengths[column] = (
                lengths[column],
                before + 1 if word == other else max(lengths[column], lengths[column - 1]),
            )
    return lengths[-1]
