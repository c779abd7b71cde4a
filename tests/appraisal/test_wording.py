"""Words that a design must carry, and words that none does."""

import pytest

from werkbank.appraisal import GRADES, check_text
from werkbank.catalogue import topic_sentences

LANGUAGES = ("nl", "en")


def sentences(topic, language):
    def walk(node, path):
        for key, value in node.items():
            if isinstance(value, dict):
                yield from walk(value, (*path, key))
            else:
                yield ".".join((*path, key)), value

    return dict(walk(topic_sentences(topic, language), ()))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Dat is een effect van de training.", "nl"),
        ("De coaching heeft geleid tot minder conflict.", "nl"),
        ("Dat komt doordat zij oefenden.", "nl"),
        ("Door het programma steeg de score.", "nl"),
        ("This is an effect of the training.", "en"),
        ("Scores rose because of the coaching.", "en"),
        ("The programme works.", "en"),
        ("It led to less conflict.", "en"),
    ],
)
def test_causal_words_need_the_grade_effect(text, language):
    for grade in GRADES:
        assert bool(check_text(text, grade, language)) is (grade != "effect")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Er is geen effect gevonden.", "nl"),
        ("Een groot effect, en een klein verschil.", "nl"),
        ("There was no effect.", "en"),
        ("A small difference.", "en"),
        ("This proves that it helps.", "en"),
    ],
)
def test_some_words_no_design_carries(text, language):
    assert check_text(text, "effect", language)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("De score veranderde met 2,1 punt.", "nl"),
        ("De effectgrootte is 0,31.", "nl"),
        ("The difference was 2.1 points, the effect size 0.31.", "en"),
    ],
)
def test_plain_words_are_free(text, language):
    assert check_text(text, "description", language) == []


@pytest.mark.parametrize(("text", "language"), [("Er is geen relevant effect.", "nl"), ("No relevant change.", "en")])
def test_that_nothing_relevant_is_there_needs_an_equivalence_test(text, language):
    assert check_text(text, "effect", language)
    assert check_text(text, "effect", language, equivalent=True) == []


def test_a_grade_that_does_not_exist_is_an_error():
    with pytest.raises(ValueError, match="proof is not one of"):
        check_text("", "proof", "nl")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("topic", ["claims", "report", "figures", "glossary"])
def test_no_sentence_of_ours_says_more_than_its_grade(topic, language):
    for key, sentence in sentences(topic, language).items():
        grade = "effect" if topic == "claims" and key.startswith(("answer.effect.", "grade.effect")) else "association"
        assert check_text(sentence, grade, language, equivalent=key.endswith(".equivalent")) == [], key


@pytest.mark.parametrize("topic", ["claims", "report", "figures", "glossary"])
def test_both_languages_say_the_same_things_with_the_same_values(topic):
    import re

    dutch, english = (sentences(topic, language) for language in LANGUAGES)
    assert dutch.keys() == english.keys()
    for key, sentence in dutch.items():
        assert set(re.findall(r"{(\w+)}", sentence)) == set(re.findall(r"{(\w+)}", english[key])), key
