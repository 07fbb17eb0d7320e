"""Statements from an endpoint: which, in how many requests, and within which bounds."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TypeVar

from kgrag.errors import GraphError
from kgrag.graph import remote_queries as queries
from kgrag.graph.endpoint import Endpoint
from kgrag.graph.remote_queries import Pattern
from kgrag.graph.terms import literal_value
from kgrag.graph.vocabulary import ALIAS_PROPERTIES, LABEL_PROPERTIES, TYPE_PROPERTIES

Statement = tuple[str, str, str]  # subject, predicate and object as term strings

_UNION = 100  # patterns of one request: the time that engines take for a union grows faster than its length
_LIGHT = 4  # names and labels bring few results: so many times as many of them are asked about at once
_SAMPLE = 1_000  # labels of each property that are looked at where all are too many
_TAGS = 8  # most language tags that names are looked up with

_TAG = re.compile("[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")
_T = TypeVar("_T")

_log = logging.getLogger(__name__)


class Fetcher:
    """Asks an endpoint for statements, in batches.

    Which properties hold labels there, and in which languages, is found out first.

    Args:
        endpoint: Its config says how much is asked at once, and taken.
        own_properties: IRIs of further properties whose literals are labels.
        language: Preferred language tag, such as "en".

    Raises:
        GraphError: If the endpoint does not answer, as by all methods, or holds no statement.
    """

    def __init__(self, endpoint: Endpoint, own_properties: Iterable[str], language: str) -> None:
        self.endpoint, self.config = endpoint, endpoint.config
        if not endpoint.query(queries.ANYTHING):
            raise GraphError(
                f"The endpoint {endpoint.name} holds no statement.",
                "If all are in named graphs, add ?default-graph-uri=... to its address, or have it offer their union.",
            )
        known = list(dict.fromkeys((*own_properties, *LABEL_PROPERTIES, *ALIAS_PROPERTIES)))
        usage = self._ask_all("languages", queries.label_usage(known))
        if usage is None:
            usage = endpoint.select(queries.label_usage(known, _SAMPLE))
        used = {solution.get("p") for solution in usage}
        self._label_properties = [iri for iri in known if iri in used]
        if not used:
            _log.warning("%s has no label of a known kind; give label_properties to find things in it", endpoint.name)
        seen = {_value(solution.get("t", "")) for solution in usage} | {language}
        near = language.lower().split("-")[0]
        tags = ["", *sorted(filter(_TAG.fullmatch, seen), key=lambda tag: (tag.lower().split("-")[0] != near, tag))]
        self._tags = tags[:_TAGS]
        self._is_polyglot = len(tags) > _TAGS
        self._not_relations = set(known)

    def overview(self) -> list[Statement]:
        """One statement with each relation, the most frequent one first, and one of each class; none where they cannot be listed."""
        most = self.config.relations
        found = self._ask_all("relations", queries.FREQUENT_RELATIONS, most)
        if found is None:
            found = self._ask_all("relations", queries.RELATIONS, most)
        relations = [row["p"] for row in found or () if row.get("p", "") not in {"", *self._not_relations}]
        classes = [row["o"] for row in self._ask_all("classes", queries.CLASSES, most) or () if "o" in row]
        patterns = [Pattern(None, iri, None, 1) for iri in relations]
        patterns += [Pattern(None, TYPE_PROPERTIES[0], iri, 1) for iri in classes]
        place = {iri: i for i, iri in enumerate(relations)}
        rows = self._ask(patterns, queries.matching, _UNION)
        return sorted(rows, key=lambda row: place.get(row[1], len(place)))

    def around(self, nodes: Sequence[str]) -> list[Statement]:
        """The statements of nodes in both directions; of one with very many to it, some with each relation."""
        rows = list(self._ask([node for node in nodes if node[0] != '"'], queries.leaving))
        for batch in _batches(nodes, self.config.batch):
            found, is_cut = self._rows(queries.arriving(batch))
            if is_cut:
                hubs, patterns = self._hubs(batch)
                found = list(self._ask(patterns, queries.matching, _UNION))
                rest = [node for node in batch if node not in hubs]
                found += self._ask(rest, queries.arriving, (len(batch) + 1) // 2)
            rows += found
        return rows

    def labels(self, terms: Sequence[str]) -> list[Statement]:
        """The labels of IRIs; in few languages where there are many."""
        if not self._label_properties:
            return []
        tags = self._tags if self._is_polyglot else None
        query = partial(queries.labels, properties=self._label_properties, tags=tags)
        return list(self._ask(terms, query, _LIGHT * self.config.batch))

    def called(self, names: Iterable[str]) -> list[Statement]:
        """The labels that are one of the names, as it stands or with other capitals."""
        if not self._label_properties:
            return []
        forms = dict.fromkeys(form for name in names for form in _forms(name))
        literals = [literal for form in forms for literal in queries.literals(form, self._tags)]
        query = partial(queries.named, properties=self._label_properties)
        rows = self._ask(literals, query, _LIGHT * self.config.batch)
        return [row for row in rows if row[2].startswith('"')]

    def _ask_all(self, what: str, sparql: str, most: int | None = None) -> list[dict[str, str]] | None:
        """Solutions of a query about all statements; None where that is too much for the endpoint."""
        try:
            return self.endpoint.select(f"{sparql} LIMIT {most or self.config.rows}")
        except GraphError as error:
            _log.warning("not all %s are known: %s", what, error)
            return None

    def _hubs(self, nodes: Sequence[str]) -> tuple[set[str], list[Pattern]]:
        """The nodes with many statements to them, and patterns for a share of these from each relation."""
        most = self.config.hub_rows
        try:
            counts = self.endpoint.select(queries.arriving_counts(nodes))
        except GraphError as error:  # there is no time to count them: then any statements must do
            _log.warning("of nodes with many statements, any %d are taken: %s", most, error)
            return set(nodes), [Pattern(None, None, node, most) for node in nodes]
        by_node: dict[str, list[tuple[int, str]]] = {}
        for solution in counts:
            if solution.keys() >= {"o", "p", "n"} and _value(solution["n"]).isdecimal():
                by_node.setdefault(solution["o"], []).append((int(_value(solution["n"])), solution["p"]))
        hubs = {node: sorted(found) for node, found in by_node.items() if sum(n for n, _ in found) > most}
        patterns = []
        for node, relations in hubs.items():
            left = most
            for others, (number, relation) in zip(range(len(relations), 0, -1), relations):  # the rare ones are whole
                share = max(min(number, left // others), 1)
                patterns.append(Pattern(None, relation, node, share))
                left -= share
        return set(hubs), patterns

    def _ask(
        self, items: Sequence[_T], query: Callable[[Sequence[_T]], str], size: int | None = None
    ) -> Iterator[Statement]:
        """Asks about items in batches; where an answer is cut off, about the two halves of its batch."""
        batches = list(_batches(items, size or self.config.batch))[::-1]
        while batches:
            batch = batches.pop()
            rows, is_cut = self._rows(query(batch))
            if is_cut and len(batch) > 1:
                batches += list(_batches(batch, (len(batch) + 1) // 2))[::-1]
            else:
                yield from rows

    def _rows(self, sparql: str) -> tuple[list[Statement], bool]:
        """The statements that a query finds, and whether there may be more of them than one answer holds."""
        found = self.endpoint.select(f"{sparql} LIMIT {self.config.rows}")
        rows = [(row["s"], row["p"], row["o"]) for row in found if row.keys() >= {"s", "p", "o"}]
        return list(filter(_is_statement, rows)), len(found) >= self.config.rows


def _is_statement(row: Statement) -> bool:
    """Whether a statement is one, and without the blank nodes that were not asked for."""
    subject, predicate, obj = row
    return not (subject.startswith(('"', "_:")) or predicate.startswith(('"', "_:")) or obj.startswith("_:"))


def _value(term: str) -> str:
    """Value of a literal, "" of another term."""
    return literal_value(term) if term.startswith('"') else ""


def _forms(name: str) -> Iterable[str]:
    """A name as it stands, and with other capitals: at its beginning or not, none, at each word, all over."""
    spaced = " ".join(name.replace("_", " ").split())
    lower = spaced.lower()
    titled = " ".join(word[:1].upper() + word[1:] for word in lower.split(" "))
    first = (spaced[:1].upper() + spaced[1:], spaced[:1].lower() + spaced[1:], lower[:1].upper() + lower[1:])
    return name, spaced, *first, lower, titled, spaced.upper()


def _batches(items: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    return (items[start : start + size] for start in range(0, len(items), size))
