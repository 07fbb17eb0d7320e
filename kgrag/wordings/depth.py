"""How people ask for what a relation leads to over any number of steps: "at any depth", "directly or indirectly"."""

from __future__ import annotations

import re

_PARTS = r"sub-?(?:types|kinds|classes|categories|groups|forms)"
_DEEP = re.compile(
    r"\s*[,(]?\s*\b(?:"
    r"(?:at|on|of|over|across|through|to) (?:any|every|all|each) (?:the )?(?:depths?|levels?)"
    r"|(?:any|every|all|each) (?:the )?(?:depths?|levels?) (?:down|counted|included|together)"
    r"|no matter how deep|however deep|all the way down|transitively|recursively"
    r"|direct(?:ly)? (?:or|and) indirect(?:ly)?"
    rf"|(?:counting|including|with|and)(?: (?:the|all|their))? (?:kinds of (?:the )?(?:kinds|these|those)|{_PARTS}(?: of {_PARTS})?)"
    r")\b\s*\)?",
    re.IGNORECASE,
)


def at_any_depth(question: str) -> tuple[str, bool]:
    """A question without the words that ask for all steps, and whether it has such words."""
    plain, count = _DEEP.subn(" ", question)
    return (re.sub(r"\s+([?.!,])", r"\1", " ".join(plain.split())), True) if count else (question, False)
