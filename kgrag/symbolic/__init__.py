"""Questions that are computed over the graph: how many, the longest, older than, but not, from the newest to the oldest."""

from kgrag.symbolic.calculator import Calculator, Computed
from kgrag.symbolic.recogniser import Recogniser

__all__ = ["Calculator", "Computed", "Recogniser"]
