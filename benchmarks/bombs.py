"""Inputs that ask for endless time or memory, or for files that are not theirs: each must be refused.

All are made here, when they are asked for. ``BOMBS`` has them by name; tests/test_hostile.py and ``fuzzing.py --bombs`` read
them in a process of its own, see isolation.py.
"""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from kgrag.config import Limits
from kgrag.graph import KnowledgeGraph, parse

XML_LITERAL = "http://www.w3.org/1999/02/22-rdf-syntax-ns#XMLLiteral"
DEEP, MANY = 100_000, 40 << 20
LAUGHS = '<!ENTITY a0 "ha">' + "".join(f'<!ENTITY a{i + 1} "{f"&a{i};" * 10}">' for i in range(12))  # a12: a trillion

Make = Callable[[Path], Any]
Text = Callable[[], Any]  # bytes or str


class Bomb(NamedTuple):
    """An input, and how it is used.

    Attributes:
        make: Writes its files into a folder; gives what is to be read.
        read: Reads this; says what was found, if it comes to an end.
    """

    make: Make
    read: Callable[[Any], str]


def read(source: Path) -> str:
    """Reads a file with the limits as they are."""
    return f"{sum(1 for _ in parse(source))} statements"


def read_with_entities(source: Path) -> str:
    """Reads a file whose entities may write out a megabyte."""
    return f"{sum(1 for _ in parse(source, limits=Limits(entity_bytes=1 << 20)))} statements"


def ask(query: str) -> str:
    """Asks a graph of fifty statements."""
    graph = KnowledgeGraph.from_triples([(f"x:{i}", "x:b", f"x:{i + 1}") for i in range(50)])
    return str(graph.query(query, timeout=1.0))


def file(name: str, text: Text, **contexts: object) -> Make:
    """A file in a folder of its own; contexts are JSON-LD files in the folder above."""

    def make(folder: Path) -> Path:
        (folder / "in").mkdir()
        for context, content in contexts.items():
            (folder / f"{context}.jsonld").write_text(json.dumps({"@context": content}))
        whole = text()
        (folder / "in" / name).write_bytes(whole if isinstance(whole, bytes) else whole.encode())
        return folder / "in" / name

    return make


def rdf_xml(inner: str, attributes: str = "") -> str:
    """RDF/XML in which "x:" is a namespace."""
    rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    return f'<rdf:RDF xmlns:rdf="{rdf}" xmlns:x="http://x/"{attributes}>{inner}</rdf:RDF>'


def with_doctype(declarations: str, inner: str, encoding: str = "utf-8", elsewhere: str = "") -> bytes:
    """RDF/XML with declarations."""
    doctype = f"<!DOCTYPE rdf:RDF {elsewhere}[{declarations}]>"
    return f'<?xml version="1.0" encoding="{encoding}"?>\n{doctype}{rdf_xml(inner)}'.encode(encoding)


def entities() -> Iterator[tuple[str, Bomb]]:
    """RDF/XML with entities, where they are not allowed and where they are."""
    for encoding in ("utf-8", "utf-16", "utf-16-be", "utf-32", "iso-8859-1"):
        make = file("a.rdf", lambda encoding=encoding: with_doctype(LAUGHS, "<x:a>&a12;</x:a>", encoding))
        yield f"entities in {encoding}", Bomb(make, read)
        yield f"entities in {encoding}, allowed", Bomb(make, read_with_entities)
    cases: dict[str, Text] = {
        "in an attribute": lambda: with_doctype(LAUGHS, '<x:a x:b="&a12;"/>'),
        "in an attribute by default": lambda: with_doctype(LAUGHS + '<!ATTLIST x:a x:b CDATA "&a12;">', "<x:a/>"),
        "of which one is used often": lambda: with_doctype(f'<!ENTITY a "{"a" * 1000}">', "<x:a>" + "&a;" * DEEP),
        "within themselves": lambda: with_doctype('<!ENTITY a "&b;"><!ENTITY b "&a;">', '<x:a x:b="&a;"/>'),
        "in a chain": lambda: with_doctype(
            "".join(f'<!ENTITY a{i} "&a{i + 1};">' for i in range(DEEP)), "<x:a>&a0;</x:a>"
        ),
        "of a file": lambda: with_doctype('<!ENTITY a SYSTEM "file:///etc/passwd">', "<x:a>&a;</x:a>"),
        "of the web": lambda: with_doctype('<!ENTITY a PUBLIC "a" "http://127.0.0.1:9/a">', "<x:a>&a;</x:a>"),
        "with declarations": lambda: with_doctype("<!ENTITY % a \"<!ENTITY b 'c'>\"> %a;", "<x:a>&b;</x:a>"),
        "declared in a file": lambda: with_doctype("", "<x:a/>", elsewhere='SYSTEM "file:///etc/passwd" '),
        "that open elements": lambda: with_doctype("<!ENTITY a '<x:b>'>", "<x:a>&a;</x:a>"),
        "that make a DOCTYPE": lambda: with_doctype('<!ENTITY a "&#38;#60;!DOCTYPE b">', "&a;"),
    }
    for name, text in cases.items():
        yield f"entities {name}, allowed", Bomb(file("a.rdf", text), read_with_entities)


def nesting() -> Iterator[tuple[str, Bomb]]:
    """Brackets in brackets and elements in elements."""
    literal = "&lt;b>" * DEEP + "&lt;/b>" * DEEP
    cases: dict[str, tuple[str, Text]] = {
        "JSON-LD objects": ("a.jsonld", lambda: '{"x:b":' * DEEP + "1" + "}" * DEEP),
        "JSON-LD lists": ("a.jsonld", lambda: '{"x:b":' + "[" * DEEP + "]" * DEEP + "}"),
        "Turtle collections": ("a.ttl", lambda: "<x:a> <x:b> " + "(" * DEEP + ")" * DEEP + " ."),
        "Turtle blank nodes": ("a.ttl", lambda: "<x:a> <x:b> " + "[<x:b> " * DEEP + "1" + "]" * DEEP + " ."),
        "Turtle without an end": ("a.ttl", lambda: "<x:a> <x:b> " + "([<x:b> " * DEEP),
        "Turtle behind quotes": ("a.ttl", lambda: "<x:a> <x:b> '''\\'''''', \"\\\\\" , " + "(" * DEEP),
        "Turtle behind a comment": ("a.ttl", lambda: "# \\\n<x:a> <x:b> " + "(" * DEEP),
        "TriG collections": ("a.trig", lambda: "<x:g> { <x:a> <x:b> " + "(" * DEEP + ")" * DEEP + " }"),
        "N3 collections": ("a.n3", lambda: "<x:a> <x:b> " + "(" * DEEP + ")" * DEEP + " ."),
        "triple terms": ("a.ttl", lambda: "<x:a> <x:b> " + "<<( <x:a> <x:b> " * DEEP + "1" + " )>>" * DEEP + " ."),
        "triple terms in N-Triples": ("a.nt", lambda: "<x:a> <x:b> " + "<<( <x:a> <x:b> " * DEEP),
        "RDF/XML": ("a.rdf", lambda: rdf_xml("<x:a><x:b>" * DEEP + "</x:b></x:a>" * DEEP)),
        "RDF/XML without an end": ("a.rdf", lambda: rdf_xml("").removesuffix("</rdf:RDF>") + "<x:a><x:b>" * DEEP),
        "an XML literal": (
            "a.rdf",
            lambda: rdf_xml(f'<x:a><x:b rdf:datatype="{XML_LITERAL}">{literal}</x:b></x:a>'),
        ),
    }
    for name, case in cases.items():
        yield f"nesting of {name}", Bomb(file(*case), read)


def packed() -> Iterator[tuple[str, Bomb]]:
    """Small files that unpack to large ones."""
    same = (1 << 17 << 3 | 1 << 1).to_bytes(3, "little") + b"a"  # a block of Zstandard: 128 KiB of one byte
    cases: dict[str, Text] = {
        "gz": lambda: gzip.compress(bytes(512 << 20), 1),
        "bz2": lambda: bz2.compress(bytes(64 << 20)),
        "xz": lambda: lzma.compress(bytes(64 << 20), preset=0),
        "zst": lambda: b"\x28\xb5\x2f\xfd\x00\x58" + same * 4096,
    }
    for ending, text in cases.items():
        yield f"packed by {ending}", Bomb(file(f"a.nt.{ending}", text), read)
    yield "packed by gz twice", Bomb(file("a.nt.gz", lambda: gzip.compress(cases["gz"](), 1)), read)


def too_much() -> Iterator[tuple[str, Bomb]]:
    """One thing without end, or a short name for a long one."""
    namespaces = "".join(f' xmlns:n{i}="http://n/{i}"' for i in range(5_000))
    cases: dict[str, tuple[str, Text]] = {
        "a literal": ("a.nt", lambda: '<x:a> <x:b> "' + "a b" * (1 << 20) + '" .'),
        "a literal in Turtle": ("a.ttl", lambda: '<x:a> <x:b> """' + "a\n" * (1 << 20) + '""" .'),
        "a literal without an end": ("a.ttl", lambda: '<x:a> <x:b> """' + "a\n" * MANY),
        "an IRI": ("a.nt", lambda: "<x:a> <x:b> <x:" + "a" * (2 << 20) + "> ."),
        "an IRI without an end": ("a.nt", lambda: "<x:a> <x:b> <x:" + "a" * MANY),
        "an IRI in JSON-LD": ("a.jsonld", lambda: '{"@id": "x:' + "a" * (2 << 20) + '", "x:b": 1}'),
        "an IRI in RDF/XML": ("a.rdf", lambda: rdf_xml('<x:a rdf:about="x:' + "a" * (2 << 20) + '"/>')),
        "a label of a blank node": ("a.ttl", lambda: "_:" + "a" * (2 << 20) + " <x:b> <x:c> ."),
        "a language": ("a.nt", lambda: '<x:a> <x:b> "a"@a' + "-a" * (1 << 20) + " ."),
        "a number": ("a.ttl", lambda: "<x:a> <x:b> " + "1" * (2 << 20) + " ."),
        "a comment": ("a.nt", lambda: "#" + "a" * MANY),
        "a comment in RDF/XML": ("a.rdf", lambda: rdf_xml("<!--" + "<a>" * MANY + "-->")),
        "a cell of TSV": ("a.tsv", lambda: "subject\tpredicate\tobject\n" + "a" * MANY),
        "a cell of CSV": ("a.csv", lambda: 'subject,predicate,object\na,b,"' + "a\n" * MANY),
        "a header of CSV": ("a.csv", lambda: "subject,predicate,object" + ",a" * MANY),
        "a first line": ("a", lambda: "<a>" * 10_000 + "_:" * 10_000),
        "quotes in JSON-LD": ("a.jsonld", lambda: '["' + '\\"' * (1 << 20)),
        "a prefix in Turtle": (
            "a.ttl",
            lambda: f"@prefix a: <x:{'a' * 30_000}> . " + "".join(f"a:{i} a:p a:{i} . " for i in range(20_000)),
        ),
        "a base in Turtle": ("a.ttl", lambda: f"@base <http://x/{'a/' * 15_000}> . " + "<a> <b> <c> . " * 20_000),
        "a vocabulary in JSON-LD": (
            "a.jsonld",
            lambda: json.dumps({"@context": {"@vocab": "x:" + "a" * 30_000}, "@graph": [{"p": 1}] * 20_000}),
        ),
        "namespaces in RDF/XML": (
            "a.rdf",
            lambda: rdf_xml("<x:a>" + '<x:b rdf:parseType="Literal"><i/></x:b>' * 20_000 + "</x:a>", namespaces),
        ),
        "namespaces in an XML literal": (
            "a.rdf",
            lambda: rdf_xml(
                f'<x:a><x:b rdf:datatype="{XML_LITERAL}">&lt;a{namespaces}>'
                + "&lt;n4999:b/>" * 50_000
                + "&lt;/a></x:b></x:a>"
            ),
        ),
        "attributes in RDF/XML": (
            "a.rdf",
            lambda: rdf_xml("<x:a " + " ".join(f'x:b{i}=""' for i in range(DEEP)) + "/>"),
        ),
        "an encoding that takes long": (
            "a.rdf",
            lambda: '<?xml version="1.0" encoding="punycode"?>' + "a-" + "b9a" * DEEP * 10,
        ),
    }
    for name, case in cases.items():
        yield f"too much of {name}", Bomb(file(*case), read)


def contexts() -> Iterator[tuple[str, Bomb]]:
    """Contexts of JSON-LD that define without end, hold everywhere, or lie elsewhere."""

    def document(context: object, **facts: object) -> str:
        return json.dumps({"@context": context, "x:b": "v", **facts})

    def chain() -> dict[str, str]:
        return {f"t{i}": f"t{i + 1}:a" for i in range(10_000)}

    def scoped() -> str:
        context: Any = {}
        node: Any = 1
        for _ in range(200):
            context = {"p": {"@id": "x:p", "@context": context}, **{f"t{i}": "x:t" for i in range(20)}}
            node = {"p": node}
        return document(context, p=node)

    def scoped_chains() -> str:
        context: Any = {}
        for _ in range(100):
            context = {f"t{i}": f"t{i + 1}:" for i in range(100)} | {"t100": {"@id": "x:", "@context": context}}
        return document(context)

    terms = {f"t{i}": "x:t" for i in range(5_000)}
    doubling = {f"c{i}": [f"c{i + 1}.jsonld"] * 2 for i in range(40)}
    good = {"b": "x:b"}
    cases: dict[str, Make] = {
        "in a chain": file("a.jsonld", lambda: document(chain(), t0=1)),
        "in a chain, with escapes": file(
            "a.jsonld", lambda: document(chain(), t0=1).replace('"@context"', '"\\u0040c\\u006fntext"')
        ),
        "in a chain, and again": file(
            "a.jsonld", lambda: '{"@context": ' + json.dumps(chain()) + ', "@context": {}, "t0": 1}'
        ),
        "at each node": file("a.jsonld", lambda: document(terms, **{"@graph": [{"@context": good, "t0": 1}] * 30_000})),
        "within contexts": file("a.jsonld", scoped),
        "in chains within contexts": file("a.jsonld", scoped_chains),
        "of the web": file("a.jsonld", lambda: document("http://127.0.0.1:9/c.jsonld")),
        "of an address of a file": file("a.jsonld", lambda: document("file:///etc/hostname")),
        "of an absolute path": file("a.jsonld", lambda: document("/etc/hostname")),
        "of a device": file("a.jsonld", lambda: document("/dev/zero")),
        "of the folder above": file("a.jsonld", lambda: document("../c.jsonld"), c=good),
        "of the folder above, encoded": file("a.jsonld", lambda: document("%2e%2e%2fc.jsonld"), c=good),
        "of the folder above, imported": file("a.jsonld", lambda: document({"@import": "d/../../c.jsonld"}), c=good),
    }
    for name, make in cases.items():
        yield f"contexts {name}", Bomb(make, read)
    lead = {"@context": "c0.jsonld", "x:b": "v"}
    for name, files in {"within themselves": {"c0": "c0.jsonld"}, "that double": doubling}.items():

        def make(folder: Path, files: dict[str, Any] = files) -> Path:
            for context, content in files.items():
                (folder / f"{context}.jsonld").write_text(json.dumps({"@context": content}))
            (folder / "a.jsonld").write_text(json.dumps(lead))
            return folder / "a.jsonld"

        yield f"contexts {name}", Bomb(make, read)


def queries() -> Iterator[tuple[str, Bomb]]:
    """SPARQL that crashes a parser, never ends, or asks for what is elsewhere."""
    cases: dict[str, Callable[[], str]] = {
        "braces": lambda: "SELECT * {" + "{" * DEEP + "}" * DEEP + "}",
        "parentheses": lambda: "SELECT * { FILTER(" + "(" * DEEP + "true" + ")" * DEEP + ") }",
        "negations": lambda: "SELECT * { ?s ?p ?o FILTER(" + "!" * DEEP + "true) }",
        "inverse paths": lambda: "SELECT * { ?s " + "^" * DEEP + "<x:b> ?o }",
        "triple terms": lambda: "SELECT * { " + "<<" * DEEP + " }",
        "quotes": lambda: 'SELECT * { ?s ?p "' + '\\"' * DEEP,
        "escapes": lambda: "SELECT * { <" + "\\u0041" * DEEP,
        "dots": lambda: "SELECT * { " + "a." * DEEP,
        "a product": lambda: "SELECT (COUNT(*) AS ?n) { " + "".join(f"?a{i} ?b{i} ?c{i} . " for i in range(30)) + "}",
        "another machine": lambda: "SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }",
        "a file": lambda: "SELECT * FROM <file:///etc/passwd> { ?s ?p ?o }",
    }
    for name, query in cases.items():
        yield f"a query with {name}", Bomb(lambda _, query=query: query(), ask)


BOMBS: dict[str, Bomb] = {
    name: bomb for kind in (entities, nesting, packed, too_much, contexts, queries) for name, bomb in kind()
}
