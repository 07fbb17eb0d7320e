"""A small graph of duties, articles and an act."""

TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
FACTS = [
    ("duty of the keeper to file records", "obliges", "lantern keeper"),
    ("duty of the keeper to file records", "has deadline", '"six weeks"'),
    ("duty of the keeper to inform the harbour", "obliges", "lantern keeper"),
    ("duty of the keeper to inform the harbour", "has deadline", '"one hour"'),
    ("Article 7 Beacon Act", "part of", "Chapter II Beacon Act"),
    ("Chapter II Beacon Act", "part of", "Beacon Act"),
    ("Article 7 Beacon Act", "lays down", "duty of the keeper to file records"),
    ("Article 9 Beacon Act", "part of", "Chapter II Beacon Act"),
    ("lantern keeper", TYPE, "actor"),
    ("lantern keeper", "has definition", '"who lights the lantern"'),
    ("lantern keeper", "defined in", "Article 9 Beacon Act"),
    ("Tidal Treaty", "signed in", "Norwick"),
]
