"""What benchmarks/linking.py measures of a large graph, in a process of its own: ``linking_speed.py ALIASES SEED``.

Prints a JSON object. The graph is that of ``synthetic.py``; its labels and synonyms are the aliases. Times are those of
the processor, which others on the machine change least.
"""

from __future__ import annotations

import gc
import json
import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import synthetic
from linking_sets import misspelt

from kgrag.graph import KnowledgeGraph
from kgrag.linking import EntityLinker

ASKED, MISSPELT = 5_000, 200
WORDINGS = ("what is part of {}", "where was {} born", "which works were cited by {}", "who governs {}")


def main() -> None:
    """Measures building, then exact, then misspelt mentions."""
    aliases, seed = int(sys.argv[1]), int(sys.argv[2])
    graph = synthetic_graph(round(aliases / (synthetic.ENTITIES + synthetic.SYNONYMS)), seed)
    draw = random.Random(seed)
    entities = [node for node, iri in enumerate(graph.iris) if iri.startswith(synthetic.BASE + "e/")]
    names = [graph.label(node) for node in draw.choices(entities, k=ASKED)]
    questions = [wording.format(name) for name, wording in zip(names, WORDINGS * ASKED)]
    typos = [misspelt(name, draw) for name in names[:MISSPELT]]
    linker = EntityLinker(graph)
    EntityLinker(KnowledgeGraph.from_triples([("a", "b", "c")])).link("what is c")  # imports are no part of the figures
    before = memory()
    figures = {"build_s": seconds(linker.refresh)}
    homonyms = [name for name in names if len(graph.find(name)) > 1][
        :1
    ]  # among which is chosen by what is read of them
    figures["fuzzy_build_s"] = seconds(
        lambda: (
            linker.link("who governs kalomri"),
            linker.link_spans("kalomir", [(0, 7)]),
            *map(linker.link, homonyms),
        )
    )
    figures["memory_mib"] = memory() - before
    gc.collect()  # what building left behind is no part of what follows
    figures["exact_per_second"] = ASKED / seconds(lambda: [linker.link(question) for question in questions])
    figures["span_ms"] = 1000 * statistics.median(
        seconds(lambda name=name: linker.link_spans(name, [(0, len(name))])) for name in typos
    )
    asked = [wording.format(name) for name, wording in zip(typos, WORDINGS * MISSPELT)]
    figures["fuzzy_ms"] = 1000 * statistics.median(seconds(lambda q=question: linker.link(q)) for question in asked)
    print(json.dumps(figures))


def synthetic_graph(statements: int, seed: int) -> KnowledgeGraph:
    """A graph of so many statements."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "graph.nt"
        synthetic.write(path, statements, seed)
        return KnowledgeGraph.from_rdf(path)


def seconds(task: Callable[[], object]) -> float:
    """Processor time that a task takes."""
    started = time.process_time()
    task()
    return time.process_time() - started


def memory() -> float:
    """What the process holds now, MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


if __name__ == "__main__":
    main()
