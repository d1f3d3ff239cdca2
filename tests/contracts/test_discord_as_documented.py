"""Where Discord is other than one would think: each of these is from its documentation, or was seen in the field."""

from collections.abc import AsyncIterator

import pytest

from contracts.discord_desk import connected
from frontdesk.domain.messages import Reply
from frontdesk.domain.people import Person
from frontdesk.sandbox.discord import DiscordServer
from frontdesk.sandbox.discord.example import ALICE, SUPPORT
from frontdesk.sandbox.discord.values import RECIPIENT_ADD, THREAD_STARTER

CUSTOMER = Person(platform="discord", community="discord", id=ALICE, name="Alice Martin")


@pytest.fixture
async def discord() -> AsyncIterator[DiscordServer]:
    async with DiscordServer() as server:
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
