"""The process that reads a part of a file: lines come in, columns of ids and their terms go out."""

from __future__ import annotations

import json
import sys

import numpy as np
from pyoxigraph import RdfFormat

from kgrag.config import Limits
from kgrag.graph.dictionary import Dictionary
from kgrag.graph.interning import Interner
from kgrag.graph.reading import open_lines
from kgrag.graph.splitting import write_part


def main(request: str) -> None:
    """Reads standard input, which is a file of lines, and writes to standard output; ends with an error if it cannot."""
    asked = json.loads(request)
    limits = Limits(literal_chars=asked["literal_chars"])
    interner = Interner(Dictionary(), Dictionary())
    rdf_format = RdfFormat.N_TRIPLES if asked["format"] == "nt" else RdfFormat.N_QUADS
    opened = open_lines(asked["file"], sys.stdin.buffer.read(), rdf_format, limits)
    batches = list(interner.quads(asked["file"], opened, "_:{}".format, limits))
    write_part(sys.stdout.buffer, interner, np.concatenate([np.zeros((4, 0), np.int64), *batches], axis=1))
