"""A graph behind a SPARQL endpoint against the same graph in memory: ``python benchmarks/remote.py [--triples N]``.

Makes the synthetic graph of benchmarks/graph.py, serves it on loopback by oxigraph, and asks questions of both: entity
linking and the sub-graph of two hops. Prints a table and, as the last line, the figures as JSON.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import re
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import synthetic

NAME = re.compile(r'<[^>]*#label> "([^"]+)"')
WAYS = ("What does {} treat?", "What is {} located in?", "Who works for {}?", "What is {} part of?")


def questions_about(file: Path, number: int, seed: int) -> list[str]:
    """Questions about entities of a file; one in ten has a letter of its name left out."""
    names = NAME.findall(file.read_text(encoding="utf-8"))
    chance = random.Random(seed)
    asked = []
    for i in range(number):
        name = chance.choice(names)
        if i % 10 == 9:
            at = chance.randrange(1, 4)
            name = name[:at] + name[at + 1 :]
        asked.append(chance.choice(WAYS).format(name))
    return asked


def measure(kind: str, where: str, questions: list[str]) -> dict:
    """Times one graph; to be run in a process of its own, whose memory is the graph's."""
    import numpy as np

    from kgrag.config import RetrievalConfig
    from kgrag.graph import KnowledgeGraph
    from kgrag.linking import EntityLinker
    from kgrag.retrieval import retrieve

    EntityLinker(KnowledgeGraph.from_triples([("a b", "knows", "c d")])).link("Warm up, a b?")
    before = _memory()
    started = time.perf_counter()
    graph = KnowledgeGraph.from_sparql(where) if kind == "remote" else KnowledgeGraph.from_rdf(where)
    opened = time.perf_counter() - started
    linker = EntityLinker(graph)
    started = time.perf_counter()
    linker.link("What is that?")
    first = time.perf_counter() - started
    endpoint = getattr(graph, "endpoint", None)
    cold, warm, requests, results, found = [], [], [], [], []
    for question in questions:
        counted = (endpoint.requests, endpoint.results) if endpoint else (0, 0)
        for times in (cold, warm):
            started = time.perf_counter()
            nodes = [link.node for link in linker.link(question) if link.node is not None]
            retrieve(graph, np.array(nodes, np.int64))
            times.append(time.perf_counter() - started)
        if endpoint:
            requests.append(endpoint.requests - counted[0])
            results.append(endpoint.results - counted[1])
        near = retrieve(graph, np.array(nodes, np.int64), RetrievalConfig(hops=1, nodes=100_000))
        triples = (graph.triple(int(statement)) for statement in near.statements)
        rows = (f"{triple.subject} {triple.predicate} {triple.object}" for triple in triples)
        found.append([[graph.iri(node) for node in nodes], [row for row in rows if "_:" not in row]])  # not fetched
    return {
        "open_s": opened,
        "first_link_s": first,
        "cold": cold,
        "warm": warm,
        "requests": requests,
        "results": results,
        "memory_mb": _memory() - before,
        "held": graph.num_statements,
        "found": found,
    }


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class Server:
    """oxigraph over one file, on a free port of loopback."""

    def __init__(self, file: Path, folder: Path) -> None:
        program = str(Path(sys.executable).with_name("oxigraph"))
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run([program, "load", "--location", folder, "--file", file], check=True, **quiet)
        with socket.create_server(("127.0.0.1", 0)) as free:
            address = f"127.0.0.1:{free.getsockname()[1]}"
        self.url = f"http://{address}/query"
        self._process = subprocess.Popen(
            [program, "serve-read-only", "--location", folder, "--bind", address, "--timeout-s", "60"], **quiet
        )

    def __enter__(self) -> Server:
        for _ in range(200):
            try:
                urllib.request.urlopen(f"{self.url}?query=ASK%7B%7D", timeout=5).close()
                return self
            except urllib.error.URLError:
                time.sleep(0.05)
        raise TimeoutError("oxigraph does not start")

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    @property
    def memory_mb(self) -> float:
        """Memory of the server process."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024


def in_own_process(kind: str, where: str, questions: list[str]) -> dict:
    """`measure` in a fresh process."""
    done = subprocess.run(
        [sys.executable, __file__, "--measure", kind, where],
        input=json.dumps(questions),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Runs the benchmark, or one half of it in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--triples", type=int, default=1_000_000)
    parser.add_argument("--questions", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--measure", nargs=2, metavar=("KIND", "WHERE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(*options.measure, json.load(sys.stdin))))
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "graph.nt"
        synthetic.write(file, options.triples, options.seed)
        questions = questions_about(file, options.questions, options.seed)
        with Server(file, Path(folder) / "store") as server:
            remote = in_own_process("remote", server.url, questions)
            server_mb = server.memory_mb
        local = in_own_process("local", str(file), questions)
    report(remote, local, server_mb, options)


def report(remote: dict, local: dict, server_mb: float, options: argparse.Namespace) -> None:
    """Prints both side by side, then the figures as JSON."""
    pairs = list(zip(remote.pop("found"), local.pop("found")))
    linked_at_all = sum(bool(ours[0]) for ours, _ in pairs) / len(pairs)
    linked = sum(ours[0] == theirs[0] for ours, theirs in pairs) / len(pairs)
    alike = sum(set(ours[1]) == set(theirs[1]) for ours, theirs in pairs) / len(pairs)
    figures: dict = {}
    for name, found in (("remote", remote), ("local", local)):
        figures[name] = {
            "open_s": found["open_s"],
            "first_link_s": found["first_link_s"],
            "cold_s": statistics.median(found["cold"]),
            "cold_max_s": max(found["cold"]),
            "warm_s": statistics.median(found["warm"]),
            "requests": statistics.mean(found["requests"] or [0]),
            "results": statistics.mean(found["results"] or [0]),
            "memory_mb": found["memory_mb"],
            "held": found["held"],
        }
    print(f"{'':<34}{'remote':>12}{'local':>12}")
    rows = {
        "connect or load (s)": "open_s",
        "first link (s)": "first_link_s",
        "question, cold, median (s)": "cold_s",
        "question, cold, slowest (s)": "cold_max_s",
        "question, warm, median (s)": "warm_s",
        "requests a question": "requests",
        "results a question": "results",
        "memory (MB)": "memory_mb",
        "statements held at the end": "held",
    }
    for title, key in rows.items():
        print(f"{title:<34}{figures['remote'][key]:>12.3f}{figures['local'][key]:>12.3f}")
    print(f"questions linked: {linked_at_all:.3f}; linked as in memory: {linked:.3f}")
    print(f"questions with the same statements, but for blank nodes, one hop around: {alike:.3f}")
    figures |= {
        "linked": linked_at_all,
        "linked_alike": linked,
        "same_neighbours": alike,
        "server_mb": server_mb,
        "triples": options.triples,
    }
    figures |= {"questions": options.questions, "seed": options.seed, "machine": platform.platform()}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
