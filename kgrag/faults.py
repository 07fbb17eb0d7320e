"""Where a file is malformed, said so that it can be found and shown without harm."""

from __future__ import annotations

import io
import logging
import re
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

_POSITION = re.compile(
    r"^Parser error (?:at line \d+ (?:column \d+|between columns \d+ and \d+)|between line .*? and line \d+ column \d+): "
)
_WIDTH = 80
_SHOWN = 10

_log = logging.getLogger(__name__)


class Fault(NamedTuple):
    """A place that cannot be read.

    Attributes:
        name: The file, or what stands for it.
        line: From 1; None where the parser does not say.
        column: From 1; None where the parser does not say.
        reason: What is wrong.
        text: The line, or the part of it around the column; at most 80 characters.
    """

    name: str
    line: int | None
    column: int | None
    reason: str
    text: str

    def __str__(self) -> str:
        place = f", line {self.line}" if self.line else ""
        place += f", column {self.column}" if self.line and self.column else ""
        return f"{self.name}{place}: {self.reason}" + (f": «{self.text}»" if self.text else "")


@dataclass
class Skipped:
    """Lines, or whole files, that were left out.

    Attributes:
        count: How many.
        first: The first ten of them.
    """

    count: int = 0
    first: list[Fault] = field(default_factory=list)

    @property
    def is_full(self) -> bool:
        """Whether the next one is only counted."""
        return len(self.first) >= _SHOWN

    def take(self, fault: Fault) -> None:
        """Counts a line."""
        self.count += 1
        if not self.is_full:
            self.first.append(fault)

    def report(self, what: str = "lines") -> None:
        """Logs what was left out, if anything was."""
        if self.count:
            more = f"\n... and {self.count - len(self.first):,} more" if self.count > len(self.first) else ""
            _log.warning("%s %s were left out:\n%s%s", f"{self.count:,}", what, "\n".join(map(str, self.first)), more)


def fault_at(name: str, reason: str, data: bytes | str, line: int | None, column: int | None = None) -> Fault:
    """A fault at a line of the data, with what stands there."""
    if line is None:
        return Fault(name, None, None, one_line(reason), "")
    if isinstance(data, bytes):
        text = next(islice(io.BytesIO(data), line - 1, None), b"").decode("utf-8", "replace")
    else:
        text = next(islice(io.StringIO(data), line - 1, None), "")
    return Fault(name, line, column, one_line(reason), snippet(text, column or 1))


def fault_at_byte(name: str, reason: str, data: bytes, at: int) -> Fault:
    """A fault at a byte of the data, which is UTF-8, with the line that it is in."""
    before = data[data.rfind(b"\n", 0, at) + 1 : at].decode("utf-8", "replace")
    after = data[at : at + 4 * _WIDTH].partition(b"\n")[0].decode("utf-8", "replace")
    column = len(before) + 1
    return Fault(name, data.count(b"\n", 0, at) + 1, column, one_line(reason), snippet(before + after, column))


def fault_of(name: str, error: Exception, data: bytes | str | None) -> Fault:
    """A parser's error as a fault; the data is None where it is not what the user wrote."""
    reason = _POSITION.sub("", str(getattr(error, "msg", None) or error))
    line, column = getattr(error, "lineno", None), getattr(error, "offset", None) or getattr(error, "colno", None)
    return fault_at(name, reason, data or "", line if data else None, column)


def snippet(line: str, column: int = 1) -> str:
    """What stands around a column, in at most 80 characters, none of which a terminal would obey."""
    line = line.rstrip("\r\n")
    start = max(min(column - _WIDTH // 2, len(line) - _WIDTH + 2), 0)
    text = printable(line[start : start + _WIDTH])
    left = "…" if start else ""
    whole = left + text
    is_cut = len(whole) > _WIDTH or start + _WIDTH < len(line)
    return whole[: _WIDTH - 1] + "…" if is_cut else whole


def one_line(message: str) -> str:
    """A message without line breaks, control characters and a full stop at its end; at most 300 characters."""
    message = printable(" ".join(message[:3000].split())).rstrip(".")
    return message if len(message) <= 300 else message[:297] + "..."


def printable(text: str) -> str:
    """The text with what a terminal would obey, or hide, written as escapes."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape", "replace").decode() for char in text)
