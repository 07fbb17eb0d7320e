"""PubMedQA: yes, no or maybe to a question, from an abstract without its conclusion; by a small classifier over MiniLM's vectors.

kgrag has no reader of that kind. This says how far its text encoder alone goes: logistic regression on the vectors of the question, of
what the results say, and of how they go together, and on a few words that tell doubt; trained and measured by the ten folds in which
the authors of the set have the half of it divided that is not the test (Jin et al., EMNLP 2019).
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import numpy as np
from domain_parts import SEED, Run
from domain_report import Measured
from passage_sets import lines
from remembered import Remembered
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
LAST = 3  # sentences of the results that are read one by one
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
    """Accuracy and macro F1 by ten folds, beside always saying what is said most."""
    rows = [row for part in ("train", "valid") for row in lines(f"pubmedqa/pqal_{part}.jsonl")]
    gold = [row["answer"] for row in rows]
    features = np.stack([features_of(row, run.encoder) for row in rows])
    model = make_pipeline(
        StandardScaler(), GridSearchCV(LogisticRegression(max_iter=300), {"C": STRENGTHS}, cv=INNER, scoring="accuracy")
    )
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    said = cross_val_predict(model, features, gold, cv=folds).tolist()
    most = Counter(gold).most_common(1)[0][0]
    systems = {"MiniLM and a linear classifier": said, f"always {most!r}": [most] * len(gold)}
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


def features_of(row: dict[str, Any], encoder: Remembered) -> np.ndarray:
    """Vectors of the question and of the results, their product, and cues; shape (features,)."""
    results = row["contexts"][-1]
    last = sentences(results)[-LAST:] or [results]
    question, whole, *singles = encoder.encode([row["question"], results, *last])
    nearest = max(singles, key=lambda one: float(one @ question))
    cues = [float(len(cue.findall(text))) for text in (row["question"], results) for cue in CUES]
    return np.concatenate(
        [question, whole, question * nearest, cues, [float(question @ whole), float(question @ nearest)]]
    )
