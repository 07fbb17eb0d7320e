"""PubMedQA: yes, no or maybe to a question, from an abstract without its conclusion; by a small classifier.

kgrag has no reader of that kind. This says how far one gets without: logistic regression on how often the question, the results and
their last sentence have words that tell how a study ended; and, beside it, on what kgrag's text encoder makes of question and results.
Both are trained and measured by ten folds of the half of the set that is not its test (Jin et al., EMNLP 2019).
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import numpy as np
from domain_parts import SEED, Run
from domain_report import Measured
from passage_sets import lines
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from kgrag.evaluation.metrics import accuracy
from kgrag.sentences import sentences

FOLDS = 10
STRENGTHS = (
    1e-4,
    1e-3,
    1e-2,
)  # of the data against the penalty on weights; chosen within each fold, by five folds of its own
INNER = 5
MOST = 3  # times that a word counts
WORDS, VECTORS = "words that tell outcomes", "vectors of MiniLM"
PUBLISHED = {"BioBERT (Jin et al., 2019), on the test half": 0.681}
CUES = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?:no|not|neither|nor|without|lack)\b",
        r"\bno (?:statistically )?significant|\bnot (?:statistically )?significant",
        r"\bsignificant(?:ly)?\b",
        r"\bp\s*[<=]\s*0?\.0",
        r"\bp\s*[>=]\s*0?\.[1-9]",
        r"\bhowever\b|\balthough\b|\bwhereas\b|\bbut\b",
        r"\bsimilar|\bequal|\bcomparable|\bdiffer",
        r"\bmay\b|\bmight\b|\bcould\b|\btrend",
        r"\bhigher|\bincreas|\bimprov|\bbetter",
        r"\blower|\bdecreas|\breduc|\bworse",
    )
]


def measure(run: Run) -> Measured:
    """Accuracy and macro F1 by ten folds, beside always saying what is said most; with --quick by words alone."""
    rows = [row for part in ("train", "valid") for row in lines(f"pubmedqa/pqal_{part}.jsonl")]
    gold = [row["answer"] for row in rows]
    features = {WORDS: np.array([words_in(row) for row in rows], float)}
    if not run.quick:
        texts = [text for row in rows for text in (row["question"], row["contexts"][-1])]
        features[VECTORS] = run.encoder.encode(texts, progress=True).reshape(len(rows), -1)
    systems = {name: said_by_folds(found, gold) for name, found in features.items()}
    most = Counter(gold).most_common(1)[0][0]
    systems[f"always {most!r}"] = [most] * len(gold)
    figures: dict[str, dict[str, float | None]] = {
        name: {"accuracy": accuracy(one, gold), "macro F1": float(f1_score(gold, one, average="macro"))}
        for name, one in systems.items()
    }
    figures |= {name: {"accuracy": published} for name, published in PUBLISHED.items()}
    predictions = [
        {"system": name, "id": row["id"], "question": row["question"], "gold": row["answer"], "answer": answer}
        for name, one in systems.items()
        for row, answer in zip(rows, one)
    ]
    return Measured(figures, predictions, f"{len(rows)} questions, {FOLDS} folds; the conclusion is not read")


def words_in(row: dict[str, Any]) -> list[int]:
    """How often each kind of telling word stands in the question, in the results and in their last sentence."""
    results = row["contexts"][-1]
    last = sentences(results)[-1:] or (results,)
    return [min(len(cue.findall(text)), MOST) for text in (row["question"], results, last[0]) for cue in CUES]


def said_by_folds(features: np.ndarray, gold: list[str]) -> list[str]:
    """What is said of each row by a classifier that learned from the other folds.

    Args:
        features: Shape (rows, features).
        gold: What is right.
    """
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    search = GridSearchCV(LogisticRegression(max_iter=500), {"C": STRENGTHS}, cv=INNER)
    said: list[str] = cross_val_predict(make_pipeline(StandardScaler(), search), features, gold, cv=folds).tolist()
    return said
