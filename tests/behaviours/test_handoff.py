"""A person takes over: who gets one, what staff see and do, and what crosses between the two sides."""

import asyncio

import pytest

from behaviours.conftest import a_desk
from behaviours.world import ALICE, BOB, DANA, GENERAL, SAM, STAFF, SUPPORT, People, Talk, Ticket, World, behaviour

PERSON = "I want to talk to a person, please"


async def handed_over(world: World, text: str = PERSON) -> tuple[Talk, Ticket]:
    """A conversation that staff hold: the card stands and the customer knows."""
    talk = await world.ask(text)
    card = await world.card()
    await talk.reply_with("#1")
    return talk, card


# how a conversation gets to people


@behaviour("handoff.asked_for")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (PERSON, "A person will answer you right here"),
        ("Can I speak to someone real?", "A person will answer you right here"),
        ("Ich möchte bitte mit einem Menschen sprechen", "Ein Mensch antwortet Ihnen genau hier"),
        ("Je voudrais parler à une personne, s'il vous plaît", "Une personne vous répondra ici même"),
        ("Quiero hablar con una persona, por favor", "Una persona le responderá aquí mismo"),
    ],
)
async def test_who_asks_for_a_person_gets_one(world: World, words: str, told: str) -> None:
    talk = await world.ask(words)

    card = await world.card()
    reply = await talk.reply()

    assert "#1" in card.shown
    assert told in reply.shown
    assert "1" in reply.shown


@behaviour("handoff.button")
async def test_the_button_below_not_sure_opens_a_ticket(world: World) -> None:
    talk = await world.ask("Do your bags fit a quantum flux capacitor?")
    unsure = await talk.reply(containing="do not want to guess")

    await talk.press("ask_person", unsure)

    card = await world.card()
    await talk.reply_with("#1")
    await card.until_in_thread("quantum flux capacitor")
    assert "quantum flux capacitor" in card.shown


@behaviour("handoff.button")
async def test_the_button_is_only_for_who_asked(world: World) -> None:
    talk = await world.ask("Do your bags fit a quantum flux capacitor?")
    unsure = await talk.reply(containing="do not want to guess")

    await talk.press("ask_person", unsure, who=BOB)

    await world.whispered(BOB, "Only the person who asked")
    assert world.cards() == []


@behaviour("handoff.button")
async def test_pressed_twice_the_button_opens_one_ticket(world: World) -> None:
    talk = await world.ask("Do your bags fit a quantum flux capacitor?")
    unsure = await talk.reply(containing="do not want to guess")

    await asyncio.gather(talk.press("ask_person", unsure), talk.press("ask_person", unsure))
    await talk.reply_with("#1")
    await talk.say("Hello?")
    await (await world.card()).until_in_thread("Hello?")

    assert len(world.cards()) == 1


HARD_RULES = [
    ("I want my money back for order 1042", "refund"),
    ("You will hear from my lawyer", "legal"),
    ("I am locked out of my account", "account"),
    ("Somebody hacked my account", "security"),
]


@behaviour("handoff.hard_rules")
@pytest.mark.parametrize(("words", "category"), HARD_RULES)
async def test_grave_matters_go_to_a_person_and_no_model_judges_them(world: World, words: str, category: str) -> None:
    talk = await world.ask(words)

    card = await world.card()
    await talk.reply_with("#1")

    assert f"category {category}" in card.shown
    assert {"triage", "answer"}.isdisjoint(world.tasks_asked())


@behaviour("handoff.hard_rules")
async def test_grave_matters_reach_people_while_the_model_is_down(world: World) -> None:
    world.model.script.fault("status:503", retry_after=0.1, times=20)

    talk = await world.ask("I want my money back for order 1042")

    card = await world.card()
    await talk.reply_with("#1")
    assert "money back for order 1042" in card.shown


@behaviour("handoff.hard_rules_languages")
@pytest.mark.parametrize(
    ("words", "category", "told"),
    [
        ("Ich will mein Geld zurück!", "refund", "Ein Mensch antwortet"),
        ("Ich schalte meinen Anwalt ein.", "legal", "Ein Mensch antwortet"),
        ("Mein Konto wurde gesperrt, was nun?", "account", "Ein Mensch antwortet"),
        ("Mein Konto wurde gehackt!", "security", "Ein Mensch antwortet"),
        ("Je veux être remboursé tout de suite", "refund", "Une personne vous répondra"),
        ("Je vais porter plainte contre vous", "legal", "Une personne vous répondra"),
        ("Mon compte a été bloqué ce matin", "account", "Une personne vous répondra"),
        ("Mon compte a été piraté hier soir", "security", "Une personne vous répondra"),
        ("Quiero que me devuelvan mi dinero ahora", "refund", "Una persona le responderá"),
        ("Voy a hablarlo con mi abogado mañana", "legal", "Una persona le responderá"),
        ("Mi cuenta está bloqueada desde ayer", "account", "Una persona le responderá"),
        ("Me han hackeado la cuenta esta noche", "security", "Una persona le responderá"),
    ],
)
async def test_the_hard_rules_hold_in_other_languages(world: World, words: str, category: str, told: str) -> None:
    talk = await world.ask(words)

    card = await world.card()
    await talk.reply_with(told)

    assert f"category {category}" in card.shown
    assert {"triage", "answer"}.isdisjoint(world.tasks_asked())


CALM = {
    "category": "question",
    "tier": 1,
    "priority": "normal",
    "sentiment": "neutral",
    "language": "en",
    "confidence": 0.9,
    "needs_human": False,
    "reason": "A question about shipping.",
}


async def irritated(world: World) -> Talk:
    """One angry message that the model judges to be a plain question, and answers."""
    world.model.script.triage(CALM)
    talk = await world.ask("How long does shipping take? This is ridiculous")
    await talk.reply()
    return talk


@behaviour("handoff.frustration")
async def test_a_customer_who_is_frustrated_over_several_messages_gets_a_person(world: World) -> None:
    talk = await irritated(world)
    assert world.cards() == []

    await talk.say("That does not help, and you are useless")

    card = await world.card()
    await talk.reply_with("#1")
    assert "frustrated" in card.shown
    assert world.tasks_asked().count("triage") == 1


@behaviour("handoff.frustration")
async def test_after_a_hand_back_old_anger_does_not_call_people_again(world: World) -> None:
    talk = await irritated(world)
    await talk.say("That does not help, and you are useless")
    card = await world.card()
    await talk.reply_with("#1")
    await card.press("handback")
    await talk.reply_with("handed our conversation back")

    await talk.say("How long does shipping take to Germany?")

    await talk.reply_with("working days")
    assert len(world.cards()) == 1


# what the customer is told, and when


@behaviour("handoff.told_after_ticket")
async def test_the_customer_is_told_only_after_the_ticket_exists(world: World) -> None:
    world.goes_wrong("post", "rate_limited", 1)

    talk = await world.ask(PERSON)

    told = await talk.reply()
    (card,) = world.cards()
    assert "#1" in told.shown
    assert card.message.order < told.order
    assert len(talk.replies()) == 1


@behaviour("handoff.told_after_ticket")
async def test_a_card_whose_posting_got_lost_half_way_stands_there_once(world: World) -> None:
    world.goes_wrong("post", "dropped_after_receipt")

    talk = await world.ask(PERSON)

    told = await talk.reply()
    (card,) = world.cards()
    assert card.message.order < told.order
    await card.until_in_thread(PERSON)
    await world.turns_ended(1)
    assert [m.shown for m in card.thread()] == [PERSON]
    assert len(world.cards()) == len(talk.replies()) == 1


@behaviour("handoff.staff_channel_gone")
async def test_when_the_staff_channel_takes_no_tickets_the_customer_is_told_the_truth(world: World) -> None:
    await world.close_channel(STAFF)

    talk = await world.ask(PERSON)

    reply = await talk.reply()
    assert "could not reach our team" in reply.shown
    assert "ticket" not in reply.shown.casefold()


@behaviour("handoff.staff_channel_gone")
async def test_the_truth_is_told_in_the_customers_language(world: World) -> None:
    await world.close_channel(STAFF)

    talk = await world.ask("Ich möchte bitte mit einem Menschen sprechen")

    await talk.reply(containing="unser Team war gerade nicht zu erreichen")


# what staff see


@behaviour("handoff.card")
async def test_the_card_says_who_what_why_what_was_tried_and_where(world: World) -> None:
    talk = await world.ask("How long does shipping take?")
    await talk.reply()
    world.model.script.summary({"wants": "Know when order 1042 arrives", "tried": ["Quoted the shipping times"]})

    await talk.say("I need to talk to a person about order 1042")

    card = await world.card()
    assert "alice" in card.shown.casefold()
    assert "Know when order 1042 arrives" in card.shown
    assert "asks for a person" in card.shown
    assert "Quoted the shipping times" in card.shown
    assert card.leads_to(talk)


@behaviour("handoff.card")
async def test_without_a_model_the_card_still_says_what_they_want_and_what_was_tried(world: World) -> None:
    talk = await world.ask("How long does shipping take?")
    await talk.reply()
    world.model.script.fault("status:401", task="summary", times=5)

    await talk.say("I need to talk to a person about order 1042")

    card = await world.card()
    assert "about order 1042" in card.shown
    assert "The assistant answered from" in card.shown


@behaviour("handoff.words_in_thread")
async def test_the_customers_words_appear_in_the_cards_thread_now_and_later(world: World) -> None:
    talk, card = await handed_over(world)
    first = await card.until_in_thread(PERSON)

    await talk.say(world.typed("It is about **order 1042**"))
    await talk.say("which never came")

    later = await card.until_in_thread("which never came")
    assert [m.shown for m in card.thread()] == [PERSON, "It is about **order 1042**", "which never came"]
    assert "Alice" in first.name
    assert later.name == first.name


@behaviour("handoff.words_in_thread")
async def test_what_was_said_before_the_ticket_stands_in_its_thread_too(world: World) -> None:
    talk = await world.ask("How long does shipping take to Norway?")
    await talk.reply()

    await talk.say(PERSON)

    card = await world.card()
    await card.until_in_thread(PERSON)
    assert "shipping take to Norway" in card.thread()[0].shown


# what crosses


@behaviour("handoff.staff_reply")
async def test_a_staff_reply_reaches_the_customer_under_their_name(world: World) -> None:
    talk, card = await handed_over(world)

    await card.write(world.staff.typed("Hello Alice, I am **looking** into it."), who=SAM)

    reply = await talk.named_reply("looking", "Sam")
    assert reply.root == talk.root
    await card.write("I can help as well.", who=DANA)
    await talk.named_reply("I can help as well", "Dana")


@behaviour("handoff.staff_reply")
async def test_who_answers_a_ticket_first_has_it(world: World) -> None:
    _, card = await handed_over(world)

    await card.write("Hello Alice.", who=SAM)

    await card.until_shown("Claimed by")
    assert "the customer is not waiting" in card.shown
    assert "Alice" in card.shown


@behaviour("handoff.staff_reply")
async def test_a_corrected_staff_reply_is_corrected_for_the_customer(world: World) -> None:
    talk, card = await handed_over(world)
    written = await card.write("It comes on Munday.", who=SAM)
    reply = await talk.reply_with("Munday")

    await card.edit(written, "It comes on Monday.")

    corrected = await talk.reply_with("Monday")
    assert corrected.id == reply.id


@behaviour("handoff.reply_taken_back")
async def test_a_reply_that_staff_delete_is_taken_back(world: World) -> None:
    talk, card = await handed_over(world)
    written = await card.write("It comes on Monday.")
    reply = await talk.reply_with("Monday")

    await card.delete(written)

    await world.until(lambda: not any("Monday" in message.shown for message in talk.replies()))
    assert reply.id in [message.id for message in talk.replies()]


NOTES = [
    "// this customer is difficult SECRET",
    "note: SECRET, ask Dana first",
    "Note : SECRET",
    "  // SECRET",
    "**Note:** SECRET",
    "> // SECRET",
    "• // SECRET",
    "**Note**: SECRET",
    "1. note: SECRET",
    "\u200b// SECRET",
    "NOTIZ: SECRET",
    "// first line\nsecond line SECRET\n\nthird paragraph SECRET",
]


@behaviour("handoff.notes_stay")
@pytest.mark.parametrize("note", NOTES)
async def test_a_note_never_reaches_the_customer(world: World, note: str) -> None:
    talk, card = await handed_over(world)

    await card.write(world.staff.typed(note))
    await card.write("I have looked it up for you.")

    await talk.reply_with("looked it up")
    assert [m.shown for m in talk.replies() if "SECRET" in m.shown] == []
    assert len(talk.replies()) == 2


@behaviour("handoff.notes_stay")
async def test_a_marked_line_inside_a_reply_stays_behind(world: World) -> None:
    talk, card = await handed_over(world)

    await card.write("It comes on Monday.\n// SECRET: the courier lost it\nSECRET and more\n\nSorry for the wait.")

    reply = await talk.reply_with("It comes on Monday")
    assert "Sorry for the wait" in reply.shown
    assert "SECRET" not in reply.shown


@behaviour("handoff.notes_stay")
async def test_the_file_of_a_note_stays_behind_too(world: World) -> None:
    talk, card = await handed_over(world)

    await card.write("// SECRET what the warehouse sees", files=[("warehouse.png", b"\x89PNG secret", "image/png")])
    await card.write("I have looked it up for you.")

    await talk.reply_with("looked it up")
    assert [m.files for m in talk.replies() if m.files] == []
    assert "warehouse" not in " ".join(m.shown for m in talk.replies())


@behaviour("handoff.notes_stay")
async def test_an_edit_cannot_carry_a_note_over(world: World) -> None:
    talk, card = await handed_over(world)
    written = await card.write("It comes on Monday.")
    await talk.reply_with("Monday")

    await card.edit(written, "It comes on Tuesday.\n// SECRET")

    corrected = await talk.reply_with("Tuesday")
    assert "SECRET" not in corrected.shown


@behaviour("handoff.notes_stay")
async def test_the_model_is_not_told_notes_after_a_hand_back(world: World) -> None:
    talk, card = await handed_over(world)
    await card.write("// SECRET ask Dana first")
    await card.press("handback")
    await talk.reply_with("handed our conversation back")

    await talk.say("How long does shipping take?")

    await talk.reply_with("working days")
    assert "SECRET" not in str(world.model.requests)


@behaviour("handoff.assistant_silent")
async def test_the_assistant_is_silent_while_staff_hold_the_conversation(world: World) -> None:
    talk, card = await handed_over(world)
    asked = len(world.model.requests)

    await talk.say(f"{world.mention} How long does shipping take?")
    await card.until_in_thread("How long does shipping take?")
    await talk.say("I want my money back")
    await card.until_in_thread("I want my money back")
    await card.write("Let me see.")

    await talk.reply_with("Let me see")
    assert len(talk.replies()) == 2
    assert len(world.cards()) == 1
    assert len(world.model.requests) == asked


@behaviour("handoff.edit_shown")
async def test_edits_and_deletions_of_the_customer_are_shown_to_staff(world: World) -> None:
    talk, card = await handed_over(world)
    said = await talk.say("It is order 1042")
    await card.until_in_thread("order 1042")

    await talk.edit(said, "It is order 1043")
    changed = await card.until_in_thread("order 1043")
    await talk.delete(said)
    await card.until_in_thread("deleted")

    assert "changed" in changed.shown
    assert len(talk.replies()) == 1


@behaviour("handoff.edit_shown")
async def test_a_deleted_first_message_is_shown_to_staff(world: World) -> None:
    talk, card = await handed_over(world)

    await talk.delete(talk.first)

    await card.until_in_thread("deleted")


@behaviour("handoff.files_cross")
async def test_files_cross_in_both_directions(world: World) -> None:
    talk, card = await handed_over(world)

    await talk.say("This is what I see", files=[("screen.png", b"\x89PNG screen", "image/png")])
    await card.until_in_thread("This is what I see")
    await world.until(card.files)
    await card.write("Try this", files=[("fix.pdf", b"%PDF fix", "application/pdf")])
    await talk.reply_with("Try this")
    await world.until(lambda: [f for m in talk.replies() for f in m.files])

    assert [(f.name, f.content) for f in card.files()] == [("screen.png", b"\x89PNG screen")]
    assert [(f.name, f.content) for m in talk.replies() for f in m.files] == [("fix.pdf", b"%PDF fix")]


@behaviour("handoff.files_cross")
async def test_a_file_without_a_word_crosses_too(world: World) -> None:
    talk, card = await handed_over(world)

    await talk.say("", files=[("screen.png", b"\x89PNG screen", "image/png")])

    await world.until(card.files)


@behaviour("handoff.files_cross")
async def test_the_file_of_the_question_goes_along_when_the_button_is_pressed(world: World) -> None:
    talk = await world.ask(
        "Do your bags fit a quantum flux capacitor?", files=[("capacitor.png", b"\x89PNG flux", "image/png")]
    )
    unsure = await talk.reply(containing="do not want to guess")

    await talk.press("ask_person", unsure)

    card = await world.card()
    await world.until(card.files)
    assert [file.content for file in card.files()] == [b"\x89PNG flux"]


@behaviour("handoff.undeliverable")
async def test_staff_are_told_when_the_customer_cannot_be_reached(world: World) -> None:
    talk, card = await handed_over(world)
    await world.close_channel(SUPPORT)

    await card.write("Hello Alice, are you there?")

    await card.until_in_thread("Not delivered")
    assert len(talk.replies()) == 1
    assert "the customer is not waiting" not in card.shown


@behaviour("handoff.undeliverable")
async def test_staff_are_told_when_the_customer_cannot_be_told_of_the_ticket(world: World) -> None:
    talk = await world.ask("Do your bags fit a quantum flux capacitor?")
    unsure = await talk.reply(containing="do not want to guess")
    await world.close_channel(SUPPORT)

    await talk.press("ask_person", unsure)

    await (await world.card()).until_in_thread("could not be reached")


@behaviour("handoff.undeliverable")
async def test_staff_are_told_when_the_closing_words_cannot_be_delivered(world: World) -> None:
    _, card = await handed_over(world)
    await world.close_channel(SUPPORT)

    await card.resolve(words="All done, good bye!")

    await card.until_in_thread("could not be reached")


# what staff do


@behaviour("handoff.claim")
async def test_claim_shows_everybody_who_has_the_ticket(world: World) -> None:
    _, card = await handed_over(world)
    assert "Nobody has claimed it" in card.shown

    await card.press("claim", who=SAM)

    await card.until_shown("Claimed by")
    await card.until_in_thread("has claimed this ticket")
    assert "sam" in card.shown.casefold()
    assert "Alice" in card.shown


@behaviour("handoff.claim_once")
async def test_of_two_who_claim_at_once_one_wins_and_the_other_is_told(world: World) -> None:
    _, card = await handed_over(world)

    await asyncio.gather(card.press("claim", who=SAM), card.press("claim", who=DANA))

    await card.until_in_thread("has claimed this ticket")
    await world.until(lambda: world.whispers(SAM) or world.whispers(DANA))
    loser, winner = (SAM, "dana") if world.whispers(SAM) else (DANA, "sam")
    assert winner in world.whispers(loser)[0].casefold()
    assert "has it already" in world.whispers(loser)[0]
    assert len([m for m in card.thread() if "has claimed" in m.shown]) == 1
    await card.until_shown("Claimed by")
    assert f"claimed by {winner}" in card.shown.casefold()


@behaviour("handoff.only_staff")
@pytest.mark.parametrize("action", ["claim", "handback", "resolve"])
async def test_who_is_not_in_the_staff_channel_cannot_act_on_a_ticket(world: World, action: str) -> None:
    talk, card = await handed_over(world)

    await card.press_from_elsewhere(action, who=BOB)
    if action == "resolve":
        await world.send_form(BOB, "Go away")
    await card.press("claim", who=SAM)

    await card.until_shown("Claimed by")
    assert "sam" in card.shown.casefold()
    assert "claim" in card.buttons
    assert len(talk.replies()) == 1


@behaviour("handoff.only_staff")
async def test_who_has_left_the_staff_channel_is_no_longer_staff(world: World) -> None:
    talk, card = await handed_over(world)
    await card.write("Hello Alice.", who=DANA)
    await talk.reply_with("Hello Alice")

    await world.staff.leave_staff(DANA)
    await card.press_from_elsewhere("handback", who=DANA)
    await card.write("Anything else?", who=SAM)

    await talk.reply_with("Anything else")
    assert [m.shown for m in talk.replies() if "handed our conversation back" in m.shown] == []
    assert "handback" in card.buttons


@behaviour("handoff.hand_back")
async def test_after_a_hand_back_the_assistant_answers_again(world: World) -> None:
    talk, card = await handed_over(world)

    await card.press("handback", who=SAM)

    await talk.reply_with("handed our conversation back")
    await card.until_shown("Handed back by")
    assert card.buttons == ()
    await talk.say("How long does shipping take?")
    await talk.reply_with("working days")
    assert len(world.cards()) == 1


@behaviour("handoff.hand_back")
async def test_after_a_hand_back_a_person_can_be_asked_for_again(world: World) -> None:
    talk, card = await handed_over(world)
    await card.press("handback", who=SAM)
    await talk.reply_with("handed our conversation back")

    await talk.say("I really want to talk to a person")

    second = await world.card(2)
    await talk.reply_with("#2")
    assert "#2" in second.shown


@behaviour("handoff.resolve")
async def test_resolve_tells_the_customer_and_closes_the_card_with_closing_words(world: World) -> None:
    talk, card = await handed_over(world)

    await card.press("resolve", who=SAM)
    await world.send_form(SAM, "Your new bag is on its way.")

    await talk.named_reply("Your new bag is on its way", "Sam")
    closing = await talk.reply_with("marked this as resolved")
    await card.until_shown("Resolved by")
    assert "sam" in closing.shown.casefold()
    assert card.buttons == ()


@behaviour("handoff.resolve")
async def test_resolve_needs_no_closing_words(world: World) -> None:
    talk, card = await handed_over(world)

    await card.resolve()

    await talk.reply_with("marked this as resolved")
    assert len(talk.replies()) == 2


@behaviour("handoff.resolve")
async def test_of_two_who_resolve_at_once_only_one_speaks_to_the_customer(world: World) -> None:
    talk, card = await handed_over(world)
    await card.press("resolve", who=SAM)
    await card.press("resolve", who=DANA)

    await world.send_form(SAM, "Done!")
    await world.send_form(DANA, "All done!")

    await world.whispered(DANA, "closed already")
    await card.until_shown("Resolved by Sam")
    assert len([m for m in talk.replies() if "marked this as resolved" in m.shown]) == 1
    assert [m.shown for m in talk.replies() if "All done" in m.shown] == []


@behaviour("handoff.resolve")
async def test_a_form_that_is_cancelled_resolves_nothing(world: World) -> None:
    talk, card = await handed_over(world)

    await card.press("resolve", who=SAM)
    await world.close_form(SAM)
    await card.write("One moment, please.")

    await talk.reply_with("One moment")
    assert len(talk.replies()) == 2
    assert "resolve" in card.buttons


@behaviour("handoff.thanks_keeps_closed")
@pytest.mark.parametrize(
    "thanks",
    [
        "Thanks!",
        "Perfect, thank you so much Sam",
        "thanks sam, that worked!",
        "ok thanks :+1:",
        "👍",
        "Danke, das hat geklappt!",
        "Merci beaucoup, bonne journée",
        "Muchas gracias, Sam",
    ],
)
async def test_thanks_after_resolve_does_not_reopen(world: World, thanks: str) -> None:
    talk, card = await handed_over(world)
    await card.resolve()
    await talk.reply_with("marked this as resolved")
    await world.turns_ended(2, talk.conversation)

    await talk.say(thanks)

    traces = await world.turns_ended(3, talk.conversation)
    assert [trace.outcome for trace in traces] == ["kept_silent", "relayed", "handed_off"]
    assert "Resolved by" in card.shown
    assert [m for m in card.thread() if "wrote again" in m.shown] == []
    assert len(talk.replies()) == 2


@behaviour("handoff.reopen")
@pytest.mark.parametrize("again", ["It is broken again", "Thanks, but the bag still has not come"])
async def test_a_new_message_after_resolve_reopens_the_same_ticket(world: World, again: str) -> None:
    talk, card = await handed_over(world)
    await card.resolve()
    await talk.reply_with("marked this as resolved")

    await talk.say(again)

    await card.until_in_thread(again)
    await card.until_shown("waiting since")
    assert "claim" in card.buttons
    assert len(world.cards()) == 1
    await card.write("I am on it.")
    await talk.named_reply("I am on it", "Sam")


# commands


@behaviour("handoff.queue")
async def test_staff_see_the_open_tickets_with_a_command(world: World) -> None:
    assert await world.command("queue") == "No ticket is open."
    first = await world.ask("I want to talk to a person about order 1042", who=ALICE)
    await first.reply_with("#1")
    second = await world.ask("I want to talk to a person about order 2001", who=BOB)
    await second.reply_with("#2")
    await world.turns_ended(2)

    queue = await world.command("queue", who=DANA)

    assert queue.index("order 1042") < queue.index("order 2001")
    await (await world.card(1)).resolve()
    await world.turns_ended(2)
    left = await world.command("queue")
    assert "#1" not in left
    assert "#2" in left


@behaviour("handoff.queue")
@pytest.mark.parametrize("text", ["queue", "help", ""])
async def test_others_learn_nothing_of_the_tickets(world: World, text: str) -> None:
    talk = await world.ask("I want to talk to a person about order 1042")
    await talk.reply_with("#1")

    answer = await world.command(text, who=BOB, where=GENERAL)

    assert answer == "Only members of the staff channel can use this command."


@behaviour("handoff.unknown_command")
@pytest.mark.parametrize("text", ["qeue", "assign 1 {sam}", "`rm -rf`", "*"])
async def test_an_unknown_command_is_answered_with_what_there_is(world: World, text: str) -> None:
    answer = await world.command(text.format(sam=world.staff.mentioning(SAM)))

    assert "There is no command" in answer
    assert "queue" in answer
    assert "help" in answer


@behaviour("handoff.unknown_command")
async def test_without_a_word_the_command_says_what_there_is(world: World) -> None:
    answer = await world.command("")

    assert "queue" in answer
    assert "There is no command" not in answer


@behaviour("handoff.card_moves")
async def test_when_the_staff_channel_has_moved_the_ticket_is_put_up_again_there(people: People) -> None:
    async with a_desk(people) as world:
        talk, _ = await handed_over(world)
        await world.turns_ended(1, talk.conversation)
    await world.close_channel(STAFF)
    new = people.staff.new_staff_channel()

    async with a_desk(people, FRONTDESK_STAFF_CHANNEL=people.staff.key(new)) as world:
        await talk.say("Is anybody there?")
        card = await world.card(where=new)
        assert "#1" in card.shown
        await card.until_in_thread("anybody")
        await card.write("Yes, I am here.")
        await talk.reply_with("Yes, I am here.")


@behaviour("handoff.resolve")
async def test_closing_words_stand_in_the_tickets_thread_too(world: World) -> None:
    _, card = await handed_over(world)

    await card.resolve(words="We sent you a new bag today.")

    await card.until_in_thread("We sent you a new bag today.")


@behaviour("handoff.reopen")
async def test_who_writes_again_is_told_that_staff_know(world: World) -> None:
    talk, card = await handed_over(world)
    await card.resolve()
    await talk.reply_with("marked this as resolved")

    await talk.say("It still has not come!")

    await talk.reply_with("#1 is open again")
