"""Which questions ask for yes or no."""

from __future__ import annotations

import re

_YES_NO = re.compile(  # a clause that begins with an auxiliary, and asks for nothing
    r"(?:^|[.!?:;,]\s+|\s[-\u2013\u2014]\s+|\band\s+)\W*"
    r"(?:is|are|was|were|do|does|did|can|could|may|might|has|have|had|will|would|should|must)\b"
    r"(?!\s+(?:you|we|anyone|someone|somebody)\s+(?:(?:please|kindly|happen\s+to)\s+)?"
    r"(?:list|tell|name|give|show|explain|describe|say|identify|enumerate|provide|summari[sz]e|recommend|find|fetch|look up"
    r"|mention|specify|determine|clarify|suggest|know)\b(?!(?:\s+(?:me|us))?\s+(?:that|if|whether)\b))"
    r"(?!.*\b(?:what|which|who|whom|whose|where|when|how)\b)",
    re.IGNORECASE | re.DOTALL,
)
_OF_EACH = re.compile(
    r"^\W*(?:is|are|was|were) there\b(?!.*\bbetween\b).*\bX,? (?:and|or) X\b", re.IGNORECASE | re.DOTALL
)
_ASKS = re.compile(r"^\W*(?:what|which|who|whom|whose|where|when|why|how)\b", re.IGNORECASE)


def asks_yes_no(question: str) -> bool:
    """Whether a question asks for yes or no."""
    return bool(_YES_NO.search(question)) and not _ASKS.match(question)


def asks_of_each(masked: str) -> bool:
    """Whether a question for yes or no asks of several things alike: "are there drugs for X and X", not "an interaction between X and X".

    Args:
        masked: The question, its mentions masked.
    """
    return bool(_OF_EACH.search(masked))
