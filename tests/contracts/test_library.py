"""The library finds what the articles say, for whom they say it, as they are at this moment."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from frontdesk import sandbox
from frontdesk.adapters.library.ingest import ingest
from frontdesk.adapters.library.search import LibrarySearch
from frontdesk.domain.errors import Misconfigured, Retry
from frontdesk.domain.ids import ArticleId
from frontdesk.domain.knowledge import Article, Passage
from frontdesk.ports.library import Library, Shelf
from servers.shelf import MemoryShelf

EVIDENCE = 0.28
"""The coverage from which on a passage counts as evidence."""


def article(name: str, text: str, *, language: str = "en", **facts: Any) -> Article:
    passage = Passage(article=ArticleId(name), title=name, text=text)
    return Article(id=ArticleId(name), title=name, language=language, digest=name, passages=(passage,), **facts)


async def shelved(*articles: Article) -> MemoryShelf:
    shelf = MemoryShelf()
    await shelf.replace("1", articles)
    return shelf


async def names(library: Library, query: str, **how: Any) -> list[str]:
    return [found.passage.article for found in await library.search(query, **how)]


RETURNS = article("returns", "Send the bag back within thirty days and we refund the price.")
SHIPPING = article("shipping", "A parcel takes three days. Express parcels arrive on the next day.")
FRAUD = article("fraud", "Check the refund history before you refund the price twice.", audience="staff")
RUECKGABE = article("rueckgabe", "Die Rückgabe ist innerhalb von dreißig Tagen möglich.", language="de")
HENKIN = article("henkin", "返金は三日以内に行われます。商品を返送してください。", language="ja")


def test_the_memory_shelf_is_a_shelf_and_the_search_a_library() -> None:
    shelf: Shelf = MemoryShelf()
    library: Library = LibrarySearch(shelf)
    assert library


async def test_the_passage_that_speaks_of_the_question_comes_first() -> None:
    library = LibrarySearch(await shelved(RETURNS, SHIPPING))
    found = await library.search("How long does a parcel take?")
    assert found[0].passage.article == "shipping"
    assert found[0].coverage > 0.5
    assert found[0].score > 0


async def test_a_passage_that_shares_no_word_is_not_found() -> None:
    library = LibrarySearch(await shelved(RETURNS, SHIPPING))
    assert await names(library, "Who won the football championship?") == []


@pytest.mark.parametrize("query", ["", "   ", "?!", "the of and", "😀", "'", "\0", "a" * 100_000, "und " * 5000])
async def test_a_question_without_content_finds_nothing_and_breaks_nothing(query: str) -> None:
    library = LibrarySearch(await shelved(RETURNS, SHIPPING, RUECKGABE, HENKIN))
    assert await names(library, query) == []


async def test_customers_never_find_what_is_for_staff() -> None:
    library = LibrarySearch(await shelved(RETURNS, FRAUD))
    assert await names(library, "refund history twice") == ["returns"]
    assert await names(library, "refund history twice", audience="staff") == ["fraud", "returns"]


async def test_more_may_be_asked_for_than_there_is() -> None:
    library = LibrarySearch(await shelved(RETURNS))
    assert await names(library, "refund", limit=50) == ["returns"]
    assert await names(library, "refund", limit=0) == []


async def test_an_empty_shelf_and_an_empty_edition_find_nothing() -> None:
    assert await names(LibrarySearch(MemoryShelf()), "refund") == []
    assert await names(LibrarySearch(await shelved()), "refund") == []


async def test_a_german_question_gets_the_german_article_and_an_english_one_the_english() -> None:
    german = article("de/pay", "Sie können mit PayPal oder Karte bezahlen.", language="de")
    english = article("en/pay", "You can pay with PayPal or by card.")
    library = LibrarySearch(await shelved(english, german))
    assert (await names(library, "Kann ich mit PayPal bezahlen?"))[0] == "de/pay"
    assert (await names(library, "Can I pay with PayPal?"))[0] == "en/pay"


async def test_the_own_language_wins_where_only_a_name_is_shared() -> None:
    german = article("de/pay", "An unserer Kasse nehmen wir unter anderem PayPal entgegen.", language="de")
    library = LibrarySearch(await shelved(article("en/pay", "We take PayPal."), german))
    assert (await names(library, "Geht das bei euch auch mit PayPal?"))[0] == "de/pay"


async def test_another_word_for_the_same_thing_is_found() -> None:
    library = LibrarySearch(await shelved(RETURNS, SHIPPING))
    assert (await names(library, "Where is my package?"))[0] == "shipping"


async def test_words_are_found_in_other_forms_and_within_compounds() -> None:
    express = article("express", "Der Expressversand kostet zwölf Euro.", language="de")
    library = LibrarySearch(await shelved(RETURNS, RUECKGABE, express))
    assert (await names(library, "returning bags, refunds"))[0] == "returns"
    assert (await names(library, "Geht das per Express?"))[0] == "express"
    assert (await names(library, "Wie lang ist die Rückgabefrist?"))[0] == "rueckgabe"


async def test_text_without_gaps_between_words_is_found() -> None:
    library = LibrarySearch(await shelved(RETURNS, HENKIN))
    assert (await names(library, "返金してほしい"))[0] == "henkin"


async def test_coverage_is_lower_when_the_question_asks_for_something_unheard_of() -> None:
    library = LibrarySearch(await shelved(RETURNS, SHIPPING))
    (known, *_) = await library.search("parcel express")
    (partly, *_) = await library.search("parcel drone helicopter")
    assert known.coverage > 0.9
    assert partly.coverage < 0.5


# --- editions ---


async def test_a_removed_article_is_never_found_again() -> None:
    shelf = await shelved(RETURNS, SHIPPING)
    library = LibrarySearch(shelf)
    assert await library.held([ArticleId("returns")]) == {"returns"}
    assert await names(library, "refund") == ["returns"]
    await shelf.replace("2", [SHIPPING])
    assert await names(library, "refund") == []
    assert await library.held([ArticleId("returns"), ArticleId("shipping")]) == {"shipping"}


async def test_an_edition_is_read_once_however_many_ask() -> None:
    shelf = await shelved(RETURNS, SHIPPING)
    library = LibrarySearch(shelf)
    results = await asyncio.gather(*(names(library, "refund") for _ in range(50)))
    assert all(result == ["returns"] for result in results)
    assert shelf.reads == 1


class ChangingShelf(MemoryShelf):
    """Puts up its next edition while the one before is being read."""

    def __init__(self, *editions: Sequence[Article]) -> None:
        super().__init__()
        self.coming = list(editions)

    async def read(self, version: str) -> Sequence[Article] | None:
        found = await super().read(version)
        if self.coming:
            await self.replace(f"{version}+", self.coming.pop(0))
        return found


async def test_an_edition_that_came_while_the_last_was_being_read_is_the_one_that_is_searched() -> None:
    shelf = ChangingShelf([SHIPPING])
    await shelf.replace("1", [RETURNS, SHIPPING])
    library = LibrarySearch(shelf)
    assert await names(library, "refund") == []
    assert await names(library, "parcel") == ["shipping"]


async def test_a_shelf_that_loses_its_edition_is_tried_again_later() -> None:
    shelf = MemoryShelf()
    shelf.present = "gone"
    with pytest.raises(Retry):
        await LibrarySearch(shelf).search("refund")


# --- reading a folder ---


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / f"{name}.md").write_text(text)


async def test_a_report_says_what_changed(tmp_path: Path) -> None:
    shelf = MemoryShelf()
    write(tmp_path, a="# A\n\nOne.", b="# B\n\nTwo.", c="# C\n\nThree.")
    steps: list[tuple[int, int]] = []
    first = await ingest(tmp_path, shelf, progress=lambda done, of: steps.append((done, of)))
    assert (first.added, first.passages, steps) == (("a", "b", "c"), 3, [(1, 3), (2, 3), (3, 3)])
    write(tmp_path, b="# B\n\nTwo and a half.", d="# D\n\nFour.", e="")
    (tmp_path / "c.md").unlink()
    second = await ingest(tmp_path, shelf)
    assert (second.added, second.changed, second.removed, second.unchanged) == (("d",), ("b",), ("c",), 1)
    assert second.skipped == (("e.md", "the article is empty"),)
    assert shelf.present == second.version


async def test_nothing_is_written_when_nothing_changed(tmp_path: Path) -> None:
    shelf = MemoryShelf()
    write(tmp_path, a="# A\n\nOne.")
    await ingest(tmp_path, shelf)
    again = await ingest(tmp_path, shelf)
    assert (again.unchanged, again.added, again.changed, again.removed) == (1, (), (), ())
    assert shelf.writes == 1


async def test_a_title_that_another_article_has_is_skipped(tmp_path: Path) -> None:
    write(tmp_path, a="# Same\n\nThe first of the two.", b="# same\n\nThe second of the two.")
    report = await ingest(tmp_path, MemoryShelf())
    assert report.added == ("a",)
    assert report.skipped == (("b.md", "same title as a.md"),)


@pytest.mark.parametrize("text", [None, ""])
async def test_a_folder_with_nothing_usable_does_not_empty_the_library(tmp_path: Path, text: str | None) -> None:
    shelf = await shelved(RETURNS)
    if text is not None:
        write(tmp_path, a=text)
    with pytest.raises(Misconfigured, match="no usable article"):
        await ingest(tmp_path, shelf)
    assert shelf.present == "1"
    report = await ingest(tmp_path, shelf, allow_empty=True)
    assert report.removed == ("returns",)


async def test_a_single_file_can_be_the_library(tmp_path: Path) -> None:
    write(tmp_path, faq="# Questions\n\nThirty days.")
    report = await ingest(tmp_path / "faq.md", MemoryShelf())
    assert report.added == ("faq",)


# --- the example shop ---

SHOP = Path(sandbox.__file__).parent / "shop"
QUESTIONS = yaml.safe_load((SHOP / "questions.yaml").read_text(encoding="utf-8"))


@pytest.fixture
async def shop() -> LibrarySearch:
    shelf = MemoryShelf()
    report = await ingest(SHOP / "articles", shelf)
    assert report.skipped == ()
    return LibrarySearch(shelf)


@pytest.mark.parametrize("language", ["en", "de"])
async def test_the_article_that_answers_is_among_the_first_three(shop: LibrarySearch, language: str) -> None:
    asked = [q for q in QUESTIONS["answered"] if q["language"] == language]
    hits = [f"{language}/{q['article']}" in (await names(shop, q["question"]))[:3] for q in asked]
    assert sum(hits) >= 0.95 * len(asked)


async def test_evidence_tells_what_the_articles_answer_from_what_they_do_not(shop: LibrarySearch) -> None:
    async def is_covered(question: str) -> bool:
        return max((found.coverage for found in await shop.search(question)), default=0.0) >= EVIDENCE

    answered = [await is_covered(q["question"]) for q in QUESTIONS["answered"]]
    unanswered = [await is_covered(q["question"]) for q in QUESTIONS["unanswered"]]
    assert sum(answered) >= 0.95 * len(answered)
    assert sum(unanswered) <= 1
