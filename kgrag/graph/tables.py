"""Triples in a table: TSV or CSV with a header that says which columns are subject, predicate and object."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from pyoxigraph import Quad

from kgrag.errors import GraphError
from kgrag.faults import Skipped, fault_at, snippet
from kgrag.graph.terms import read_triple, to_oxigraph

_NAMES = (("subject", "head", "source"), ("predicate", "relation"), ("object", "tail", "target"))  # best first
_LINE = 1 << 20  # bytes
_EXAMPLES = "subject, predicate, object or head, relation, tail or source, relation, target"


class Table(Enum):
    """Kinds of tables. Cells of TSV are taken as they stand; those of CSV may be quoted, a quote in one is doubled."""

    TSV = "\t"
    CSV = ",;\t"  # what may stand between cells, the first that fits the header


class Header(NamedTuple):
    """What stands between cells, and which cells are subject, predicate and object."""

    delimiter: str
    columns: tuple[int, int, int]


def read_header(line: str, delimiters: str = Table.CSV.value) -> Header | None:
    """Takes the first line of a table apart; None where it is no header."""
    for delimiter in delimiters:
        names = [cell.strip(' "?\r\n').lower() for cell in line.split(delimiter)]
        found = [next((names.index(name) for name in options if name in names), None) for options in _NAMES]
        subject, predicate, obj = found
        if subject is not None and predicate is not None and obj is not None:
            return Header(delimiter, (subject, predicate, obj))
    return None


def table_of(line: str) -> Table | None:
    """The kind of table that begins with a line; None where it is no header."""
    header = read_header(line)
    return header and (Table.TSV if header.delimiter == "\t" else Table.CSV)


def read_table(name: str, data: bytes, table: Table, skipped: Skipped | None = None) -> Iterator[Quad]:
    """Statements of a table; cells are read as `kgrag.graph.KnowledgeGraph.from_triples` reads strings.

    Args:
        name: What errors call the table.
        data: The table, in UTF-8.
        table: Its kind.
        skipped: Takes the lines that cannot be read; without it, they are errors.

    Raises:
        GraphError: If the header does not name the columns, or a line cannot be read or has more than 1 MiB.
    """
    _check_lines(name, data)
    # What is not UTF-8 becomes a lone surrogate, which no term may hold: an error of its line, not of the whole table.
    stream = io.TextIOWrapper(io.BytesIO(data), "utf-8", errors="surrogateescape", newline="")
    before, first = next(((number, line) for number, line in enumerate(stream, start=1) if line.strip()), (0, ""))
    if not first:
        return
    header = read_header(first, table.value)
    if header is None:
        raise GraphError(
            f"{name}, line {before}: the header does not name subject, predicate and object: «{snippet(first)}».",
            f"Let the columns be called {_EXAMPLES}.",
        )
    if header.delimiter == "\t":
        reader = csv.reader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
    else:
        reader = csv.reader(stream, delimiter=header.delimiter, strict=True)
    while True:
        line, cells = before + reader.line_num + 1, []
        try:
            cells = next(reader)
            if any(cells):
                yield _quad(cells, header)
        except StopIteration:
            return
        except (csv.Error, GraphError) as error:
            reason = str(error).removesuffix(error.hint) if isinstance(error, GraphError) else str(error)
            fault = fault_at(name, reason, b"" if skipped is not None and skipped.is_full else data, line)
            if skipped is None:
                raise GraphError(f"{fault}.", "Mend the line, or leave such lines out: on_error='skip'.") from error
            skipped.take(fault)


def _check_lines(name: str, data: bytes) -> None:
    """A line is in memory as a whole, and each cell of it takes many times its size."""
    at = 0
    while len(data) - at > _LINE:
        at = data.rfind(b"\n", at, at + _LINE) + 1
        if not at:
            raise GraphError(f"{name} has a line of more than {_LINE:,} bytes.", "Split it, or name its format.")


def _quad(cells: list[str], header: Header) -> Quad:
    if len(cells) <= max(header.columns):
        raise GraphError(f"it has {len(cells)} cells, and the header asks for {max(header.columns) + 1}")
    row = read_triple([cells[column] for column in header.columns])
    return Quad(*(to_oxigraph(term) for term in row))  # type: ignore[arg-type]
