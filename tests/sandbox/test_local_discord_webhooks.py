"""Webhooks on the local Discord: whose name they bear, where they write, and what they refuse."""

from typing import Any

import pytest
from discord_client import Client

from frontdesk.sandbox.discord import DiscordServer
from frontdesk.sandbox.discord.example import ALICE, HELP, STAFF, SUPPORT


async def made(rest: Client, channel: str = STAFF) -> str:
    """The address of a new webhook."""
    reply = await rest("POST", f"/channels/{channel}/webhooks", {"name": "customers"})
    assert reply.status == 200, reply.body
    return f"/webhooks/{reply.body['id']}/{reply.body['token']}"


async def test_a_webhook_speaks_under_any_name(discord: DiscordServer, rest: Client) -> None:
    path = await made(rest)
    quiet = await rest("POST", path, {"content": "hello", "username": "Alice"})
    loud = await rest("POST", path, {"content": "again"}, wait="true")
    assert (quiet.status, loud.status) == (204, 200)
    shown = discord.guild.messages(STAFF)
    assert [(one.name, one.content) for one in shown] == [("Alice", "hello"), ("customers", "again")]
    assert loud.body["webhook_id"] == shown[1].webhook
    assert discord.violations == []


@pytest.mark.parametrize("name", ["Discord Fan", "clyde", "", "x" * 81])
async def test_some_names_are_refused(discord: DiscordServer, rest: Client, name: str) -> None:
    path = await made(rest)
    reply = await rest("POST", path, {"content": "hello", "username": name})
    assert (reply.status, reply.code) == (400, 50035)
    assert discord.violations


async def test_a_webhook_writes_into_threads_of_its_channel_only(discord: DiscordServer, rest: Client) -> None:
    path = await made(rest)
    card = (await rest("POST", f"/channels/{STAFF}/messages", {"content": "card"})).body["id"]
    thread = (await rest("POST", f"/channels/{STAFF}/messages/{card}/threads", {"name": "t"})).body["id"]
    await discord.guild.archive(thread)
    inside = await rest("POST", path, {"content": "hello"}, wait="true", thread_id=thread)
    assert inside.body["channel_id"] == thread
    assert not discord.guild.channels[thread].archived
    other = await discord.guild.open_thread(ALICE, SUPPORT, "elsewhere")
    assert (await rest("POST", path, {"content": "hello"}, thread_id=other.id)).code == 10003
    edited = f"{path}/messages/{inside.body['id']}"
    assert (await rest("PATCH", edited, {"content": "bye"})).code == 10008
    assert (await rest("PATCH", edited, {"content": "bye"}, thread_id=thread)).status == 200
    assert (await rest("DELETE", edited, thread_id=thread)).status == 204
    assert discord.guild.messages(thread) == []
    assert discord.violations == []


async def test_in_a_forum_a_webhook_names_a_thread_or_a_title(discord: DiscordServer, rest: Client) -> None:
    path = await made(rest, HELP)
    assert (await rest("POST", path, {"content": "hello"})).code == 220001
    post = await rest("POST", path, {"content": "hello", "thread_name": "A post"}, wait="true")
    assert discord.guild.channels[post.body["id"]].name == "A post"


async def test_a_deleted_webhook_is_unknown_and_a_wrong_token_invalid(discord: DiscordServer, rest: Client) -> None:
    path = await made(rest)
    wrong = path.rsplit("/", 1)[0] + "/wrong"
    assert (await rest("POST", wrong, {"content": "x"})).code == 50027
    assert (await rest("DELETE", path)).status == 204
    gone = await rest("POST", path, {"content": "x"})
    assert (gone.status, gone.code) == (404, 10015)
    assert discord.violations == []


async def test_making_one_needs_the_permission_and_some_room(discord: DiscordServer, rest: Client) -> None:
    discord.enforce_limits = False
    for _ in range(15):
        await made(rest)
    assert (await rest("POST", f"/channels/{STAFF}/webhooks", {"name": "one more"})).code == 30007
    assert len((await rest("GET", f"/channels/{STAFF}/webhooks")).body) == 15
    discord.guild.deny(STAFF, "MANAGE_WEBHOOKS")
    reply: Any = await rest("GET", f"/channels/{STAFF}/webhooks")
    assert (reply.status, reply.code) == (403, 50013)


async def test_the_app_does_not_edit_a_webhooks_message_as_its_own(discord: DiscordServer, rest: Client) -> None:
    path = await made(rest)
    said = (await rest("POST", path, {"content": "hello"}, wait="true")).body["id"]
    assert (await rest("PATCH", f"/channels/{STAFF}/messages/{said}", {"content": "x"})).code == 50005
