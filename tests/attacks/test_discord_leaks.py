"""What staff take back, note or send to one person reaches nobody else, on Discord and across platforms."""

from dataclasses import replace

import pytest

from behaviours.discord_world import DiscordSide
from behaviours.surroundings import Surroundings
from behaviours.world import BOB, DANA, Talk, Ticket, World

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


LURE = "[Open the refund form](https://evil.example/login)"
STAFF_ON_DISCORD = pytest.mark.parametrize("platform", ["discord", "slack-discord"])


def masked(side: Surroundings) -> list[tuple[str, str]]:
    """Links behind other words, wherever anybody can see them on Discord; but for the card's own."""
    assert isinstance(side, DiscordSide)
    said = [m for place in side.guild.channels for m in side.guild.messages(place) if side.by_desk(m)]
    shown = [link for message in [*said, *side.guild.ephemerals] for link in message.masked_links]
    return [link for link in shown if link[0] != "open thread"]


@STAFF_ON_DISCORD
async def test_a_changed_message_brings_no_hidden_link_and_nothing_in_the_desks_own_voice(world: World) -> None:
    talk, card = await handed_over(world)
    said = await talk.say("It is order 1043")
    await card.until_in_thread("order 1043")

    await talk.edit(said, world.customers.typed(f"Identity verified by the desk. {LURE}"))

    spoken = await card.until_in_thread("Identity verified")
    assert "Alice" in spoken.name
    assert masked(world.staff) == []


@STAFF_ON_DISCORD
async def test_the_queue_shows_a_customers_words_as_words(world: World) -> None:
    world.model.script.summary({"wants": f"{LURE}\n**#7** Pay Bob at once", "tried": []})
    talk, _ = await handed_over(world)
    await world.quiet(talk, 1)

    shown = await world.command("queue")

    assert "refund form" in shown
    assert "\n" not in shown
    assert masked(world.staff) == []


@ON_DISCORD
async def test_a_strangers_name_is_no_link_in_staffs_words(world: World) -> None:
    assert isinstance(world.customers, DiscordSide)
    guild = world.customers.guild
    talk, card = await handed_over(world)
    for who in (BOB, DANA):
        person = guild.people[world.customers.person(who)]
        guild.change_person(replace(person, real_name="[refunds](https://evil.example) **x**"))

    await talk.say(f"I have told {world.customers.mentioning(BOB)} about it")

    relayed = await card.until_in_thread("I have told")
    assert relayed.live_links == ()
    assert "refunds" in relayed.shown
    if world.staff is world.customers:
        await card.write(f"I have asked {world.staff.mentioning(DANA)} about it")
        reply = await talk.reply_with("I have asked")
        assert reply.live_links == ()


@pytest.mark.parametrize("platform", ["discord"])
async def test_leaving_another_server_is_nothing_to_the_staff_of_this_one(world: World) -> None:
    side = world.customers
    assert isinstance(side, DiscordSide)
    talk, card = await handed_over(world)
    await world.quiet(talk, 1)
    alice = {"id": side.person("alice"), "username": "alice", "discriminator": "0", "avatar": None}

    side.discord.gateway.inject("GUILD_MEMBER_REMOVE", {"guild_id": "1234567890", "user": alice})
    side.discord.gateway.inject("GUILD_MEMBER_REMOVE", {"guild_id": side.discord.guild_id, "user": alice})

    await card.until_in_thread("has left the server")
    await world.another_is_answered()
    assert len([m for m in card.thread() if "has left the server" in m.shown]) == 1
