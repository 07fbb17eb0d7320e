"""Trains the reasoner of a shipped domain on its train questions: ``python -m kgrag.training.pack_model legal``."""

from __future__ import annotations

import argparse
from pathlib import Path

from kgrag.encoding.saving import save_reasoner
from kgrag.evaluation import read_questions
from kgrag.graph import KnowledgeGraph
from kgrag.pipeline import KGRAG
from kgrag.resources import data_folder
from kgrag.training.labelled import train


def main() -> None:
    """Command line of ``make model``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pack", help="the domain")
    parser.add_argument("--out", type=Path, help="folder; where the demo of the domain looks for it, if not given")
    arguments = parser.parse_args()
    folder = data_folder() / arguments.pack
    rag = KGRAG(KnowledgeGraph.from_rdf(folder / "graph.ttl"))
    train(rag, read_questions(folder / "questions" / "train.jsonl"))
    rag.reader.reasoner.phrasing = None  # that of the default model, which need not be there twice
    out = arguments.out or data_folder() / "models" / arguments.pack
    save_reasoner(rag.reader.reasoner, out)
    rag.judgement.save(out, made_by=f"python -m kgrag.training.pack_model {arguments.pack}")


if __name__ == "__main__":
    main()
