"""N-Triples and N-Quads of which faulty lines are left out."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from itertools import islice

import pyoxigraph
from pyoxigraph import Quad, RdfFormat

from kgrag.errors import GraphError
from kgrag.faults import Skipped, fault_of, snippet

_BLOCK = 1000  # lines; the parser takes as long for a line of its own as for ten in a block


def read_lines(
    name: str, data: bytes, rdf_format: RdfFormat, refusal: Callable[[Quad], str], skipped: Skipped
) -> Iterator[Quad]:
    """Statements of the lines that are valid.

    The parser can go on after an error too, but then takes a quote that is left open, and what follows, for one thing.

    Args:
        name: What faults call the data.
        data: The lines.
        rdf_format: N-Triples or N-Quads.
        refusal: Why a statement is not accepted; empty where it is.
        skipped: Takes the other lines.
    """

    def read(text: bytes) -> list[Quad]:
        quads = list(pyoxigraph.parse(text, rdf_format))
        for reason in filter(None, map(refusal, quads)):
            raise GraphError(reason)
        return quads

    stream, before = io.BytesIO(data), 0
    while block := list(islice(stream, _BLOCK)):
        try:
            yield from read(b"".join(block))
        except (SyntaxError, MemoryError, GraphError):
            for number, line in enumerate(block, start=before + 1):
                line = line.rstrip(b"\r\n")  # else what is missing at its end is missed in the next
                try:
                    yield from read(line)
                except (SyntaxError, MemoryError, GraphError) as error:
                    fault = fault_of(name, error, line)
                    text = snippet(line.decode("utf-8", "replace"), fault.column or 1)
                    skipped.take(fault._replace(line=number, text=text))
        before += len(block)
