"""Words under a person's name and picture, where that is allowed."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from contracts.discord_interacting import Desk, interacting
from frontdesk.adapters.discord.api import File, Refused
from frontdesk.adapters.discord.webhooks import Webhooks
from frontdesk.adapters.ops.clock import SystemClock
from frontdesk.domain.errors import Ambiguous
from frontdesk.sandbox.discord import DiscordServer, Fault
from frontdesk.sandbox.discord.example import ALICE, BOB, HELP, STAFF, SUPPORT

EXECUTE = "/webhooks/{webhook_id}/{webhook_token}"
OF_CHANNEL = "/channels/{channel_id}/webhooks"
WORDS = {"content": "My parcel is gone.", "components": [], "flags": 4}


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with DiscordServer() as discord, interacting(discord) as desk:
        yield desk


async def test_words_are_posted_under_the_persons_name(desk: Desk) -> None:
    posted = await desk.webhooks.post(STAFF, WORDS, name="Alice Martin", image="https://cdn.example/a.png")

    (message,) = desk.discord.guild.messages(STAFF)
    assert message.id == posted
    assert (message.name, message.content, message.avatar_url) == (
        "Alice Martin",
        "My parcel is gone.",
        "https://cdn.example/a.png",
    )
    assert message.webhook == await desk.webhooks.owner(STAFF)


async def test_nobody_is_called_through_a_webhook(desk: Desk) -> None:
    loud = {"content": f"<@{BOB}> @everyone", "allowed_mentions": {"parse": ["everyone", "users"]}}

    await desk.webhooks.post(STAFF, loud, name="Alice")

    assert desk.discord.guild.messages(STAFF)[0].pings == ()


@pytest.mark.parametrize("name", ["", "Discord Support", "CLYDE", "@everyone", "x" * 200, "  ", "<@1>", "\u200b"])
async def test_a_name_that_discord_refuses_is_made_one_it_takes(desk: Desk, name: str) -> None:
    assert await desk.webhooks.post(STAFF, WORDS, name=name) is not None


async def test_words_go_into_the_thread_and_into_the_post(desk: Desk) -> None:
    guild = desk.discord.guild
    asked = await guild.say(ALICE, SUPPORT, "Hm?")
    opened = await guild.open_thread(ALICE, SUPPORT, "Hm", on=asked.id)
    post = await guild.create_post(ALICE, HELP, "Parcel", "Where?")

    first = await desk.webhooks.post(SUPPORT, WORDS, name="Sam", thread=opened.id)
    second = await desk.webhooks.post(HELP, WORDS, name="Sam", thread=post.id)

    assert guild.messages(opened.id)[-1].id == first
    assert guild.messages(post.id)[-1].id == second


async def test_a_file_goes_with_the_words(desk: Desk) -> None:
    await desk.webhooks.post(STAFF, WORDS, name="Alice", files=[File("a.txt", b"hello", "text/plain")])

    (message,) = desk.discord.guild.messages(STAFF)
    assert [(one.name, one.content) for one in message.attachments] == [("a.txt", b"hello")]


async def test_one_webhook_serves_a_channel_for_ever(desk: Desk) -> None:
    await asyncio.gather(*(desk.webhooks.post(STAFF, WORDS, name=f"P{n}") for n in range(4)))
    restarted = Webhooks(desk.api, desk.notes, SystemClock(), desk.log)
    await restarted.post(STAFF, WORDS, name="Alice")
    desk.notes.kept.clear()
    forgetful = Webhooks(desk.api, desk.notes, SystemClock(), desk.log)
    await forgetful.post(STAFF, WORDS, name="Alice")

    assert len(desk.discord.calls("POST", OF_CHANNEL)) == 1
    assert len({message.webhook for message in desk.discord.guild.messages(STAFF)}) == 1


async def test_a_webhook_that_somebody_deleted_is_made_again(desk: Desk) -> None:
    await desk.webhooks.post(STAFF, WORDS, name="Alice")
    owner = await desk.webhooks.owner(STAFF)
    await desk.api.call("DELETE", "/webhooks/{webhook_id}", webhook_id=str(owner))

    assert await desk.webhooks.post(STAFF, WORDS, name="Alice") is not None

    assert await desk.webhooks.owner(STAFF) != owner


async def test_without_the_permission_the_caller_posts_as_itself(desk: Desk) -> None:
    desk.discord.guild.deny(STAFF, "MANAGE_WEBHOOKS")

    assert await desk.webhooks.post(STAFF, WORDS, name="Alice") is None
    asked = len(desk.discord.requests)
    assert await desk.webhooks.post(STAFF, WORDS, name="Alice") is None

    assert len(desk.discord.requests) == asked


async def test_a_full_channel_is_no_reason_to_lose_words(desk: Desk) -> None:
    desk.discord.faults.on("POST", OF_CHANNEL, Fault.api_error(400, 30007))

    assert await desk.webhooks.post(STAFF, WORDS, name="Alice") is None


async def test_a_lost_answer_is_not_tried_again(desk: Desk) -> None:
    await desk.webhooks.post(STAFF, WORDS, name="Alice")
    for fault in (Fault.dropped_after_receipt(), Fault.server_error()):
        desk.discord.faults.on("POST", EXECUTE, fault)
        with pytest.raises(Ambiguous):
            await desk.webhooks.post(STAFF, WORDS, name="Alice")

    assert len(desk.discord.guild.messages(STAFF)) == 2


async def test_a_post_can_be_changed_and_taken_away(desk: Desk) -> None:
    message = await desk.webhooks.post(STAFF, WORDS, name="Alice") or ""

    assert await desk.webhooks.edit(STAFF, message, {**WORDS, "content": f"Found! <@{BOB}>"})
    (changed,) = desk.discord.guild.messages(STAFF)
    assert (changed.content, changed.pings) == (f"Found! <@{BOB}>", ())

    assert await desk.webhooks.delete(STAFF, message)
    assert [one for one in desk.discord.guild.messages(STAFF) if not one.deleted] == []


async def test_a_post_in_a_thread_can_be_changed(desk: Desk) -> None:
    post = await desk.discord.guild.create_post(ALICE, HELP, "Parcel", "Where?")
    message = await desk.webhooks.post(HELP, WORDS, name="Sam", thread=post.id) or ""

    assert await desk.webhooks.edit(HELP, message, {"content": "Here."}, thread=post.id)

    assert desk.discord.guild.messages(post.id)[-1].content == "Here."


async def test_a_post_of_a_webhook_that_is_gone_cannot_be_changed(desk: Desk) -> None:
    message = await desk.webhooks.post(STAFF, WORDS, name="Alice") or ""
    await desk.api.call("DELETE", "/webhooks/{webhook_id}", webhook_id=str(await desk.webhooks.owner(STAFF)))

    assert not await desk.webhooks.edit(STAFF, message, WORDS)
    assert not await desk.webhooks.delete(STAFF, message)


async def test_a_channel_that_is_gone_is_said_to_be(desk: Desk) -> None:
    with pytest.raises(Refused) as refused:
        await desk.webhooks.post("1100000000000009999", WORDS, name="Alice")
    assert refused.value.code == 10003
