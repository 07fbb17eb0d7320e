"""What ontologies import: which, which of them were read, and where in a folder the others are."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import islice
from pathlib import Path
from urllib.parse import unquote, urljoin
from xml.parsers import expat

import numpy as np
from pyoxigraph import NamedNode

from kgrag.config import Limits
from kgrag.errors import GraphError
from kgrag.faults import one_line
from kgrag.graph.checking import decode
from kgrag.graph.formats import RDF_ENDINGS, content_ending
from kgrag.graph.ledger import Ledger
from kgrag.graph.markup import prepare_xml
from kgrag.graph.reading import read
from kgrag.graph.statements import OBJECT, SOURCE
from kgrag.graph.store import Store
from kgrag.graph.unpacking import Source, unpack
from kgrag.graph.vocabulary import OWL, RDF

CATALOG = "catalog-v001.xml"

_TYPE, _ONTOLOGY, _IMPORTS, _VERSION = RDF + "type", OWL + "Ontology", OWL + "imports", OWL + "versionIRI"
_SHOWN = 10

_log = logging.getLogger(__name__)


def imports_of(store: Store, followed: Mapping[str, str]) -> dict[str, str]:
    """Every imported ontology of a graph, with the source that was read for it, or "".

    Args:
        store: What the graph holds.
        followed: Sources by the IRIs that they were read for, where they need not say so themselves.
    """
    facts = store.facts
    importing, _ = store.matching((None, _IMPORTS, None))
    importers: dict[str, set[int]] = {}
    for node, source in zip(facts.column(OBJECT)[importing].tolist(), facts.column(SOURCE)[importing].tolist()):
        importers.setdefault(store.iri(node), set()).add(source)
    found: dict[str, str] = {}
    for iri, own in importers.items():
        declaring = [store.matching(pattern)[0] for pattern in ((iri, None, _ONTOLOGY), (None, _VERSION, iri))]
        # Some programs repeat in a file that what it imports is an ontology.
        sources = [id for id in facts.column(SOURCE)[np.concatenate(declaring)].tolist() if id not in own]
        found[iri] = followed.get(iri) or (store.origins[sources[0]] if sources else "")
    return found


def follow(
    ledger: Ledger, folder: str | os.PathLike[str], read_already: Mapping[str, Source], limits: Limits | None
) -> None:
    """Reads what the files of a graph import, and what that imports in turn, from a folder; each file once.

    Args:
        ledger: Takes the statements in.
        folder: Where they are sought; links in it are not followed, and nothing else is looked at.
        read_already: Sources that it holds, by name.
        limits: Bounds on what is read.

    Raises:
        GraphError: If there is no such folder, or its catalog or a file that is imported cannot be read.
    """
    library = Library(folder, limits)
    names = {_resolved(source): name for name, source in read_already.items() if isinstance(source, (str, os.PathLike))}
    missing: list[str] = []
    while wanted := [
        iri for iri, source in imports_of(ledger.store, ledger.followed).items() if not source and iri not in missing
    ]:
        for iri in wanted:
            file = library.find(iri)
            if file is None:
                missing.append(iri)
                continue
            if file not in names:
                names[file] = file.name if file.name not in names.values() else str(file)
                ledger.store.take(ledger.interner.sources({names[file]: file}, limits=limits))
            ledger.followed[iri] = names[file]
    _report(f"imported ontologies were not found in {folder}", missing)


class Library:
    """The ontologies in a folder and the folders within it, without links.

    Args:
        folder: The folder.
        limits: Bounds on what is read.

    Raises:
        GraphError: If there is no such folder, or its catalog cannot be read.
    """

    def __init__(self, folder: str | os.PathLike[str], limits: Limits | None = None) -> None:
        if not os.path.isdir(folder):
            raise GraphError(f"There is no folder {folder}.", "Give the folder that holds the imported ontologies.")
        self._limits = limits or Limits()
        self._folder = _resolved(folder)
        paths = (Path(at, name) for at, _, names in os.walk(self._folder) for name in names)
        self._files = sorted(path for path in paths if path.is_file() and not path.is_symlink())
        catalog = self._folder / CATALOG
        self._catalog = Catalog(catalog, self._limits) if catalog in self._files else None

    def find(self, iri: str) -> Path | None:
        """The file of an ontology; None where none is found.

        It is the one that the catalog names; else the first that says to be that ontology, or that version of one; else
        the only one whose name is the last part of the IRI, if it does not say to be an ontology at all.
        """
        named = self._catalog.find(iri) if self._catalog else None
        if named in self._files:
            return named
        declared, silent = self._ontologies
        if _same(iri) in declared:
            return declared[_same(iri)]
        last = unquote(_same(iri).rsplit("/", 1)[-1])
        called = [path for path in silent if last in (path.name, path.name.partition(".")[0])]
        return called[0] if len(called) == 1 else None

    @cached_property
    def _ontologies(self) -> tuple[dict[str, Path], list[Path]]:
        """Files by the ontologies that they say to be, and those that say nothing."""
        declared: dict[str, Path] = {}
        silent: list[Path] = []
        unread: list[str] = []
        for path in self._files:
            if content_ending(path.name) not in RDF_ENDINGS:
                continue
            try:
                iris = _declared(path, self._limits)
            except GraphError as error:
                unread.append(one_line(str(error)))
                continue
            for iri in iris:
                declared.setdefault(_same(iri), path)
            if not iris:
                silent.append(path)
        _report(f"files in {self._folder} cannot be read, and may be imported", unread)
        return declared, silent


class Catalog:
    """An OASIS XML catalog, as ontology editors write it: which file stands for an IRI.

    Of the catalog's entries, ``uri`` and ``rewriteURI`` are read.

    Args:
        path: The catalog.
        limits: Bounds on its size.

    Raises:
        GraphError: If it is not valid, or declares entities.
    """

    def __init__(self, path: Path, limits: Limits) -> None:
        self._files: dict[str, str] = {}
        self._prefixes: dict[str, str] = {}
        self._bases = [path.as_uri()]
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        markup = prepare_xml(path.name, decode(path.name, unpack(path, limits).data), limits)
        try:
            parser.Parse(markup.text.data, True)
        except (expat.ExpatError, ValueError) as error:
            raise GraphError(f"{path} is no catalog: {error}.", "Mend or remove it.") from error

    def find(self, iri: str) -> Path | None:
        """The file that an IRI stands for; None where it stands for none."""
        url = self._files.get(_same(iri))
        if url is None:
            start = max((start for start in self._prefixes if iri.startswith(start)), key=len, default=None)
            url = self._prefixes[start] + iri[len(start) :] if start is not None else ""
        return Path(os.path.normpath(unquote(url.removeprefix("file://")))) if url.startswith("file:///") else None

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        base = urljoin(self._bases[-1], attributes.get("http://www.w3.org/XML/1998/namespace base", ""))
        self._bases.append(base)
        kind = tag.rpartition(" ")[2]
        if kind == "uri" and {"name", "uri"} <= attributes.keys():
            self._files.setdefault(_same(attributes["name"]), urljoin(base, attributes["uri"]))
        elif kind == "rewriteURI" and {"uriStartString", "rewritePrefix"} <= attributes.keys():
            self._prefixes.setdefault(attributes["uriStartString"], urljoin(base, attributes["rewritePrefix"]))

    def _end(self, _: str) -> None:
        self._bases.pop()


def _declared(path: Path, limits: Limits) -> list[str]:
    """IRIs of the ontology in a file, and of its version; not those of the ontologies that it imports."""
    found: dict[str, None] = {}
    imported: set[str] = set()
    for subject, predicate, obj, _ in read(path, None, None, limits, None):
        if not isinstance(subject, NamedNode) or not isinstance(obj, NamedNode):
            continue
        if predicate.value == _TYPE and obj.value == _ONTOLOGY:
            found[subject.value] = None
        elif predicate.value == _VERSION:
            found[obj.value] = None
        elif predicate.value == _IMPORTS:
            imported.add(obj.value)
    return [iri for iri in found if iri not in imported]


def _resolved(path: str | os.PathLike[str]) -> Path:
    return Path(os.path.realpath(path))


def _same(iri: str) -> str:
    """IRIs of ontologies are written with and without an end."""
    return iri.rstrip("#/")


def _report(what: str, names: Iterable[str]) -> None:
    names = list(names)
    if names:
        more = f"\n... and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
        _log.warning("%s %s:\n%s%s", f"{len(names):,}", what, "\n".join(islice(names, _SHOWN)), more)
