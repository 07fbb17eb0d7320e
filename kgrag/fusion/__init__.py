"""Fusion: graph and text as items that a language model reads and writes."""

from kgrag.fusion.balance import Balance, item_bias
from kgrag.fusion.items import ANSWERS, EvidenceItems, Role, collect_items
from kgrag.fusion.layer import EvidenceEmbedding, ItemBatch
from kgrag.fusion.modes import MODES, FusionMode, blocks_of, fusion_mode

__all__ = [
    "ANSWERS",
    "MODES",
    "Balance",
    "EvidenceEmbedding",
    "EvidenceItems",
    "FusionMode",
    "ItemBatch",
    "Role",
    "blocks_of",
    "collect_items",
    "fusion_mode",
    "item_bias",
]
