"""Customers on one platform and staff on the other: nothing that matters gets lost between the two."""

from behaviours.conftest import Open, a_desk
from behaviours.surroundings import QUEUE
from behaviours.world import ALICE, BOB, DANA, SAM, STAFF, People, Talk, Ticket, World, behaviour

PERSON = "I want to talk to a person about order 1042"


async def handed_over(world: World, text: str = PERSON) -> tuple[Talk, Ticket]:
    talk = await world.ask(text)
    card = await world.card()
    await talk.reply_with("#1")
    return talk, card


@behaviour("across.card")
async def test_the_card_stands_with_the_staff_and_leads_to_the_customer(world: World) -> None:
    talk, card = await handed_over(world)

    assert world.customers.name != world.staff.name
    assert "Alice" in card.shown
    assert "order 1042" in card.shown
    assert card.leads_to(talk)
    await card.until_in_thread("order 1042")


@behaviour("across.card")
async def test_a_direct_message_becomes_a_card_too(world: World) -> None:
    talk = await world.ask_directly(PERSON)

    card = await world.card()

    await talk.reply_with("#1")
    await card.write("I am here.")
    await talk.reply_with("I am here.")


@behaviour("across.claim")
async def test_who_claims_there_has_it_and_who_comes_later_is_told(world: World) -> None:
    _, card = await handed_over(world)

    await card.press("claim", who=SAM)
    await card.until_shown("Claimed by")
    await card.press("claim", who=DANA)

    await world.whispered(DANA, "has it already")
    assert "Sam" in card.shown


@behaviour("across.words")
async def test_the_customers_words_stand_under_the_customers_name(world: World) -> None:
    talk, card = await handed_over(world)

    await talk.say("It never came")

    relayed = await card.until_in_thread("It never came")
    assert "Alice" in relayed.name


@behaviour("across.words")
async def test_staffs_words_stand_under_their_name(world: World) -> None:
    talk, card = await handed_over(world)

    await card.write("I am looking into it.", who=SAM)
    await card.write("I can help as well.", who=DANA)

    await talk.named_reply("looking into it", "Sam")
    await talk.named_reply("help as well", "Dana")


@behaviour("across.words")
async def test_notes_of_staff_stay_there(world: World) -> None:
    talk, card = await handed_over(world)

    await card.write("// SECRET\nall of it")
    await card.write("I am looking into it.")

    await talk.reply_with("looking into it")
    assert not any("SECRET" in reply.shown for reply in talk.replies())


@behaviour("across.files")
async def test_files_cross_with_their_bytes(world: World) -> None:
    talk, card = await handed_over(world)

    await talk.say("This is what I see", files=[("screen.png", b"\x89PNG screen", "image/png")])
    await world.until(card.files)
    await card.write("Try this", files=[("fix.pdf", b"%PDF fix", "application/pdf")])
    await talk.reply_with("Try this")
    await world.until(lambda: [file for reply in talk.replies() for file in reply.files])

    assert [(file.name, file.content) for file in card.files()] == [("screen.png", b"\x89PNG screen")]
    assert [(f.name, f.content) for m in talk.replies() for f in m.files] == [("fix.pdf", b"%PDF fix")]


@behaviour("across.files")
async def test_a_file_that_came_with_the_question_crosses_too(world: World) -> None:
    await world.ask(PERSON, files=[("label.png", b"\x89PNG label", "image/png")])

    card = await world.card()

    await world.until(card.files)
    assert [file.content for file in card.files()] == [b"\x89PNG label"]


@behaviour("across.edits")
async def test_what_the_customer_changes_or_deletes_is_shown_to_staff(world: World) -> None:
    talk, card = await handed_over(world)
    said = await talk.say("It is order 1043")
    await card.until_in_thread("order 1043")

    await talk.edit(said, "It is order 1044")
    await card.until_in_thread("order 1044")
    await talk.delete(said)

    await card.until_in_thread("deleted")


@behaviour("across.edits")
async def test_what_staff_correct_is_corrected_and_what_they_delete_is_taken_back(world: World) -> None:
    talk, card = await handed_over(world)
    written = await card.write("It comes on Munday.")
    reply = await talk.reply_with("Munday")

    await card.edit(written, "It comes on Monday.")
    corrected = await talk.reply_with("Monday")
    await card.delete(written)

    await world.until(lambda: not any("Monday" in m.shown for m in talk.replies()))
    assert corrected.id == reply.id


FORMATTED = """Please try **this**:

1. Open `settings.toml`
2. Write this:

```python
if a < b and c > d:
    print("*not bold*")
```

- See <https://help.kettlebag.example/en/care>
- and _nothing else_"""


@behaviour("across.formatting")
async def test_code_lists_links_and_emphasis_keep_their_meaning_towards_the_customer(world: World) -> None:
    talk, card = await handed_over(world)

    await card.write(world.staff.written(FORMATTED))

    _is_whole(await talk.reply_with("Please try"))


@behaviour("across.formatting")
async def test_code_lists_links_and_emphasis_keep_their_meaning_towards_staff(world: World) -> None:
    talk, card = await handed_over(world)

    await talk.say(world.customers.written(FORMATTED))

    _is_whole(await card.until_in_thread("Please try"))


def _is_whole(message: object) -> None:
    shown = str(getattr(message, "shown", ""))
    links = getattr(message, "live_links", ())
    assert "**this**" in shown
    assert "`settings.toml`" in shown
    assert 'if a < b and c > d:\n    print("*not bold*")' in shown
    assert shown.count("```") == 2
    assert "1. Open" in shown
    assert "2. Write" in shown
    assert "nothing else" in shown
    assert any(link.startswith("https://help.kettlebag.example/en/care") for link in links)


@behaviour("across.mentions")
async def test_a_mention_arrives_as_a_name(world: World) -> None:
    talk, card = await handed_over(world)

    await talk.say(f"I have told {world.customers.mentioning(BOB)} about it")
    await card.write(f"I have asked {world.staff.mentioning(DANA)} about it")

    relayed = await card.until_in_thread("I have told")
    reply = await talk.reply_with("I have asked")
    assert "@bob" in relayed.shown.casefold().replace("\u2060", "").replace("\u200b", "")
    assert "@dana" in reply.shown.casefold().replace("\u2060", "").replace("\u200b", "")


@behaviour("across.mentions")
async def test_nothing_that_crosses_pings_anybody(world: World) -> None:
    watch = world.watch()
    talk, card = await handed_over(world)
    every = f"{world.customers.pinging()} {world.staff.pinging()} @everyone @here @channel"

    await talk.say(f"Hurry up {every}")
    await card.until_in_thread("Hurry up")
    await card.write(f"Slow down {every}")
    await talk.reply_with("Slow down")

    assert [ping for state in await watch.seen() for ping in state.live_mentions] == []


@behaviour("across.hand_back")
async def test_after_a_hand_back_the_assistant_answers_again(world: World) -> None:
    talk, card = await handed_over(world)

    await card.press("handback", who=SAM)

    await talk.reply_with("handed our conversation back")
    await card.until_shown("Handed back by")
    await talk.say("How long does shipping take?")
    await talk.reply_with("working days")


@behaviour("across.resolve")
async def test_resolve_tells_the_customer_and_a_new_message_reopens(world: World) -> None:
    talk, card = await handed_over(world)

    await card.resolve(words="Your new bag is on its way.")
    await talk.named_reply("Your new bag is on its way", "Sam")
    await talk.reply_with("marked this as resolved")
    await talk.say("It is broken again")

    await card.until_in_thread("It is broken again")
    await card.until_shown("waiting since")
    assert len(world.cards()) == 1


@behaviour("across.queue")
async def test_the_queue_shows_tickets_of_the_other_platform_to_staff_alone(world: World) -> None:
    talk, _ = await handed_over(world)
    await world.quiet(talk, 1)

    assert "#1" in await world.command("queue", who=SAM, where=STAFF)


@behaviour("across.forum_queue")
async def test_a_private_forum_is_the_queue_of_the_other_platform_too(people: People, open_desk: Open) -> None:
    world = await open_desk(FRONTDESK_STAFF_CHANNEL=people.staff.key(QUEUE))
    talk = await world.ask(PERSON)
    card = await world.card(where=QUEUE)
    await talk.reply_with("#1")

    await card.until_in_thread("order 1042")
    await card.press("claim")
    await card.until_shown("Claimed by")
    await card.write("I am looking into it.")
    await talk.named_reply("looking into it", "Sam")
    await card.resolve(words="It is on its way.")
    await talk.reply_with("It is on its way.")

    assert len(world.cards(QUEUE)) == 1


@behaviour("across.undeliverable")
async def test_staff_are_told_when_the_customer_cannot_be_reached(world: World) -> None:
    _, card = await handed_over(world)
    await world.customers.close_channel("support")

    await card.write("Hello Alice, are you there?")

    await card.until_in_thread("Not delivered")


@behaviour("across.restart")
async def test_a_ticket_goes_on_after_a_restart(people: People) -> None:
    async with a_desk(people) as before:
        talk, card = await handed_over(before)

    async with a_desk(people):
        await card.write("I am looking into it.")
        await talk.reply_with("I am looking into it.")
        await talk.say("Thank you, and hurry up", who=ALICE)
        await card.until_in_thread("hurry up")


@behaviour("across.valid")
async def test_every_request_to_both_platforms_is_valid(world: World) -> None:
    talk, card = await handed_over(world)
    await talk.say("This is what I see", files=[("screen.png", b"\x89PNG screen", "image/png")])
    await card.until_in_thread("This is what I see")
    await card.write("Try this", files=[("fix.pdf", b"%PDF fix", "application/pdf")])
    await talk.reply_with("Try this")
    await card.press("claim")
    await card.until_shown("Sam")
    await card.resolve(words="Good bye.")
    await talk.reply_with("Good bye.")

    assert [side.disliked() for side in world.sides] == [[], []]
