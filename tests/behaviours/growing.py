"""An answer that becomes visible piece by piece, in whichever way it is delivered."""

from behaviours.world import World


async def an_answer_grows(world: World) -> None:
    """An answer appears in pieces, in one message."""
    world.model.script.answer(
        "Parcels leave Leipzig every weekday [1]. In Germany they need two days [1]. The end [1].", chunk=1
    )
    world.model.hold(after=7)
    talk = await world.ask("How long does shipping take?")

    growing = await talk.until_visible("Parcels leave Leipzig")
    assert "two" not in growing.shown

    world.model.hold_later(after=13)
    grown = await talk.until_visible("In Germany they need two")
    assert "The end" not in grown.shown

    world.model.release()
    reply = await talk.reply(containing="The end")
    assert reply.id == grown.id == growing.id
    assert len(talk.replies()) == 1
