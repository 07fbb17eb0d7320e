"""English inflection, as far as questions about relations need it: plurals, verb forms, articles, possessives."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

_IRREGULAR = {
    "person": "people",
    "child": "children",
    "grandchild": "grandchildren",
    "wife": "wives",
    "life": "lives",
    "half": "halves",
    "leaf": "leaves",
    "shelf": "shelves",
    "man": "men",
    "woman": "women",
    "foot": "feet",
    "tooth": "teeth",
    "mouse": "mice",
    "analysis": "analyses",
    "basis": "bases",
    "diagnosis": "diagnoses",
    "crisis": "crises",
    "hypothesis": "hypotheses",
    "thesis": "theses",
    "criterion": "criteria",
    "phenomenon": "phenomena",
    "nucleus": "nuclei",
    "genus": "genera",
    "movie": "movies",
    "cookie": "cookies",
    "zombie": "zombies",
    "calorie": "calories",
    "species": "species",
    "topic": "topics",
    "clinic": "clinics",
    "critic": "critics",
    "lyric": "lyrics",
    "comic": "comics",
    "statistic": "statistics",
}
_UNCOUNTED = frozenset(
    (
        "information evidence gender sex sexuality ethnicity nationality religion data software series species genetics "
        "music advice equipment health research work personnel staff progress news faith heritage descent age money "
        "knowledge etiology offspring kin family legislation severity prevalence mortality metadata bacteria media"
    ).split()
)
_SINGULARS = {plural: singular for singular, plural in _IRREGULAR.items()}
_SINGULAR_ENDINGS = ("ss", "us", "is", "ics", "ous")
# base: past, participle
_VERBS = {
    "be": ("was", "been"),
    "have": ("had", "had"),
    "do": ("did", "done"),
    "write": ("wrote", "written"),
    "give": ("gave", "given"),
    "take": ("took", "taken"),
    "make": ("made", "made"),
    "build": ("built", "built"),
    "bear": ("bore", "born"),
    "begin": ("began", "begun"),
    "become": ("became", "become"),
    "come": ("came", "come"),
    "choose": ("chose", "chosen"),
    "draw": ("drew", "drawn"),
    "drive": ("drove", "driven"),
    "find": ("found", "found"),
    "found": ("founded", "founded"),
    "get": ("got", "got"),
    "go": ("went", "gone"),
    "grow": ("grew", "grown"),
    "hold": ("held", "held"),
    "keep": ("kept", "kept"),
    "know": ("knew", "known"),
    "lay": ("laid", "laid"),
    "lead": ("led", "led"),
    "leave": ("left", "left"),
    "lend": ("lent", "lent"),
    "lose": ("lost", "lost"),
    "mean": ("meant", "meant"),
    "meet": ("met", "met"),
    "overcome": ("overcame", "overcome"),
    "pay": ("paid", "paid"),
    "read": ("read", "read"),
    "run": ("ran", "run"),
    "say": ("said", "said"),
    "see": ("saw", "seen"),
    "sell": ("sold", "sold"),
    "send": ("sent", "sent"),
    "set": ("set", "set"),
    "shoot": ("shot", "shot"),
    "show": ("showed", "shown"),
    "sing": ("sang", "sung"),
    "speak": ("spoke", "spoken"),
    "spend": ("spent", "spent"),
    "spread": ("spread", "spread"),
    "swear": ("swore", "sworn"),
    "teach": ("taught", "taught"),
    "tell": ("told", "told"),
    "think": ("thought", "thought"),
    "undertake": ("undertook", "undertaken"),
    "wear": ("wore", "worn"),
    "win": ("won", "won"),
    "bring": ("brought", "brought"),
    "buy": ("bought", "bought"),
    "catch": ("caught", "caught"),
    "feed": ("fed", "fed"),
    "bind": ("bound", "bound"),
    "fight": ("fought", "fought"),
    "cut": ("cut", "cut"),
    "put": ("put", "put"),
    "rise": ("rose", "risen"),
    "fall": ("fell", "fallen"),
    "stand": ("stood", "stood"),
    "understand": ("understood", "understood"),
    "forbid": ("forbade", "forbidden"),
    "break": ("broke", "broken"),
    "eat": ("ate", "eaten"),
    "lie": ("lay", "lain"),
    "die": ("died", "died"),
}
_BASES = {form: base for base, (past, participle) in _VERBS.items() for form in (past, participle)}
# the last letter of these is written twice: "planned"
_DOUBLING = frozenset(
    "plan ship stop refer occur admit commit submit permit transmit emit prefer control program star map regret equip".split()
)
# regular verbs whose past could come from a base in -e or without it
_WITH_E = ("at", "iz", "is", "iv", "uc", "ag", "ir", "ut", "ur", "os", "us", "as", "ov", "av", "ot", "in", "ang", "ens")
_ADDED = frozenset(
    (  # ... but these have none
        "treat visit limit exhibit inhibit audit credit edit benefit profit repeat defeat heat seat cheat eat permit "
        "stain train explain contain maintain obtain remain join sign assign design own gain attain retain entertain "
        "focus discuss process address pass press access express assess possess miss cross bless repair appear hear "
        "wear bear air boot root shoot spot plot vote dispatch"
    ).split()
)
_BASE_IN_E = frozenset(
    (
        "cause license produce influence finance place force describe prescribe name rule base house manage own "
        "include conclude invade guide divide provide decide code write type schedule handle title enable file bundle "
        "compile define combine determine refine examine outline like invoke take use release purchase close choose "
        "care store score explore restore wire hire acquire require inspire fire name rename frame programme issue "
        "rescue value continue argue pursue sue tune serve observe solve involve resolve love move prove approve "
        "improve remove save receive believe achieve arrive derive survive drive live give judge charge change arrange "
        "merge urge manage damage engage package complete delete promote quote note devote compose impose propose "
        "expose oppose suppose cite unite invite excite ignite write execute contribute distribute attribute institute "
        "constitute substitute dispute compute mute share compare declare prepare measure ensure secure capture feature "
        "feature picture structure manufacture cure lecture injure figure explore tackle people "
        "double couple settle enable sample rate state date update create donate"
    ).split()
)
PARTICLES = frozenset(
    (
        "by in with to from on of at for during as into within under over through after before about against between "
        "among near upon via without outside inside behind beyond towards toward across along around"
    ).split()
)


@lru_cache(maxsize=20_000)
def plural(noun: str) -> str:
    """The plural of a noun phrase: of its last word, or of that before "of" or another preposition."""
    words = noun.split()
    if not words:
        return noun
    head = _head(words)
    words[head] = _plural_word(words[head])
    return " ".join(words)


@lru_cache(maxsize=20_000)
def singular(noun: str) -> str:
    """The singular of a noun phrase, which may be in either number."""
    words = noun.split()
    if not words:
        return noun
    head = _head(words)
    words[head] = _singular_word(words[head])
    return " ".join(words)


def is_plural(noun: str) -> bool:
    """Whether a noun phrase is in the plural."""
    words = noun.split()
    word = words[_head(words)] if words else ""
    return _singular_word(word) != word


def _head(words: list[str]) -> int:
    """Where the word stands that takes the plural: "cause" of "cause of death"."""
    for place, word in enumerate(words[1:], start=1):
        if word in PARTICLES or word in ("or", "that", "who", "which") or is_participle(word):
            return place - 1
    return len(words) - 1


def _plural_word(word: str) -> str:
    lower = word.lower()
    if lower in _IRREGULAR:
        return _IRREGULAR[lower]
    if lower in _UNCOUNTED or lower in _SINGULARS or _singular_word(word) != word:
        return word
    for irregular, form in _IRREGULAR.items():
        if lower.endswith(irregular) and len(irregular) > 3 and len(lower) > len(irregular) + 2:
            return word[: -len(irregular)] + form
    if word.isupper() and len(word) > 1:
        return word + "s"
    if lower.endswith("y") and lower[-2:-1] not in "aeiou":
        return word[:-1] + "ies"
    if lower.endswith(("s", "x", "z", "ch", "sh")):
        return word + "es"
    return word + "s"


def _singular_word(word: str) -> str:
    lower = word.lower()
    if lower in _SINGULARS:
        return _SINGULARS[lower]
    if lower in _UNCOUNTED or lower in _IRREGULAR or len(word) < 4 or lower.endswith(_SINGULAR_ENDINGS):
        return word
    if lower.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if lower.endswith(("sses", "xes", "ches", "shes", "zes")):
        return word[:-2]
    return word[:-1] if lower.endswith("s") else word


@dataclass(frozen=True)
class Verb:
    """The forms of a verb.

    Attributes:
        base: As after "does": "treat".
        third: As after "it": "treats".
        past: "treated".
        participle: As after "is": "treated".
        gerund: "treating".
    """

    base: str
    third: str
    past: str
    participle: str
    gerund: str


@lru_cache(maxsize=5_000)
def verb(base: str) -> Verb:
    """All forms of a verb, of which the base is given."""
    if base == "have":
        return Verb("have", "has", "had", "had", "having")
    if base == "be":
        return Verb("be", "is", "was", "been", "being")
    stem = base + base[-1] if base in _DOUBLING else base
    if base in _VERBS:
        past, participle = _VERBS[base]
        if base in ("get", "run", "set", "win", "begin", "forbid", "cut", "put"):
            stem = base + base[-1]
    elif base.endswith("e"):
        past = participle = base + "d"
    elif base.endswith("y") and base[-2:-1] not in "aeiou":
        past = participle = base[:-1] + "ied"
    else:
        past = participle = stem + "ed"
    if base.endswith("y") and base[-2:-1] not in "aeiou":
        third = base[:-1] + "ies"
    else:
        third = base + ("es" if base.endswith(("s", "x", "z", "ch", "sh", "o")) else "s")
    if base.endswith("ie"):
        gerund = base[:-2] + "ying"
    elif base.endswith("e") and not base.endswith(("ee", "ye", "oe")):
        gerund = base[:-1] + "ing"
    else:
        gerund = stem + "ing"
    return Verb(base, third, past, participle, gerund)


def base_of_third(word: str) -> str:
    """The base of a verb form in -s: "treat" of "treats"."""
    if word == "has":
        return "have"
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes", "zzes", "oes")):
        return word[:-2]
    return word[:-1]


def base_of_participle(word: str) -> str:
    """The base of a past participle: "direct" of "directed", "write" of "written"."""
    if word in _BASES:
        return _BASES[word]
    if not word.endswith("ed") or len(word) < 4:
        return word
    stem = word[:-2]
    if word.endswith("ied"):
        return word[:-3] + "y"
    if stem + "e" in _BASE_IN_E:
        return stem + "e"
    if stem in _ADDED:
        return stem
    if len(stem) > 3 and stem[-1] == stem[-2] and stem[:-1] in _DOUBLING:
        return stem[:-1]
    if stem.endswith(("c", "v", "u", "dg", "rg", "lg", "bl", "pl", "tl", "dl", "fl", "gl", "kl")) or stem.endswith(
        _WITH_E
    ):
        return stem + "e"
    return stem


def is_participle(word: str) -> bool:
    """Whether a word may be a past participle: "directed", "written", "built"."""
    return word in _BASES or (
        word.endswith("ed") and len(word) > 3 and word not in ("need", "feed", "seed", "breed", "speed")
    )


def with_article(noun: str) -> str:
    """A noun after "a" or "an"."""
    first = noun[:1].lower()
    if noun[:2].isupper():
        sounds_open = noun[:1] in "AEFHILMNORSX"
    else:
        sounds_open = first in "aeiou" and not noun.lower().startswith(("uni", "use", "eu", "one"))
    return f"{'an' if sounds_open else 'a'} {noun}"


def possessive(name: str) -> str:
    """The possessive of a name: "Anna's", "the parents'"."""
    return f"{name}'" if name.endswith("s") and name[:4] == "the " else f"{name}'s"
