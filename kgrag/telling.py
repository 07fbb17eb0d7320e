"""From what was computed to an answer that is shown: what came out, of what, and the statements that it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kgrag.generation.sentences import joined
from kgrag.graph import KnowledgeGraph
from kgrag.graph.directed import DirectedRows
from kgrag.retrieval import PassageIndex
from kgrag.sources import Sources
from kgrag.symbolic.calculator import Calculator, Computed
from kgrag.types import Answer, AnswerEntity, Ids, Link
from kgrag.verification import refusal

LISTED = 25  # things that an answer names at most; it counts all of them
CITED = 12  # statements that are cited for one number at most


class Teller:
    """Tells what was computed, once the statements are seen to bear it out.

    Args:
        graph: The graph.
        passages: The passages.
        calculator: What computed it, to run it once more.
        threshold: What is believed less than that is refused.
    """

    def __init__(self, graph: KnowledgeGraph, passages: PassageIndex, calculator: Calculator, threshold: float) -> None:
        self.graph, self.passages, self.calculator, self.threshold = graph, passages, calculator, threshold

    def tell(self, question: str, links: Sequence[Link], computed: Computed, asks_yes_no: bool) -> Answer:
        """An answer, or a refusal with its reason.

        Args:
            question: The question.
            links: What it names.
            computed: What was computed for it.
            asks_yes_no: Whether it is to be answered by yes or no.
        """
        calculation, result = computed.calculation, computed.result
        linked = [link.score for link in links if link.node is not None]
        confidence = computed.belief * min(1.0, 0.5 + min(linked, default=1.0) / 2)
        if calculation is None or result is None:
            return refusal(question, links, computed.reason, confidence)
        if confidence < self.threshold:
            return refusal(
                question, links, f"it is not clear what is to be computed (confidence {confidence:.2f})", confidence
            )
        if not self._is_borne_out(computed):
            return refusal(question, links, "the statements that would be cited do not lead to the answer", confidence)
        telling = _Telling(self.graph, Sources(self.graph, self.passages), computed)
        verdict, text = "", telling.text()
        if calculation.operator == "comparison" and asks_yes_no:
            verdict, text = telling.verdict([link.node for link in links if link.node is not None])
        shown = result.nodes if calculation.operator != "count" else result.nodes[:LISTED]
        shown = () if verdict else shown
        entities = [AnswerEntity(self.graph.label(n), self.graph.iri(n), round(confidence, 4)) for n in shown]
        paths = [tuple(self.graph.triple(s) for s in telling.statements(node)) for node in shown]
        return Answer(
            question,
            text,
            tuple(entities),
            verdict,
            tuple(telling.sources.citations),
            tuple(paths),
            tuple(links),
            round(confidence, 4),
            operator=calculation.operator if calculation.operator != "none" else calculation.clause,
            value=str(len(result.nodes)) if calculation.operator == "count" else "",
            steps=tuple(telling.steps()),
        )

    def _is_borne_out(self, computed: Computed) -> bool:
        """Whether the same comes out of the statements that it rests on alone."""
        assert computed.calculation is not None and computed.result is not None
        ids = computed.result.evidence
        graph = self.graph
        alone = DirectedRows(graph.heads[ids], graph.relations[ids], graph.tails[ids], ids)
        again = self.calculator.run(computed.calculation, alone)
        return again.nodes == computed.result.nodes and again.values == computed.result.values


@dataclass
class _Telling:
    """The sentences of one answer."""

    graph: KnowledgeGraph
    sources: Sources
    computed: Computed

    def __post_init__(self) -> None:
        assert self.computed.calculation is not None and self.computed.result is not None
        self.calculation, self.result = self.computed.calculation, self.computed.result
        self.label = self.calculation.measurement.label if self.calculation.measurement else ""

    def text(self) -> str:
        """What came out, of what."""
        nodes, operator = self.result.nodes, self.calculation.operator
        named = self._list(nodes, self.label) if nodes else ""
        if operator == "count":
            many = f"{len(nodes):,}, among them {named}." if len(nodes) > LISTED else f"{len(nodes)}: {named}."
            parts = [many if nodes else "0."]
        elif not nodes:
            parts = [f"None of the {len(self.result.members)} found."]
        else:
            extent = f" {len(nodes) - LISTED} more follow." if len(nodes) > LISTED else ""
            parts = [f"{named}.{extent}"]
        others = [node for node in self.result.values if node not in set(nodes)]
        if others and (operator in ("superlative", "comparison") or not nodes):
            parts.append(f"Compared with {self._list(others)}.")
        elif others:
            parts.append(f"{len(others)} other{'s are' if len(others) > 1 else ' is'} not.")
        if len(self.result.removed):
            parts.append(f"Left out: {self._list(self.result.removed.tolist())}.")
        parts += self._without_value()
        text = " ".join(parts)
        return text[0].upper() + text[1:]

    def verdict(self, asked: Sequence[int]) -> tuple[str, str]:
        """Yes or no, whether the first of two is the one, and why."""
        answer = "yes" if self.result.nodes == (asked[0],) else "no"
        pair = self._list(list(dict.fromkeys(asked)), self.label)
        return answer, f"{answer.capitalize()}: {pair}."

    def statements(self, node: int) -> list[int]:
        """The statements that lead to a node and say its value."""
        return [*self.result.paths(node), *self._measured(node)[:CITED].tolist()]

    def steps(self) -> list[str]:
        """What was computed, in words."""
        result, calculation = self.result, self.calculation
        followed = {
            self.graph.relation_label(d >> 1) for plans in calculation.members.plans for plan in plans for d in plan
        }
        steps = [
            f"found {len(result.members)} by {', '.join(sorted(followed))}"
            if followed
            else f"took {len(result.members)}"
        ]
        if calculation.without is not None:
            steps.append(f"left out {len(result.removed)}")
        if calculation.measurement is not None:
            how = "number of " if calculation.measurement.counts else ""
            steps.append(f"compared {len(result.values)} by {how}{self.label}")
        if calculation.clause == "filter":
            steps.append(f"kept {len(result.nodes)}: {calculation.direction}")
        if calculation.operator != "none":
            steps.append(f"{calculation.operator}: {len(result.nodes)}")
        return steps

    def _list(self, nodes: Sequence[int], label: str = "") -> str:
        """Nodes with their values and sources, as a list; the first value with the name of the measure."""
        pieces = joined([self._one(node, "" if place else label) for place, node in enumerate(nodes[:LISTED])])
        return " ".join(pieces).replace(" ,", ",")

    def _one(self, node: int, label: str) -> str:
        text = self.graph.label(node) + self._cites(self.result.paths(node))
        if node not in self.result.values:
            return text
        statements = self._measured(node)
        said = f"{label}: " if label else ""
        return f"{text} ({said}{self._value(node, statements)}{self._cites(statements[:CITED].tolist())})"

    def _value(self, node: int, statements: Ids) -> str:
        """A value as it is stated, or the number of statements counted."""
        measurement = self.calculation.measurement
        if measurement is not None and measurement.counts:
            return str(int(self.result.values[node].low))
        return self.graph.label(int(self.graph.tails[statements[0]]))

    def _measured(self, node: int) -> Ids:
        return self.result.measured.get(node, self.result.evidence[:0])

    def _without_value(self) -> list[str]:
        """Says of which members there is no value."""
        if self.calculation.measurement is None:
            return []
        removed = set(self.result.removed.tolist())
        lacking = [n for n in self.result.members.tolist() if n not in self.result.values and n not in removed]
        if not lacking:
            return []
        return [f"The graph has no {self.label} of {self._list(lacking)}."]

    def _cites(self, statements: Sequence[int]) -> str:
        numbers = [number for statement in statements for number in self.sources.statement(statement)]
        return "".join(f" [{number}]" for number in dict.fromkeys(numbers))
