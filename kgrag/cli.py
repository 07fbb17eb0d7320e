"""The command line: thin commands over the Python API."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kgrag.errors import KgragError

if TYPE_CHECKING:
    from kgrag.graph import KnowledgeGraph
    from kgrag.pipeline import KGRAG
    from kgrag.retrieval import PassageIndex
    from kgrag.types import Answer

app = typer.Typer(
    help="Answers in sentences from a knowledge graph and documents, with numbered sources.\n\n"
    'Try:  kgrag demo medical   or   kgrag ask --graph drugs.ttl "What treats gout?"',
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Graph = Annotated[
    list[str] | None,
    typer.Option(
        "--graph",
        help="RDF file (.ttl .nt .rdf .jsonld .nq .trig); may be repeated. To ask, also the URL of a SPARQL endpoint.",
    ),
]
Imports = Annotated[
    Path | None,
    typer.Option("--imports", help="Folder with the ontologies that the files import."),
]
Passages = Annotated[
    list[Path] | None,
    typer.Option(
        "--passages",
        help="Passages as JSON lines (id, text, title, source, entities), or documents to split: a folder, or files "
        "(.txt .md .html .pdf .docx .xml .csv); may be repeated. Or what `kgrag index` wrote.",
    ),
]
INTERRUPTED = 130  # exit code that typer gives to Ctrl-C
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]

DEMO_QUESTIONS = {
    "medical": (
        "What are the symptoms of chikungunya?",
        "Which drugs treat gout?",
        "What does warfarin interact with?",
        "What is COVID-19?",
        "Which drugs treat the disease caused by Borrelia burgdorferi?",
        "Is malaria transmitted by mosquito bites?",
        "What is the ATC code of metformin?",
        "How much does metformin cost?",
    ),
    "legal": (
        "What are the exceptions to the right to erasure?",
        "What must a data protection impact assessment contain?",
        "In which article is profiling defined?",
        "What is a deep fake?",
        "What does Article 34 GDPR refer to?",
        "Is social scoring prohibited by Article 5 AI Act?",
        "What is the title of Article 22 GDPR?",
        "What does a data protection officer earn?",
    ),
}


@app.command()
def demo(
    name: Annotated[str, typer.Argument(help="Which shipped graph to ask.")] = "medical",
    question: Annotated[
        list[str] | None, typer.Option("--question", "-q", help="Ask this instead of the examples.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Ask a shipped graph a few questions and show the answers with their sources."""
    from kgrag import KGRAG

    rag = KGRAG.demo(name)
    for text in question or DEMO_QUESTIONS[name]:
        _show(rag, rag.ask(text), as_json)
    if not as_json and rag.disclaimer:
        typer.echo(rag.disclaimer)


@app.command()
def ask(
    words: Annotated[
        list[str], typer.Argument(help="[FOLDER] QUESTION: a folder made by `kgrag build`, then the question.")
    ],
    graph: Graph = None,
    imports: Imports = None,
    passages: Passages = None,
    as_json: AsJson = False,
) -> None:
    """Ask one or several questions of a saved system, or of a graph with the shipped models as they are."""
    from kgrag import KGRAG

    if graph:
        opened = _open(graph, imports)
        rag, questions = KGRAG(opened, _passages(passages, opened)), words
    else:
        if imports:
            raise typer.BadParameter("--imports is for the files of --graph")
        if len(words) < 2:
            raise typer.BadParameter("give a saved folder and a question, or --graph FILE or URL and a question")
        rag, questions = KGRAG.load(words[0]), words[1:]
    for question in questions:
        _show(rag, rag.ask(question), as_json)
    if not as_json and rag.disclaimer:
        typer.echo(rag.disclaimer)


@app.command()
def build(
    files: Annotated[list[Path] | None, typer.Argument(help="Files, or folders of such, that --recipe reads.")] = None,
    recipe: Annotated[
        str | None,
        typer.Option(help="What the files are: akoma-ntoso (legal acts), ontology (OWL or OBO), gdprtext or dpv."),
    ] = None,
    graph: Graph = None,
    imports: Imports = None,
    out: Annotated[Path, typer.Option(help="Folder to write; an older system there is replaced at the end.")] = Path(
        "my-rag"
    ),
    passages: Passages = None,
) -> None:
    """Build a system from a graph with no labelled question, train it on questions made from the graph, and save it."""
    from kgrag import KGRAG, KnowledgeGraph, PassageIndex
    from kgrag.recipes import prepare

    if bool(files) != bool(recipe) or bool(graph) == bool(files):
        raise typer.BadParameter("give at least one --graph FILE, or --recipe NAME and FILES")
    if files and recipe:
        if passages or imports:
            raise typer.BadParameter("--passages and --imports are for the files of --graph")
        opened, given = prepare(recipe, files)
        index: PassageIndex | None = PassageIndex.from_passages(given)
    else:
        opened = KnowledgeGraph.from_rdf(*(graph or []), imports=imports)
        index = _passages(passages, opened)
    rag = KGRAG.build(opened, index)
    rag.save(out)
    typer.echo(
        f"{out}: {rag.graph.num_nodes:,} nodes, {rag.graph.num_statements:,} statements, "
        f"{rag.graph.num_relations:,} relations, {len(rag.passages):,} passages"
    )


@app.command()
def index(
    passages: Passages = None,
    out: Annotated[Path, typer.Option(help="Folder to write; what is there already is gone on with.")] = Path(
        "my-passages"
    ),
    graph: Graph = None,
    language: Annotated[str, typer.Option(help="Of the passages, for BM25.")] = "en",
    ray: Annotated[bool, typer.Option("--ray", help="Encode by several processes (pip install 'kgrag[ray]').")] = False,
    workers: Annotated[int, typer.Option(min=1, help="How many processes.")] = 2,
    address: Annotated[
        str, typer.Option(help="Of a Ray cluster that is there; this machine alone by default.")
    ] = "local",
) -> None:
    """Encode passages and save them as an index; interrupted, it goes on where it was."""
    from kgrag import PassageIndex
    from kgrag.encoder import default_encoder

    if not passages:
        raise typer.BadParameter("give at least one --passages FILE or FOLDER")
    held = PassageIndex.load(out) if out.exists() else PassageIndex(language=language)
    _fill(held, passages, _open(graph, None) if graph else None)
    held.save(out)
    if ray:
        from kgrag.distributed import Workers

        with Workers(workers, address) as running:
            running.build(held, default_encoder())
    else:
        held.build(default_encoder())
    held.save(out)
    typer.echo(f"{out}: {len(held):,} passages")


@app.command()
def train(
    folder: Annotated[Path, typer.Argument(help="A folder made by `kgrag build`.")],
    questions: Annotated[
        Path, typer.Option(help="Labelled questions, JSON lines: question, answers, optional topic and path.")
    ],
    out: Annotated[Path, typer.Option(help="Folder to write.")],
    valid: Annotated[Path | None, typer.Option(help="Questions to choose the best epoch by.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Most passes over the questions; chosen by their number.")] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same result.")] = 0,
    checkpoint: Annotated[
        Path | None, typer.Option(help="Folder from which training goes on where it was interrupted.")
    ] = None,
    log: Annotated[Path | None, typer.Option(help="Write a line of JSON here for each step and each epoch.")] = None,
    further: Annotated[
        bool, typer.Option("--further", help="Learn from earlier questions again, so that these are not forgotten.")
    ] = False,
) -> None:
    """Train a saved system on labelled questions, and save the better one."""
    options = {"epochs": epochs, "seed": seed, "checkpoint": checkpoint, "log_file": log}
    _, said = _taught(lambda rag: rag.learn if further else rag.train, folder, questions, valid, out, options)
    typer.echo(said)


@app.command("train-retriever")
def train_retriever(
    folder: Annotated[Path, typer.Argument(help="A folder made by `kgrag build` or `kgrag train`.")],
    questions: Annotated[Path, typer.Option(help="Questions, JSON lines: question, gold_passages (ids).")],
    out: Annotated[Path, typer.Option(help="Folder to write.")],
    valid: Annotated[Path | None, typer.Option(help="Questions to choose the best epoch by.")] = None,
    towers: Annotated[
        str, typer.Option(help="What is trained: turn (seconds), or an encoder: questions, both, shared.")
    ] = "turn",
    pairs: Annotated[
        int, typer.Option(min=0, help="Texts of passages and graph to learn from first, without labels.")
    ] = 0,
    epochs: Annotated[int, typer.Option(help="Most passes over the questions.")] = 8,
    seed: Annotated[int, typer.Option(help="Same seed, same result.")] = 0,
    checkpoint: Annotated[Path | None, typer.Option(help="File to go on from after an interruption.")] = None,
) -> None:
    """Train how a saved system finds passages, on questions whose passages are known, and save the better one."""
    options = {"towers": towers, "pairs": pairs, "epochs": epochs, "seed": seed, "checkpoint": checkpoint}
    _, said = _taught(lambda rag: rag.train_retriever, folder, questions, valid, out, options)
    typer.echo(said)


@app.command("train-jointly")
def train_jointly(
    folder: Annotated[Path, typer.Argument(help="A folder made by `kgrag build` or `kgrag train`.")],
    questions: Annotated[Path, typer.Option(help="Questions, JSON lines: question, answers or answer_text.")],
    out: Annotated[Path, typer.Option(help="Folder to write.")],
    valid: Annotated[Path | None, typer.Option(help="Questions to choose the best epoch by.")] = None,
    marginal: Annotated[
        str, typer.Option(help="sequence: one path or passage says the whole answer; token: each name has its own.")
    ] = "sequence",
    epochs: Annotated[int, typer.Option(help="Most passes over the questions.")] = 4,
    seed: Annotated[int, typer.Option(help="Same seed, same result.")] = 0,
    checkpoint: Annotated[
        Path | None, typer.Option(help="Folder from which training goes on where it was interrupted.")
    ] = None,
    log: Annotated[Path | None, typer.Option(help="Write a line of JSON here for each step and each epoch.")] = None,
) -> None:
    """Train what finds passages, ranks paths and writes answers together, from answers alone, and save the better system."""
    from dataclasses import replace

    from kgrag.training.joint import JOINTLY

    course = replace(JOINTLY, epochs=epochs, seed=seed)
    options = {"marginal": marginal, "course": course, "checkpoint": checkpoint, "log_file": log}
    curve, said = _taught(lambda rag: rag.train_jointly, folder, questions, valid, out, options)
    likelihood = ", ".join(f"{value:.3f}" for value in curve.likelihood)
    typer.echo(f"{said}; log-likelihood of held answers {likelihood}")


@app.command()
def evaluate(
    folder: Annotated[
        Path, typer.Argument(help="A folder made by `kgrag build` or `kgrag train`, or the name of a demo.")
    ],
    questions: Annotated[Path, typer.Option(help="Questions with gold answers, JSON lines.")],
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures here.")] = None,
    predictions: Annotated[Path | None, typer.Option(help="Write one line a question here.")] = None,
    page: Annotated[
        Path | None, typer.Option("--report", help="Write an HTML page with tables and charts here.")
    ] = None,
) -> None:
    """Measure linking, coverage, answers, citations, confidence and time on questions with gold answers."""
    from kgrag import KGRAG
    from kgrag.evaluation import read_questions
    from kgrag.evaluation.page import write_page

    gold = read_questions(questions)
    rag = KGRAG.load(folder) if folder.exists() else KGRAG.demo(str(folder))
    report = rag.evaluate(gold)
    report.write(json_file, predictions)
    if page:
        write_page(report, page, f"{folder.name} on {questions.name}")
    typer.echo(str(report))


@app.command()
def synthesize(
    out: Annotated[Path, typer.Option(help="File of JSON lines to write; an older one is replaced at the end.")],
    graph: Graph = None,
    imports: Imports = None,
    n: Annotated[int, typer.Option("--n", min=1, help="How many questions.")] = 1000,
    seed: Annotated[int, typer.Option(help="Same seed, same questions.")] = 0,
) -> None:
    """Make questions with their answers from a graph alone, to train or to measure with."""
    from collections import Counter

    from kgrag import KnowledgeGraph
    from kgrag.evaluation import write_questions
    from kgrag.training.synthesize import synthesize as make

    if not graph:
        raise typer.BadParameter("give at least one --graph FILE")
    questions = make(KnowledgeGraph.from_rdf(*graph, imports=imports), n, seed)
    write_questions(questions, out)
    kinds = Counter(question.kind for question in questions)
    typer.echo(f"{out}: {n:,} questions ({', '.join(f'{count:,} {kind}' for kind, count in sorted(kinds.items()))})")


@app.command()
def compare(
    first: Annotated[Path, typer.Argument(help="What `kgrag evaluate` wrote by --json or --predictions.")],
    second: Annotated[Path, typer.Argument(help="The same of another run over the same questions.")],
    seed: Annotated[int, typer.Option(help="Same seed, same intervals.")] = 0,
) -> None:
    """Compare two runs question by question: differences with intervals, and what was won and lost."""
    from kgrag.evaluation.comparison import compare, read_predictions

    typer.echo(str(compare(read_predictions(first), read_predictions(second), seed)))


def _open(graph: list[str], imports: Path | None) -> KnowledgeGraph:
    from kgrag import KnowledgeGraph

    if not any(name.startswith(("http://", "https://")) for name in graph):
        return KnowledgeGraph.from_rdf(*graph, imports=imports)
    if len(graph) > 1 or imports:
        raise typer.BadParameter("a SPARQL endpoint is asked alone, without another --graph and without --imports")
    return KnowledgeGraph.from_sparql(graph[0])


def _passages(paths: list[Path] | None, graph: KnowledgeGraph) -> PassageIndex | None:
    """Passages that were indexed, or those of files."""
    from kgrag import PassageIndex
    from kgrag.persistence import MANIFEST

    if not paths:
        return None
    if len(paths) == 1 and (paths[0] / MANIFEST).is_file():
        return PassageIndex.load(paths[0])
    held = PassageIndex()
    _fill(held, paths, graph)
    return held


def _taught(
    teach: Callable[[KGRAG], Callable[..., Any]],
    folder: Path,
    questions: Path,
    valid: Path | None,
    out: Path,
    options: dict[str, Any],
) -> tuple[Any, str]:
    """Trains a saved system in one of its ways and saves the better one: what the training gives, and what is said of it."""
    from kgrag import KGRAG
    from kgrag.evaluation import read_questions

    training = read_questions(questions)
    validation = read_questions(valid) if valid else []
    rag = KGRAG.load(folder)
    found = teach(rag)(training, valid=validation, **options)
    rag.save(out)
    return found, f"{out}: trained on {len(training):,} questions"


def _fill(held: PassageIndex, paths: list[Path], graph: KnowledgeGraph | None) -> None:
    """Passages as they are, of one file of JSON lines; else those of documents, with the nodes that they name."""
    from kgrag import EntityLinker
    from kgrag.config import LinkingConfig
    from kgrag.documents import ingest
    from kgrag.retrieval.passages.records import read_jsonl

    if len(paths) == 1 and paths[0].suffix == ".jsonl":
        held.update(read_jsonl(paths[0]))
    else:
        ingest(paths, held, EntityLinker(graph, LinkingConfig()) if graph else None)


def _show(rag: KGRAG, answer: Answer, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(_as_dict(answer), ensure_ascii=False))
        return
    typer.secho(f"? {answer.question}", bold=True)
    typer.echo(f"{answer}\n")


def _as_dict(answer: Answer) -> dict[str, object]:
    return {
        "question": answer.question,
        "text": answer.text,
        "answers": answer.answers,
        "entities": [{"label": e.label, "iri": e.iri, "probability": round(e.probability, 4)} for e in answer.entities],
        "citations": [str(c) for c in answer.citations],
        "paths": [[str(t) for t in path] for path in answer.paths],
        "confidence": answer.confidence,
        "abstained": answer.abstained,
        "reason": answer.reason,
        "operator": answer.operator,
        "steps": list(answer.steps),
        "gates": answer.gates,
        "weights": answer.weights,
        "seconds": round(answer.seconds, 4),
    }


def main() -> None:
    """Entry point: one line for what the user can mend, a traceback only for our own mistakes."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    try:
        app()
    except KgragError as error:
        typer.secho(f"kgrag: {' '.join(str(error).split())}", fg="red", err=True)
        sys.exit(2)
    except SystemExit as end:
        if end.code == INTERRUPTED:
            typer.secho("kgrag: interrupted; nothing was changed", fg="red", err=True)
        raise


if __name__ == "__main__":
    main()
