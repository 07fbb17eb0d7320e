"""Mutation fuzzing of everything that reads RDF: ``python benchmarks/fuzzing.py [--n 50000] [--seed 0] [--start 0] [--bombs]``.

Each mutant is a file of the W3C suites that was damaged by one to six operations, all drawn from the seed and the mutant's
number: ``--start NUMBER --n 1`` makes the same one again. Two processes read them, each to its end. Only a KgragError may
come out; none may take more than 5 seconds or 512 MB. ``--bombs`` reads the inputs of bombs.py instead, each of which must
be refused within 2 seconds. A table is printed; it ends with 1 where one of this does not hold.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import sys
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import NamedTuple

from bombs import BOMBS
from isolation import Outcome, Reader

FOLDERS = ("rdf_tests", "jsonld_tests")
FORMATS = {
    ".ttl": "turtle",
    ".nt": "n-triples",
    ".nq": "n-quads",
    ".trig": "trig",
    ".rdf": "rdf/xml",
    ".jsonld": "json-ld",
}
BASE = "http://example.org/dir/file"
SECONDS, MEGABYTES, BOMB_SECONDS = 5.0, 512.0, 2.0
HOSTILE = [
    *(b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"<!ENTITY a SYSTEM 'file:///etc/passwd'>", b"&a;", b"&#0;", b"&#x10FFFF;"),
    *(b"<![CDATA[", b"]]>", b"<!--", b"-->", b"<?xml version='1.0' encoding='utf-16'?>", b"xmlns:a=''", b"xml:base='..'"),
    *(b"<<", b">>", b"<<(", b")>>", b"[", b"]", b"(", b")", b"{", b"}", b'"""', b"'''", b'"', b"'", b"\\", b"#", b"@", b"^^"),
    *(b"@prefix : <#> .", b"@base <..> .", b"PREFIX", b"GRAPH", b"a:b", b"_:a.", b"_:", b"true", b"1e999", b"-0", b"."),
    *(b'"@context":', b'"@context":"../a"', b'"@context":{"@import":"a"}', b'"@base":"//a/../b"', b'"@vocab":"a:"'),
    *(b'"@id":', b'"@type":', b'"@list":[', b'"@reverse":{', b'"@graph":[', b'"@json"', b"null", b"1E400", b'"\\ud800"'),
    *(b"\0", b"\xff", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\r", b"\n", b"\t"),
    *(b"\\u0000", b"\\uD800", b"\\U0010FFFF", b"\\U00110000", b"%00", b"%", b"\x1f\x8b", b"BZh9", b"\xe2\x80\xae"),
    *(b"(" * 3_000, b"[" * 3_000, b'{"@graph":' * 3_000, b"<a>" * 3_000, b"<<" * 3_000, b"a" * 100_000, b"1" * 5_000),
]  # fmt: skip

_WORD = re.compile(rb'(?P<string>"[^"\n]*")|(?P<tag><[^<>\n]*>)|(?P<word>[\w:@.-]+)')

Corpus = Sequence[tuple[str, bytes]]


class Mutant(NamedTuple):
    """A damaged file.

    Attributes:
        origin: The file that it was.
        format: What it is read as; None leaves that to its content.
        data: Its bytes.
    """

    origin: str
    format: str | None
    data: bytes


def mutant(corpus: Corpus, seed: int, number: int) -> Mutant:
    """Makes a mutant: the same one for the same seed, number and files.

    Args:
        corpus: Names and contents of files.
        seed: Of all mutants.
        number: Of this one.
    """
    rng = random.Random(f"{seed}, {number}")
    origin, data = rng.choice(corpus)
    for _ in range(min(1 + int(rng.expovariate(1)), 6)):  # mostly one or two: what is ruined is refused at once
        data = rng.choice(OPERATIONS)(rng, data, corpus)
    format: str | None = FORMATS[Path(origin).suffix]
    if rng.random() < 0.1:
        format = rng.choice([None, *FORMATS.values(), "tsv", "csv"])
    return Mutant(origin, format, data)


def flip_bits(rng: random.Random, data: bytes, _: Corpus) -> bytes:
    """Turns up to four bits over."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 4) if data else 0):
        changed[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def delete(rng: random.Random, data: bytes, _: Corpus) -> bytes:
    """Takes a stretch out."""
    begin, end = _stretch(rng, data)
    return data[:begin] + data[end:]


def repeat(rng: random.Random, data: bytes, _: Corpus) -> bytes:
    """Says a stretch again, up to a thousand times, but no more than a megabyte of it."""
    begin, end = _stretch(rng, data)
    times = min(int(10 ** rng.uniform(0, 3)), (1 << 20) // max(end - begin, 1))
    return data[:end] + data[begin:end] * times + data[end:]


def splice(rng: random.Random, data: bytes, corpus: Corpus) -> bytes:
    """Puts a stretch of another file in the place of one of this."""
    other = rng.choice(corpus)[1]
    (begin, end), (first, last) = _stretch(rng, data), _stretch(rng, other)
    return data[:begin] + other[first:last] + data[end:]


def exchange(rng: random.Random, data: bytes, corpus: Corpus) -> bytes:
    """Puts a string, tag, IRI or word of another file in the place of one of its kind, which many formats survive."""
    other = rng.choice(corpus)[1]
    here = _WORD.search(data, rng.randint(0, len(data)))
    there = here and _WORD.search(other, rng.randint(0, len(other)))
    if not here or not there or here.lastgroup != there.lastgroup:
        return data
    return data[: here.start()] + there[0] + data[here.end() :]


def insert(rng: random.Random, data: bytes, _: Corpus) -> bytes:
    """Puts one of the hostile words in."""
    at = rng.randint(0, len(data))
    return data[:at] + rng.choice(HOSTILE) + data[at:]


def truncate(rng: random.Random, data: bytes, _: Corpus) -> bytes:
    """Cuts the end off."""
    return data[: rng.randint(0, len(data))]


OPERATIONS: list[Callable[[random.Random, bytes, Corpus], bytes]]
OPERATIONS = [flip_bits, delete, repeat, splice, insert, truncate, exchange, exchange, exchange, exchange]


def _stretch(rng: random.Random, data: bytes) -> tuple[int, int]:
    """A short stretch rather than a long one."""
    begin = rng.randint(0, len(data))
    return begin, min(begin + int(10 ** rng.uniform(0, 3)), len(data))


class Tally:
    """What became of inputs, by kind of input."""

    def __init__(self, seconds: float) -> None:
        self._most = seconds
        self._kinds: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._slowest: defaultdict[str, float] = defaultdict(float)
        self._largest: defaultdict[str, float] = defaultdict(float)
        self.violations = 0

    def count(self, kind: str, what: str, outcome: Outcome, allowed: tuple[str, ...]) -> None:
        """Takes an outcome in, and prints it where it should not have come.

        Args:
            kind: Of input.
            what: The input.
            outcome: What became of it.
            allowed: Kinds of outcomes that may come.
        """
        self._kinds[kind][outcome.kind] += 1
        self._slowest[kind] = max(self._slowest[kind], outcome.seconds)
        self._largest[kind] = max(self._largest[kind], outcome.megabytes)
        if outcome.kind not in allowed or outcome.seconds > self._most or outcome.megabytes > MEGABYTES:
            self.violations += 1
            figures = f"{outcome.kind}, {outcome.seconds:.2f} s, {outcome.megabytes:.0f} MB"
            print(f"{what}: {figures}: {outcome.message[:300]}", flush=True)

    def print(self) -> None:
        """Prints the table."""
        print("| input | number | read | refused | other faults | crashes | hangs | slowest s | peak MB |")
        print("|---" * 9 + "|")
        total: Counter[str] = sum(self._kinds.values(), Counter())
        rows = [*sorted(self._kinds.items()), ("all", total)]
        self._slowest["all"], self._largest["all"] = max(self._slowest.values()), max(self._largest.values())
        for kind, found in rows:
            cells = [found.total(), *(found[name] for name in ("read", "refused", "fault", "crash", "hang"))]
            shown = " | ".join(f"{cell:,}" for cell in cells)
            print(f"| {kind} | {shown} | {self._slowest[kind]:.2f} | {self._largest[kind]:.0f} |")


def fuzz(corpus: Corpus, seed: int, start: int, n: int) -> int:
    """Reads mutants by two processes, and prints what became of them.

    Args:
        corpus: Names and contents of files.
        seed: Of the mutants.
        start: Number of the first.
        n: How many.

    Returns:
        How many were neither read nor refused, or took too much.
    """
    tally, lock, numbers = Tally(SECONDS), threading.Lock(), count(start)

    def work() -> None:
        reader = Reader()
        while True:
            with lock:
                number = next(numbers)
            if number >= start + n:
                break
            made = mutant(corpus, seed, number)
            outcome = reader.read(made.data, made.format, BASE)
            with lock:
                what = f"seed {seed}, mutant {number}, of {made.origin}, as {made.format}"
                tally.count(Path(made.origin).suffix, what, outcome, ("read", "refused"))
            if outcome.megabytes > MEGABYTES:
                reader.stop()  # else those that come after it would be found guilty too
            if number % 1000 == 999:
                print(f"{number + 1:,}", file=sys.stderr, flush=True)
        reader.stop()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(work) for _ in range(2)]:
            done.result()
    tally.print()
    return tally.violations


def detonate() -> int:
    """Reads the bombs, each in a process of its own, and prints what became of them; gives how many went off."""
    tally, reader = Tally(BOMB_SECONDS), Reader()
    for name in BOMBS:
        reader.stop()
        tally.count(name, name, reader.detonate(name), ("refused",))
    reader.stop()
    tally.print()
    return tally.violations


def read_corpus() -> Corpus:
    """The inputs of the W3C suites, by name."""
    root = Path(os.environ.get("KGRAG_DATASETS", "/none"))
    missing = [name for name in FOLDERS if not (root / name).is_dir()]
    if missing:
        sys.exit(f"benchmarks/fuzzing.py: set KGRAG_DATASETS to a folder that holds {' and '.join(missing)}")
    paths = sorted(path for name in FOLDERS for path in (root / name).rglob("*") if path.suffix in FORMATS)
    return [(str(path.relative_to(root)), path.read_bytes()) for path in paths]


def main() -> None:
    """Fuzzes, or reads the bombs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=50_000, help="how many mutants")
    parser.add_argument("--seed", type=int, default=0, help="of the mutants")
    parser.add_argument("--start", type=int, default=0, help="number of the first mutant")
    parser.add_argument("--bombs", action="store_true", help="read the bombs instead")
    arguments = parser.parse_args()
    violations = detonate() if arguments.bombs else fuzz(read_corpus(), arguments.seed, arguments.start, arguments.n)
    sys.exit(1 if violations else 0)


if __name__ == "__main__":
    main()
