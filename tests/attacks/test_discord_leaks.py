"""What staff take back, note or send to one person reaches nobody else, on Discord and across platforms."""

import pytest

from behaviours.world import Talk, Ticket, World

PERSON = "I want to talk to a person about order 1042"
INVOICE = ("invoice-of-somebody-else.pdf", b"%PDF of somebody else", "application/pdf")
ON_DISCORD = pytest.mark.parametrize("platform", ["discord", "discord-slack"])
EVERYWHERE = pytest.mark.parametrize("platform", ["discord", "discord-slack", "slack-discord", "slack"])


async def handed_over(world: World) -> tuple[Talk, Ticket]:
    talk = await world.ask(PERSON)
    card = await world.card()
    await talk.reply_with("#1")
    return talk, card


@EVERYWHERE
async def test_a_file_that_staff_take_back_is_gone_for_the_customer_too(world: World) -> None:
    talk, card = await handed_over(world)
    written = await card.write("Here is your invoice", files=[INVOICE])
    await world.until(lambda: [file for reply in talk.replies() for file in reply.files])

    await card.delete(written)

    await talk.reply_with("taken back")
    await world.until(lambda: not [file for reply in talk.replies() for file in reply.files], timeout=3.0)


@ON_DISCORD
async def test_of_a_long_message_that_staff_take_back_nothing_is_left(world: World) -> None:
    talk, card = await handed_over(world)
    paragraph = f"{'* item *' * 30} SECRET"
    written = await card.write("\n\n".join([paragraph] * 7)[:1990])
    await talk.reply_with("SECRET")
    await world.until(lambda: len([m for m in talk.replies() if "item" in m.shown]) > 1)

    await card.delete(written)

    await talk.reply_with("taken back")
    await world.until(lambda: not any("item" in m.shown for m in talk.replies()), timeout=3.0)


@ON_DISCORD
async def test_of_a_long_message_that_staff_turn_into_a_note_nothing_is_left(world: World) -> None:
    talk, card = await handed_over(world)
    paragraph = f"{'* item *' * 30} SECRET"
    written = await card.write("\n\n".join([paragraph] * 7)[:1990], files=[INVOICE])
    await world.until(lambda: [file for reply in talk.replies() for file in reply.files])

    await card.edit(written, "// not for the customer")

    await talk.reply_with("taken back")
    await world.until(lambda: not any("item" in m.shown or m.files for m in talk.replies()), timeout=3.0)
