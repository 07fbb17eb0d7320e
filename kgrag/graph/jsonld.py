"""What JSON-LD asks for beyond the parser: contexts that lie beside the file, bases with dots, no base directions."""

from __future__ import annotations

import json
import logging
import re
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

from pyoxigraph import Literal, NamedNode, Quad

from kgrag.config import Limits
from kgrag.errors import GraphError
from kgrag.faults import printable
from kgrag.graph.contexts import check_contexts

_TOUCHED = re.compile(rb'"@context"\s*:\s*["\[]|"@import"|"@base"\s*:\s*"[^"]*(?:/\.|[\s<>{}|^`\\])|"//[^"]*/\.')
_NOT_IN_IRIS = re.compile(r'[\s<>"{}|\\^`]')
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|/")
_PARTS = re.compile(r"(\w[\w+.-]*://[^/?#]*)(/[^?#]*)(.*)", re.DOTALL)
_LEAST = 1 << 11  # bytes that each reference counts for: to read a file takes time, small as it may be
_CYCLE: dict[str, Any] = {}  # in the place of a context within itself: it holds there already

_log = logging.getLogger(__name__)


class Prepared(NamedTuple):
    """A document that the parser reads as JSON-LD defines it.

    Attributes:
        data: The document.
        iris: IRIs, up to their query, as the parser will find them, and as they should be.
    """

    data: bytes
    iris: dict[str, str]


def prepare(name: str, data: bytes, folder: Path | None, limits: Limits) -> Prepared:
    """Puts the contexts that a document refers to in, if they lie in its folder or below; none is fetched.

    The parser does not remove dot segments of a base (``http://a/b/../``) or of a reference that names a host
    (``//a/../b``), as resolution should; the former are removed here, the latter in `conformant`. A base that is no IRI
    is left out, and so are IRIs relative to it.

    Args:
        name: What errors call the document.
        data: The document.
        folder: Where it lies; None where it is no file.
        limits: Bounds on what is put in.

    Raises:
        GraphError: If the contexts are too large, or ask for too much.
        ValueError: If the document or a context is no JSON.
    """
    iris: dict[str, str] = {}
    if _TOUCHED.search(data):
        document = _Document(name, folder, limits)
        whole = document.read(data, folder)
        data, iris = json.dumps(whole).encode() if document.is_changed else data, document.iris
    check_contexts(name, data, limits)
    return Prepared(data, iris)


def conformant(quad: Quad, iris: dict[str, str]) -> Quad:
    """The quad as JSON-LD 1.1 defines it: strings without a base direction, IRIs resolved to the end.

    Args:
        quad: As the parser found it.
        iris: What `prepare` found.
    """
    subject, predicate, obj, graph = quad
    if not iris and getattr(obj, "direction", None) is None:  # most of them
        return quad
    if isinstance(obj, Literal) and obj.direction is not None:
        obj = Literal(obj.value, language=obj.language) if obj.language else Literal(obj.value)
    if iris:
        subject, obj, graph = (_resolved(term, iris) for term in (subject, obj, graph))
    return Quad(subject, predicate, obj, graph)


class _Document:
    """One document while it is read: its folder, the bases it names, and how much it has taken in."""

    def __init__(self, name: str, folder: Path | None, limits: Limits) -> None:
        self.iris: dict[str, str] = {}
        self.is_changed = False
        self._name, self._root, self._limits = name, folder and folder.resolve(), limits
        self._bytes = 0
        self._importing: dict[int, dict[str, Any]] = {}  # by id; kept, so that no id is given twice

    def read(self, data: bytes, folder: Path | None, chain: tuple[Path, ...] = ()) -> Any:
        """JSON, with the contexts it refers to in the place of the references."""
        return json.loads(data, object_hook=partial(self._node, folder=folder, chain=chain))

    def _node(self, node: dict[str, Any], folder: Path | None, chain: tuple[Path, ...]) -> dict[str, Any]:
        if "@context" in node:
            node["@context"] = self._context(node["@context"], folder, chain)
        if isinstance(node.get("@base"), str):
            node["@base"] = self._base(node["@base"])
        for value in node.values():
            for text in value if isinstance(value, list) else [value]:
                if isinstance(text, str) and text.startswith("//") and "/." in text:
                    self._host(text)
        return node

    def _base(self, base: str) -> str | None:
        if _NOT_IN_IRIS.search(base):
            self.is_changed = True
            _log.warning("%s: the base %s is no IRI; IRIs relative to it are left out.", self._name, printable(base))
            return None
        parts = _PARTS.fullmatch(base)
        if parts is None:
            return base
        host, path, rest = parts.groups()
        folders, _, last = path.rpartition("/")  # resolution drops the last part, whatever it is
        settled = _without_dots(folders + "/") + last
        if settled != path:
            self.is_changed = True
            self.iris[host + settled] = host + path  # references to the base itself keep its dots
        return host + settled + rest

    def _host(self, reference: str) -> None:
        for scheme in ("http:", "https:"):
            parts = _PARTS.fullmatch(scheme + reference)
            if parts:
                self.iris[parts[1] + parts[2]] = parts[1] + _without_dots(parts[2])

    def _context(self, context: Any, folder: Path | None, chain: tuple[Path, ...]) -> Any:
        if isinstance(context, list):
            parts = [self._context(part, folder, chain) for part in context]
            return [part for whole in parts for part in (whole if isinstance(whole, list) else [whole])]
        if isinstance(context, str):
            found = self._file(context, folder, chain)
            if not chain and any(part is _CYCLE for part in (found if isinstance(found, list) else [found])):
                raise ValueError(f"the context {context} includes itself")
            return found
        if isinstance(context, dict) and isinstance(context.get("@import"), str):
            imported = self._file(context["@import"], folder, chain)
            if isinstance(imported, str):
                return context  # not found: left to the parser, which refuses it
            if not isinstance(imported, dict) or id(imported) in self._importing:
                raise ValueError(f"the context {context['@import']} cannot be imported: it is a list or imports one")
            whole = {**imported, **{key: value for key, value in context.items() if key != "@import"}}
            self._importing[id(whole)] = whole
            return whole
        return context

    def _file(self, reference: str, folder: Path | None, chain: tuple[Path, ...]) -> Any:
        """The context that a relative reference names; others stay as they are, and the parser refuses them."""
        if folder is None or self._root is None or _ABSOLUTE.match(reference):
            return reference
        try:
            path = (folder / unquote(reference)).resolve()
            if not path.is_relative_to(self._root) or not path.is_file():
                return reference
            if path in chain:
                return _CYCLE
            self._bytes += max(path.stat().st_size, _LEAST)
            if self._bytes > self._limits.context_bytes:
                raise GraphError(
                    f"The contexts of {self._name} have more than {self._limits.context_bytes:,} bytes together.",
                    "Refer to them once, at the top, or raise Limits.context_bytes.",
                )
            data = path.read_bytes()
        except OSError as error:
            raise ValueError(f"the context {reference} cannot be read: {error}") from error
        self.is_changed = True
        document = self.read(data, path.parent, (*chain, path))
        context = document.get("@context", reference) if isinstance(document, dict) else reference
        for part in context if isinstance(context, list) else [context]:
            if isinstance(part, dict):
                part.pop("@base", None)  # the base of a context file says nothing about the document
        return context


def _resolved(term: Any, iris: dict[str, str]) -> Any:
    parts = _PARTS.fullmatch(term.value) if isinstance(term, NamedNode) else None
    iri = iris.get(parts[1] + parts[2]) if parts else None
    return NamedNode(iri + parts[3]) if parts and iri else term


def _without_dots(path: str) -> str:
    """A path with its dot segments removed (RFC 3986, 5.2.4)."""
    segments, kept = path.split("/"), [""]
    for segment in segments[1:]:
        if segment == "..":
            del kept[max(len(kept) - 1, 1) :]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/".join(kept)
