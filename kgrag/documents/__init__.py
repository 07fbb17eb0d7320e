"""Documents: files of many kinds, read safely, split into passages, linked to the graph, put into a collection."""

from kgrag.documents.document import Document, Section
from kgrag.documents.ingesting import Ingested, ingest
from kgrag.documents.linking import link
from kgrag.documents.reading import read
from kgrag.documents.splitting import split

__all__ = ["Document", "Ingested", "Section", "ingest", "link", "read", "split"]
