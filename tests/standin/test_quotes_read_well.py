"""The stand-in's answers to a shop's everyday questions say what a good support person would quote."""

from pathlib import Path

import pytest

import frontdesk.sandbox
from frontdesk.adapters.library.ingest import ingest
from frontdesk.adapters.library.search import LibrarySearch
from frontdesk.core.configuration import DeskConfig
from frontdesk.core.prompt import answer_prompt, numbered
from frontdesk.sandbox.model.answer import NO_ANSWER, answer
from frontdesk.sandbox.model.prompt import read_prompt
from servers.shelf import MemoryShelf

SHOP = Path(frontdesk.sandbox.__file__).parent / "shop"


@pytest.fixture
async def library() -> LibrarySearch:
    shelf = MemoryShelf()
    await ingest(SHOP / "articles", shelf)
    return LibrarySearch(shelf)


async def answered(library: LibrarySearch, question: str) -> str:
    """What the desk would get from the stand-in: found, gated, put into the prompt and quoted from it."""
    config = DeskConfig()
    found = await library.search(question, limit=config.passages)
    if not any(one.coverage >= config.evidence for one in found):
        return NO_ANSWER
    said = answer_prompt(config, (), numbered(found), question, "en")
    return answer(read_prompt({"messages": [{"role": m.role, "content": m.text} for m in said]})).whole


@pytest.mark.parametrize(
    ("question", "begins", "holds", "omits"),
    [
        ("How can I return a bag?", "You can return a bag", "5. Hand the parcel in", "another colour"),
        ("Wie kann ich etwas zurückgeben?", "Zurückgeben können Sie", "1. Melden Sie sich an", "knapp vorbei"),
        ("What payment methods do you accept?", "You can pay by credit card", "**PayPal**", "American Express"),
        ("Can I return an opened item?", "You can return an opened item", "unused and clean", "Log in"),
        ("can i return a used bag", "You can return an opened item", "a used bag cannot be returned", "Log in"),
        ("I typed the wrong address", "You typed the wrong address?", "**Change address**", "Cancel order"),
        ("Ist die Tasche wasserdicht?", "Ihre Tasche ist bei jedem Regen wasserdicht", "Wachs", "Waschmaschine"),
        ("Is the bag waterproof?", "Your bag is waterproof in any rain", "wax", "washing machine"),
        ("How long does shipping take?", "We ship every weekday", "| Germany | 2 to 3 working days", "Switzerland"),
        ("wie lange dauert der versand", "Wie", "| Deutschland | 2 bis 3 Werktage", "Schweiz"),
        ("How many days do I have to send a bag back?", "You have 30 days", "delivered", "few days over"),
        ("wheres my parcel??", "You can follow your parcel", "tracking link", "parcel lockers"),
        ("how long is the warranty?", "Every Kettlebag bag has a five-year warranty", "two years", "sell"),
        ("when do i get my money back", "We refund within 5 working days", "| PayPal | 1 day", "neither"),
        ("whats your phone number", "You can reach", "+49 341 555 0142", "pick up"),
        ("do you ship to the US?", "Outside the EU we ship to", "United States", "weekday"),
        ("whats the shiping cost to germany", "How long", "4.90 EUR", "zip"),
        ("passwort vergesen", "Ein neues Passwort setzen Sie selbst", "4. Wählen Sie ein Passwort", "gesperrt"),
        ("cancel my order pls", "You can cancel or change an order", "**Cancel order**", "return the parcel"),
        ("Kann ich auf Raten zahlen oder per Nachnahme?", "Sie können", "Ratenzahlung ist nicht möglich", "3-D"),
    ],
)
async def test_an_everyday_question_gets_the_words_that_answer_it(
    library: LibrarySearch, question: str, begins: str, holds: str, omits: str
) -> None:
    reply = await answered(library, question)
    assert reply.startswith(begins), reply
    assert holds in reply, reply
    assert omits not in reply, reply


@pytest.mark.parametrize("question", ["is there a student discount?", "Do you sell bicycle helmets for toddlers?"])
async def test_what_no_article_says_is_not_answered(library: LibrarySearch, question: str) -> None:
    assert await answered(library, question) == NO_ANSWER


async def test_no_answer_begins_in_the_middle_of_a_thought(library: LibrarySearch) -> None:
    dangling = ("It ", "This ", "That ", "They ", "Then ", "Das ", "Dann ", "Danach ", "Außerdem ")
    for question in ("Can I put the bag in the washing machine?", "Wo kann ich meine Rechnung herunterladen?"):
        assert not (await answered(library, question)).startswith(dangling)
