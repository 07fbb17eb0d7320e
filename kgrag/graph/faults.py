"""Where a file is malformed, said so that it can be found and shown without harm."""

from __future__ import annotations

import re

_POSITION = re.compile(
    r"^Parser error (?:at line \d+ (?:column \d+|between columns \d+ and \d+)|between line .*? and line \d+ column \d+): "
)
_QUOTED = re.compile(r"'([^']+)'")
_WIDTH = 80


def where(error: Exception, data: bytes | str) -> tuple[str, str]:
    """Place and reason of a parser's error: ``", line 2, column 5"`` and one line of text."""
    line, column = getattr(error, "lineno", None), getattr(error, "offset", None) or getattr(error, "colno", None)
    reason = _POSITION.sub("", str(getattr(error, "msg", None) or error))
    if line is None and isinstance(data, str):
        line, column = _xml_position(data, reason)
    return ("" if line is None else f", line {line}, column {column}"), one_line(reason)


def one_line(message: str) -> str:
    """A message without line breaks, control characters and a full stop at its end; at most 300 characters."""
    message = printable(" ".join(message.split())).rstrip(".")
    return message if len(message) <= 300 else message[:297] + "..."


def printable(text: str) -> str:
    """The text with what a terminal would obey, or hide, written as escapes."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape", "replace").decode() for char in text)


def _xml_position(text: str, reason: str) -> tuple[int | None, int | None]:
    """The RDF/XML parser gives no position: ask expat, else look for what the reason quotes."""
    from xml.parsers import expat

    try:
        expat.ParserCreate("utf-8").Parse(text.encode(), True)
    except expat.ExpatError as error:
        return error.lineno, error.offset + 1
    quoted = _QUOTED.search(reason)
    at = text.find(quoted[1]) if quoted else -1
    return (None, None) if at < 0 else (text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))
