"""The first steps: asked and answered."""

from behaviours.world import GENERAL, World, behaviour


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
