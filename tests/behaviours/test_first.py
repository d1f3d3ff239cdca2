"""The first steps: asked, answered, handed over."""

from behaviours.world import GENERAL, SAM, STAFF, World, behaviour


@behaviour("intake.served_channel")
async def test_a_question_in_a_served_channel_is_answered_in_its_thread(world: World) -> None:
    talk = await world.ask("How long does shipping take?")

    reply = await talk.reply()

    assert reply.thread_ts == talk.root


@behaviour("intake.unserved_channel")
async def test_in_a_channel_that_is_not_served_nothing_is_said_unasked(world: World) -> None:
    silent = await world.ask("How long does shipping take?", where=GENERAL)
    answered = await world.ask("How long does shipping take?")

    await answered.reply()

    assert silent.replies() == []


@behaviour("handoff.asked_for")
async def test_who_asks_for_a_person_gets_one(world: World) -> None:
    talk = await world.ask("I want to talk to a person, please")

    card = await world.card()
    reply = await talk.reply()

    assert "#1" in reply.shown
    assert "I want to talk to a person" in card.shown


@behaviour("handoff.staff_reply")
async def test_a_staff_reply_reaches_the_customer_under_their_name(world: World) -> None:
    talk = await world.ask("I want to talk to a person, please")
    card = await world.card()
    await talk.reply()

    await card.write("Hello Alice, I am looking into it.", who=SAM)
    reply = await talk.reply_with("I am looking into it")

    assert reply.username is not None
    assert "Sam" in reply.username


@behaviour("handoff.claim")
async def test_claim_shows_everybody_who_has_the_ticket(world: World) -> None:
    await world.ask("I want to talk to a person, please")
    card = await world.card()

    await card.press("claim", who=SAM)

    await card.until_shown("Sam")
    assert any("claimed" in m.shown for m in world.workspace.thread(STAFF, card.ts))
