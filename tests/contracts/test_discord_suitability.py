"""What `frontdesk check` says of a Discord that is not set up: the setting, what is wrong with it, and the mend."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from contracts.discord_interacting import Log, config
from frontdesk.adapters.discord.suitability import suitability
from frontdesk.adapters.ops.clock import SystemClock
from frontdesk.sandbox.discord import DiscordServer
from frontdesk.sandbox.discord.example import ALICE, GENERAL, HELP, QUEUE, STAFF, SUPPORT


@pytest.fixture
async def discord() -> AsyncIterator[DiscordServer]:
    async with DiscordServer() as server:
        yield server


async def told(discord: DiscordServer, **changes: Any) -> dict[str, str | None]:
    given = config(discord, **{"channels": (SUPPORT, HELP), **changes})
    return dict(await suitability(given, SystemClock(), Log()))


@pytest.mark.parametrize("staff", [STAFF, QUEUE])
async def test_where_nothing_is_missing_nothing_is_said(discord: DiscordServer, staff: str) -> None:
    lines = await told(discord, staff_channel=staff)
    assert len(lines) == 5
    assert not any(lines.values())


async def test_a_missing_intent_is_named_with_the_file_that_does_without(discord: DiscordServer) -> None:
    discord.app.enabled_intents.discard("MESSAGE_CONTENT")
    line = (await told(discord))["discord intents"]
    assert line is not None
    assert "Message Content intent is off" in line
    assert "frontdesk.toml" in line
    assert (await told(discord, message_content=False))["discord intents"] is None


async def test_a_hidden_channel_and_one_that_is_none_have_mends_of_their_own(discord: DiscordServer) -> None:
    discord.guild.deny(STAFF, "VIEW_CHANNEL", target=discord.bot_user_id)
    lines = await told(discord, channels=("1234567890",))
    hidden, none = lines["discord staff channel"], lines["discord channel 1234567890"]
    assert hidden is not None
    assert hidden.startswith(f"FRONTDESK_STAFF_CHANNEL=discord:{STAFF} is hidden from the bot: add the bot")
    assert none is not None
    assert none.startswith("discord:1234567890 in FRONTDESK_CHANNELS is no channel that the bot can find")
    assert "Copy Channel ID" in none


async def test_a_public_staff_channel_and_a_thread_are_refused(discord: DiscordServer) -> None:
    public = (await told(discord, staff_channel=GENERAL))["discord staff channel"]
    assert public is not None
    assert "is public" in public
    thread = await discord.guild.open_thread(ALICE, SUPPORT, "Bags")
    wrong = (await told(discord, staff_channel=thread.id))["discord staff channel"]
    assert wrong is not None
    assert "is a thread" in wrong


async def test_missing_permissions_are_named_as_discord_shows_them(discord: DiscordServer) -> None:
    discord.guild.deny(SUPPORT, "SEND_MESSAGES_IN_THREADS", "MANAGE_WEBHOOKS", target=discord.bot_user_id)
    line = (await told(discord))[f"discord channel {SUPPORT}"]
    assert line is not None
    assert "the bot lacks Send Messages in Threads, Manage Webhooks: grant it" in line


async def test_an_address_where_nobody_answers_is_named(discord: DiscordServer) -> None:
    lines = await told(discord, api_url="http://127.0.0.1:1/api/v10")
    assert list(lines) == ["discord"]
    assert "DISCORD_API_URL=http://127.0.0.1:1/api/v10 cannot be reached" in str(lines["discord"])
