"""Threads and forum posts on the local Discord: how they begin, what closes them, and what is refused."""

from typing import Any

import pytest
from discord_client import Client

from frontdesk.sandbox.discord import DiscordServer
from frontdesk.sandbox.discord.example import ALICE, BOB, HELP, QUEUE, SAM, SOLVED_TAG, SUPPORT


async def opened(discord: DiscordServer, rest: Client) -> str:
    question = await discord.guild.say(ALICE, SUPPORT, "why?")
    reply = await rest("POST", f"/channels/{SUPPORT}/messages/{question.id}/threads", {"name": "why"})
    assert reply.status == 201, reply.body
    thread: str = reply.body["id"]
    return thread


async def say(rest: Client, channel: str, content: str = "so") -> Any:
    return await rest("POST", f"/channels/{channel}/messages", {"content": content})


async def test_a_thread_on_a_message_has_its_id_and_announces_itself(discord: DiscordServer, rest: Client) -> None:
    thread = await opened(discord, rest)
    guild = discord.guild
    (question,) = guild.messages(SUPPORT)
    assert thread == question.id
    assert [event.name for event in guild.events.sent[1:]] == ["THREAD_CREATE", "MESSAGE_UPDATE", "MESSAGE_CREATE"]
    assert guild.events.sent[-1].data["type"] == 21
    assert guild.messages(thread) == []
    assert discord.violations == []


async def test_a_message_carries_one_thread(discord: DiscordServer, rest: Client) -> None:
    thread = await opened(discord, rest)
    again = await rest("POST", f"/channels/{SUPPORT}/messages/{thread}/threads", {"name": "why"})
    assert (again.status, again.code) == (400, 160004)
    assert discord.violations == []


async def test_the_guild_takes_only_so_many_active_threads(discord: DiscordServer, rest: Client) -> None:
    discord.guild.most_active_threads = 1
    thread = await opened(discord, rest)
    question = await discord.guild.say(ALICE, SUPPORT, "and?")
    path = f"/channels/{SUPPORT}/messages/{question.id}/threads"
    assert (await rest("POST", path, {"name": "and"})).code == 160006
    await discord.guild.archive(thread)
    assert (await rest("POST", path, {"name": "and"})).status == 201


async def test_writing_opens_an_archived_thread_again(discord: DiscordServer, rest: Client) -> None:
    thread = await opened(discord, rest)
    await discord.guild.archive(thread)
    assert (await say(rest, thread)).status == 200
    assert not discord.guild.channels[thread].archived
    await discord.guild.archive(thread)
    await discord.guild.say(ALICE, thread, "one more thing")
    assert not discord.guild.channels[thread].archived


async def test_a_locked_thread_takes_words_only_from_moderators(discord: DiscordServer, rest: Client) -> None:
    thread = await opened(discord, rest)
    await discord.guild.lock(thread)
    with pytest.raises(ValueError, match="locked"):
        await discord.guild.say(ALICE, thread, "hello?")
    discord.guild.deny(SUPPORT, "MANAGE_THREADS")
    refused = await say(rest, thread)
    assert (refused.status, refused.code) == (403, 160005)
    await discord.guild.archive(thread)
    refused = await say(rest, thread)
    assert (refused.status, refused.code) == (403, 50083)
    discord.guild.allow(SUPPORT, "MANAGE_THREADS")
    assert (await say(rest, thread)).status == 200


async def test_in_an_archived_thread_nothing_is_edited_or_reacted_to(discord: DiscordServer, rest: Client) -> None:
    thread = await opened(discord, rest)
    message = (await say(rest, thread)).body["id"]
    await discord.guild.archive(thread)
    path = f"/channels/{thread}/messages/{message}"
    assert (await rest("PATCH", path, {"content": "x"})).code == 50083
    assert (await rest("DELETE", path)).code == 50083
    assert (await rest("PUT", f"{path}/reactions/x/@me")).code == 50083
    assert (await rest("PUT", f"/channels/{thread}/thread-members/{BOB}")).code == 50083
    assert (await rest("PATCH", f"/channels/{thread}", {"name": "new"})).code == 50083
    assert (await rest("PATCH", f"/channels/{thread}", {"archived": False, "name": "new"})).status == 200
    assert discord.violations == []


async def test_quiet_threads_are_archived_by_discord_itself(discord: DiscordServer, rest: Client) -> None:
    thread = await opened(discord, rest)
    discord.advance(4319 * 60)
    assert not discord.guild.channels[thread].archived
    await discord.guild.say(ALICE, thread, "still here")
    discord.advance(4319 * 60)
    assert not discord.guild.channels[thread].archived
    discord.advance(120)
    assert discord.guild.channels[thread].archived
    assert discord.guild.events.sent[-1].name == "THREAD_UPDATE"


async def test_active_and_archived_threads_are_listed_apart(discord: DiscordServer, rest: Client) -> None:
    first, second = await opened(discord, rest), await opened(discord, rest)
    await discord.guild.archive(first)
    active = await rest("GET", f"/guilds/{discord.guild_id}/threads/active")
    assert [one["id"] for one in active.body["threads"]] == [second]
    archived = await rest("GET", f"/channels/{SUPPORT}/threads/archived/public")
    assert [one["id"] for one in archived.body["threads"]] == [first]
    assert discord.violations == []


async def test_a_private_thread_is_seen_by_its_members_and_moderators(discord: DiscordServer, rest: Client) -> None:
    body = {"name": "private", "type": 12, "invitable": False}
    reply = await rest("POST", f"/channels/{SUPPORT}/threads", body)
    thread = reply.body["id"]
    guild = discord.guild
    assert guild.may(SAM, thread, "VIEW_CHANNEL")
    with pytest.raises(ValueError, match="does not see"):
        await guild.say(ALICE, thread, "hello?")
    assert (await rest("PUT", f"/channels/{thread}/thread-members/{ALICE}")).status == 204
    await guild.say(ALICE, thread, "hello")
    assert [one.shown for one in guild.messages(thread)] == ["hello"]
    assert guild.messages(SUPPORT) == []
    assert discord.violations == []


async def test_a_thread_takes_only_so_many_members(discord: DiscordServer, rest: Client) -> None:
    thread = await opened(discord, rest)
    discord.guild.most_thread_members = 1
    assert (await rest("PUT", f"/channels/{thread}/thread-members/{BOB}")).code == 30033


async def test_a_forum_post_comes_before_its_first_message(discord: DiscordServer, rest: Client) -> None:
    guild = discord.guild
    post = await guild.create_post(ALICE, HELP, "It is dark", "", starter=False)
    early = await say(rest, post.id)
    assert (early.status, early.code) == (403, 40058)
    assert (await rest("GET", f"/channels/{post.id}/messages/{post.id}")).code == 10008
    await guild.start_post(post.id, "My lamp does not shine")
    assert (await say(rest, post.id)).status == 200
    assert [event.name for event in guild.events.sent[:2]] == ["THREAD_CREATE", "MESSAGE_CREATE"]
    assert guild.events.sent[1].data["id"] == post.id
    assert discord.violations == []


async def test_the_app_opens_tags_and_closes_posts(discord: DiscordServer, rest: Client) -> None:
    body = {"name": "A lamp", "message": {"content": "The card"}, "applied_tags": []}
    post = (await rest("POST", f"/channels/{QUEUE}/threads", body)).body
    assert post["message"]["id"] == post["id"]
    tags = [{"name": "open"}, {"name": "urgent"}]
    offered = (await rest("PATCH", f"/channels/{QUEUE}", {"available_tags": tags})).body["available_tags"]
    applied = {"applied_tags": [one["id"] for one in offered]}
    assert (await rest("PATCH", f"/channels/{post['id']}", applied)).status == 200
    assert discord.guild.tag_names(post["id"]) == ["open", "urgent"]
    closing = {"archived": True, "locked": True}
    assert (await rest("PATCH", f"/channels/{post['id']}", closing)).body["thread_metadata"]["archived"]
    assert discord.violations == []


async def test_a_forum_takes_words_only_in_posts(discord: DiscordServer, rest: Client) -> None:
    assert (await say(rest, HELP)).code == 50008
    with pytest.raises(ValueError, match="forum"):
        await discord.guild.say(ALICE, HELP, "hello")


async def test_tags_are_few_short_and_the_forums_own(discord: DiscordServer, rest: Client) -> None:
    discord.guild.entrust("MANAGE_CHANNELS")
    post = await discord.guild.create_post(ALICE, HELP, "It is dark", "My lamp", tags=["solved"])
    assert post.applied_tags == (SOLVED_TAG,)
    assert (await rest("PATCH", f"/channels/{post.id}", {"applied_tags": ["1"]})).code == 10087
    many = [{"name": str(number)} for number in range(21)]
    assert (await rest("PATCH", f"/channels/{HELP}", {"available_tags": many})).code == 50035
    assert (await rest("PATCH", f"/channels/{HELP}", {"available_tags": [{"name": "x" * 21}]})).code == 50035
    assert (await rest("PATCH", f"/channels/{post.id}", {"applied_tags": [SOLVED_TAG] * 6})).code == 50035


async def test_a_deleted_channel_takes_its_threads_along(discord: DiscordServer, rest: Client) -> None:
    thread = await opened(discord, rest)
    await discord.guild.delete_channel(SUPPORT)
    assert (await say(rest, thread)).code == 10003
    assert discord.guild.events.sent[-1].name == "CHANNEL_DELETE"


async def test_a_channel_lost_from_sight_is_told_of_with_nothing_in_it(discord: DiscordServer, rest: Client) -> None:
    thread = await opened(discord, rest)
    discord.guild.deny(SUPPORT, "VIEW_CHANNEL")
    last = discord.guild.events.sent[-1]
    assert (last.name, last.data["name"], last.data["flags"]) == ("CHANNEL_UPDATE", "___hidden___", 1 << 17)
    assert (await say(rest, thread)).code == 50001
    before = len(discord.guild.events.sent)
    await discord.guild.say(ALICE, SUPPORT, "unheard")
    assert len(discord.guild.events.sent) == before
    discord.guild.allow(SUPPORT, "VIEW_CHANNEL")
    assert [event.name for event in discord.guild.events.sent[before:]] == ["CHANNEL_UPDATE", "THREAD_LIST_SYNC"]
    assert [one["id"] for one in discord.guild.events.sent[-1].data["threads"]] == [thread]


async def test_without_permission_no_thread_is_opened(discord: DiscordServer, rest: Client) -> None:
    question = await discord.guild.say(ALICE, SUPPORT, "why?")
    discord.guild.deny(SUPPORT, "CREATE_PUBLIC_THREADS")
    reply = await rest("POST", f"/channels/{SUPPORT}/messages/{question.id}/threads", {"name": "why"})
    assert (reply.status, reply.code) == (403, 50013)
