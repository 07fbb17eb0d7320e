"""The weights that rank before anything was learned from a graph or from labelled texts."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import resources

import numpy as np

from kgrag.linking.coherence import TIES
from kgrag.linking.pairs import FEATURES, NOTHING
from kgrag.linking.ranking import Ranker

FILE = "weights.json"
KINDS = {"with encoder": True, "without encoder": False}


@lru_cache(maxsize=2)
def default_ranker(with_encoder: bool) -> Ranker:
    """The shipped ranker; see ``kgrag/training/linker.py`` for what it was trained on."""
    shipped = json.loads((resources.files("kgrag.linking") / FILE).read_text(encoding="utf-8"))
    learned = shipped[next(name for name, has_encoder in KINDS.items() if has_encoder == with_encoder)]
    linear, nothing, ties = (
        np.array([learned[kind].get(name, 0) for name in names], np.float32)
        for kind, names in (("features", FEATURES), ("nothing", NOTHING), ("ties", TIES))
    )
    empty = np.zeros(0, np.float32)
    return Ranker(linear, empty.reshape(len(linear), 0), empty, empty, nothing, ties, learned["temperature"])
