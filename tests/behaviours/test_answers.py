"""Answers: what the customer reads, from where it comes, and when it is there."""

import asyncio
import re
from collections.abc import Callable

import pytest

from behaviours.conftest import Open
from behaviours.growing import an_answer_grows
from behaviours.world import ALICE, BOB, Articles, Talk, World, behaviour
from frontdesk.domain.transcript import Rated

SHIPPING = "How long does shipping take?"
UNKNOWN = "Who won the Tour de France in 1998?"


def ratings(entries: object) -> list[tuple[str, str]]:
    """The last word about each reply: where a form cannot tell that it was closed, its comment follows the thumb."""
    last = {entry.message_id: entry for entry in entries if isinstance(entry, Rated)}  # type: ignore[attr-defined]
    return [(entry.score, entry.comment) for entry in last.values()]


@behaviour("answer.cited")
async def test_an_answer_cites_its_articles_with_links(world: World) -> None:
    talk = await world.ask(SHIPPING)

    reply = await talk.reply(containing="[1]")

    assert "2 to 3 working days" in reply.shown
    assert "Sources" in reply.shown
    assert "Shipping times and costs" in reply.shown
    assert "https://help.kettlebag.example/en/shipping-times-and-costs" in reply.live_links


@behaviour("answer.cited")
async def test_only_articles_that_the_answer_rests_on_are_cited(world: World) -> None:
    world.model.script.answer("Express parcels arrive on the next working day [2].")
    talk = await world.ask("How long does shipping take, and how long does express delivery take?")

    reply = await talk.reply()

    second = world.told("answer")[0].passages
    title = next(passage.title for passage in second if passage.number == "2").split(" › ")[0]
    assert title in reply.shown
    assert len([link for link in reply.live_links if "help.kettlebag.example" in link]) == 1


@behaviour("answer.streams")
async def test_the_answer_is_visible_while_it_is_written(world: World) -> None:
    await an_answer_grows(world)


@behaviour("answer.status")
async def test_the_customer_sees_that_the_assistant_thinks(world: World) -> None:
    world.model.hold()
    talk = await world.ask(SHIPPING)

    await world.until(lambda: talk.thinking)
    assert talk.replies() == []

    world.model.release()
    await talk.reply()
    await talk.no_longer_thinking()


@behaviour("answer.status", only="slack")
async def test_no_status_stays_behind_when_nothing_is_said(world: World) -> None:
    world.model.hold()
    talk = await world.ask(SHIPPING)
    await world.until(lambda: talk.thinking)
    await world.thinking()

    await talk.stop()

    await talk.no_longer_thinking()


@behaviour("answer.language")
async def test_a_german_question_gets_a_german_answer(world: World) -> None:
    talk = await world.ask("Wie viele Tage habe ich für die Rückgabe?")

    reply = await talk.reply()

    assert "30 Tage" in reply.shown
    assert "Quellen" in reply.shown
    assert "help.kettlebag.example/de/" in " ".join(reply.live_links)


@behaviour("answer.language")
async def test_what_the_desk_itself_says_is_in_the_customers_language(world: World) -> None:
    german = await world.ask(f"{world.mention} Wer hat 1998 die Tour de France gewonnen?")
    french = await world.ask(f"{world.mention} Qui a gagné le Tour de France en 1998, s'il vous plaît ?", who=BOB)
    spanish = await world.ask(f"{world.mention} ¿Quién ganó la Vuelta a España en el año 1998?")

    assert "raten möchte ich nicht" in (await german.reply()).shown
    assert "je ne veux pas deviner" in (await french.reply()).shown
    assert "no quiero adivinar" in (await spanish.reply()).shown


@behaviour("answer.language")
async def test_the_model_is_told_the_language_of_a_customer_whose_language_no_article_has(world: World) -> None:
    world.model.script.triage(judged(language="nl"))
    talk = await world.ask(SHIPPING)

    await talk.reply()

    assert world.was_told("Answer in the customer's language (code: nl)")


@behaviour("answer.greeting")
async def test_a_greeting_gets_a_greeting_and_an_offer(world: World) -> None:
    talk = await world.ask("Hello!")

    reply = await talk.reply()

    assert "Ask me anything about Kettlebag" in reply.shown
    assert "Sources" not in reply.shown
    assert world.told("answer") == []


@behaviour("answer.greeting")
async def test_a_greeting_with_a_question_gets_the_answer(world: World) -> None:
    talk = await world.ask(f"Hello! {SHIPPING}")

    reply = await talk.reply()

    assert "working days" in reply.shown


@behaviour("answer.unsure")
async def test_without_an_article_the_assistant_says_so_and_offers_a_person(world: World) -> None:
    talk = await world.ask(UNKNOWN)

    reply = await talk.reply()

    assert "do not want to guess" in reply.shown
    assert "Talk to a person" in reply.shown
    assert world.told("answer") == []


@behaviour("answer.no_citation_no_answer")
async def test_what_has_no_source_is_never_shown(world: World) -> None:
    world.model.script.answer("You get a voucher of a hundred euros. Just ask for it. It is a gift of the house.")
    talk = await world.ask(SHIPPING)

    reply = await talk.reply()

    assert "do not want to guess" in reply.shown
    assert "Talk to a person" in reply.shown
    assert not world.was_sent("voucher")


@behaviour("answer.no_citation_no_answer")
async def test_an_invented_source_is_no_source(world: World) -> None:
    world.model.script.answer("You get a voucher of a hundred euros [77]. Just ask for it [0].")
    talk = await world.ask(SHIPPING)

    reply = await talk.reply()

    assert "do not want to guess" in reply.shown
    assert not world.was_sent("voucher")


@behaviour("answer.model_gives_up")
async def test_when_the_model_finds_no_answer_a_person_is_offered(world: World) -> None:
    world.model.script.answer("NO_ANSWER")
    talk = await world.ask(SHIPPING)

    reply = await talk.reply()

    assert "Talk to a person" in reply.shown
    assert not world.was_sent("NO_ANSWER")


@behaviour("answer.model_gives_up")
async def test_a_model_that_gives_up_in_the_middle_leaves_nothing_standing(world: World) -> None:
    world.model.script.answer("Parcels leave Leipzig every weekday [1]. As for the rest of the question: NO_ANSWER")
    world.model.hold(after=6)
    talk = await world.ask(SHIPPING)
    await talk.until_visible("Parcels leave Leipzig")

    world.model.release()
    reply = await talk.reply(containing="Talk to a person")

    assert "Leipzig" not in reply.shown
    assert not world.was_sent("NO_ANSWER")
    assert len(talk.replies()) == 1


@behaviour("answer.asks_back")
async def test_the_assistant_asks_one_short_question_back(world: World) -> None:
    world.model.script.answer("QUESTION: Which country do you live in?")
    talk = await world.ask(SHIPPING)
    asked = await talk.reply()
    assert asked.shown.strip() == "Which country do you live in?"

    await talk.say("In Switzerland")
    reply = await talk.reply(2)

    assert "Switzerland" in reply.shown
    told = [(said.speaker, said.text) for said in world.told("answer")[-1].conversation]
    assert told == [("customer", SHIPPING), ("assistant", "Which country do you live in?")]


@behaviour("answer.asks_back")
@pytest.mark.parametrize(
    "speech",
    [
        "You get a voucher of a hundred euros.\nIs that not nice?",
        "You get a voucher of a hundred euros, and " * 9 + "is that not nice?",
        "You get a voucher of a hundred euros.",
    ],
)
async def test_a_speech_is_no_question(world: World, speech: str) -> None:
    world.model.script.answer(f"QUESTION: {speech}")
    talk = await world.ask(SHIPPING)

    reply = await talk.reply()

    assert "Talk to a person" in reply.shown
    assert not world.was_sent("voucher")


@behaviour("answer.second_turn")
async def test_a_short_follow_up_is_understood_from_what_came_before(world: World) -> None:
    talk = await world.ask("How long does shipping take to Germany?")
    await talk.reply()

    await talk.say("And to Norway?")
    reply = await talk.reply(2)

    assert "Norway" in reply.shown
    assert "Shipping outside the EU" in reply.shown


@behaviour("answer.staff_articles_hidden")
async def test_articles_for_staff_never_reach_a_customer(world: World) -> None:
    talk = await world.ask("How much goodwill may staff grant for each order without asking?")
    await talk.reply()
    model_asks = await world.ask(f"{world.mention} {SHIPPING}", who=BOB)
    await model_asks.reply()
    world.model.script.tool_call("search_articles", {"query": "goodwill staff may grant without asking"})
    world.model.script.answer("Staff may grant 25 EUR [1].")
    third = await world.ask(f"{world.mention} How long does express shipping take?")
    await third.reply()

    assert not world.was_told("Mira decides")
    assert not world.was_sent("Mira decides")
    assert not world.was_sent("staff-goodwill")


@behaviour("answer.removed_article")
async def test_a_removed_article_is_never_cited_again(open_desk: Open, articles: Articles) -> None:
    world = await open_desk(FRONTDESK_KNOWLEDGE=str(articles.folder))
    first = await world.ask("How long does the battery of a lamp last?")
    assert "nine months" in (await first.reply()).shown

    articles.remove("battery")
    await world.publish()
    again = await world.ask(f"{world.mention} How long does the battery of a lamp last?")
    reply = await again.reply()

    assert "nine months" not in reply.shown
    assert "help.example/battery" not in " ".join(reply.live_links)


@behaviour("answer.removed_article")
async def test_an_article_that_is_removed_while_the_answer_is_written_is_not_cited(
    open_desk: Open, articles: Articles
) -> None:
    world = await open_desk(FRONTDESK_KNOWLEDGE=str(articles.folder))
    world.model.hold()
    talk = await world.ask("How long does the battery of a lamp last?")
    await world.thinking()

    articles.remove("battery")
    await world.publish()
    world.model.release()
    reply = await talk.reply(containing="Talk to a person")

    assert "help.example/battery" not in " ".join(reply.live_links)
    assert "nine months" not in reply.shown


@behaviour("answer.new_article_at_once")
async def test_a_new_article_is_used_at_once(open_desk: Open, articles: Articles) -> None:
    world = await open_desk(FRONTDESK_KNOWLEDGE=str(articles.folder))
    before = await world.ask("Which bulbs fit into the Marlow lantern?")
    assert "Talk to a person" in (await before.reply()).shown

    articles.write("marlow", "Bulbs for the Marlow lantern", "Into the Marlow lantern fit bulbs with an E14 socket.")
    await world.publish()
    after = await world.ask(f"{world.mention} Which bulbs fit into the Marlow lantern?")
    reply = await after.reply()

    assert "E14" in reply.shown
    assert "https://help.example/marlow" in reply.live_links


@behaviour("answer.new_article_at_once")
async def test_a_changed_article_is_used_at_once(open_desk: Open, articles: Articles) -> None:
    world = await open_desk(FRONTDESK_KNOWLEDGE=str(articles.folder))
    before = await world.ask("How long does the battery of a lamp last?")
    assert "nine months" in (await before.reply()).shown

    articles.write("battery", "Changing the battery of a lamp", "The battery of every lamp lasts for eleven months.")
    await world.publish()
    after = await world.ask(f"{world.mention} How long does the battery of a lamp last?")

    assert "eleven months" in (await after.reply()).shown


@behaviour("answer.long_answer_whole")
async def test_of_an_answer_longer_than_a_message_nothing_is_lost(
    open_desk: Open, desk_file: Callable[[str], str]
) -> None:
    world = await open_desk(FRONTDESK_CONFIG=desk_file("[desk.limits]\noutput_tokens = 20000\n"))
    numbers = list(range(1, 301))
    steps = [f"{n}. This is step number-{n} of a very long list of things that have to be done [1]." for n in numbers]
    world.model.script.answer("\n".join(steps), chunk=40)
    talk = await world.ask(SHIPPING)

    await talk.reply_with("Sources")

    shown = "\n".join(reply.shown for reply in talk.finished())
    assert [int(n) for n in re.findall(r"number-(\d+) ", shown)] == numbers
    assert len(talk.replies()) > 1
    assert shown.count("Sources") == 1


@behaviour("answer.rated")
async def test_thumbs_are_recorded(world: World) -> None:
    talk = await world.ask(SHIPPING)
    reply = await talk.reply()

    await talk.rate(reply, "up")

    await world.until(lambda: any("helps us" in whisper for whisper in world.whispers(ALICE)))
    await world.turns_ended(2, talk.conversation)
    assert ratings(await world.transcript(talk)) == [("up", "")]
    assert talk.replies() == [reply]


@behaviour("answer.rated")
async def test_who_was_answered_in_german_is_thanked_in_german(world: World) -> None:
    talk = await world.ask("Wie lange dauert der Versand nach Österreich?")
    reply = await talk.reply()

    await talk.rate(reply, "up")

    await world.until(lambda: any("Danke" in whisper for whisper in world.whispers(ALICE)))


@behaviour("answer.rated")
async def test_a_thumb_that_is_pressed_again_is_recorded_once(world: World) -> None:
    talk = await world.ask(SHIPPING)
    reply = await talk.reply(containing="[1]")

    await talk.rate(reply, "up")
    await world.turns_ended(2, talk.conversation)
    await talk.rate(reply, "up")
    await world.turns_ended(3, talk.conversation)

    assert len([entry for entry in await world.transcript(talk) if isinstance(entry, Rated)]) == 1


@behaviour("answer.rated")
async def test_only_who_asked_can_rate(world: World) -> None:
    talk = await world.ask(SHIPPING)
    reply = await talk.reply()

    await talk.rate(reply, "up", who=BOB)

    await world.until(lambda: any("Only the person who asked" in whisper for whisper in world.whispers(BOB)))
    await world.turns_ended(2, talk.conversation)
    assert ratings(await world.transcript(talk)) == []


@behaviour("answer.rating_comment")
async def test_after_a_thumbs_down_the_customer_can_say_what_was_missing(world: World) -> None:
    talk = await world.ask(SHIPPING)
    reply = await talk.reply()

    await talk.rate(reply, "down")
    await world.send_form(ALICE, "You forgot the islands.")

    await world.until_recorded(talk, lambda entries: ratings(entries)[-1:] == [("down", "You forgot the islands.")])


@behaviour("answer.rating_comment")
async def test_a_thumbs_down_counts_without_a_comment(world: World) -> None:
    talk = await world.ask(SHIPPING)
    reply = await talk.reply()

    await talk.rate(reply, "down")
    await world.close_form(ALICE)

    await world.turns_ended(2, talk.conversation)
    assert ratings(await world.transcript(talk)) == [("down", "")]


@behaviour("answer.stop_button")
async def test_stop_ends_the_answer_within_half_a_second(world: World) -> None:
    world.model.script.answer(
        "Parcels leave Leipzig every weekday [1]. In Germany they need two days [1]. The end [1]."
    )
    world.model.hold(after=6)
    talk = await world.ask(SHIPPING)
    await talk.until_visible("Parcels leave Leipzig")

    async with asyncio.timeout(0.5):
        await talk.stop()
        await world.model.until(lambda: world.model.abandoned == 1)
    reply = await talk.reply(containing="Stopped at your request")

    world.model.release()
    assert (await world.turns_ended(1, talk.conversation))[0].why == "stopped by the customer"
    await next_answer(world, talk)
    assert "The end" not in "".join(m.shown for m in talk.replies() if m.id == reply.id)
    assert "Parcels leave Leipzig" in reply.shown


@behaviour("answer.stop_button")
async def test_stop_before_anything_is_visible_leaves_silence(world: World) -> None:
    world.model.hold()
    talk = await world.ask(SHIPPING)
    await world.thinking()

    async with asyncio.timeout(0.5):
        await talk.stop()
        await world.model.until(lambda: world.model.abandoned == 1)

    assert (await world.turns_ended(1, talk.conversation))[0].outcome == "kept_silent"
    assert talk.replies() == []
    world.model.release()
    await next_answer(world, talk)
    assert len(talk.replies()) == 1


@behaviour("answer.newer_words_first")
async def test_words_before_the_answer_is_visible_are_answered_together_with_it(world: World) -> None:
    world.model.hold()
    talk = await world.ask("How long does shipping take to Germany?")
    await world.thinking()

    await talk.say("Sorry, and one more thing: are your bags vegan?")
    await world.thinking(2)
    world.model.release()
    await talk.reply(containing="[")

    asked = world.told("answer")[-1]
    assert (
        asked.question == "How long does shipping take to Germany?\n\nSorry, and one more thing: are your bags vegan?"
    )
    given = " ".join(passage.title for passage in asked.passages)
    assert "Shipping times and costs" in given
    assert "Materials" in given
    await next_answer(world, talk)
    assert len(talk.replies()) == 2


@behaviour("answer.newer_words_first")
async def test_no_one_article_needs_to_cover_all_that_was_said_in_several_messages(world: World) -> None:
    talk = await world.ask("Hello, my name is Alice Martin and I write from Bremerhaven.")
    await talk.say(SHIPPING)
    await talk.reply()

    (asked,) = world.told("answer")
    assert any(passage.title.startswith("Shipping times and costs") for passage in asked.passages)


@behaviour("answer.never_interleaves")
async def test_words_while_the_answer_is_visible_get_an_answer_of_their_own_after_it(world: World) -> None:
    world.model.script.answer(
        "Parcels leave Leipzig every weekday [1]. In Germany they need two days [1]. The end [1]."
    )
    world.model.hold(after=6)
    talk = await world.ask(SHIPPING)
    await talk.until_visible("Parcels leave Leipzig")

    await talk.say("How can I return a bag when I have no printer?")
    another = await world.ask(f"{world.mention} Are your bags vegan?", who=BOB)
    await world.thinking(2)
    assert len(talk.replies()) == 1

    world.model.release()
    first, second = await talk.reply(1, "The end"), await talk.reply(2, "[1]")
    await another.reply()

    assert "printer" not in first.shown
    assert "printer" in second.shown
    assert "Leipzig every weekday" not in second.shown
    assert first.order < second.order


@behaviour("answer.thanks")
async def test_thanks_gets_no_answer(world: World) -> None:
    talk = await world.ask(SHIPPING)
    await talk.reply()

    await talk.say("Thank you so much!")
    ended = await world.turns_ended(2, talk.conversation)

    assert ended[0].outcome == "kept_silent"
    assert len(talk.replies()) == 1


@behaviour("answer.thanks")
async def test_thanks_with_a_question_gets_an_answer(world: World) -> None:
    talk = await world.ask(SHIPPING)
    await talk.reply()

    await talk.say("Thanks! And how long does shipping take to Norway?")
    reply = await talk.reply(2)

    assert "Shipping outside the EU" in reply.shown


def judged(**different: object) -> dict[str, object]:
    """A whole triage with some fields of its own."""
    usual: dict[str, object] = {
        "category": "question",
        "tier": 1,
        "priority": "normal",
        "sentiment": "neutral",
        "language": "en",
        "confidence": 0.9,
        "needs_human": False,
        "reason": "The customer asks something.",
    }
    return usual | different


async def next_answer(world: World, talk: Talk) -> None:
    """Ask something else in the thread and wait for its answer: what was still to be said before has been said."""
    said = len(talk.replies())
    await talk.say("How can I return a bag when I have no printer?")
    await talk.reply(said + 1, "[1]")


@behaviour("answer.second_turn")
@pytest.mark.parametrize(
    ("first", "then", "expected"),
    [
        ("Do you ship to Switzerland?", "and how much does it cost to ship there?", "international-shipping"),
        ("Was kostet der Versand nach Österreich?", "Und wie lange dauert das?", "shipping-times-and-costs"),
    ],
)
async def test_a_question_that_leans_on_the_one_before_is_understood_with_it(
    world: World, first: str, then: str, expected: str
) -> None:
    talk = await world.ask(first)
    await talk.reply()

    await talk.say(then)

    reply = await talk.reply(2)
    assert expected in reply.shown
