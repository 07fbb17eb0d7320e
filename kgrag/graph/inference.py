"""What follows from statements by the axioms among them: rules of RDFS and OWL over arrays of integers.

Rules feed one another until nothing new follows. Blank nodes stand for class expressions, and nothing is derived that
says so of a named class; no closure leads from a thing to itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from kgrag.graph.arrays import distinct
from kgrag.graph.closure import Pairs, compose, joined, reachable
from kgrag.graph.facts import Conclusions, Facts, Premises, Terms
from kgrag.graph.terms import literal_value
from kgrag.graph.vocabulary import OWL, RDF, RDFS
from kgrag.types import Ids

RULES = ("restrictions", "subclass", "subproperty", "inverse", "symmetric", "transitive")

TYPE, FIRST, REST = RDF + "type", RDF + "first", RDF + "rest"
SUBCLASS, SUBPROPERTY = RDFS + "subClassOf", RDFS + "subPropertyOf"
SAME_CLASS, SAME_PROPERTY = OWL + "equivalentClass", OWL + "equivalentProperty"
INTERSECTION, ON_PROPERTY = OWL + "intersectionOf", OWL + "onProperty"
SOME, VALUE, ON_CLASS = OWL + "someValuesFrom", OWL + "hasValue", OWL + "onClass"
AT_LEAST, EXACTLY = OWL + "minQualifiedCardinality", OWL + "qualifiedCardinality"
INVERSE, SYMMETRIC, TRANSITIVE = OWL + "inverseOf", OWL + "SymmetricProperty", OWL + "TransitiveProperty"

_NEEDED = {  # a rule finds something only where one of these occurs
    "restrictions": (ON_PROPERTY, INTERSECTION),
    "subclass": (SUBCLASS, SAME_CLASS, INTERSECTION),
    "subproperty": (SUBPROPERTY, SAME_PROPERTY),
    "inverse": (INVERSE,),
    "symmetric": (SYMMETRIC,),
    "transitive": (TRANSITIVE,),
}


class Axiom(NamedTuple):
    """A statement about properties, by terms, and the rule that it serves."""

    rule: str
    subject: int
    predicate: str
    object: int

    @property
    def turns(self) -> bool:
        """Whether it turns statements round."""
        return self.rule != "subproperty"


def infer(premises: Premises, rules: Iterable[str], most: int) -> Conclusions:
    """Derives all that follows from statements by some rules.

    - restrictions: what a class says of its members by ``owl:someValuesFrom``, ``owl:hasValue`` or a qualified
      cardinality of at least one, with an IRI or a value, as a statement about the class; and the named classes that it
      is an intersection of as its super-classes. With "subclass", its sub-classes have it too.
    - subclass: closure of ``rdfs:subClassOf``, with ``owl:equivalentClass`` both ways, and of ``rdf:type`` over it.
    - subproperty: the same of ``rdfs:subPropertyOf`` and ``owl:equivalentProperty``, and statements by super-properties.
    - inverse, symmetric, transitive: statements by properties that are declared so.

    Args:
        premises: The statements.
        rules: Some of `RULES`.
        most: How many statements may be derived.

    Raises:
        GraphError: If more would be derived.
    """
    known = premises.terms.get
    chosen = {rule for rule in rules if any(known(iri) is not None for iri in _NEEDED[rule])}
    if not chosen:
        return Conclusions.none()
    for iri in (SUBCLASS, SUBPROPERTY):  # derived, perhaps, where they are not used
        premises.terms.id(iri)
    facts = Facts(premises, most)
    steps: list[Callable[[], None]] = []
    if "restrictions" in chosen:
        steps.append(lambda: _restrictions(facts, inherited="subclass" in chosen))
    if "subclass" in chosen:
        steps.append(lambda: _subclasses(facts))
    if chosen - {"restrictions", "subclass"}:
        steps.append(lambda: _properties(facts, chosen))
    idle = 0
    while idle < len(steps):  # a step leaves nothing for itself
        step, before = steps.pop(0), facts.count
        step()
        idle = 1 if facts.count > before else idle + 1
        steps.append(step)
    return facts.conclusions()


def _restrictions(facts: Facts, inherited: bool) -> None:
    classes, above = _expressions(facts, inherited)
    named = facts.terms.are_iris(above)
    facts.add(SUBCLASS, (classes[named], above[named]), "restrictions")
    nodes, properties, fillers = fillers_of(facts.pairs, facts.terms)
    own = len(classes)
    if inherited:
        check = facts.check("restrictions", known=facts.count)
        lower, inherits = compose(facts.pairs(SUBCLASS), (classes, above), facts.size, check)
        named = facts.terms.are_iris(lower)
        classes, above = np.concatenate([classes, lower[named]]), np.concatenate([above, inherits[named]])
    left, right = joined(above, nodes)
    order = np.argsort(properties[right], kind="stable")  # what is a class's own stays before what it inherits
    left, right = left[order], right[order]
    grounds = np.where(left < own, above[left], -1)
    kinds, begins = np.unique(properties[right], return_index=True)
    for property, begin, end in zip(kinds.tolist(), begins.tolist(), [*begins.tolist()[1:], len(order)]):
        pairs = classes[left[begin:end]], fillers[right[begin:end]]
        facts.add(property, pairs, "restrictions", grounds=grounds[begin:end])


def _expressions(facts: Facts, inherited: bool) -> Pairs:
    """Named classes with the expressions that they are below, and with the members of those that are intersections."""
    members, are_blank = _members(facts), facts.terms.are_blank
    heads, tails = facts.pairs(SAME_CLASS)
    heads, tails = np.concatenate([facts.pairs(SUBCLASS), (heads, tails), (tails, heads)], axis=1)
    below, listing = are_blank(heads), are_blank(members[0])
    first = facts.terms.are_iris(heads) & are_blank(tails)
    classes = np.concatenate([heads[first], members[0][~listing]])
    above = np.concatenate([tails[first], members[1][~listing]])
    onward = members[0][listing], members[1][listing]
    if inherited:
        onward = np.concatenate([onward[0], heads[below]]), np.concatenate([onward[1], tails[below]])
    check = facts.check("restrictions", known=facts.count)
    further = compose((classes, above), reachable(*onward, check), facts.size, check)
    classes, above = np.concatenate([(classes, above), further], axis=1)
    other = classes != above
    return classes[other], above[other]


def _members(facts: Facts) -> Pairs:
    """Intersections and the members of their lists."""
    first, rest = (dict(zip(*map(np.ndarray.tolist, facts.pairs(iri)))) for iri in (FIRST, REST))
    check = facts.check("restrictions", known=facts.count)
    intersections, lists = facts.pairs(INTERSECTION)
    begins: list[int] = []
    items: list[int] = []
    for begin in distinct(lists).tolist():
        cell, seen = begin, set()
        while cell is not None and cell not in seen:
            seen.add(cell)
            if cell in first:
                begins.append(begin)
                items.append(first[cell])
            cell = rest.get(cell)
        check(len(items))
    contents = np.array(begins, np.int64), np.array(items, np.int64)
    return compose((intersections, lists), contents, facts.size, check)


def fillers_of(pairs: Callable[..., Pairs], terms: Terms) -> tuple[Ids, Ids, Ids]:
    """Restrictions that say that there is something, the property of each, and what there is.

    Args:
        pairs: Gives subjects and objects of the statements by a property; see `Facts.pairs`.
        terms: The terms.
    """
    kinds: list[Pairs] = []
    for iri in (SOME, VALUE, ON_CLASS):
        nodes, fillers = pairs(iri)
        kept = ~terms.are_blank(fillers) if iri == VALUE else terms.are_iris(fillers)
        if iri == ON_CLASS:
            kept &= np.isin(nodes, _at_least_one(pairs, terms))
        kinds.append((nodes[kept], fillers[kept]))
    nodes, fillers = np.concatenate(kinds, axis=1)
    restrictions, properties = pairs(ON_PROPERTY)
    _, place, counts = np.unique(restrictions, return_index=True, return_counts=True)
    place = place[counts == 1]  # with two properties it would be unclear which one is meant
    place = place[terms.are_iris(properties[place])]
    left, right = joined(nodes, restrictions[place])
    return nodes[left], properties[place][right], fillers[left]


def _at_least_one(pairs: Callable[..., Pairs], terms: Terms) -> Ids:
    """Restrictions to a number of things that is not 0."""
    nodes, numbers = np.concatenate([pairs(AT_LEAST), pairs(EXACTLY)], axis=1)
    literal = terms.are_literal(numbers)
    nodes, numbers = nodes[literal], numbers[literal]
    values = {number: literal_value(terms[number]).strip(" +") for number in distinct(numbers).tolist()}
    positive = [number for number, value in values.items() if value.isdecimal() and value.strip("0")]
    return nodes[np.isin(numbers, positive)]


def _subclasses(facts: Facts) -> None:
    edges = _both_ways(facts, SUBCLASS, SAME_CLASS)
    members = facts.pairs(TYPE, closed=False)
    if facts.has_grown(SUBCLASS, len(edges[0]) + len(members[0])):
        lower, upper = _add_closure(facts, SUBCLASS, edges, "subclass")
        check = facts.check("subclass", known=len(facts.pairs(TYPE)[0]))
        things, classes = compose(members, (lower, upper), facts.size, check)
        named = facts.terms.are_iris(classes)
        facts.add(TYPE, (things[named], classes[named]), "subclass", closes=True)


def _properties(facts: Facts, rules: set[str]) -> None:
    if "subproperty" in rules:
        edges = _both_ways(facts, SUBPROPERTY, SAME_PROPERTY)
        if facts.has_grown(SUBPROPERTY, len(edges[0])):
            _add_closure(facts, SUBPROPERTY, edges, "subproperty")
    transitive = set(_declared(facts.pairs, facts.terms, TRANSITIVE)) if "transitive" in rules else set()
    behind = _rewritten(facts, sorted({*facts.used, *transitive}), rewritings(facts.pairs, facts.terms, rules))
    # Transitive ones first: properties above them take over what they reach.
    for property in sorted({*behind, *transitive}, key=lambda property: (property not in transitive, property)):
        if facts.terms[property].startswith(("_:", '"')):
            continue
        for (turned, backward, rule), starts in sorted(behind.get(property, {}).items()):
            heads, tails = np.concatenate([facts.pairs(start) for start in starts], axis=1)
            if turned:
                things = ~facts.terms.are_literal(tails)
                heads, tails = heads[things], tails[things]
            facts.add(property, (tails, heads) if backward else (heads, tails), rule)
        if property in transitive:
            edges = facts.pairs(property, closed=False)
            if facts.has_grown(property, len(edges[0])):
                closure = reachable(*edges, facts.check("transitive", known=len(facts.pairs(property)[0])))
                facts.add(property, closure, "transitive", closes=True)


def _both_ways(facts: Facts, below: str, same: str) -> Pairs:
    """What is below what, where the same is below each other."""
    heads, tails = facts.pairs(same)
    heads, tails = np.concatenate([facts.pairs(below, closed=False), (heads, tails), (tails, heads)], axis=1)
    leading = ~facts.terms.are_literal(heads) & (facts.terms.are_iris(tails) | np.isin(tails, heads))
    return heads[leading], tails[leading]


def _add_closure(facts: Facts, property: str, edges: Pairs, rule: str) -> Pairs:
    """Adds the closure between IRIs; returns all of it."""
    lower, upper = reachable(*edges, facts.check(rule, known=len(facts.pairs(property)[0])))
    named = facts.terms.are_iris(lower) & facts.terms.are_iris(upper)
    facts.add(property, (lower[named], upper[named]), rule, closes=True)
    return lower, upper


def rewritings(
    pairs: Callable[..., Pairs], terms: Terms, rules: Iterable[str] = RULES
) -> dict[int, list[tuple[int, Axiom]]]:
    """By which other properties the statements of a property may be written at once, and by which axiom.

    Args:
        pairs: As of `fillers_of`.
        terms: The terms.
        rules: Which rules may rewrite.
    """
    axioms: list[Axiom] = []
    if "subproperty" in rules:
        for iri in (SUBPROPERTY, SAME_PROPERTY):
            heads, tails = pairs(iri, closed=False)
            axioms += [Axiom("subproperty", one, iri, other) for one, other in zip(heads.tolist(), tails.tolist())]
    if "inverse" in rules:
        heads, tails = pairs(INVERSE)
        axioms += [Axiom("inverse", one, INVERSE, other) for one, other in zip(heads.tolist(), tails.tolist())]
    if "symmetric" in rules:
        kind = terms.id(SYMMETRIC)
        axioms += [Axiom("symmetric", one, TYPE, kind) for one in _declared(pairs, terms, SYMMETRIC)]
    onward: dict[int, list[tuple[int, Axiom]]] = {}
    for axiom in axioms:
        other = axiom.subject if axiom.rule == "symmetric" else axiom.object
        onward.setdefault(axiom.subject, []).append((other, axiom))
        if axiom.predicate in (INVERSE, SAME_PROPERTY):
            onward.setdefault(other, []).append((axiom.subject, axiom))
    return onward


def _declared(pairs: Callable[..., Pairs], terms: Terms, kind: str) -> list[int]:
    """Properties that are declared to be of a kind, ascending."""
    heads, tails = pairs(TYPE)
    return np.sort(heads[tails == terms.get(kind)]).tolist() if terms.get(kind) is not None else []


def _rewritten(
    facts: Facts, starts: Iterable[int], onward: dict[int, list[tuple[int, Axiom]]]
) -> dict[int, dict[tuple[bool, bool, str], list[int]]]:
    """Properties whose statements are statements of a property, too.

    Returns:
        By property: by whether any axiom turned them round, which no literal can be, whether they are read backward in the
        end, and the rule of the last axiom, the other properties.
    """
    behind: dict[int, dict[tuple[bool, bool, str], list[int]]] = {}
    count = 0
    for start in starts:
        queue = deque([(start, False, False)])
        seen, rule = set(queue), ""
        while queue:
            at, turned, backward = queue.popleft()
            for end, axiom in onward.get(at, ()):
                reading = end, turned or axiom.turns, backward != axiom.turns
                if reading not in seen:
                    seen.add(reading)
                    queue.append(reading)
                    rule = axiom.rule
                    behind.setdefault(end, {}).setdefault((*reading[1:], rule), []).append(start)
        count += len({end for end, _, _ in seen}) - 1
        facts.check(rule, known=facts.count + facts.given)(count)  # each makes a statement, if it is not there
    return behind
