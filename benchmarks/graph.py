"""The graph alone, measured against rdflib and pyoxigraph: ``python benchmarks/graph.py [--size 1M 10M] [--only NAME ...]``.

Prints one table of all figures and the goals that were set for them; ``--json FILE`` writes the same as a record. Each
system is measured in processes of its own. The synthetic graph is made anew from a seed; data of others is read from the
folder that KGRAG_DATASETS names; see benchmarks/README.md. Needs Linux, and ``pip install 'kgrag[benchmarks]'``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import NamedTuple

import synthetic
from graph_measures import Figures
from graph_systems import SYSTEMS
from reporting import DATASETS, Goal, goal_table, machine, made_on, say, shown, table, versions

from kgrag.evaluation.runner import current_commit

HERE = Path(__file__).parent
SEED = 0
REOPENED = 5
TOO_LARGE = 5_000_000  # statements that rdflib alone is spared: it takes minutes, and more than a gigabyte a million
REAL = {  # a folder of KGRAG_DATASETS, and what is read of it
    "disease_ontology": "do.nt",
    "fibo": "**/*.rdf",
    "dpv": "*.ttl",
    "gdprtext": "*.ttl",
}
MEASURES = {
    "statements": "statements, labels included",
    "load_s": "load, s",
    "memory_mib": "memory at most while loading, MiB",
    "neighbours_us": "neighbours of a node, µs",
    "many_ms": "neighbours of 100,000 nodes, ms",
    "both_ms": "the same, in both directions, ms",
    "first_query_ms": "first SPARQL query, ms",
    "hop_ms": "SPARQL, one hop, ms",
    "hops_ms": "SPARQL, two hops, ms",
    "add_ms": "add a statement and see it, ms",
    "add_many_ms": "add 1,000 and see them, ms",
    "remove_ms": "remove a statement and see it gone, ms",
    "add_query_ms": "add a statement and query it, ms",
    "add_label_ms": "add a label and find it, ms",
    "save_s": "save, s",
    "saved_mib": "saved, MiB",
    "add_saved_ms": "add a statement on the disk and see it, ms",
    "reopen_s": "reopen, s",
    "first_neighbours_ms": "first neighbours after that, ms",
    "first_find_ms": "first name looked up after that, ms",
}
FOUND = ("statements", "found_neighbours", "found_hop", "found_hops")
APART = {("parse", "statements"), ("kgrag", "found_neighbours")}  # counts repeated ones; keeps labels apart


class Graph(NamedTuple):
    """What is loaded: its name in the table, and its files."""

    name: str
    files: list[Path]
    statements: int  # of a synthetic one, else 0


ANY = range(1, 10**9)
GOALS = [
    (ANY, Goal("load, kgrag / parse", lambda by: by["kgrag"]["load_s"] / by["parse"]["load_s"], most=3)),
    (ANY, Goal("load, rdflib / kgrag", lambda by: by["rdflib"]["load_s"] / by["kgrag"]["load_s"], least=8)),
    (ANY, Goal("memory, kgrag / rdflib", lambda by: by["kgrag"]["memory_mib"] / by["rdflib"]["memory_mib"], most=0.5)),
    (range(2_000_000, 10**9), Goal("memory, GiB", lambda by: by["kgrag"]["memory_mib"] / 1024, most=8)),
    (range(1, 2_000_000), Goal("reopen, s", lambda by: by["kgrag"]["reopen_s"], most=0.2)),
]


def main() -> None:
    """Measures what is asked for, prints the table and the goals, and ends with 1 where something went wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", nargs="+", type=size, default=[10**6], help="of the synthetic graph; 1M by default")
    parser.add_argument("--only", nargs="+", choices=["synthetic", *REAL], help="graphs; all that are there by default")
    parser.add_argument("--runs", type=int, default=3, help="figures are the median of so many processes; 3 by default")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to write the record")
    arguments = parser.parse_args()
    try:
        installed = versions("kgrag", "numpy", "pyoxigraph", "rdflib", "oxrdflib")
    except PackageNotFoundError as error:
        sys.exit(f"benchmarks/graph.py: {error.name} is not installed: pip install 'kgrag[benchmarks]'")
    names = arguments.only or ["synthetic", *REAL]
    results: dict[str, dict[str, Figures]] = {}
    faults: list[str] = []
    sources: dict[str, dict[str, object]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for graph in graphs(names, arguments.size, Path(folder)):
            found = results[graph.name] = measured(graph, arguments.runs, Path(folder), faults)
            faults += disagreements(graph, found)
            sources[graph.name] = described(graph)
    record = {
        "seed": SEED,
        "runs": arguments.runs,
        "commit": current_commit(),
        "machine": machine(),
        "versions": installed,
        "graphs": sources,
        "figures": results,
        "goals": goals(results, sources),
        "absent": [name for name in names if not is_there(name)],
        "faults": faults,
    }
    for line in report(record):
        print(line)
    if arguments.json:
        arguments.json.write_text(json.dumps(record, indent=1) + "\n")
    sys.exit(1 if faults else 0)


def size(text: str) -> int:
    """1M as 1,000,000."""
    number = int(float(text.rstrip("kM")) * {"k": 10**3, "M": 10**6}.get(text[-1:], 1))
    if number < 1000:
        raise argparse.ArgumentTypeError("at least 1k")
    return number


def graphs(names: list[str], sizes: list[int], folder: Path) -> Iterator[Graph]:
    """The graphs asked for, in the order of their names; each synthetic one is written when its turn comes."""
    for name in names:
        if name == "synthetic":
            for statements in sizes:
                path = folder / f"{name}.nt"
                say(f"{name}: writing {statements:,} statements")
                synthetic.write(path, statements, SEED)
                yield Graph(f"{name} {statements / 1e6:g}M", [path], statements)
        elif is_there(name):
            yield Graph(name, sorted((DATASETS / name).glob(REAL[name])), 0)


def is_there(name: str) -> bool:
    """Whether a graph can be made, or its files are there."""
    return name == "synthetic" or (DATASETS / name).is_dir()


def measured(graph: Graph, runs: int, folder: Path, faults: list[str]) -> dict[str, Figures]:
    """Figures of each system, medians over the runs; systems take turns, so that a busy spell does not hit one alone."""
    home = Path(tempfile.mkdtemp(dir=folder))
    plan: dict[str, object] = {
        "files": [str(f) for f in graph.files],
        "seed": SEED,
        "sample": str(home / "sample.json"),
    }
    asked(graph, "sample", plan, faults)
    collected: dict[str, list[Figures]] = {s: [] for s in SYSTEMS if s != "rdflib" or graph.statements <= TOO_LARGE}
    for run in range(1, runs + 1):
        plan["folder"] = str(home / str(run))
        for system, figures in collected.items():
            if run == 1 or figures:  # what failed once is not asked again
                figures += asked(graph, "measure", plan | {"system": system}, faults, f"run {run} of {runs}")
    found = {system: medians(figures) for system, figures in collected.items() if figures}
    if "kgrag" in found:
        again = [asked(graph, "reopen", plan, faults, f"{i} of {REOPENED}") for i in range(1, REOPENED + 1)]
        found["kgrag"] |= medians(sum(again, []))
    return found


def asked(graph: Graph, task: str, plan: dict[str, object], faults: list[str], run: str = "") -> list[Figures]:
    """What one process found out; nothing, and one fault more, where it failed."""
    what = f"{graph.name}: {plan.get('system', '')} {task} {run}".replace("  ", " ").strip()
    started = time.perf_counter()
    command = [sys.executable, str(HERE / "graph_measures.py"), task]
    done = subprocess.run(command, input=json.dumps(plan), capture_output=True, text=True)
    say(f"{what}, {time.perf_counter() - started:.1f} s")
    if done.returncode:
        fault = f"{what}: {(done.stderr.strip().splitlines() or [f'ended with {done.returncode}'])[-1]}"
        faults.append(fault)
        say(fault)
        return []
    return [json.loads(done.stdout)]


def medians(figures: list[Figures]) -> Figures:
    """The median of each figure."""
    return {name: statistics.median(run[name] for run in figures) for name in (figures[0] if figures else ())}


def disagreements(graph: Graph, found: dict[str, Figures]) -> list[str]:
    """Questions to which systems found different answers."""
    faults = []
    for name in FOUND:
        counts = {s: int(f[name]) for s, f in found.items() if name in f and (s, name) not in APART}
        if len(set(counts.values())) > 1:
            faults.append(f"{graph.name}: {name} differs: {', '.join(f'{s} {n:,}' for s, n in counts.items())}")
    return faults


def described(graph: Graph) -> dict[str, object]:
    """Files, bytes and digest of what was loaded, and how large it was asked to be."""
    digest, total = hashlib.sha256(), 0
    for file in graph.files:
        data = file.read_bytes()
        digest.update(data)
        total += len(data)
    return {"files": len(graph.files), "bytes": total, "sha256": digest.hexdigest(), "synthetic": graph.statements}


def goals(results: dict[str, dict[str, Figures]], sources: dict[str, dict[str, object]]) -> list[dict[str, object]]:
    """Each goal for the synthetic graph of such a size, beside what was reached."""
    return [
        goal.line(graph, found)
        for graph, found in results.items()
        for sizes, goal in GOALS
        if sources[graph]["synthetic"] in sizes
    ]


def report(record: dict) -> Iterator[str]:
    """Lines of the tables: a system's figure, and in brackets how many times kgrag's it is."""
    rows = [["graph", "measure", *SYSTEMS]]
    for graph, found in record["figures"].items():
        for measure, name in MEASURES.items():
            if any(measure in figures for figures in found.values()):
                rows.append([graph, name, *(cell(found, system, measure) for system in SYSTEMS)])
    yield from table(rows)
    yield ""
    yield from goal_table("graph", record["goals"])
    yield ""
    yield f"In brackets: how many times kgrag's figure. rdflib's own store is left out beyond {TOO_LARGE:,} statements."
    yield f"Medians of {record['runs']} processes, seed {record['seed']}, commit {record['commit']}."
    yield made_on(record)
    for name in record["absent"]:
        yield f"{name} is left out: KGRAG_DATASETS names no folder that holds {name}/ (see benchmarks/README.md)."
    yield from (f"FAULT {fault}" for fault in record["faults"])


def cell(found: dict[str, Figures], system: str, measure: str) -> str:
    """A figure, and its ratio to kgrag's."""
    figure, own = found.get(system, {}).get(measure), found.get("kgrag", {}).get(measure)
    if figure is None or system == "kgrag" or measure == "statements" or not own:
        return shown(figure)
    return f"{shown(figure)} ({shown(figure / own)})"


if __name__ == "__main__":
    main()
