"""Names in texts of other languages than English: their words, inflections and scripts, and whose language a label is in."""

import pytest

from kgrag.config import LinkingConfig
from kgrag.graph import KnowledgeGraph
from kgrag.linking import EntityLinker
from kgrag.linking.folding import fold, fold_text
from kgrag.linking.languages import Languages, known_words, snowball
from kgrag.linking.tokens import Tokenizer
from kgrag.linking.words import QuestionWords

LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
NAMES = {
    "de": ["Morbus Basedow", "kleinzelliger Lungenkrebs", "Gicht", "Metformin", "Apotheke am Markt", "Kopfschmerz"],
    "fr": ["diabète", "insuline", "hypertension artérielle", "insuffisance rénale chronique", "fièvre jaune"],
    "es": ["cáncer de pulmón", "insulina", "enfermedad renal crónica", "dolor de cabeza", "fiebre amarilla"],
    "ru": ["сахарный диабет", "болезнь Паркинсона", "рак лёгкого", "инсулин", "подагра", "Москва"],
    "ar": ["مرض السكري", "الأنسولين", "الحمى الصفراء", "سرطان الرئة", "ميتفورمين"],
    "zh": ["2型糖尿病", "肺癌", "非小细胞肺癌", "高血压", "EGFR", "黄热病", "药物治疗", "红楼梦"],
}


def linker_of(names, language):
    labels = [(f"urn:{number}", LABEL, f'"{name}"@{language}') for number, name in enumerate(names)]
    return EntityLinker(KnowledgeGraph.from_triples([*labels, ("urn:0", "urn:near", "urn:1")], language=language))


@pytest.fixture(scope="module")
def linkers():
    return {language: linker_of(names, language) for language, names in NAMES.items()}


def named(linker, text):
    """Text and label of each link; None for an unknown name."""
    label = linker.graph.label
    return [(link.mention.text, None if link.node is None else label(link.node)) for link in linker.link(text)]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("de", "Welche Symptome hat die Gicht?", [("Gicht", "Gicht")]),
        ("de", "Was hilft Patienten mit Morbus Basedow?", [("Morbus Basedow", "Morbus Basedow")]),
        ("de", "Hilft „Metformin“ bei Gicht?", [("Metformin", "Metformin"), ("Gicht", "Gicht")]),
        ("de", "die Ursachen des kleinzelligen Lungenkrebses", [("kleinzelligen Lungenkrebses", NAMES["de"][1])]),
        ("de", "Medikamente gegen Kopfschmerzen", [("Kopfschmerzen", "Kopfschmerz")]),
        ("de", "Was hilft gegen Metfromin?", [("Metfromin", "Metformin")]),
        ("de", "Wo ist der Markt in dieser Stadt?", []),  # no pharmacy, and every noun has a capital
        ("fr", "les effets de l'insuline sur le diabète", [("insuline", "insuline"), ("diabète", "diabète")]),
        ("fr", "Qui traite l’hypertension artérielle ?", [("hypertension artérielle", "hypertension artérielle")]),
        ("fr", "des insuffisances rénales chroniques", [("insuffisances rénales chroniques", NAMES["fr"][3])]),
        ("fr", "Comment guérir la fievre jaune ?", [("fievre jaune", "fièvre jaune")]),
        ("fr", "Combien coûtent les chaussures du président ?", []),
        ("es", "¿Qué medicamentos tratan el cáncer de pulmón?", [("cáncer de pulmón", "cáncer de pulmón")]),
        ("es", "las enfermedades renales crónicas", [("enfermedades renales crónicas", NAMES["es"][2])]),
        ("es", "¿Qué causa dolores de cabeza?", [("dolores de cabeza", "dolor de cabeza")]),
        ("es", "¿Cuánto cuestan los zapatos del presidente?", []),
        ("ru", "Какие лекарства помогают при болезни Паркинсона?", [("болезни Паркинсона", "болезнь Паркинсона")]),
        ("ru", "Каковы симптомы сахарного диабета?", [("сахарного диабета", "сахарный диабет")]),
        ("ru", "Как лечить рак легких?", [("рак легких", "рак лёгкого")]),
        ("ru", "Кто живёт в Москве?", [("Москве", "Москва")]),
        ("ru", "Сколько стоят ботинки президента?", []),
        ("ar", "ما هو علاج مرض السكري؟", [("مرض السكري", "مرض السكري")]),
        ("ar", "المرضى المصابون بمرض السكري", [("بمرض السكري", "مرض السكري")]),
        ("ar", "ما أسباب السرطان والحمى الصفراء؟", [("والحمى الصفراء", "الحمى الصفراء")]),
        ("ar", "هل يستخدم المِيتفورمين؟", [("المِيتفورمين", "ميتفورمين")]),
        ("ar", "ما أسباب الحمي الصفراء؟", [("الحمي الصفراء", "الحمى الصفراء")]),
        ("ar", "كم ثمن حذاء الرئيس؟", []),
        ("zh", "哪些药物可以治疗非小细胞肺癌？", [("非小细胞肺癌", "非小细胞肺癌")]),  # and not the one within
        ("zh", "EGFR突变的肺癌患者用什么药？", [("EGFR", "EGFR"), ("肺癌", "肺癌")]),
        ("zh", "2 型糖尿病的症状是什么？", [("2 型糖尿病", "2型糖尿病")]),
        ("zh", "哪些药物治疗高血压？", [("高血压", "高血压")]),  # asks for treatment with drugs, does not name it
        ("zh", "《红楼梦》是谁写的？", [("红楼梦", "红楼梦")]),
        ("zh", "总统的鞋子多少钱？", []),
    ],
)
def test_names_in_other_languages(linkers, language, text, expected):
    assert named(linkers[language], text) == expected


def test_one_linker_reads_words_of_every_script():
    names = ["gout", "подагра", "痛风", "النقرس"]
    linker = linker_of(names, "en")
    text = "Does gout need a drug? лечение подагры, 痛风的治疗, علاج النقرس"
    assert named(linker, text) == [("gout", "gout"), ("подагры", "подагра"), ("痛风", "痛风"), ("النقرس", "النقرس")]


@pytest.mark.parametrize(("language", "meant"), [("de", "urn:poison"), ("en", "urn:present"), (None, "urn:present")])
def test_of_two_nodes_with_the_same_name_the_one_that_has_it_in_the_language_of_the_text_is_meant(language, meant):
    labels = [("urn:poison", LABEL, '"Gift"@de'), ("urn:present", LABEL, '"Gift"@en')]
    others = [("urn:present", "urn:near", "urn:x"), ("urn:poison", "urn:near", "urn:x")]
    linker = EntityLinker(KnowledgeGraph.from_triples([*labels, *others]), LinkingConfig(language=language))
    (link,) = linker.link("Gift")
    assert linker.graph.iri(link.node) == meant and len(link.candidates) == 2


def test_the_preferred_language_of_the_graph_is_that_of_the_linker(linkers):
    assert linkers["ru"].graph.language == "ru"
    russian = KnowledgeGraph.from_triples([("urn:0", LABEL, '"die Rote"@de'), ("urn:0", "urn:near", "urn:1")])
    assert named(EntityLinker(russian), "die") == []


@pytest.mark.parametrize("language", ["ja", "ko", "th", "eu", "tlh", "", "../en", "no such language", "pt-BR"])
def test_a_language_of_which_little_is_known(language):
    linker = EntityLinker(linker_of(["gout", "痛风"], "en").graph, LinkingConfig(language=language))
    assert named(linker, "gout 痛风") == [("gout", "gout"), ("痛风", "痛风")]


def test_the_language_of_a_word():
    english, german, japanese = Languages("en"), Languages("de-AT"), Languages("ja")
    words = ["house", "élan", "дом", "بيت", "家", "2型", "EGFR突变", "β", "β-carotene", "12"]
    assert [english.of(word) for word in words] == ["en", "en", "ru", "ar", "zh", "zh", "zh", "", "en", "en"]
    assert [german.of(word) for word in words] == ["de", "de", "ru", "ar", "zh", "zh", "zh", "", "de", "de"]
    assert [japanese.of(word) for word in words] == ["en", "en", "ru", "ar", "ja", "ja", "ja", "", "en", "en"]
    assert Languages("uk").of("дім") == "uk"


def test_the_forms_of_a_word_share_a_stem():
    assert len({snowball(word, "de") for word in ("lungenkrebs", "lungenkrebses")}) == 1
    assert len({snowball(word, "ru") for word in ("диабет", "диабета", "диабетом")}) == 1
    assert len({snowball(word, "ar") for word in ("السكري", "والسكري", "بالسكري")}) == 1
    assert snowball("家", "zh") == "家" and snowball("\0", "de") == "\0" and snowball("", "de") == ""


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "ru", "ar", "zh"])
def test_question_words_are_in_their_script_and_folded_once(language):
    words = known_words(language)
    assert words.stop_words and len(words.generic) > 90
    assert {Languages(language).of(word) for word in words.generic | words.stop_words} == {language}
    assert all(fold(word) == word for word in words.generic)


def test_what_is_made_of_question_words_without_spaces():
    words = QuestionWords([], [], "zh")
    assert words.level("药物治疗") == words.WORDING and words.level("疾病的症状") == words.WORDING
    assert words.level("黄热病") == words.NAME
    assert words.level("三七") == words.NAME  # a plant, though both are stop words
    assert words.level("的" * 5_000 + "x") == words.NAME


def test_each_character_without_spaces_is_a_token():
    assert [token.text for token in Tokenizer("zh")("EGFR突变, 2型。")] == ["EGFR", "突", "变", ",", "2", "型", "。"]
    (*_, first, _) = Tokenizer("zh")("好。坏了")
    assert first.text == "坏" and first.first


@pytest.mark.parametrize("text", ["2 型糖尿病", " Bloom 综合征 ", "ｱ ｱ x", "مَرَض  السُّكَّرِيّ", "ещё", "ـ"])
def test_a_text_is_folded_as_a_name_is(text):
    folded = fold_text(text)
    assert folded.text.strip() == fold(text)
    assert len(folded.starts) == len(folded.ends) == len(folded.text)
