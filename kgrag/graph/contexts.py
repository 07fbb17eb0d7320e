"""Contexts of JSON-LD, bounded: the parser crashes on long chains of definitions, and copies terms wherever contexts hold."""

from __future__ import annotations

import json
import math
from graphlib import CycleError, TopologicalSorter
from typing import Any, NamedTuple

from kgrag.config import Limits
from kgrag.errors import GraphError
from kgrag.graph.checking import HARMLESS

_DEFINING = ("@id", "@reverse", "@type")


class _Size(NamedTuple):
    """How many contexts, how many terms in them, and how deep they lie in one another."""

    contexts: int
    terms: int
    depth: int


_NOTHING = _Size(0, 0, 0)


class _Object(list[tuple[str, Any]]):
    """An object of JSON as (key, value) pairs: the parser reads each of those with the same key as well."""


def check_contexts(name: str, data: bytes, limits: Limits) -> None:
    """Refuses a document whose contexts ask for too much.

    Args:
        name: What errors call the document.
        data: The document.
        limits: Bounds on how deeply terms are defined by terms, how many are copied, and how long IRIs become.

    Raises:
        GraphError: If they are out of bounds.
        ValueError: If the document is no JSON.
    """
    if b"@context" not in data and b"\\u00" not in data:  # which may stand for a letter of it
        return
    terms = _Terms(limits)
    copied = terms.read_all(json.loads(data, object_pairs_hook=_Object))
    longest, depth = terms.longest()
    values = data.count(b'"') // 2 + data.count(b",")
    if depth > limits.nesting_depth:
        raise GraphError(
            f"The contexts of {name} define terms by terms in a circle, or more than {limits.nesting_depth:,} deep.",
            "Write IRIs out, or raise Limits.nesting_depth with care: the parser crashes on a few thousand.",
        )
    if copied > limits.context_terms:
        raise GraphError(
            f"The contexts of {name} hold so often that {copied:,} terms would be copied, more than "
            f"{limits.context_terms:,}.",
            "Give one context at the top, or raise Limits.context_terms.",
        )
    if longest * values > max(HARMLESS, limits.unpacked_ratio * len(data)):
        raise GraphError(
            f"The contexts of {name} make IRIs of up to {longest:,} characters, so that it could become more than "
            f"{limits.unpacked_ratio} times as large.",
            "Shorten them, or raise Limits.unpacked_ratio.",
        )


class _Terms:
    """What the contexts of a document define, all taken together: a term may be defined by one of another context."""

    def __init__(self, limits: Limits) -> None:
        self._most = limits.nesting_depth
        self._lengths: dict[str, int] = {}  # characters that a definition adds to what it is defined by
        self._prefixes: dict[str, set[str]] = {}  # terms that a term is defined by
        self._scoped: dict[str, _Size] = {}  # size of the context that holds where a term is used
        self._deepest = 1

    def read_all(self, document: Any) -> int:
        """Reads the contexts of a document, and estimates how many terms the parser copies."""
        copied = 0
        waiting = [(document, 0, _NOTHING)]  # with the terms that are known there, and the context that its key brings
        while waiting:
            node, known, brought = waiting.pop()
            if isinstance(node, _Object):
                sizes = [brought, *(self._read(value) for key, value in node if key == "@context")]
                if self._scoped:  # a type may bring one as well, and any key may stand for "@type"
                    sizes += (
                        self._scoped[text] for _, value in node for text in _strings(value) if text in self._scoped
                    )
                for size in sizes:
                    known += size.terms
                    copied += size.contexts * known
                for key, value in node:
                    if key != "@context":
                        waiting.append((value, known, self._scoped.get(key, _NOTHING)))
            elif isinstance(node, list):
                waiting.extend((item, known, brought) for item in node)
        return copied

    def longest(self) -> tuple[int, float]:
        """Most characters that a name in the document may stand for, and most definitions that wait for one another.

        A term waits for its prefix, and for the context that comes with it.
        """
        reach = {"": (0, 0), "@vocab": (0, 0), "@base": (0, 0)}
        try:
            for term in TopologicalSorter(self._prefixes).static_order():
                length, depth = map(max, zip(*(reach[prefix] for prefix in ["", *self._prefixes.get(term, ())])))
                reach[term] = (length + self._lengths.get(term, 0), depth + (term in self._lengths))
        except CycleError:
            return 0, math.inf
        length = max(length for term, (length, _) in reach.items() if not term.startswith("@"))
        depth = max(depth for _, depth in reach.values())
        return length + reach["@vocab"][0] + reach["@base"][0], depth * self._deepest

    def _read(self, context: Any, is_scoped: bool = False) -> _Size:
        """Takes a context in; gives its size, with those within it."""
        if isinstance(context, _Object):
            within = _total([self._define(term, definition, is_scoped) for term, definition in context])
            self._deepest = max(self._deepest, within.depth + 1)
            return _Size(within.contexts + 1, within.terms + len(context), within.depth + 1)
        return _total([self._read(part, is_scoped) for part in context] if isinstance(context, list) else [])

    def _define(self, term: str, definition: Any, is_scoped: bool) -> _Size:
        """Takes the definition of a term in; gives the size of the contexts within it."""
        facts = definition if isinstance(definition, _Object) else [("@id", definition)]
        texts = [term, *(text for key, text in facts if key in _DEFINING and isinstance(text, str))]
        length = max(map(len, texts))
        if term in ("@vocab", "@base") and ":" not in texts[-1]:  # relative: added to the one that held before
            length = self._lengths.get(term, 0) + length * (self._most if is_scoped else 1)
        self._lengths[term] = max(self._lengths.get(term, 0), length)
        prefixes = {text.partition(":")[0] for text in texts if not text.startswith("@")}
        self._prefixes.setdefault(term, set()).update(prefixes - {term})
        size = _total([self._read(value, True) for key, value in facts if key == "@context"])
        if size.contexts:
            self._scoped[term] = max(size, self._scoped.get(term, size))
        return size


def _total(sizes: list[_Size]) -> _Size:
    contexts, terms, depths = zip(*sizes) if sizes else ((), (), ())
    return _Size(sum(contexts), sum(terms), max(depths, default=0))


def _strings(value: Any) -> list[str]:
    return [text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)]
