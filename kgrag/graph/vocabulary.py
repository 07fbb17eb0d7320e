"""Labels of terms from well-known vocabularies, for the many files that use them without labelling them.

Only what a term's local name does not already say: ``foaf:knows`` needs no entry, ``obo:RO_0002452`` does.
"""

from __future__ import annotations

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
OWL = "http://www.w3.org/2002/07/owl#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
XSD = "http://www.w3.org/2001/XMLSchema#"
DC = "http://purl.org/dc/elements/1.1/"
DCT = "http://purl.org/dc/terms/"
FOAF = "http://xmlns.com/foaf/0.1/"
PROV = "http://www.w3.org/ns/prov#"
OBO = "http://purl.obolibrary.org/obo/"
OBO_IN_OWL = "http://www.geneontology.org/formats/oboInOwl#"
ELI = "http://data.europa.eu/eli/ontology#"
DPV = "https://w3id.org/dpv#"
OMG = "https://www.omg.org/spec/Commons/AnnotationVocabulary/"
SCHEMA = ("http://schema.org/", "https://schema.org/")

PREFIXES = {"rdf": RDF, "rdfs": RDFS, "owl": OWL, "skos": SKOS, "xsd": XSD, "dct": DCT, "foaf": FOAF}

# Objects of these are classes of their subject.
TYPE_PROPERTIES = (RDF + "type", "http://www.wikidata.org/prop/direct/P31")

# Properties whose literal names the subject; the earlier one is shown.
LABEL_PROPERTIES = (
    SKOS + "prefLabel",
    RDFS + "label",
    *(namespace + "name" for namespace in SCHEMA),
    FOAF + "name",
    DCT + "title",
    DC + "title",
    ELI + "title",
    "http://rdf.freebase.com/ns/type.object.name",
    "http://www.geonames.org/ontology#name",
)

# Further names of the subject: it is found by them, and shown by one only where there is no label.
ALIAS_PROPERTIES = (
    ELI + "title_short",
    SKOS + "altLabel",
    OBO_IN_OWL + "hasExactSynonym",
    *(namespace + "alternateName" for namespace in SCHEMA),
    DCT + "alternative",
    ELI + "title_alternative",
    OBO + "IAO_0000118",
    "http://www.ebi.ac.uk/efo/alternative_term",
    OMG + "synonym",
    OMG + "abbreviation",
    OMG + "acronym",
    "http://rdf.freebase.com/ns/common.topic.alias",
    "http://www.geonames.org/ontology#alternateName",
    FOAF + "nick",
    OBO_IN_OWL + "hasSynonym",
    OBO_IN_OWL + "hasRelatedSynonym",
    OBO_IN_OWL + "hasNarrowSynonym",
    OBO_IN_OWL + "hasBroadSynonym",
    SKOS + "hiddenLabel",
)

# Classes of OWL itself, by local name.
OWL_KINDS = (
    *("Class", "DataRange", "Restriction", "Thing", "Nothing", "NamedIndividual", "DeprecatedClass"),
    *("Ontology", "OntologyProperty", "ObjectProperty", "DatatypeProperty", "AnnotationProperty", "DeprecatedProperty"),
    *("FunctionalProperty", "InverseFunctionalProperty", "SymmetricProperty", "AsymmetricProperty"),
    *("TransitiveProperty", "ReflexiveProperty", "IrreflexiveProperty", "NegativePropertyAssertion"),
    *("AllDifferent", "AllDisjointClasses", "AllDisjointProperties", "Axiom", "Annotation"),
)

# What SKOS says of its own properties, and hardly a file repeats: so that none of it follows from the rest.
# Source: SKOS Reference, sections 4, 8 and 10.
SKOS_AXIOMS = tuple(
    (SKOS + subject, predicate, obj if obj.startswith(OWL) else SKOS + obj)
    for predicate, pairs in {
        OWL + "inverseOf": (
            ("broader", "narrower"),
            ("broaderTransitive", "narrowerTransitive"),
            ("broadMatch", "narrowMatch"),
            ("topConceptOf", "hasTopConcept"),
        ),
        RDFS + "subPropertyOf": (
            ("broader", "broaderTransitive"),
            ("narrower", "narrowerTransitive"),
            ("broadMatch", "broader"),
            ("broadMatch", "broaderTransitive"),
            ("narrowMatch", "narrower"),
            ("narrowMatch", "narrowerTransitive"),
            ("relatedMatch", "related"),
            ("topConceptOf", "inScheme"),
        ),
        RDF + "type": (
            ("related", OWL + "SymmetricProperty"),
            ("relatedMatch", OWL + "SymmetricProperty"),
            ("closeMatch", OWL + "SymmetricProperty"),
            ("exactMatch", OWL + "SymmetricProperty"),
            ("exactMatch", OWL + "TransitiveProperty"),
            ("broaderTransitive", OWL + "TransitiveProperty"),
            ("narrowerTransitive", OWL + "TransitiveProperty"),
        ),
    }.items()
    for subject, obj in pairs
)

_BY_NAMESPACE: dict[str, dict[str, str]] = {
    RDF: {"type": "type", "Property": "property", "List": "list", "first": "first item", "rest": "remaining items"},
    RDFS: {
        "comment": "description",
        "subClassOf": "is a kind of",
        "subPropertyOf": "is a sub-property of",
        "domain": "has domain",
        "range": "has range",
        "isDefinedBy": "is defined by",
        "seeAlso": "see also",
        "label": "label",
        "member": "has member",
        "Class": "class",
        "Resource": "resource",
        "Literal": "literal",
        "Datatype": "datatype",
    },
    OWL: {
        "sameAs": "is the same as",
        "differentFrom": "is different from",
        "inverseOf": "is the inverse of",
        "equivalentClass": "is equivalent to",
        "equivalentProperty": "is equivalent to",
        "disjointWith": "is disjoint with",
        "versionIRI": "version",
        "versionInfo": "version",
        "Class": "class",
        "Thing": "thing",
        "NamedIndividual": "individual",
        "ObjectProperty": "object property",
        "DatatypeProperty": "data property",
        "AnnotationProperty": "annotation property",
        "Ontology": "ontology",
        "imports": "imports",
        "deprecated": "is deprecated",
    },
    SKOS: {
        "broader": "is narrower than",
        "narrower": "is broader than",
        "broaderTransitive": "is narrower than",
        "narrowerTransitive": "is broader than",
        "related": "is related to",
        "broadMatch": "has a broader match",
        "narrowMatch": "has a narrower match",
        "exactMatch": "matches exactly",
        "closeMatch": "matches closely",
        "relatedMatch": "has a related match",
        "inScheme": "is in scheme",
        "topConceptOf": "is a top concept of",
        "prefLabel": "preferred label",
        "altLabel": "alternative label",
        "Concept": "concept",
        "ConceptScheme": "concept scheme",
    },
    DCT: {
        "isPartOf": "is part of",
        "hasPart": "has part",
        "conformsTo": "conforms to",
        "created": "date created",
        "modified": "date modified",
        "issued": "date issued",
        "valid": "date valid",
        "spatial": "spatial coverage",
        "temporal": "temporal coverage",
        "abstract": "abstract",
    },
    FOAF: {"depiction": "image", "mbox": "e-mail address", "isPrimaryTopicOf": "is the topic of", "nick": "nickname"},
    PROV: {"wasDerivedFrom": "was derived from", "wasAttributedTo": "was attributed to", "atTime": "time"},
    OBO: {
        "BFO_0000050": "part of",
        "BFO_0000051": "has part",
        "BFO_0000054": "realized in",
        "BFO_0000055": "realizes",
        "BFO_0000062": "preceded by",
        "BFO_0000063": "precedes",
        "BFO_0000066": "occurs in",
        "IAO_0000112": "example of usage",
        "IAO_0000114": "has curation status",
        "IAO_0000115": "definition",
        "IAO_0000116": "editor note",
        "IAO_0000117": "term editor",
        "IAO_0000118": "alternative term",
        "IAO_0000119": "definition source",
        "IAO_0000136": "is about",
        "IAO_0000231": "has obsolescence reason",
        "IAO_0100001": "term replaced by",
        "RO_0000052": "characteristic of",
        "RO_0000053": "has characteristic",
        "RO_0000056": "participates in",
        "RO_0000057": "has participant",
        "RO_0000079": "function of",
        "RO_0000080": "quality of",
        "RO_0000081": "role of",
        "RO_0000085": "has function",
        "RO_0000086": "has quality",
        "RO_0000087": "has role",
        "RO_0000091": "has disposition",
        "RO_0000092": "disposition of",
        "RO_0001000": "derives from",
        "RO_0001001": "derives into",
        "RO_0001015": "location of",
        "RO_0001018": "contained in",
        "RO_0001019": "contains",
        "RO_0001022": "has allergic trigger",
        "RO_0001025": "located in",
        "RO_0002131": "overlaps",
        "RO_0002150": "continuous with",
        "RO_0002160": "only in taxon",
        "RO_0002162": "in taxon",
        "RO_0002170": "connected to",
        "RO_0002180": "has component",
        "RO_0002200": "has phenotype",
        "RO_0002201": "phenotype of",
        "RO_0002202": "develops from",
        "RO_0002203": "develops into",
        "RO_0002204": "gene product of",
        "RO_0002205": "has gene product",
        "RO_0002206": "expressed in",
        "RO_0002211": "regulates",
        "RO_0002212": "negatively regulates",
        "RO_0002213": "positively regulates",
        "RO_0002215": "capable of",
        "RO_0002216": "capable of part of",
        "RO_0002219": "surrounded by",
        "RO_0002220": "adjacent to",
        "RO_0002221": "surrounds",
        "RO_0002233": "has input",
        "RO_0002234": "has output",
        "RO_0002302": "is treated by substance",
        "RO_0002327": "enables",
        "RO_0002331": "involved in",
        "RO_0002333": "enabled by",
        "RO_0002350": "member of",
        "RO_0002351": "has member",
        "RO_0002434": "interacts with",
        "RO_0002436": "molecularly interacts with",
        "RO_0002444": "parasite of",
        "RO_0002451": "transmitted by",
        "RO_0002452": "has symptom",
        "RO_0002453": "host of",
        "RO_0002454": "has host",
        "RO_0002470": "eats",
        "RO_0002488": "existence starts during",
        "RO_0002502": "depends on",
        "RO_0002556": "pathogen of",
        "RO_0002558": "has evidence",
        "RO_0002573": "has modifier",
        "RO_0002606": "is substance that treats",
        "RO_0002610": "correlated with",
        "RO_0003302": "causes or contributes to condition",
        "RO_0003303": "causes condition",
        "RO_0003304": "contributes to condition",
        "RO_0004019": "disease has basis in",
        "RO_0004020": "disease has basis in dysfunction of",
        "RO_0004021": "disease has basis in disruption of",
        "RO_0004024": "disease causes disruption of",
        "RO_0004025": "disease causes dysfunction of",
        "RO_0004026": "disease has location",
        "RO_0004027": "disease has inflammation site",
        "RO_0004029": "disease has feature",
        "RO_0004030": "disease arises from structure",
        "RO_0007001": "has disease driver",
    },
    OBO_IN_OWL: {
        "hasDbXref": "has cross-reference",
        "hasOBONamespace": "namespace",
        "hasOboNamespace": "namespace",
        "hasAlternativeId": "alternative identifier",
        "inSubset": "is in subset",
        "id": "identifier",
        "created_by": "created by",
        "creation_date": "creation date",
    },
    ELI: {
        "date_document": "date of document",
        "date_publication": "date of publication",
        "date_applicability": "date of applicability",
        "in_force": "in force",
        "is_realized_by": "is realised by",
        "realizes": "realises",
        "type_document": "type of document",
        "id_local": "local identifier",
    },
    DPV: {"hasPersonalData": "processes personal data"},
}

LABELS = {namespace + name: label for namespace, names in _BY_NAMESPACE.items() for name, label in names.items()}
