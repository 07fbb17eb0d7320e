"""The process that reads a part of a file: lines come in, columns of ids and their terms go out."""

from __future__ import annotations

import json
import sys

import numpy as np

from kgrag.config import Limits
from kgrag.graph.dictionary import Dictionary
from kgrag.graph.interning import Interner
from kgrag.graph.reading import open_source
from kgrag.graph.splitting import write_part


def main(request: str) -> None:
    """Reads standard input, which is a file of lines, and writes to standard output; ends with an error if it cannot."""
    asked = json.loads(request)
    limits = Limits(literal_chars=asked["literal_chars"])
    interner = Interner(Dictionary(), Dictionary())
    opened = open_source(sys.stdin.buffer.read(), asked["format"], None, limits, None)
    batches = list(interner.quads(asked["file"], opened, "_:{}".format, limits))
    write_part(sys.stdout.buffer, interner, np.concatenate([np.zeros((4, 0), np.int64), *batches], axis=1))
