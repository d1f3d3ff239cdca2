"""Messages on the local Discord: sending, reading, editing, deleting, and what each of them refuses."""

from typing import Any

import pytest
from discord_client import Client

from frontdesk.sandbox.discord import DiscordServer
from frontdesk.sandbox.discord.example import ALICE, BOB, GENERAL, RANDOM, STAFF_ROLE, SUPPORT

HERE = f"/channels/{SUPPORT}/messages"


async def said(rest: Client, content: str = "hello", **more: Any) -> dict[str, Any]:
    reply = await rest("POST", HERE, {"content": content, **more})
    assert reply.status == 200, reply.body
    body: dict[str, Any] = reply.body
    return body


async def test_a_message_appears_and_is_answered_as_the_specification_says(
    discord: DiscordServer, rest: Client
) -> None:
    body = await said(rest, "hello", allowed_mentions={"parse": []})
    (message,) = discord.guild.messages(SUPPORT)
    assert (message.id, message.content, message.author, message.name) == (
        body["id"],
        "hello",
        discord.bot_user_id,
        "frontdesk",
    )
    assert discord.violations == []


async def test_answers_are_exactly_application_json(discord: DiscordServer, rest: Client) -> None:
    reply = await rest("POST", HERE, {"content": "hello"})
    assert reply.headers["Content-Type"] == "application/json"
    assert "Via" in reply.headers
    assert "X-RateLimit-Remaining" in reply.headers


async def test_history_comes_newest_first_and_in_pages(discord: DiscordServer, rest: Client) -> None:
    ids = [(await discord.guild.say(ALICE, SUPPORT, f"line {number}")).id for number in range(5)]

    async def page(**query: Any) -> list[int]:
        return [ids.index(one["id"]) for one in (await rest("GET", HERE, **query)).body]

    assert await page() == [4, 3, 2, 1, 0]
    assert await page(limit=2) == [4, 3]
    assert await page(limit=2, before=ids[3]) == [2, 1]
    assert await page(limit=2, after=ids[0]) == [2, 1]
    assert await page(limit=3, around=ids[2]) == [3, 2, 1]
    assert discord.violations == []


async def test_a_nonce_makes_one_message_however_often_it_is_sent(discord: DiscordServer, rest: Client) -> None:
    first = await said(rest, "once", nonce="turn-7", enforce_nonce=True)
    again = await said(rest, "once", nonce="turn-7", enforce_nonce=True)
    assert again["id"] == first["id"]
    assert len(discord.guild.messages(SUPPORT)) == 1


async def test_a_nonce_that_is_not_enforced_makes_doubles(discord: DiscordServer, rest: Client) -> None:
    await said(rest, "twice", nonce="turn-7")
    await said(rest, "twice", nonce="turn-7")
    assert len(discord.guild.messages(SUPPORT)) == 2


async def test_a_nonce_is_forgotten_after_some_minutes(discord: DiscordServer, rest: Client) -> None:
    await said(rest, "once", nonce="turn-7", enforce_nonce=True)
    discord.advance(301)
    await said(rest, "once", nonce="turn-7", enforce_nonce=True)
    assert len(discord.guild.messages(SUPPORT)) == 2


async def test_mentions_ping_unless_they_are_switched_off(discord: DiscordServer, rest: Client) -> None:
    text = f"<@{ALICE}> <@&{STAFF_ROLE}> @everyone"
    await said(rest, text)
    await said(rest, text, allowed_mentions={"parse": []})
    await said(rest, text, allowed_mentions={"users": [ALICE]})
    discord.guild.allow(SUPPORT, "MENTION_EVERYONE")
    await said(rest, text)
    assert [one.pings for one in discord.guild.messages(SUPPORT)] == [
        (ALICE, STAFF_ROLE),
        (),
        (ALICE,),
        (ALICE, STAFF_ROLE, "@everyone"),
    ]


async def test_a_reply_pings_its_original_only_where_that_is_allowed(discord: DiscordServer, rest: Client) -> None:
    question = await discord.guild.say(ALICE, SUPPORT, "why?")
    reference = {"message_id": question.id}
    await said(rest, "so", message_reference=reference)
    await said(rest, "so", message_reference=reference, allowed_mentions={"parse": []})
    await said(rest, "so", message_reference=reference, allowed_mentions={"parse": [], "replied_user": True})
    answers = discord.guild.messages(SUPPORT)[1:]
    assert [one.pings for one in answers] == [(ALICE,), (), (ALICE,)]
    assert {one.reply_to for one in answers} == {question.id}


async def test_a_reply_to_what_is_gone_is_refused_or_becomes_a_plain_message(
    discord: DiscordServer, rest: Client
) -> None:
    question = await discord.guild.say(ALICE, SUPPORT, "why?")
    await discord.guild.delete(ALICE, SUPPORT, question.id)
    refused = await rest("POST", HERE, {"content": "so", "message_reference": {"message_id": question.id}})
    assert (refused.status, refused.code) == (400, 50035)
    lenient = {"message_id": question.id, "fail_if_not_exists": False}
    assert (await said(rest, "so", message_reference=lenient))["type"] == 0
    assert discord.violations == []


async def test_an_edit_changes_what_it_names_and_leaves_the_rest(discord: DiscordServer, rest: Client) -> None:
    first = await said(rest, "hello", embeds=[{"title": "A box"}])
    await rest("PATCH", f"{HERE}/{first['id']}", {"content": "bye"})
    (message,) = discord.guild.messages(SUPPORT)
    assert (message.shown, bool(message.edited)) == ("bye\nA box", True)
    assert discord.violations == []


async def test_nobody_edits_what_others_said(discord: DiscordServer, rest: Client) -> None:
    question = await discord.guild.say(ALICE, SUPPORT, "why?")
    refused = await rest("PATCH", f"{HERE}/{question.id}", {"content": "no"})
    assert (refused.status, refused.code) == (403, 50005)


async def test_old_messages_may_be_edited_only_so_often(discord: DiscordServer, rest: Client) -> None:
    first = await said(rest)
    discord.advance(3601)
    discord.guild.most_edits_of_old = 2
    statuses = [(await rest("PATCH", f"{HERE}/{first['id']}", {"content": str(n)})).status for n in range(3)]
    assert statuses == [200, 200, 429]
    refused = await rest("PATCH", f"{HERE}/{first['id']}", {"content": "again"})
    assert refused.code == 30046


async def test_a_moderator_may_delete_what_others_said(discord: DiscordServer, rest: Client) -> None:
    question = await discord.guild.say(ALICE, SUPPORT, "why?")
    discord.guild.deny(SUPPORT, "MANAGE_MESSAGES")
    assert (await rest("DELETE", f"{HERE}/{question.id}")).code == 50013
    discord.guild.allow(SUPPORT, "MANAGE_MESSAGES")
    assert (await rest("DELETE", f"{HERE}/{question.id}")).status == 204
    assert discord.guild.messages(SUPPORT) == []
    assert (await rest("GET", f"{HERE}/{question.id}")).code == 10008


async def test_what_the_app_cannot_see_or_do_is_refused_with_discords_codes(
    discord: DiscordServer, rest: Client
) -> None:
    hidden = await rest("POST", f"/channels/{RANDOM}/messages", {"content": "hello"})
    assert (hidden.status, hidden.code) == (403, 50001)
    discord.guild.deny(GENERAL, "SEND_MESSAGES")
    mute = await rest("POST", f"/channels/{GENERAL}/messages", {"content": "hello"})
    assert (mute.status, mute.code) == (403, 50013)
    await discord.guild.delete_channel(GENERAL)
    gone = await rest("POST", f"/channels/{GENERAL}/messages", {"content": "hello"})
    assert (gone.status, gone.code) == (404, 10003)
    assert discord.violations == []
    assert discord.invalid_requests == 2


async def test_without_the_right_to_read_history_there_is_none(discord: DiscordServer, rest: Client) -> None:
    await discord.guild.say(ALICE, SUPPORT, "why?")
    discord.guild.deny(SUPPORT, "READ_MESSAGE_HISTORY")
    assert (await rest("GET", HERE)).body == []


async def test_a_person_can_refuse_direct_messages(discord: DiscordServer, rest: Client) -> None:
    direct = (await rest("POST", "/users/@me/channels", {"recipient_id": ALICE})).body["id"]
    assert (await rest("POST", f"/channels/{direct}/messages", {"content": "hello"})).status == 200
    discord.guild.block_dms(ALICE)
    refused = await rest("POST", f"/channels/{direct}/messages", {"content": "hello"})
    assert (refused.status, refused.code) == (403, 50007)
    discord.guild.block_dms(ALICE, blocked=False)
    await discord.guild.leave(ALICE)
    assert (await rest("POST", f"/channels/{direct}/messages", {"content": "hello"})).code == 50007


async def test_reactions_are_given_and_taken_back(discord: DiscordServer, rest: Client) -> None:
    question = await discord.guild.say(ALICE, SUPPORT, "why?")
    thumb = f"{HERE}/{question.id}/reactions/%F0%9F%91%8D/@me"
    assert (await rest("PUT", thumb)).status == 204
    assert discord.guild.messages(SUPPORT)[0].reactions == {"👍": (discord.bot_user_id,)}
    discord.advance(1)
    assert (await rest("DELETE", thumb)).status == 204
    assert discord.guild.messages(SUPPORT)[0].reactions == {}
    assert discord.violations == []


async def test_typing_shows_for_ten_seconds_or_until_something_is_said(discord: DiscordServer, rest: Client) -> None:
    assert (await rest("POST", f"/channels/{SUPPORT}/typing")).status == 204
    assert discord.guild.is_typing(SUPPORT)
    discord.advance(11)
    assert not discord.guild.is_typing(SUPPORT)
    await rest("POST", f"/channels/{SUPPORT}/typing")
    await said(rest)
    assert not discord.guild.is_typing(SUPPORT)


async def test_several_messages_are_deleted_at_once(discord: DiscordServer, rest: Client) -> None:
    discord.guild.entrust("MANAGE_MESSAGES")
    ids = [(await discord.guild.say(BOB, SUPPORT, "spam")).id for _ in range(3)]
    assert (await rest("POST", f"{HERE}/bulk-delete", {"messages": ids})).status == 204
    assert discord.guild.messages(SUPPORT) == []
    assert discord.guild.events.sent[-1].name == "MESSAGE_DELETE_BULK"


async def test_without_the_message_content_intent_history_is_blank(discord: DiscordServer, rest: Client) -> None:
    discord.gateway.enabled_intents = set()
    await discord.guild.say(ALICE, SUPPORT, "a secret")
    await discord.guild.say(ALICE, SUPPORT, f"<@{discord.bot_user_id}> for you")
    await said(rest, "mine")
    contents = [one["content"] for one in (await rest("GET", HERE)).body]
    assert contents == ["mine", f"<@{discord.bot_user_id}> for you", ""]
    direct = await discord.guild.say_dm(ALICE, "between us")
    assert (await rest("GET", f"/channels/{direct.channel}/messages")).body[0]["content"] == "between us"


async def test_a_wrong_token_is_refused_and_counted(discord: DiscordServer, rest: Client) -> None:
    rest.headers["Authorization"] = "Bot wrong"
    assert (await rest("GET", "/users/@me")).status == 401
    assert discord.invalid_requests == 1


async def test_a_revoked_token_is_worth_nothing(discord: DiscordServer, rest: Client) -> None:
    discord.revoke_token()
    assert (await rest("GET", "/users/@me")).status == 401


async def test_an_unknown_route_and_a_bad_client_are_violations(discord: DiscordServer, rest: Client) -> None:
    assert (await rest("GET", "/nothing/here")).status == 404
    rest.headers["User-Agent"] = "curl"
    await rest("GET", "/users/@me")
    assert len([one for one in discord.violations if "no such route here" in one or "User-Agent" in one]) == 2


@pytest.mark.parametrize(
    "body", [[], "text", {"content": {"a": 1}, "flags": "x"}, {"embeds": [3]}, {"components": {"a": 1}}]
)
async def test_a_body_of_a_strange_shape_is_refused_and_noted(discord: DiscordServer, rest: Client, body: Any) -> None:
    reply = await rest("POST", HERE, body)
    assert reply.status == 400
    assert discord.violations
