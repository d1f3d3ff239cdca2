"""The first steps: handed over."""

from behaviours.world import SAM, STAFF, World, behaviour


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
