"""The whole desk on a Discord that says no: whom it concerns reads one clear line, and nothing is lost."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path

import pytest

from frontdesk.bootstrap import Program, running_desk
from frontdesk.sandbox.discord import DiscordServer, Message
from frontdesk.sandbox.discord.example import ALICE, BOB, SAM, STAFF, SUPPORT
from frontdesk.sandbox.model import ModelServer
from frontdesk.settings import load_settings

SHOP = Path(str(files("frontdesk.sandbox") / "shop"))
QUESTION = "How long does shipping take?"
A_PERSON = "I want to talk to a person about my refund"


class World:
    def __init__(self, discord: DiscordServer, program: Program) -> None:
        self.discord = discord
        self.program = program

    def words(self, channel: str) -> list[str]:
        return [one.shown for one in self.discord.guild.messages(channel)]

    async def until(self, condition: Callable[[], object], timeout: float = 20.0) -> None:
        await self.discord.guild.until(condition, timeout)

    async def ticket(self) -> Message:
        """The card of the only ticket."""
        await self.until(lambda: self.discord.guild.messages(STAFF))
        [card] = self.discord.guild.messages(STAFF)
        return card

    async def staff_say(self, card: Message, text: str) -> None:
        guild = self.discord.guild
        await self.until(lambda: card.id in guild.channels)
        await guild.say(SAM, card.id, text)

    async def staff_read(self, card: Message, words: str) -> None:
        """Exactly one line in the ticket says so."""
        await self.until(lambda: any(words in line for line in self.words(card.id)))
        [line] = [line for line in self.words(card.id) if words in line]
        assert "⚠️" in line
        assert "\n" not in line
        assert "/channels/" not in line


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened(tmp_path) as world:
        yield world


@asynccontextmanager
async def opened(data: Path) -> AsyncIterator[World]:
    async with DiscordServer() as discord, ModelServer() as model:
        settings = load_settings(
            {
                "DISCORD_TOKEN": discord.token,
                "DISCORD_API_URL": discord.api_url,
                "OPENAI_API_KEY": model.api_key,
                "OPENAI_BASE_URL": model.base_url,
                "FRONTDESK_MODEL": "stand-in",
                "FRONTDESK_STAFF_CHANNEL": f"discord:{STAFF}",
                "FRONTDESK_CHANNELS": f"discord:{SUPPORT}",
                "FRONTDESK_KNOWLEDGE": str(SHOP / "articles"),
                "FRONTDESK_CONFIG": str(SHOP / "frontdesk.toml"),
                "FRONTDESK_HTTP": "127.0.0.1:0",
                "FRONTDESK_DATA_DIR": str(data),
            }
        )
        async with running_desk(settings) as program:
            yield World(discord, program)
        assert discord.violations == []


async def test_staffs_words_to_a_person_who_takes_no_direct_messages(world: World) -> None:
    guild = world.discord.guild
    message = await guild.say_dm(ALICE, A_PERSON)
    card = await world.ticket()
    await world.until(lambda: len(world.words(message.channel)) == 2)
    guild.block_dms(ALICE)
    await world.staff_say(card, "Hello Alice")
    await world.staff_read(card, "takes no direct messages from the desk")
    guild.block_dms(ALICE, blocked=False)
    await guild.say(SAM, card.id, "Once more")
    await world.until(lambda: "Once more" in " ".join(world.words(message.channel)))


async def test_staffs_words_into_a_thread_that_moderators_locked(world: World) -> None:
    guild = world.discord.guild
    question = await guild.say(ALICE, SUPPORT, A_PERSON)
    card = await world.ticket()
    await world.until(lambda: world.words(question.id))
    guild.deny(SUPPORT, "MANAGE_THREADS", "MANAGE_WEBHOOKS")
    await guild.archive(question.id, locked=True)
    await world.staff_say(card, "Hello Alice")
    await world.staff_read(card, "moderators have locked the thread")


async def test_staffs_words_into_a_channel_that_is_deleted(world: World) -> None:
    guild = world.discord.guild
    question = await guild.say(ALICE, SUPPORT, A_PERSON)
    card = await world.ticket()
    await world.until(lambda: world.words(question.id))
    await guild.delete_channel(SUPPORT)
    await world.staff_say(card, "Hello Alice")
    await world.staff_read(card, "is deleted")


async def test_an_answer_that_may_not_be_written_becomes_a_ticket_that_says_so(world: World) -> None:
    guild = world.discord.guild
    question = await guild.say(ALICE, SUPPORT, QUESTION)
    await world.until(lambda: world.words(question.id))
    guild.deny(SUPPORT, "SEND_MESSAGES_IN_THREADS")
    await guild.say(ALICE, question.id, "Which payment methods do you accept?")
    card = await world.ticket()
    assert "the desk lacks a permission there (Discord 50013)" in card.shown


async def test_a_question_asked_while_the_token_is_revoked_for_a_moment_is_answered_after_all(world: World) -> None:
    guild = world.discord.guild
    await guild.say(BOB, SUPPORT, "Which payment methods do you accept?")
    await world.until(lambda: world.discord.calls("POST", "/channels/{channel_id}/messages"))
    world.discord.app.revoked = True
    question = await guild.say(ALICE, SUPPORT, QUESTION)
    await world.until(lambda: any(request.status == 401 for request in world.discord.requests))
    world.discord.app.revoked = False
    await world.until(lambda: world.words(question.id), 60)
