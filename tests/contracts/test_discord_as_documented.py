"""Where Discord is other than one would think: each of these is from its documentation, or was seen in the field."""

from collections.abc import AsyncIterator

import pytest

from contracts.discord_desk import connected
from contracts.discord_interacting import Notes
from frontdesk.domain.messages import Relay, Reply
from frontdesk.domain.people import Person
from frontdesk.sandbox.discord import DiscordServer
from frontdesk.sandbox.discord.example import ALICE, RANDOM, SUPPORT
from frontdesk.sandbox.discord.values import RECIPIENT_ADD, THREAD_STARTER, Message

CUSTOMER = Person(platform="discord", community="discord", id=ALICE, name="Alice Martin")


@pytest.fixture
async def discord() -> AsyncIterator[DiscordServer]:
    async with DiscordServer() as server:
        server.gateway.enforce_concurrency = False  # the desk's clock is quicker than the server's
        yield server


async def test_that_somebody_was_added_to_a_thread_is_not_taken_for_a_reply(discord: DiscordServer) -> None:
    async with connected(discord, threads="private") as desk:
        asked = await discord.guild.say(ALICE, SUPPORT, "How long?")
        thread = desk.thread(asked.id)
        stream = desk.chat.stream(thread, CUSTOMER, "turn-1")
        refs = await stream.finish(Reply(markdown="Three days."))

        (opened,) = discord.guild.threads(SUPPORT)
        assert RECIPIENT_ADD in [one.type for one in discord.guild.standing(opened.id)]
        assert await desk.chat.find(thread, "turn-1") == refs


async def test_that_a_thread_begins_on_words_of_the_desk_is_not_taken_for_a_reply(discord: DiscordServer) -> None:
    async with connected(discord) as desk:
        ack = await discord.guild.slash(ALICE, SUPPORT, "ask", None, {"question": "How long?"})
        thread = desk.thread(ack.message)
        refs = await desk.chat.stream(thread, CUSTOMER, "turn-1").finish(Reply(markdown="Three days."))

        assert THREAD_STARTER in [one.type for one in discord.guild.standing(ack.message or "")]
        assert await desk.chat.find(thread, "turn-1") == refs


async def test_channels_that_the_desk_cannot_see_are_not_asked_after_an_outage(discord: DiscordServer) -> None:
    guild, notes = discord.guild, Notes()
    async with connected(discord, notes=notes, channels=("*",)) as first:
        await guild.say(ALICE, SUPPORT, "Hello")
        await first.heard("Hello")
    discord.gateway.expire_sessions()
    guild.post(Message(guild.snowflakes.next(), RANDOM, ALICE, "Alice", "Among us"))
    await guild.say(ALICE, SUPPORT, "Is anybody there?")
    async with connected(discord, notes=notes, channels=("*",)) as second:
        await second.until(lambda: "Is anybody there?" in second.reception.texts)

    assert RANDOM in [one["id"] for one in guild.wire.guild_create()["channels"]], "Discord names it all the same"
    assert [one.path for one in discord.requests if one.status == 403] == []


SAID = Relay(name="Sam Rivera", markdown="It is on its way.")


async def test_words_under_a_borrowed_name_are_found_again_without_the_intent_to_read(discord: DiscordServer) -> None:
    discord.gateway.enabled_intents = set()
    async with connected(discord, message_content=False) as desk:
        asked = await discord.guild.say(ALICE, SUPPORT, f"<@{discord.bot_user_id}> Where is it?")
        refs = await desk.chat.post(desk.thread(asked.id), SAID, "relay-1")

        assert await desk.chat.find(desk.thread(asked.id), "relay-1") == refs


async def test_words_that_could_not_be_borrowed_a_name_for_are_edited_all_the_same(discord: DiscordServer) -> None:
    guild = discord.guild
    guild.deny(SUPPORT, "MANAGE_WEBHOOKS")
    async with connected(discord) as desk:
        asked = await guild.say(ALICE, SUPPORT, "Where is it?")
        (ref,) = await desk.chat.post(desk.thread(asked.id), SAID, "relay-1")
        await desk.chat.edit(ref, SAID.model_copy(update={"markdown": "It is **here**."}))
        assert guild.messages(asked.id)[-1].content.endswith("It is **here**.")

        guild.allow(SUPPORT, "MANAGE_WEBHOOKS")
        await desk.chat.post(desk.thread(asked.id, SUPPORT), SAID, "relay-2")

    async with connected(discord) as later:
        (_,) = await later.chat.post(later.thread(asked.id), SAID, "relay-3")
        await later.chat.edit(ref, SAID.model_copy(update={"markdown": "It was here."}))
        assert str(guild.messages(asked.id)[0].content).endswith("It was here.")
