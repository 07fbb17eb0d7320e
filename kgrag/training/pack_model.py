"""Trains the reasoner of a shipped domain on its train questions: ``python -m kgrag.training.pack_model legal``.

With ``--judge`` the reasoner stays as it is, and what is learned anew is how far its answers are trusted.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from kgrag.encoding.saving import save_reasoner
from kgrag.evaluation import read_questions
from kgrag.graph import KnowledgeGraph
from kgrag.pipeline import KGRAG
from kgrag.resources import data_folder
from kgrag.training.labelled import judge, train


def main() -> None:
    """Command line of ``make model``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pack", help="the domain")
    parser.add_argument("--out", type=Path, help="folder; where the demo of the domain looks for it, if not given")
    parser.add_argument("--judge", action="store_true", help="train no reasoner, only judge that of the demo")
    arguments = parser.parse_args()
    folder = data_folder() / arguments.pack
    questions = read_questions(folder / "questions" / "train.jsonl")
    rag = KGRAG(KnowledgeGraph.from_rdf(folder / "graph.ttl"))
    out = arguments.out or data_folder() / "models" / arguments.pack
    if arguments.judge:
        untrained, rag = rag.judgement, KGRAG.demo(arguments.pack)
        rag.judgement = untrained
        judge(rag, questions)
    else:
        train(rag, questions)
        rag.reader.reasoner.phrasing = None  # that of the default model, which need not be there twice
        save_reasoner(rag.reader.reasoner, out)
    rag.judgement.save(out, made_by=f"python -m kgrag.training.pack_model {arguments.pack}")


if __name__ == "__main__":
    main()
