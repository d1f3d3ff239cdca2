"""One conversation from question to button, driven by the real discord.py."""

from collections.abc import AsyncIterator

import discord
import pytest
from discord_app import connected, led_here

from frontdesk.sandbox.discord import DiscordServer
from frontdesk.sandbox.discord.example import ALICE, SUPPORT


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DiscordServer]:
    async with DiscordServer() as server:
        led_here(server, monkeypatch)
        yield server


async def test_discord_py_answers_a_question_in_a_thread_on_it(server: DiscordServer) -> None:
    guild = server.guild
    client = discord.Client(intents=discord.Intents.all())

    @client.event
    async def on_message(message: discord.Message) -> None:
        if message.author.bot or message.type is not discord.MessageType.default:
            return
        thread = await message.create_thread(name="a question")
        await thread.send("Within 30 days.")

    async with connected(server, client):
        question = await guild.say(ALICE, SUPPORT, "How do I return a lamp?")
        await guild.until(lambda: question.id in guild.channels and guild.messages(question.id))
        assert [one.shown for one in guild.messages(question.id)] == ["Within 30 days."]
    assert server.violations == []
