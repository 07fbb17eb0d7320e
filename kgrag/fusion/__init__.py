"""Evidence tokens: graph and text as tokens that a language model reads and writes."""

from kgrag.fusion.items import EvidenceItems, Role, collect_items
from kgrag.fusion.layer import EvidenceEmbedding, ItemBatch

__all__ = ["EvidenceEmbedding", "EvidenceItems", "ItemBatch", "Role", "collect_items"]
