"""Large files of lines, read in parts by several processes at once.

Ids are the same as when one process reads all. Where a part cannot be read for whatever reason, nothing is said here: the
file is then read as a whole, which finds the same fault and knows its place.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from typing import IO, TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pyoxigraph import RdfFormat

from kgrag.children import command
from kgrag.config import Limits
from kgrag.errors import GraphError
from kgrag.graph.reading import Opened, open_lines

if TYPE_CHECKING:
    from kgrag.graph.interning import Interner

_MOST = 8  # processes
_WORTH = 16 << 20  # bytes of a part that are worth a process
_AHEAD = 4 << 20  # bytes that this process reads while others start

_WORKER = "kgrag.graph.splitting_worker"


def read_in_parts(
    interner: Interner, file: str, opened: Opened, blank: Callable[[str], str], limits: Limits
) -> list[NDArray[np.int64]] | None:
    """The statements of a source, see `Interner.quads`; None where it is to be read as a whole."""
    lines = opened.format
    if not isinstance(lines, RdfFormat) or lines not in (RdfFormat.N_TRIPLES, RdfFormat.N_QUADS):
        return None
    first, *others = _parts(opened.data)
    if not others:
        return None
    format = "nt" if lines == RdfFormat.N_TRIPLES else "nq"
    request = json.dumps({"file": file, "format": format, "literal_chars": limits.literal_chars})
    try:
        with contextlib.ExitStack() as processes:
            results = [processes.enter_context(_read_elsewhere(part, request)) for part in others]
            own = open_lines(file, bytes(first), lines, limits)
            columns = list(interner.quads(file, own, blank, limits))
            columns.extend(_merge(interner, blank, result()) for result in results)
    except (OSError, ValueError, GraphError):
        return None
    return columns if sum(part.shape[1] for part in columns) <= limits.statements else None


def write_part(stream: IO[bytes], interner: Interner, columns: NDArray[np.int64]) -> None:
    """Writes what another process read, for `read_in_parts`."""
    np.save(stream, columns)
    for strings in (interner.terms, interner.origins):
        np.save(stream, np.frombuffer("\n".join(strings).encode(), np.uint8))


def _parts(data: bytes) -> list[memoryview]:
    """Parts of whole lines: the first for this process, one for each other."""
    rest = len(data) - _AHEAD
    count = min(_processes(), rest // _WORTH)
    if count < 2:
        return [memoryview(data)]
    ends = [data.find(b"\n", _AHEAD + rest * (part + 1) // count) + 1 or len(data) for part in range(count)]
    return [memoryview(data)[begin:end] for begin, end in zip([0, *ends], ends)]


def _processes() -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, _MOST)


@contextlib.contextmanager
def _read_elsewhere(part: memoryview, request: str) -> Iterator[Callable[[], IO[bytes]]]:
    """Starts a process that reads a part; gives a function that waits for what it wrote."""
    with tempfile.TemporaryFile() as text, tempfile.TemporaryFile() as result:
        text.write(part)
        text.seek(0)
        started = command(_WORKER, request)
        with subprocess.Popen(started, stdin=text, stdout=result, stderr=subprocess.DEVNULL) as process:

            def wait() -> IO[bytes]:
                if process.wait():
                    raise ValueError("a part cannot be read")
                result.seek(0)
                return result

            try:
                yield wait
            finally:
                process.kill()


def _merge(interner: Interner, blank: Callable[[str], str], stream: IO[bytes]) -> NDArray[np.int64]:
    """What `write_part` wrote, in the ids of this process."""
    columns = np.load(stream, allow_pickle=False)
    terms, origins = (np.load(stream, allow_pickle=False).tobytes().decode().split("\n") for _ in range(2))
    if any(", graph _:" in origin for origin in origins):
        raise ValueError("a blank node that names a graph would be numbered in another order")
    here = [interner.terms.add(blank(term[2:]) if term.startswith("_:") else term) for term in terms]
    return np.stack([*np.array(here)[columns[:-1]], np.array(list(map(interner.origins.add, origins)))[columns[-1]]])
