"""Trains what the entity linker ranks by before it has learned anything: ``python -m kgrag.training.linker``.

Nothing but texts made from the shipped graph and from random graphs with invented names goes in; some twenty numbers come
out.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from kgrag.encoder import default_encoder
from kgrag.graph import KnowledgeGraph
from kgrag.linking import EntityLinker, defaults
from kgrag.linking.coherence import TIES
from kgrag.linking.learning import learned, lessons_of_graph
from kgrag.linking.pairs import FEATURES, NOTHING
from kgrag.linking.ranking import Ranker
from kgrag.resources import data_folder
from kgrag.training.worlds import random_world

TEXTS = 3_000  # of the shipped graph, and of all random ones together
WORLDS = 10
SEED = 0


def train_defaults(with_encoder: bool) -> Ranker:
    """A ranker without a hidden layer, learned from several graphs at once.

    Args:
        with_encoder: Whether names are also compared by meaning.
    """
    graphs = [KnowledgeGraph.from_rdf(data_folder() / "medical" / "graph.ttl"), *map(random_world, range(WORLDS))]
    lessons = []
    for graph in graphs:
        linker = EntityLinker(graph, encoder=default_encoder() if with_encoder else None)
        linker.refresh()
        lessons += lessons_of_graph(linker.disambiguator, TEXTS if graph is graphs[0] else TEXTS // WORLDS, SEED)
    return learned(lessons, [], SEED)


def as_json(ranker: Ranker) -> dict[str, object]:
    """The numbers of a ranker without a hidden layer, those that are zero left out."""
    kinds = {"features": (FEATURES, ranker.linear), "nothing": (NOTHING, ranker.nothing), "ties": (TIES, ranker.ties)}
    numbers = {
        kind: {name: rounded for name, value in zip(names, values.tolist()) if (rounded := round(value, 3))}
        for kind, (names, values) in kinds.items()
    }
    return {**numbers, "temperature": round(ranker.temperature, 3)}


def main() -> None:
    """Trains both rankers and writes them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(defaults.__file__).parent / defaults.FILE)
    out = parser.parse_args().out
    found: dict[str, object] = {
        "made by": f"python -m kgrag.training.linker, seed {SEED}",
        "from": f"{TEXTS:,} texts made from data/medical/graph.ttl and as many from {WORLDS} random graphs",
    }
    for name, with_encoder in defaults.KINDS.items():
        found[name] = as_json(train_defaults(with_encoder))
    out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
