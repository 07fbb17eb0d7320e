"""How fast `PassageIndex` is beside FAISS and tantivy alone: ``python benchmarks/passage_speed.py [--size 100k 1M]``.

Prints a table and the goals beside it; ``--json FILE`` writes the same as a record. Passages and vectors are synthetic,
from a seed. Each part runs in a process of its own. Linux only; see benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import faiss
import numpy as np
import tantivy
from reporting import Goal, goal_table, machine, made_on, say, shown, table, versions

from kgrag.evaluation.metrics import Overlap, mean
from kgrag.evaluation.runner import current_commit
from kgrag.retrieval import PassageIndex
from kgrag.retrieval.passages.analysis import analyzer
from kgrag.retrieval.passages.candidates import PROBES, sample_rows
from kgrag.types import Floats, Passage

SEED = 0
SIZES = {"100k": 100_000, "1M": 1_000_000}
WIDTH, WORDS, VOCABULARY = 384, 60, 100_000
K, DEPTH = 10, 50  # passages that are returned, and that each of both rankings has
ASKED, TOGETHER, CHECKED, ADDED = 1_000, 256, 100, 20
ENCODED = 1_024  # passages of different lengths
BY_BYTES = 400_000  # vectors up to which FAISS alone compares with all, by one byte a dimension
SYSTEMS = ("kgrag", "FAISS + tantivy")
MEASURES = {
    "add_s": "add all, until the first search, s",
    "add_cpu_s": "of the processor, s",
    "add_memory_mib": "memory of that, MiB",
    "save_s": "save, s",
    "disk_mib": "on the disk, MiB",
    "reopen_s": "open again, until the first search, s",
    "memory_mib": "memory after 1,000 searches, MiB",
    "mapped_mib": "of the files mapped into it, MiB",
    "p50_ms": "search, p50, ms",
    "p99_ms": "search, p99, ms",
    "batch_ms": f"search, {TOGETHER} together, each, ms",
    "recall@10": "recall@10 of the nearest vectors",
    "fresh_ms": "one passage more, until it is found, ms",
    "delete_s": "remove 10 %, until the next search, s",
    "question_p50_ms": "question of some 14 tokens, encoded by MiniLM, p50, ms",
    "question_p99_ms": "question of some 14 tokens, encoded by MiniLM, p99, ms",
    "long_question_p50_ms": "question of some 30 tokens, encoded by MiniLM, p50, ms",
    "long_question_p99_ms": "question of some 30 tokens, encoded by MiniLM, p99, ms",
    "encode_ms": "encode, of the processor, each, ms",
}
COMPARED = ("add_s", "reopen_s", "p50_ms", "p99_ms", "batch_ms", "delete_s")

Figures = dict[str, float]
Results = dict[str, dict[str, Figures]]


class System(Protocol):
    """What is measured."""

    def fill(self, texts: Sequence[str], vectors: Floats) -> None:
        """Takes all passages, until they can be searched."""

    def save(self, folder: Path) -> None:
        """Writes them into an empty folder."""

    def open(self, folder: Path) -> None:
        """Reads them back."""

    def search(self, text: str, vector: Floats) -> object:
        """The best passages by meaning and by words."""

    def nearest(self, vectors: Floats) -> list[list[int]]:
        """Rows of the nearest vectors for each question."""

    def search_many(self, texts: Sequence[str], vectors: Floats) -> object:
        """The same for several questions."""

    def add(self, row: int, text: str, vector: Floats) -> None:
        """Adds one passage."""

    def remove(self, rows: Sequence[int]) -> None:
        """Removes passages."""


class Given:
    """A text encoder whose vectors are given."""

    name, width = "given", WIDTH

    def __init__(self) -> None:
        self.vectors = np.zeros((0, WIDTH), np.float32)
        self.at = 0

    def encode(self, texts: Sequence[str], progress: bool = False) -> Floats:
        """The next vectors, whatever the texts."""
        self.at += len(texts)
        return self.vectors[self.at - len(texts) : self.at]

    def giving(self, vectors: Floats) -> Given:
        """The same, which gives these next."""
        self.vectors, self.at = vectors, 0
        return self


class Kgrag:
    """The index of this project."""

    def __init__(self) -> None:
        self.index, self.encoder = PassageIndex(), Given()

    def fill(self, texts: Sequence[str], vectors: Floats) -> None:
        self.index = PassageIndex.from_passages(Passage(str(row), text) for row, text in enumerate(texts))
        self.index.build(self.encoder.giving(vectors), progress=False)

    def save(self, folder: Path) -> None:
        self.index.save(folder)

    def open(self, folder: Path) -> None:
        self.index = PassageIndex.load(folder)

    def search(self, text: str, vector: Floats) -> object:
        return self.index.search(text, K, self.encoder.giving(vector[None]))

    def nearest(self, vectors: Floats) -> list[list[int]]:
        rankings = self.index._contents.vectors.search(vectors, DEPTH)  # type: ignore[union-attr]
        return [ranking.rows.tolist() for ranking in rankings]

    def search_many(self, texts: Sequence[str], vectors: Floats) -> object:
        return self.index.search_many(texts, K, self.encoder.giving(vectors))

    def add(self, row: int, text: str, vector: Floats) -> None:
        self.index.add([Passage(str(row), text)])
        self.index.build(self.encoder.giving(vector[None]), progress=False)

    def remove(self, rows: Sequence[int]) -> None:
        self.index.remove(map(str, rows))


class Bare:
    """FAISS, with one byte a dimension, and tantivy, as one would call them; nothing is fused."""

    def __init__(self) -> None:
        builder = tantivy.SchemaBuilder()
        builder.add_unsigned_field("row", stored=True, indexed=True)
        builder.add_text_field("text", tokenizer_name="words", index_option="freq")
        self.schema, self.words = builder.build(), analyzer("en")
        self.texts = tantivy.Index(self.schema)
        self.texts.register_tokenizer("words", self.words)
        self.folder = tempfile.TemporaryDirectory()
        self.vectors: Any = None

    def fill(self, texts: Sequence[str], vectors: Floats) -> None:
        self.texts = tantivy.Index(self.schema, path=self.folder.name)
        self.texts.register_tokenizer("words", self.words)
        writer = self.texts.writer(heap_size=50_000_000, num_threads=1)
        for row, text in enumerate(texts):
            self._write(writer, row, text)
        writer.commit()
        writer.wait_merging_threads()
        self.texts.reload()
        kind = "sq8" if len(texts) <= BY_BYTES else "ivf"
        factory = "SQ8" if kind == "sq8" else f"IVF{int(2 * len(texts) ** 0.5)},SQ8"
        self.vectors = faiss.index_factory(WIDTH, factory, faiss.METRIC_INNER_PRODUCT)
        if kind == "ivf":
            self.vectors.cp.max_points_per_centroid = 64
        self.vectors.train(vectors[sample_rows(kind, len(vectors))])
        self.vectors.add(vectors)
        self._tune()

    def _write(self, writer: tantivy.IndexWriter, row: int, text: str) -> None:
        document = tantivy.Document(text=text)
        document.add_unsigned("row", row)
        writer.add_document(document)

    def _tune(self) -> None:
        if isinstance(self.vectors, faiss.IndexIVF):
            self.vectors.nprobe = PROBES

    def save(self, folder: Path) -> None:
        folder.mkdir()
        faiss.write_index(self.vectors, str(folder / "vectors.faiss"))
        Path(self.folder.name).rename(folder / "words")
        Path(self.folder.name).mkdir()

    def open(self, folder: Path) -> None:
        self.vectors = faiss.read_index(str(folder / "vectors.faiss"))
        self._tune()
        self.texts = tantivy.Index.open(str(folder / "words"))
        self.texts.register_tokenizer("words", self.words)

    def search(self, text: str, vector: Floats) -> object:
        return self.vectors.search(vector[None], DEPTH), self._search(text)

    def _search(self, text: str) -> list[int]:
        query, searcher = tantivy.Query, self.texts.searcher()
        terms = [query.term_query(self.schema, "text", term) for term in dict.fromkeys(self.words.analyze(text))]
        found = query.boolean_query([(tantivy.Occur.Should, term) for term in terms])
        return [searcher.doc(address)["row"][0] for _, address in searcher.search(found, DEPTH, count=False).hits]

    def nearest(self, vectors: Floats) -> list[list[int]]:
        return self.vectors.search(vectors, DEPTH)[1].tolist()

    def search_many(self, texts: Sequence[str], vectors: Floats) -> object:
        return self.vectors.search(vectors, DEPTH), [self._search(text) for text in texts]

    def add(self, row: int, text: str, vector: Floats) -> None:
        self.vectors.add(vector[None])
        writer = self.texts.writer(heap_size=15_000_000, num_threads=1)
        self._write(writer, row, text)
        self._commit(writer)

    def remove(self, rows: Sequence[int]) -> None:
        self.vectors.remove_ids(faiss.IDSelectorBatch(np.array(rows, np.int64)))
        writer = self.texts.writer(heap_size=15_000_000, num_threads=1)
        writer.delete_documents_by_query(tantivy.Query.term_set_query(self.schema, "row", rows))
        self._commit(writer)

    def _commit(self, writer: tantivy.IndexWriter) -> None:
        writer.commit()
        self.texts.reload()


def main() -> None:
    """Measures all sizes, prints the table and the goals."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--size", nargs="+", choices=SIZES, default=list(SIZES), help="how many passages; all by default"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to write the record")
    parser.add_argument("--step", nargs="+", help=argparse.SUPPRESS)  # of a process of its own
    arguments = parser.parse_args()
    if arguments.step:
        step, *system, size, folder = arguments.step
        print(json.dumps(STEPS[step](*system, int(size), Path(folder))))
        return
    results = {size: speed(SIZES[size]) for size in arguments.size}
    record = {
        "seed": SEED,
        "commit": current_commit(),
        "machine": machine(),
        "versions": versions("kgrag", "faiss-cpu", "tantivy", "numpy"),
        "figures": results,
        "goals": [goal.line(size, results) for size, goal in GOALS],
    }
    for line in report(record):
        print(line)
    if arguments.json:
        arguments.json.write_text(json.dumps(record, indent=1) + "\n")


def speed(size: int) -> dict[str, Figures]:
    """The figures of each system with so many passages."""
    figures: dict[str, Figures] = {}
    with tempfile.TemporaryDirectory() as folder:
        say(f"{size:,} passages: making them")
        write_vectors(size, Path(folder))
        of_each = {step: [(step, system) for system in SYSTEMS] for step in ("fill", "use")}
        for step in [*of_each["fill"], ("ask",), ("question", "kgrag"), ("encode",), *of_each["use"]]:
            say(f"{size:,} passages: {', '.join(step)}")
            command = [sys.executable, __file__, "--step", *step, str(size), folder]
            found = json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
            for system, measured in (found if len(step) == 1 else {step[1]: found}).items():
                figures.setdefault(system, {}).update(measured)
    return figures


# Steps, each in a process of its own


def fill(name: str, size: int, folder: Path) -> Figures:
    """Adds all passages and saves them."""
    system, texts, vectors = made(name), list(Texts(size)), np.load(folder / "vectors.npy", mmap_mode="r")
    before = memory("RssAnon")

    def add() -> None:
        system.fill(texts, vectors)
        system.search(texts[0], vectors[0])

    started = time.process_time()
    figures = {"add_s": seconds(add), "add_memory_mib": memory("RssAnon") - before}
    figures["add_cpu_s"] = time.process_time() - started
    figures["save_s"] = seconds(lambda: system.save(folder / name))
    figures["disk_mib"] = sum(file.stat().st_size for file in (folder / name).rglob("*") if file.is_file()) / 2**20
    return figures


def use(name: str, size: int, folder: Path) -> Figures:
    """Opens what was saved, asks and changes it."""
    system, vectors = made(name), np.load(folder / "vectors.npy", mmap_mode="r")
    questions, asked = questions_of(size, vectors)
    held, mapped = memory("RssAnon"), memory("RssFile")

    def reopen() -> None:
        system.open(folder / name)
        system.search(questions[0], asked[0])

    figures = {"reopen_s": seconds(reopen)}
    for text, vector in zip(questions, asked):
        system.search(text, vector)
    figures["memory_mib"], figures["mapped_mib"] = memory("RssAnon") - held, memory("RssFile") - mapped
    exact = np.argpartition(-(asked[:CHECKED] @ vectors.T), K, axis=1)[:, :K]
    nearest = system.nearest(asked[:CHECKED])
    figures["recall@10"] = mean(Overlap.of(found, set(w.tolist())).recall for w, found in zip(exact, nearest)) or 0.0

    def change(row: int) -> None:
        system.add(row, f"{questions[0]} unheard{row}", asked[row % ASKED])
        system.search(f"unheard{row}", asked[0])

    fresh = [seconds(lambda row=row: change(row)) for row in range(size, size + ADDED)]  # type: ignore[misc]
    figures["fresh_ms"] = 1000 * float(np.median(fresh))
    gone = np.random.default_rng(SEED).permutation(size)[: size // 10].tolist()

    def delete() -> None:
        system.remove(gone)
        system.search(questions[0], asked[0])

    figures["delete_s"] = seconds(delete)
    return figures


def ask(size: int, folder: Path) -> dict[str, Figures]:
    """Asks both systems in turns."""
    questions, asked = questions_of(size, np.load(folder / "vectors.npy", mmap_mode="r"))
    systems = {name: made(name) for name in SYSTEMS}
    for name, system in systems.items():
        system.open(folder / name)
        system.search_many(questions[:TOGETHER], asked[:TOGETHER])
    times: dict[str, list[float]] = {name: [] for name in SYSTEMS}
    for text, vector in zip(questions, asked):
        for name, system in systems.items():
            times[name].append(seconds(lambda: system.search(text, vector)))  # noqa: B023
    together: dict[str, list[float]] = {name: [] for name in SYSTEMS}
    for start in range(0, ASKED - TOGETHER, TOGETHER):
        part = slice(start, start + TOGETHER)
        for name, system in systems.items():
            together[name].append(seconds(lambda: system.search_many(questions[part], asked[part])))  # noqa: B023
    return {
        name: {
            "p50_ms": 1000 * float(np.percentile(times[name], 50)),
            "p99_ms": 1000 * float(np.percentile(times[name], 99)),
            "batch_ms": 1000 / TOGETHER * float(np.median(together[name])),
        }
        for name in SYSTEMS
    }


def questions_of(size: int, vectors: Floats) -> tuple[list[str], Floats]:
    """Words of passages, and vectors near theirs."""
    chance, texts = np.random.default_rng(SEED + 1), Texts(size)
    rows = chance.integers(size, size=ASKED)
    questions = [" ".join(texts[row].split()[5:13]) for row in rows.tolist()]
    return questions, units(vectors[rows] + 0.7 * units(chance.normal(size=(ASKED, WIDTH))))


def question(name: str, size: int, folder: Path) -> Figures:
    """Searches as a user does, from a question to its passages.

    Half of the questions of the medical and the legal pack have at most 14 tokens.
    """
    from kgrag.encoder import default_encoder

    encoder, texts = default_encoder(), Texts(size)
    index = PassageIndex.load(folder / name)
    index._contents.encoder = encoder.name  # whose vectors are of the same length
    index.search("the first question builds what is built", K, encoder)
    figures = {}
    for sort, chars in (("question", 18), ("long_question", 60)):
        asked = [f"which works say {texts[row][:chars]}?" for row in range(ASKED)]
        times = [seconds(lambda text=text: index.search(text, K, encoder)) for text in asked]  # type: ignore[misc]
        figures |= {f"{sort}_p{p}_ms": 1000 * float(np.percentile(times, p)) for p in (50, 99)}
    return figures


def encode(size: int, folder: Path) -> dict[str, Figures]:
    """Encodes passages by kgrag and by sentence-transformers alone, in turns; both in bf16 where the processor computes in it."""
    from sentence_transformers import SentenceTransformer

    from kgrag.encoder import default_encoder

    encoder, texts = default_encoder(), Texts(size)
    precision = {"dtype": next(encoder._model.parameters()).dtype}
    bare = SentenceTransformer(str(encoder.folder), device="cpu", local_files_only=True, model_kwargs=precision)
    lengths = np.random.default_rng(SEED).integers(5, 4 * WORDS, size=ENCODED).tolist()
    words = " ".join(texts[row] for row in range(ENCODED)).split()
    passages = [" ".join(words[row : row + length]) for row, length in enumerate(lengths)]
    spent = dict.fromkeys(SYSTEMS, 0.0)
    for start in range(0, ENCODED, TOGETHER):
        part = passages[start : start + TOGETHER]
        ways = (lambda: encoder.encode(part)), (lambda: bare.encode(part, show_progress_bar=False))  # noqa: B023
        for name, way in zip(SYSTEMS, ways):
            before = time.process_time()
            way()
            spent[name] += time.process_time() - before
    return {name: {"encode_ms": 1000 * taken / ENCODED} for name, taken in spent.items()}


STEPS: dict[str, Callable[..., Any]] = {"fill": fill, "use": use, "ask": ask, "question": question, "encode": encode}


def made(name: str) -> System:
    """A system by its name."""
    return Kgrag() if name == "kgrag" else Bare()


class Texts(Sequence[str]):
    """Texts of made-up words, as frequent as words are: the same for a row and seed."""

    def __init__(self, size: int) -> None:
        chance = np.random.default_rng(SEED)
        syllables = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]
        self.words = ["".join(chance.choice(syllables, size=count)) for count in chance.integers(2, 5, size=VOCABULARY)]
        self.shares = np.cumsum(1 / (np.arange(VOCABULARY) + 10.0))
        self.size = size

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, row: Any) -> Any:
        if row >= self.size:
            raise IndexError(row)
        draws = np.random.default_rng((SEED, row)).random(WORDS) * self.shares[-1]
        return " ".join(map(self.words.__getitem__, np.searchsorted(self.shares, draws).tolist()))


def write_vectors(size: int, folder: Path) -> None:
    """Writes vectors of length 1 that lie in heaps, as those of texts do."""
    chance = np.random.default_rng(SEED)
    middles = units(chance.normal(size=(size // 100, WIDTH)))
    vectors = np.lib.format.open_memmap(folder / "vectors.npy", "w+", np.float32, (size, WIDTH))
    for start in range(0, size, 10_000):
        heaps = middles[chance.integers(len(middles), size=min(10_000, size - start))]
        vectors[start : start + len(heaps)] = units(heaps + units(chance.normal(size=heaps.shape)))


def units(vectors: Any) -> Floats:
    """Vectors with length 1."""
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)


def seconds(task: Callable[[], object]) -> float:
    """How long a task takes."""
    started = time.perf_counter()
    task()
    return time.perf_counter() - started


def memory(kind: str) -> float:
    """What the process holds now, MiB: of its own, or of files."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(kind))) / 1024


# The report


def ratio(size: str, measure: str) -> Callable[[Results], float]:
    """How many times as long kgrag takes as both libraries."""
    return lambda results: results[size]["kgrag"][measure] / results[size]["FAISS + tantivy"][measure]


GOALS = [
    *((size, Goal(f"ratio: {MEASURES[m]}", ratio(size, m), most=1.3)) for size in SIZES for m in COMPARED),
    *((size, Goal(f"ratio: {MEASURES['encode_ms']}", ratio(size, "encode_ms"), most=1 / 0.9)) for size in SIZES),
    ("100k", Goal("question, p50, ms", lambda results: results["100k"]["kgrag"]["question_p50_ms"], most=15)),
]


def report(record: dict[str, Any]) -> Iterator[str]:
    """Lines of the tables."""
    rows = [["passages", "measure", *SYSTEMS]]
    for size, figures in record["figures"].items():
        for measure, name in MEASURES.items():
            rows.append([size, name, *(shown(figures[system].get(measure)) for system in SYSTEMS)])
    yield from table(rows)
    yield ""
    yield from goal_table("passages", record["goals"])
    yield ""
    yield f"Seed {record['seed']}, commit {record['commit']}."
    yield made_on(record)


if __name__ == "__main__":
    main()
