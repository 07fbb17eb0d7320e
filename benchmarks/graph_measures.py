"""What benchmarks/graph.py measures in a process of its own: ``graph_measures.py TASK < plan.json``.

Tasks are "sample", "measure" and "reopen". The plan is a JSON object; so is what is printed. Memory is read from ``/proc``.
"""

from __future__ import annotations

import contextlib
import json
import random
import re
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from graph_systems import KGRAG, SYSTEMS, Parse, Row, base_of

RDFS_LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
NEW = "urn:benchmark:"
HOP = "SELECT ?s ?p ?o WHERE { ?s ?p ?o }"  # with ?s, as pyoxigraph asks for of a variable that is bound
HOPS = "SELECT ?s ?o WHERE { ?s ?p ?m . ?m ?q ?o }"
SAMPLED, SINGLE, ASKED, ADDED, CHANGES = 100_000, 10_000, 200, 1_000, 5
SMALL = {
    ".nt": "<x:a> <x:p> <x:b> .\n",
    ".ttl": "<x:a> <x:p> <x:b> .\n",
    ".rdf": '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:x="x:">'
    '<rdf:Description rdf:about="x:a"><x:p rdf:resource="x:b"/></rdf:Description></rdf:RDF>',
}

Figures = dict[str, float]


def sample(plan: dict[str, Any]) -> Figures:
    """Writes IRIs that something other than a literal is said of into a file, drawn with replacement."""
    import pyoxigraph

    seen: dict[str, None] = {}
    for file in plan["files"]:
        for subject, _, obj, _ in pyoxigraph.parse(path=file, base_iri=base_of(file)):
            if isinstance(subject, pyoxigraph.NamedNode) and not isinstance(obj, pyoxigraph.Literal):
                seen[subject.value] = None
    drawn = random.Random(plan["seed"]).choices(list(seen), k=SAMPLED)
    Path(plan["sample"]).write_text(json.dumps(drawn))
    return {"subjects": len(seen)}


def measure(plan: dict[str, Any]) -> Figures:
    """All figures of one system that come from one process."""
    system = SYSTEMS[plan["system"]]()
    with tempfile.TemporaryDirectory() as folder:  # what is imported at the first use is no part of the figures
        small = Path(folder) / f"small{Path(plan['files'][0]).suffix}"
        small.write_text(SMALL[small.suffix])
        system.load([str(small)])
    with most_memory() as memory:
        figures = {"load_s": seconds(lambda: system.load(plan["files"]))}
    figures |= {"memory_mib": sum(memory.values()), "statements": system.statements()}
    if isinstance(system, Parse):
        return figures
    iris = json.loads(Path(plan["sample"]).read_text())
    figures |= _reading(system, iris)
    if isinstance(system, KGRAG):
        figures |= _saving(system, iris, Path(plan["folder"]))
        system.load(plan["files"])  # anew, for changes of a saved graph go to the disk, and those of others do not
    return figures | _changing(system, iris)


def reopen(plan: dict[str, Any]) -> Figures:
    """Seconds until a saved graph is there, and until it first gives neighbours and a name."""
    from kgrag.graph import KnowledgeGraph

    graphs: list[KnowledgeGraph] = []
    figures = {"reopen_s": seconds(lambda: graphs.append(KnowledgeGraph.load(Path(plan["folder"]) / "kept")))}
    (graph,) = graphs
    figures["first_neighbours_ms"] = seconds(lambda: graph.statements_from([graph.num_nodes // 2])) * 1e3
    figures["first_find_ms"] = seconds(lambda: graph.find("a name that nothing bears")) * 1e3
    return figures


def _reading(system: Any, iris: list[str]) -> Figures:
    keys = system.keys(iris)
    times, found = timed(system.neighbours, keys[:SINGLE])
    figures = {"neighbours_us": times * 1e6, "found_neighbours": found}
    figures["many_ms"] = seconds(lambda: system.neighbours_of_many(keys)) * 1e3
    figures["first_query_ms"] = seconds(lambda: system.query(HOP, iris[0])) * 1e3
    for name, sparql in (("hop", HOP), ("hops", HOPS)):
        times, found = timed(lambda iri, sparql=sparql: system.query(sparql, iri), iris[:ASKED])
        figures |= {f"{name}_ms": times * 1e3, f"found_{name}": found}
    return figures


def _saving(system: KGRAG, iris: list[str], folder: Path) -> Figures:
    """What others have no like of: both directions at once, and a graph that lives on the disk."""
    saved, keys = folder / "saved", system.keys(iris)
    figures = {"both_ms": seconds(lambda: system.graph.neighbours(keys)) * 1e3}
    figures["save_s"] = seconds(lambda: system.graph.save(saved))
    figures["saved_mib"] = sum(file.stat().st_size for file in saved.rglob("*")) / 2**20
    shutil.copytree(saved, folder / "kept")  # what is reopened is free of the change that follows
    before, look = system.neighbours(keys[0]), partial(system.neighbours, keys[0])
    row = (iris[0], f"{NEW}relation", f"{NEW}node")
    figures["add_saved_ms"] = until(system.add, [row], look, before + 1)
    return figures


def _changing(system: Any, iris: list[str]) -> Figures:
    """Milliseconds until a change is seen by the next look at whom it is about."""
    distinct = list(dict.fromkeys(iris))
    rows = [(iri, f"{NEW}relation", f"{NEW}node{number}") for number, iri in enumerate(distinct[:ADDED])]
    adding, removing = [], []
    for row, key in zip(rows[:CHANGES], system.keys(distinct[:CHANGES])):
        look, before = partial(system.neighbours, key), system.neighbours(key)
        adding.append(until(system.add, [row], look, before + 1))
        removing.append(until(system.remove, [row], look, before))
    (last,) = system.keys([rows[-1][0]])
    look, before = partial(system.neighbours, last), system.neighbours(last)
    figures = {"add_ms": statistics.median(adding), "remove_ms": statistics.median(removing)}
    figures["add_many_ms"] = until(system.add, rows, look, before + 1)
    if isinstance(system, KGRAG):
        label, named = (distinct[0], RDFS_LABEL, '"a new name"'), system.keys(distinct[:1]).tolist()
        figures["add_label_ms"] = until(system.add, [label], partial(system.graph.find, "A new name"), named)
    system.query(HOP, distinct[0])  # what starts with the first query has started
    row = (f"{NEW}subject", f"{NEW}relation", distinct[0])
    figures["add_query_ms"] = until(system.add, [row], partial(system.query, HOP, row[0]), 1)
    return figures


def seconds(call: Callable[[], object]) -> float:
    """Seconds that a call takes."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def until(change: Callable[[list[Row]], None], rows: list[Row], look: Callable[[], Any], right: Any) -> float:
    """Milliseconds until a look shows what a change has to lead to; ends the process where it does not."""

    def both() -> None:
        change(rows)
        if (found := look()) != right:
            sys.exit(f"{right} was expected after a change, {found} was found")

    return seconds(both) * 1e3


def timed(call: Callable[[Any], int], keys: Iterable[Any]) -> tuple[float, int]:
    """Median of the seconds that a call takes, and how much was found in all."""
    times, found = [], 0
    for key in keys:
        started = time.perf_counter()
        found += call(key)
        times.append(time.perf_counter() - started)
    return statistics.median(times), found


@contextlib.contextmanager
def most_memory() -> Iterator[dict[str, float]]:
    """MiB that this process takes at most beyond what it has now, and all that each process takes that it starts.

    Their sum is an upper bound, for they need not be largest at the same time.
    """
    most: dict[str, float] = {}
    before, ended = status("self", "VmRSS"), threading.Event()
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # VmHWM is counted from here on

    def watch() -> None:
        while not ended.wait(0.02):
            for children in Path("/proc/self/task").glob("*/children"):
                with contextlib.suppress(OSError):  # a thread that has ended
                    for process in children.read_text().split():
                        most[process] = status(process, "VmHWM") or most.get(process, 0.0)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield most
    finally:
        ended.set()
        watcher.join()
    most["self"] = status("self", "VmHWM") - before


def status(process: str, field: str) -> float:
    """MiB of a process: VmRSS now, VmHWM at most; 0 where it has ended."""
    try:
        text = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0.0
    match = re.search(rf"^{field}:\s+(\d+) kB", text, re.MULTILINE)
    return int(match[1]) / 1024 if match else 0.0


if __name__ == "__main__":
    given = json.load(sys.stdin)
    task = {"sample": sample, "measure": measure, "reopen": reopen}[sys.argv[1]]
    print(json.dumps(task(given)))
