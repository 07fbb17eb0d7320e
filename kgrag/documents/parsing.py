"""Parsing in a process of its own, for a file from a stranger may make a parser hang, crash or fill the memory."""

from __future__ import annotations

from dataclasses import asdict
from importlib import import_module
from typing import Any

from kgrag.children import Child, bound_memory, memory_meter, reply, requests
from kgrag.config import DocumentLimits
from kgrag.documents import plain
from kgrag.documents.document import Document, Section, UnreadableError
from kgrag.errors import KgragError
from kgrag.faults import one_line

_HERE = "kgrag.documents.parsing"
_PARSERS = {"html": "html", "md": "markdown", "pdf": "pdf", "docx": "word", "xml": "markup"}  # what needs a library


class Parser:
    """Parses documents, one at a time; its process is started with the first one and ends with it.

    Args:
        limits: Bounds on documents, and on the time and memory that one may take.
    """

    def __init__(self, limits: DocumentLimits) -> None:
        self._limits = limits
        self._child: Child | None = None

    def parse(self, kind: str, data: bytes) -> Document:
        """Parses a document that has neither id nor source yet.

        Raises:
            UnreadableError: It is malformed or out of bounds.
            KgragError: The library that it takes is not installed, or no process can be started.
        """
        if kind not in _PARSERS:
            return plain.parse(data, self._limits)
        answer = self._ask(kind, data)
        if "missing" in answer:
            raise KgragError(
                f"To read {kind} documents, {answer['missing']} must be installed.", "pip install 'kgrag[documents]'"
            )
        if "reason" in answer:
            raise UnreadableError(answer["reason"], answer["hint"])
        return _document(answer)

    def stop(self) -> None:
        """Ends its process."""
        if self._child is not None:
            self._child.stop()

    def _ask(self, kind: str, data: bytes) -> dict[str, Any]:
        try:
            if self._child is None or not self._child.is_usable():
                self._child = Child(_HERE)
            return self._child.ask({"kind": kind, "limits": asdict(self._limits)}, data, self._limits.seconds)
        except TimeoutError:
            raise UnreadableError(
                f"it was not parsed within {self._limits.seconds:g} seconds",
                "Leave it out, or raise DocumentLimits.seconds.",
            ) from None
        except ChildProcessError:
            raise UnreadableError(
                "it makes its parser crash, or need too much memory",
                "Leave it out, or raise DocumentLimits.memory_bytes.",
            ) from None
        except OSError as error:
            raise KgragError(
                f"No process for documents can be started: {one_line(str(error))}.", "Check sys.executable."
            ) from error


def _document(values: dict[str, Any]) -> Document:
    def frozen(fields: dict[str, Any]) -> dict[str, Any]:
        return {key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()}

    sections = [Section(**frozen(section)) for section in values["sections"]]
    return Document(**frozen({**values, "sections": sections}))


# within the child


def main() -> None:
    """Answers requests until standard input ends."""
    held = memory_meter()
    for request, body in requests():
        limits = DocumentLimits(**request["limits"])
        try:
            parser = import_module(f"kgrag.documents.{_PARSERS[request['kind']]}")
        except ImportError as error:
            reply({"missing": error.name or str(error)})
            continue
        bound_memory(held() + limits.memory_bytes)
        reply(_answer(parser, body, limits))
        bound_memory(None)


def _answer(parser: Any, data: bytes, limits: DocumentLimits) -> dict[str, Any]:
    try:
        return asdict(parser.parse(data, limits))
    except UnreadableError as error:
        return {"reason": one_line(error.reason), "hint": error.hint}
    except MemoryError:
        return {"reason": "it needs too much memory", "hint": "Leave it out, or raise DocumentLimits.memory_bytes."}
    except Exception as error:  # the errors of the libraries have no root in common
        return {"reason": one_line(f"it is damaged ({type(error).__name__}: {error})"), "hint": "Mend the file."}
