"""Sentences, word for word, in many languages."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgrag import sentences as module
from kgrag.sentences import sentence_spans

EXAMPLES = [
    ("en", "Drugs, e.g. aspirin, thin the blood (see Fig. 2).|Dr. Smith et al. gave 2.5 mg, i.e. half a dose."),
    ("en", "Levels vs. time, approx. 3 h, were in range.|Was it enough?|Yes!"),
    ("en", "Arts. 5 and 6 apply.|See Art. 7 para. 2."),
    ("de", "Das Mittel wirkt z.B. bei Fieber.|Art. 5 Abs. 2 Nr. 1 gilt.|Dr. Müller kam am 3. Mai.|Es half."),
    ("fr", "Selon l'art. 5, M. Dupont est libre.|Il part.|Vraiment ?"),
    ("ru", "Препарат действует, т.е. помогает.|А. С. Пушкин родился в 1799 г. в Москве.|По ст. 5 это так."),
    ("ar", "هل الدواء فعال؟|نعم.|إنه آمن."),
    ("fa", "آیا دارو موثر است؟|بله.|خوب است."),
    ("hi", "दवा प्रभावी है।|यह सुरक्षित है।"),
    ("zh", "药物有效。|“它很安全。”|他说（见图）。|真的吗？！|服用阿司匹林（Aspirin）2.5毫克。|是"),
    ("ja", "薬は有効です。|「安全です。」|と彼は言った。|本当？"),
    ("ko", "약은 효과가 있다.|안전하다.|정말?"),
    ("th", "ยานี้ได้ผล ปลอดภัย"),
]


def sentences(text: str, language: str = "") -> list[str]:
    return list(module.sentences(text, language))


def joined(language: str, parts: str) -> str:
    return parts.replace("|", "" if language in ("zh", "ja") else " ")


@pytest.mark.parametrize(("language", "parts"), EXAMPLES)
def test_sentences_of_a_language(language: str, parts: str) -> None:
    assert sentences(joined(language, parts), language) == parts.split("|")


@pytest.mark.parametrize(("language", "parts"), [e for e in EXAMPLES if e[0] not in ("de", "fr")])
def test_scripts_tell_the_language(language: str, parts: str) -> None:
    assert sentences(joined(language, parts)) == parts.split("|")


@pytest.mark.parametrize("language", ["de-AT", "de_CH", "DE"])
def test_codes_of_languages(language: str) -> None:
    assert sentences("Nach Abs. 2 gilt das. Gut.", language) == ["Nach Abs. 2 gilt das.", "Gut."]
    assert sentences("One. Two.", "klingon") == ["One.", "Two."]


def test_a_number_begins_what_it_numbers() -> None:
    text = "1. The pump shall be safe. 2.1. It must be quiet.\n\n3.\n\nEnd 7."
    assert sentences(text) == ["1. The pump shall be safe.", "2.1. It must be quiet.", "3.", "End 7."]


def test_blank_lines_end_sentences_and_line_breaks_do_not() -> None:
    assert sentences("A heading\n\nA line\nthat goes on. And  \n \n\n more") == [
        "A heading",
        "A line\nthat goes on.",
        "And",
        "more",
    ]


@pytest.mark.parametrize("text", ["", " ", "\n\n \n", "\u3000"])
def test_nothing(text: str) -> None:
    assert sentences(text) == []


def test_long_words_and_long_texts_are_taken_apart_in_time() -> None:
    assert len(sentences("<" * 300_000)) <= 4
    text = "One sentence after the other. " * 20_000
    assert len(sentences(text)) in range(20_000, 20_010)


@settings(max_examples=100, deadline=None)
@given(st.text(st.sampled_from("ab .!?。”1\n\t药и"), max_size=60), st.sampled_from(["", "en", "zh", "ru"]))
def test_spans_hold_all_that_is_seen_in_order(text: str, language: str) -> None:
    spans = sentence_spans(text, language)
    ends = [0, *(place for span in spans for place in span)]
    assert ends == sorted(ends)
    assert all(text[a:b] == text[a:b].strip() != "" for a, b in spans)
    assert "".join("".join(text[a:b] for a, b in spans).split()) == "".join(text.split())
