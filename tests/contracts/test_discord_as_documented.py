"""Where Discord is other than one would think: each of these is from its documentation, or was seen in the field."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from contracts.discord_desk import connected
from contracts.discord_interacting import Notes
from frontdesk.adapters.discord.config import DiscordConfig
from frontdesk.adapters.discord.files import Files
from frontdesk.adapters.ops.clock import SystemClock
from frontdesk.domain.errors import Retry
from frontdesk.domain.messages import Attachment, Line, Relay, Reply
from frontdesk.domain.people import Person
from frontdesk.domain.tickets import Card, Ticket
from frontdesk.sandbox.discord import DiscordServer
from frontdesk.sandbox.discord.example import ALICE, QUEUE, RANDOM, SUPPORT
from frontdesk.sandbox.discord.faults import Fault
from frontdesk.sandbox.discord.values import RECIPIENT_ADD, THREAD_STARTER, Message, Tag

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


def card(status: Any = "queued", number: int = 1) -> Card:
    """A ticket as staff see it."""
    return Card(
        ticket=Ticket(number=number, status=status, why="A refund", wants="Money back", opened_at=1_700_000_000.0),
        customer=CUSTOMER,
        conversation=f"discord:1:2:{number}",
    )


async def test_the_tags_that_a_forum_has_keep_their_emoji_and_their_rights(discord: DiscordServer) -> None:
    forum = discord.guild.channels[QUEUE]
    own = Tag("1100000000000000555", "vip", moderated=True, emoji_name="⭐")
    discord.guild.put_channel(replace(forum, tags=(own,)))
    async with connected(discord, staff_channel=QUEUE) as desk:
        queue = desk.thread(None, QUEUE)
        await asyncio.gather(*(desk.chat.post(queue, card(number=n), f"card-{n}") for n in range(1, 4)))

        assert own in discord.guild.channels[QUEUE].tags
        assert all(len(post.applied_tags) == 2 for post in discord.guild.threads(QUEUE))


async def test_a_closed_card_that_changes_once_more_is_out_of_the_list_again(discord: DiscordServer) -> None:
    async with connected(discord, listen=False, staff_channel=QUEUE) as desk:
        (ref,) = await desk.chat.post(desk.thread(None, QUEUE), card(), "card-1")
        await desk.chat.edit(ref, card("resolved"))
        await desk.chat.edit(ref, card("resolved"))

        assert discord.guild.channels[ref.id].archived


@pytest.mark.parametrize("code", [20016, 20028, 40003, 40062, 130000])
async def test_a_refusal_that_passes_is_tried_again_later(discord: DiscordServer, code: int) -> None:
    async with connected(discord, listen=False) as desk:
        discord.faults.on("POST", "/channels/{channel_id}/messages", Fault.api_error(400, code), times=1)
        with pytest.raises(Retry):
            await desk.chat.post(desk.thread(), Line(markdown="Hello"), "line-1")


class Forwarding:
    """Discord with one message, which passes on another one with a file."""

    config = DiscordConfig(token=SecretStr("x" * 30))

    async def call(self, *route: str, **names: str) -> dict[str, Any]:
        file = {"id": "7", "filename": "a.txt", "url": "https://cdn.discordapp.com/attachments/1/7/a.txt?ex=ffffffff"}
        return {"attachments": [], "message_snapshots": [{"message": {"attachments": [file]}}]}

    async def download(self, url: str, most: int) -> bytes:
        return url.encode()


async def test_a_file_in_a_forwarded_message_is_had_when_its_link_ran_out() -> None:
    old = "https://cdn.discordapp.com/attachments/1/7/a.txt?ex=1"
    file = Attachment(id="7", name="a.txt", media_type="text/plain", size=3, url=old, platform="discord", message="5")
    api: Any = Forwarding()

    assert b"ex=ffffffff" in await Files(api, SystemClock()).download(file)


async def test_words_for_one_person_alone_are_nobodys_direct_message(discord: DiscordServer) -> None:
    """Discord tells of them without a server, as it tells of direct messages."""
    async with connected(discord) as desk:
        await discord.guild.slash(ALICE, SUPPORT, "desk", "help")
        await desk.until(lambda: any(one.ephemeral_for and not one.loading for one in discord.guild.ephemerals))
        told = [event for event in discord.guild.events.sent if event.name.startswith("MESSAGE_")]
        await discord.guild.say(ALICE, SUPPORT, "Hello")
        await desk.heard("Hello")

    assert told
    assert all("guild_id" not in event.data and "member" not in event.data for event in told)
