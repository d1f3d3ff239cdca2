"""The example shop is complete: each article has its front matter and each question its article."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

import frontdesk.sandbox
from frontdesk.sandbox.model.answer import answer
from frontdesk.sandbox.model.prompt import Passage, Prompt

SHOP = Path(frontdesk.sandbox.__file__).parent / "shop"
ARTICLES = sorted(SHOP.glob("articles/*/*.md"))
QUESTIONS: dict[str, list[dict[str, str]]] = yaml.safe_load((SHOP / "questions.yaml").read_text("utf-8"))


def front_matter(path: Path) -> tuple[dict[str, Any], str]:
    _, matter, text = path.read_text("utf-8").split("---\n", 2)
    return yaml.safe_load(matter), text


@pytest.mark.parametrize("path", ARTICLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_an_article_says_what_it_is(path: Path) -> None:
    matter, text = front_matter(path)
    assert set(matter) == {"title", "url", "audience", "language"}
    assert matter["language"] == path.parent.name
    assert matter["url"] == f"https://help.kettlebag.example/{path.parent.name}/{path.stem}"
    assert matter["audience"] in ("public", "staff")
    assert 80 <= len(text.split()) <= 300


def test_there_are_enough_articles_in_both_languages() -> None:
    languages = Counter(path.parent.name for path in ARTICLES)
    assert languages["en"] >= 20
    assert languages["de"] >= 18
    assert sum(front_matter(path)[0]["audience"] == "staff" for path in ARTICLES) == 2


@pytest.mark.parametrize("stem", sorted(path.stem for path in ARTICLES if path.parent.name == "de"))
def test_the_two_languages_state_the_same_facts(stem: str) -> None:
    """The same numbers and addresses in both, however they are written."""

    def facts(language: str) -> Counter[str]:
        text = (SHOP / "articles" / language / f"{stem}.md").read_text("utf-8").split("---\n", 2)[2]
        text = re.sub(r"https://\S+", "", text)
        digits = re.sub(r"(?<=\d),(?=\d)", ".", text)
        return Counter(re.findall(r"\d+(?:[.:]\d+)?", digits))

    english, german = facts("en"), facts("de")
    assert set(english) == set(german)


def test_links_lead_to_articles() -> None:
    known = {front_matter(path)[0]["url"] for path in ARTICLES}
    linked = {link for path in ARTICLES for link in re.findall(r"\]\((https://help\.[^)]+)\)", front_matter(path)[1])}
    assert linked
    assert linked <= known


def test_every_question_names_an_article_in_its_language() -> None:
    for asked in QUESTIONS["answered"]:
        assert (SHOP / "articles" / asked["language"] / f"{asked['article']}.md").exists(), asked
    assert len(QUESTIONS["answered"]) >= 40
    assert len(QUESTIONS["unanswered"]) == 12


def passages_for(language: str, wanted: str | None) -> tuple[Passage, ...]:
    """The wanted article among three others, as a search might bring them."""
    others = [path.stem for path in ARTICLES if path.parent.name == language and path.stem != wanted]
    stems = [*others[:2], *([wanted] if wanted else []), others[-1]]
    paths = [SHOP / "articles" / language / f"{stem}.md" for stem in stems]
    return tuple(Passage(path.stem, front_matter(path)[0]["title"], front_matter(path)[1]) for path in paths)


def quoted_article(language: str, question: str, wanted: str | None) -> str | None:
    reply = answer(Prompt("answer", (), passages_for(language, wanted), question, (), ())).whole
    found = re.search(r"\[([a-z-]+)\]", reply)
    return found.group(1) if found else None


def test_the_stand_in_quotes_the_right_article_nearly_always() -> None:
    asked = QUESTIONS["answered"]
    wrong = [one for one in asked if quoted_article(one["language"], one["question"], one["article"]) != one["article"]]
    assert len(wrong) <= 0.1 * len(asked), wrong


def test_the_stand_in_answers_nothing_from_articles_which_do_not_say_it() -> None:
    for one in QUESTIONS["unanswered"]:
        assert quoted_article(one["language"], one["question"], None) is None, one["question"]
