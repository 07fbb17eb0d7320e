"""A document as it was read: sections of paragraphs, each under its headings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from kgrag.config import DocumentLimits
from kgrag.documents.units import is_name, unit

Scalar = str | int | float | bool

# Control characters that are no white space, soft hyphens, byte order marks; half surrogate pairs cannot be written.
_UNWANTED = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\ufeff]")
_HALVES = re.compile("[\ud800-\udfff]")
_IDEOGRAPH = "[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]"
_WRAPPED = re.compile(rf"(?<={_IDEOGRAPH})[^\S\n]*\n\s*(?={_IDEOGRAPH})")  # a line break there stands for no space
UNIT_LEVEL = 100  # below all headings that a file marks as such
_VALUE = 1_000  # characters of what may be sought by
LONGEST_HEADING = 300  # characters; a longer one is text that was marked wrongly


class UnreadableError(Exception):
    """Why something is no document that can be read, and what to do about it; who reads the file says which one it is."""

    def __init__(self, reason: str, hint: str = "Mend the file, or save it anew.") -> None:
        super().__init__(reason)
        self.reason, self.hint = reason, hint


@dataclass(frozen=True)
class Section:
    """Paragraphs that stand under the same headings.

    Attributes:
        headings: From the outermost to its own.
        paragraphs: Its text; white space within one is a single space.
        id: What the file calls it: the ``eId`` of Akoma Ntoso, the ``id`` of HTML and XML.
        pages: Page of each paragraph, from 1; empty where the file has no pages.
        references: What it refers to, as the file says it: each ``href`` in it.
    """

    headings: tuple[str, ...]
    paragraphs: tuple[str, ...]
    id: str = ""
    pages: tuple[int, ...] = ()
    references: tuple[str, ...] = ()


@dataclass(frozen=True)
class Document:
    """A text with its structure.

    Attributes:
        id: Unique among the documents that are read together.
        source: File that it comes from.
        language: Its code, such as "de"; empty where the file does not say it.
        metadata: What else the file says of it, as far as it is short enough to be sought by.
        entities: IRIs of the nodes that it names, where the file says so.
    """

    id: str = ""
    title: str = ""
    source: str = ""
    language: str = ""
    metadata: Mapping[str, Scalar] = field(default_factory=dict)
    sections: tuple[Section, ...] = ()
    entities: tuple[str, ...] = ()


def clean(text: str) -> str:
    """Text with single spaces, and without what cannot be seen or written."""
    text = _HALVES.sub("\ufffd", _UNWANTED.sub("", text))
    return " ".join((_WRAPPED.sub("", text) if "\n" in text else text).split())


class Outline:
    """Takes headings and paragraphs in their order, and makes sections of them.

    Paragraphs that are numbers of articles, chapters and the like are headings.

    Args:
        limits: Bounds the text.
    """

    def __init__(self, limits: DocumentLimits) -> None:
        self.title = self.language = ""
        self.metadata: dict[str, Scalar] = {}
        self._limits = limits
        self._characters = 0
        self._headings: list[tuple[int, str, str]] = []
        self._title = ""
        self._all: list[str] = []
        self._is_bare = False  # whether what comes next may be the name of the unit that has just begun
        self._sections: list[Section] = []
        self._begin()

    def heading(self, level: int, text: str, id: str = "") -> None:
        """Takes a heading; it stands under those of a smaller level, and ends what stands under the others."""
        text = clean(text)
        self._count(text)
        self._title = self._title or text
        self._open(level, text, id)

    def end(self, level: int) -> None:
        """Ends what stands under headings of this level and greater ones."""
        self._finish()
        self._is_bare = False
        self._headings = [heading for heading in self._headings if heading[0] < level]

    def paragraph(self, text: str, page: int = 0, references: Iterable[str] = ()) -> None:
        """Takes a paragraph, on a page, with what it refers to."""
        text = clean(text)
        self._count(text)
        found = unit(text)
        if found:
            self._open(UNIT_LEVEL + found.level, found.heading)
            text = found.rest
        elif self._is_bare and is_name(text):
            level, number, id = self._headings.pop()
            self._headings.append((level, f"{number} {text}", id))
            self._all[-1] = f"{number} {text}"
            text, self._is_bare = "", False
        self._references += references
        if text:
            self._take(text, page)
        self._is_bare = found.is_bare if found else self._is_bare and not text

    def document(self) -> Document:
        """The document; its title is the first heading that is no unit where none was given, its text the headings where
        there is no other.

        Raises:
            UnreadableError: It holds no text.
        """
        self._finish()
        if not self._sections and self._all:
            self._sections.append(Section((), tuple(self._all)))
        if not self._sections:
            raise UnreadableError("it holds no text", "Leave it out.")
        return Document(
            title=clean(self.title) or self._title[:LONGEST_HEADING],
            language=clean(self.language),
            metadata=dict(_short(self.metadata)),
            sections=tuple(self._sections),
        )

    def _open(self, level: int, text: str, id: str = "") -> None:
        self.end(level)
        if len(text) > LONGEST_HEADING:
            self._take(text, 0)
        elif text:
            self._all.append(text)
            self._headings.append((level, text, id))

    def _take(self, text: str, page: int) -> None:
        self._paragraphs.append(text)
        self._pages.append(page)

    def _begin(self) -> None:
        self._paragraphs: list[str] = []
        self._pages: list[int] = []
        self._references: list[str] = []

    def _finish(self) -> None:
        if self._paragraphs:
            headings = tuple(text for _, text, _ in self._headings)
            id = clean(self._headings[-1][2])[:_VALUE] if self._headings else ""
            pages = tuple(self._pages) if any(self._pages) else ()
            references = tuple(dict.fromkeys(map(clean, self._references)))
            self._sections.append(Section(headings, tuple(self._paragraphs), id, pages, references))
        self._begin()

    def _count(self, text: str) -> None:
        self._characters += len(text)
        if self._characters > self._limits.characters:
            raise UnreadableError(
                f"it has more than {self._limits.characters:,} characters of text",
                "Split it, or raise DocumentLimits.characters.",
            )


def _short(metadata: Mapping[str, Scalar]) -> Iterator[tuple[str, Scalar]]:
    for key, value in metadata.items():
        value = clean(value) if isinstance(value, str) else value
        if len(key) <= _VALUE and len(str(value)) <= _VALUE:
            yield key, value
