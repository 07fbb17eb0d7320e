"""Checks the facts of data/legal against public data on the same acts, and against one another.

    KGRAG_DATASETS=... python data/check_legal.py

GDPRtEXT and Q4EU hold the text of the GDPR and of eIDAS as first published, and the Data Privacy Vocabulary names articles of the
GDPR, the AI Act and NIS2. Where KGRAG_DATASETS does not name a folder with `gdprtext`, `q4eu` and `dpv`, and for all other acts, the
graph is only checked for being in accordance with itself.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from pyoxigraph import Literal, NamedNode, parse

LEGAL = Path(__file__).parent / "legal"
OWN = "urn:kgrag:legal:"
RDFS, SKOS = "http://www.w3.org/2000/01/rdf-schema#", "http://www.w3.org/2004/02/skos/core#"
# articles of the acts that are held in full
WHOLE = {"gdpr": 99, "ai_act": 113, "eidas": 52, "nis2": 46, "data_act": 50}
COVERED = {"GDPR": "G", "eIDAS": "E"}  # by Q4EU, which marks them so
PLACE = re.compile(r"Article (\d+[a-z]?)((?:\(\w+\))*) (.+)")
NUMBERS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
LATER = {"16", "46b"}  # articles of eIDAS that were rewritten in 2024, after the text in Q4EU

Graph = dict[str, dict[str, list[str]]]


class Place(NamedTuple):
    """Where a rule is found: article, paragraphs and points, act."""

    article: str
    parts: tuple[str, ...]
    act: str


class Check(NamedTuple):
    """What was checked: how often, and what is wrong."""

    name: str
    checked: int
    problems: list[str]


def read_graph() -> Graph:
    """Graph and alignments by subject and property; own names without their namespace, literals by their text."""
    graph: Graph = defaultdict(lambda: defaultdict(list))
    for triple in chain(*(parse(path=str(LEGAL / name)) for name in ("graph.ttl", "alignments.ttl"))):
        value = triple.object.value if isinstance(triple.object, (NamedNode, Literal)) else ""
        name = triple.predicate.value.removeprefix(OWN).removeprefix(RDFS).removeprefix(SKOS).rpartition("#")[2]
        graph[triple.subject.value.removeprefix(OWN)][name].append(value.removeprefix(OWN))
    return graph


def places(graph: Graph, act: str = "") -> Iterator[tuple[str, Place]]:
    """What is found where, in one act or in all."""
    for subject, facts in graph.items():
        for text in facts["paragraph"]:
            match = PLACE.fullmatch(text)
            if match and act in ("", match[3]):
                yield subject, Place(match[1], tuple(re.findall(r"\w+", match[2])), match[3])


def articles(graph: Graph, act: str) -> dict[str, str]:
    """The articles of an act by number."""
    found = {s: re.fullmatch(rf"{act}_art_(\d+[a-z]?)", s) for s in graph}
    return {match[1]: subject for subject, match in found.items() if match}


# ---- against itself


def whole_acts(graph: Graph) -> Check:
    problems = []
    for act, last in WHOLE.items():
        there = articles(graph, act)
        problems += [f"{act}: no article {n}" for n in range(1, last + 1) if str(n) not in there]
        problems += [f"{act}: article {n} is beyond the last" for n in there if n.isdigit() and int(n) > last]
    return Check("no article of an act is missing", sum(WHOLE.values()), problems)


def names_of_articles(graph: Graph) -> Check:
    problems, count = [], 0
    for subject, facts in graph.items():
        if "_art_" not in subject:
            continue
        count += 1
        number = subject.rpartition("_art_")[2]
        right = (
            facts["number"] == [number]
            and facts["label"][0].startswith(f"Article {number} ")
            and len(facts["title"]) == len(facts["partOf"]) == len(facts["status"]) == len(facts["appliesFrom"]) == 1
            and f"/art_{number}" in facts["exactMatch"][0]
        )
        if not right:
            problems.append(f"{subject}: number, label, title, chapter, status, date and ELI do not go together")
    return Check("articles have all that articles have", count, problems)


def links_lead_somewhere(graph: Graph) -> Check:
    problems, count = [], 0
    own = {p for p, facts in graph.items() if "Property" in str(facts["type"])}
    for subject, facts in graph.items():
        for name in own & facts.keys():
            for value in facts[name]:
                if "_art_" in value or "_chapter_" in value:
                    count += 1
                    if value not in graph:
                        problems.append(f"{subject}: {name} leads to {value}, which is not there")
    return Check("articles and chapters that are named are there", count, problems)


def places_agree(graph: Graph) -> Check:
    labels = {facts["label"][0]: subject for subject, facts in graph.items() if facts["label"]}
    linked = ["definedIn", "laidDownIn", "grantedBy", "setOutIn", "prohibitedBy", "establishedBy", "governedBy"]
    problems, count = [], 0
    for subject, place in places(graph):
        count += 1
        article = labels.get(f"Article {place.article} {place.act}")
        if article not in [value for name in linked for value in graph[subject][name]]:
            problems.append(f"{subject}: found at Article {place.article} {place.act}, but not linked with it")
    return Check("places agree with the articles that are linked", count, problems)


def duties_are_complete(graph: Graph) -> Check:
    needed = {
        "Obligation": ("obliges", "laidDownIn"),
        "Right": ("heldBy", "grantedBy"),
        "Exception": ("exceptionTo", "setOutIn"),
    }
    problems, count = [], 0
    for subject, facts in graph.items():
        for name in needed.get(str(facts["type"][0]) if facts["type"] else "", ()):
            count += 1
            if not facts[name]:
                problems.append(f"{subject}: no {name}")
    return Check("obligations, rights and exceptions are complete", count, problems)


# ---- against public data


class Sources:
    """What the public data say: numbers and texts of articles, chapters, and what DPV places where."""

    def __init__(self, folder: Path) -> None:
        with (folder / "q4eu" / "nodes.jsonl").open(encoding="utf-8") as lines:
            self.q4eu = {node["id"]: node for node in map(json.loads, lines)}
        self.parts = {tuple(line.split("\t")[::2]) for line in (folder / "q4eu" / "edges.tsv").read_text().splitlines()}
        self.gdprtext: dict[str, str] = defaultdict(str)
        for triple in parse(path=str(folder / "gdprtext" / "gdpr.nt")):
            if isinstance(triple.object, Literal) and "#article" in triple.subject.value:
                self.gdprtext[triple.subject.value.rpartition("#article")[2]] += f" {triple.object.value}"
        self.dpv: dict[str, set[str]] = defaultdict(set)
        for file in sorted((folder / "dpv").glob("*.ttl")):
            names: dict[str, str] = {}
            for triple in parse(path=str(file)):
                subject, value = str(triple.subject), getattr(triple.object, "value", "")
                if triple.predicate.value.endswith("schema.org/name"):
                    names[subject] = value
                elif isinstance(triple.subject, NamedNode):
                    self.dpv[triple.subject.value] |= (
                        {str(triple.object)} if triple.predicate.value.endswith("/source") else set()
                    )
            for iri, found in self.dpv.items():
                self.dpv[iri] = {names.get(source, source) for source in found}

    def text(self, place: Place) -> str:
        """The text of the article, folded; GDPRtEXT has what is missing in Q4EU, where references break off a sentence."""
        text = self.q4eu.get(f"{COVERED[place.act]} Art. {place.article}", {}).get("text", "")
        own = {place.article} if place.act == "GDPR" else set()
        return fold(" ".join([text, *(more for key, more in self.gdprtext.items() if key.split("-")[0] in own)]))

    def has(self, place: Place) -> bool:
        """Whether the article has this paragraph, number or point."""
        if place.act == "GDPR":
            return "-".join((place.article, *place.parts)) in self.gdprtext
        marks = (rf"(?<![\w(]){place.parts[0]}\. |\({place.parts[0]}\)" if place.parts else "",)
        return all(re.search(mark, self.text(place)) for mark in marks)


def fold(text: str) -> str:
    return re.sub(r"[\u2018\u2019\u201c\u201d\"']", "", text).replace("\u00a0", " ").replace("-", " ").casefold()


def covered(number: str) -> bool:
    return number.isdigit()  # articles with a letter were put in later


def titles(graph: Graph, sources: Sources) -> Check:
    problems, count = [], 0
    for act, mark in COVERED.items():
        for number, subject in articles(graph, act.lower()).items():
            if not covered(number):
                continue
            count += 1
            node = sources.q4eu.get(f"{mark} Art. {number}")
            theirs = fold(re.split(r" 1\. ", node["title"])[0]) if node else ""
            if node is None or (act == "GDPR" and number not in sources.gdprtext):
                problems.append(f"{subject}: no such article")
            elif theirs and theirs != fold(graph[subject]["title"][0]):
                problems.append(f"{subject}: {graph[subject]['title'][0]!r} there is {node['title']!r}")
    return Check("article numbers and titles (GDPRtEXT, Q4EU)", count, problems)


def chapters(graph: Graph, sources: Sources) -> Check:
    problems, count = [], 0
    for act, mark in COVERED.items():
        for number, subject in articles(graph, act.lower()).items():
            if covered(number):
                count += 1
                chapter = graph[graph[subject]["partOf"][0]]["label"][0].split()[1].capitalize()
                if (f"{mark} Art. {number}", f"{mark} Chapter {chapter}") not in sources.parts:
                    problems.append(f"{subject}: not in chapter {chapter}")
    return Check("chapters of articles (Q4EU)", count, problems)


def paragraphs(graph: Graph, sources: Sources) -> Check:
    problems, count = [], 0
    for act in COVERED:
        for subject, place in places(graph, act):
            if covered(place.article) and not (act == "eIDAS" and place.article in LATER):
                count += 1
                if not sources.has(place):
                    problems.append(f"{subject}: no {place}")
    return Check("paragraphs and points (GDPRtEXT, Q4EU)", count, problems)


def definitions(graph: Graph, sources: Sources) -> Check:
    problems, count = [], 0
    for act, article in (("GDPR", "4"), ("eIDAS", "3")):
        for subject, place in places(graph, act):
            if place.article != article:
                continue
            count += 1
            if act == "GDPR":
                defined = fold(sources.gdprtext[f"4-{place.parts[0]}"])
            else:
                text = sources.text(place)
                defined = text[text.find(f"({place.parts[0]})") :].split(";")[0]
            names = [fold(name) for name in graph[subject]["label"] + graph[subject]["altLabel"]]
            term = re.sub(r".*[\d)] ", "", defined.split(" means ")[0].strip())
            if not any(name in defined or term in name for name in names):
                problems.append(f"{subject}: Article {article}({place.parts[0]}) {act} defines {defined[:40]!r}")
    return Check("numbers of definitions (GDPRtEXT, Q4EU)", count, problems)


def cited(text: str) -> set[str]:
    """The articles that a text names, those of other acts included."""
    found: set[str] = set()
    for run in re.findall(r"articles? ((?:\d+(?:\(\w+\))*(?:, | and | or | to )?)+)", text):
        for first, last in re.findall(r"(\d+)(?:\(\w+\))* to (\d+)", run):
            found |= {str(number) for number in range(int(first), int(last) + 1)}
        found |= set(re.findall(r"(?<!\()\b\d+\b", run))
    return found


def references(graph: Graph, sources: Sources) -> Check:
    problems, count = [], 0
    for act in COVERED:
        for number, subject in articles(graph, act.lower()).items():
            text = cited(sources.text(Place(number, (), act)))
            for target in graph[subject]["refersTo"]:
                count += 1
                if target.rpartition("_")[2] not in text:
                    problems.append(f"{subject}: does not refer to {target}")
    return Check("references between articles (Q4EU)", count, problems)


def quantities(text: str) -> set[str]:
    """Numbers of a text with the word after them, in digits: "one month" is "1 month", and so is "1 months"."""
    folded = fold(text).replace("%", "percent").replace("million euros", "000 000").replace("eur ", "")
    folded = re.sub(r"(?<=\d) (?=\d{3}\b)", "", folded)
    for number, word in enumerate(NUMBERS, start=1):
        folded = re.sub(rf"\b{word}\b", str(number), folded)
    found = re.findall(r"(\d+) (\w+)", folded)
    return {f"{n} {unit.rstrip('s')}" if len(n) < 4 else n for n, unit in found}


def deadlines(graph: Graph, sources: Sources) -> Check:
    problems, count = [], 0
    for act in COVERED:
        for subject, place in places(graph, act):
            facts = graph[subject]
            stated = [v for name in ("deadline", "threshold", "validFor", "maximumFine") for v in facts[name]]
            if not covered(place.article) or (act == "eIDAS" and place.article in LATER):
                continue
            text = sources.text(place) + sources.text(Place("12", (), act)) * (facts["type"] == ["Right"])
            for quantity in {q for value in stated for q in quantities(value)}:
                count += 1
                if quantity not in quantities(text):
                    problems.append(f"{subject}: no {quantity!r} in Article {place.article} {act}")
    return Check("numbers in deadlines, thresholds and fines (Q4EU)", count, problems)


def alignments(graph: Graph, sources: Sources) -> Check:
    problems, count = [], 0
    for subject, facts in graph.items():
        here = {(place.article, *place.parts) for s, place in places({subject: facts})}
        for iri in facts["closeMatch"]:
            count += 1
            if iri not in sources.dpv:
                problems.append(f"{subject}: DPV has no {iri}")
            named = {re.search(r"#A(\d+)", iri)} | {
                re.search(r"^\D*Art\D+(\d+)[ -]?\((\d+)\)", s) for s in sources.dpv[iri]
            }
            for theirs in ({part for part in match.groups() if part} for match in named if match):
                if here and not any(theirs <= set(place) for place in here):
                    problems.append(f"{subject}: at {sorted(here)}, in DPV at {sorted(theirs)}")
    return Check("terms of DPV, and the articles that it names", count, problems)


INNER: tuple[Callable[[Graph], Check], ...] = (
    whole_acts,
    names_of_articles,
    links_lead_somewhere,
    places_agree,
    duties_are_complete,
)
OUTER: tuple[Callable[[Graph, Sources], Check], ...] = (
    titles,
    chapters,
    paragraphs,
    definitions,
    references,
    deadlines,
    alignments,
)


def run(datasets: Path | None = None) -> list[Check]:
    """All checks, those against public data where their folder is given."""
    graph = read_graph()
    checks = [check(graph) for check in INNER]
    if datasets is not None:
        sources = Sources(datasets)
        checks += [check(graph, sources) for check in OUTER]
    return checks


def main() -> int:
    folder = Path(os.environ.get("KGRAG_DATASETS", "/none"))
    there = all((folder / name).is_dir() for name in ("gdprtext", "q4eu", "dpv"))
    checks = run(folder if there else None)
    for name, count, problems in checks:
        print(f"{name:60} {count:5} checked {len(problems):4} wrong")
        print("".join(f"    {problem}\n" for problem in problems), end="")
    if not there:
        print("KGRAG_DATASETS names no folder with gdprtext, q4eu and dpv: nothing was checked against public data.")
    return int(any(check.problems for check in checks))


if __name__ == "__main__":
    sys.exit(main())
