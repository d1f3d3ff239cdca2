"""Interactions on the local Discord: their clocks, their states, and both ways to the app."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from discord_client import Client
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from frontdesk.sandbox.discord import Ack, DiscordServer
from frontdesk.sandbox.discord.example import ALICE, DANA, SAM, STAFF, SUPPORT

BUTTON = {"type": 1, "components": [{"type": 2, "style": 1, "label": "Claim", "custom_id": "claim"}]}
COMMAND = {"name": "desk", "description": "The desk", "options": [{"type": 3, "name": "what", "description": "What"}]}


async def card(discord: DiscordServer, rest: Client, channel: str = STAFF) -> str:
    body = {"content": "A card", "components": [BUTTON]}
    reply = await rest("POST", f"/channels/{channel}/messages", body)
    assert reply.status == 200, reply.body
    message: str = reply.body["id"]
    return message


async def pressed(discord: DiscordServer, message: str) -> tuple["asyncio.Task[Ack]", dict[str, Any]]:
    """The press under way, and the interaction that the app was told of."""
    task = asyncio.create_task(discord.guild.press(SAM, STAFF, message, "claim"))
    await asyncio.sleep(0)
    event = discord.guild.events.sent[-1]
    assert event.name == "INTERACTION_CREATE"
    return task, event.data


def callback(interaction: dict[str, Any]) -> str:
    return f"/interactions/{interaction['id']}/{interaction['token']}/callback"


def hook(discord: DiscordServer, interaction: dict[str, Any]) -> str:
    return f"/webhooks/{discord.application_id}/{interaction['token']}"


async def test_a_person_sees_an_error_after_three_seconds(discord: DiscordServer, rest: Client) -> None:
    task, interaction = await pressed(discord, await card(discord, rest))
    discord.advance(3.1)
    ack = await task
    assert (ack.arrived, ack.reason) == (False, "timeout")
    assert discord.guild.failed_interactions == [ack]
    late = await rest("POST", callback(interaction), {"type": 6})
    assert (late.status, late.code) == (404, 10062)
    assert (await rest("POST", hook(discord, interaction), {"content": "x"})).code == 10015
    assert discord.violations == []


async def test_an_interaction_is_acknowledged_once(discord: DiscordServer, rest: Client) -> None:
    task, interaction = await pressed(discord, await card(discord, rest))
    assert (await rest("POST", callback(interaction), {"type": 6})).status == 204
    again = await rest("POST", callback(interaction), {"type": 6})
    assert (again.status, again.code) == (400, 40060)
    assert (await task).kind == 6


async def test_a_token_lives_fifteen_minutes(discord: DiscordServer, rest: Client) -> None:
    task, interaction = await pressed(discord, await card(discord, rest))
    await rest("POST", callback(interaction), {"type": 5})
    await task
    discord.advance(14 * 60)
    assert (await rest("POST", hook(discord, interaction), {"content": "in time"})).status == 200
    discord.advance(61)
    expired = await rest("POST", hook(discord, interaction), {"content": "late"})
    assert (expired.status, expired.code) == (401, 50027)
    assert discord.violations == []


async def test_a_promise_is_ephemeral_or_not_and_nothing_else(discord: DiscordServer, rest: Client) -> None:
    task, interaction = await pressed(discord, await card(discord, rest))
    assert (await rest("POST", callback(interaction), {"type": 5, "data": {"flags": 64 | 4}})).code == 50035
    assert any("promised" in one for one in discord.violations)
    await rest("POST", callback(interaction), {"type": 5, "data": {"flags": 64}})
    assert (await task).kind == 5


async def test_the_first_follow_up_fulfils_a_promise(discord: DiscordServer, rest: Client) -> None:
    task, interaction = await pressed(discord, await card(discord, rest))
    told = await rest("POST", callback(interaction), {"type": 5, "data": {"flags": 64}}, with_response="true")
    assert told.body["interaction"]["response_message_loading"]
    await task
    assert discord.guild.ephemerals[0].loading
    await rest("POST", hook(discord, interaction), {"content": "done"})
    await rest("POST", hook(discord, interaction), {"content": "and more", "flags": 64})
    assert [(one.shown, one.loading) for one in discord.guild.ephemerals] == [("done", False), ("and more", False)]
    assert discord.violations == []


async def test_an_answer_can_be_changed_and_taken_back(discord: DiscordServer, rest: Client) -> None:
    task, interaction = await pressed(discord, await card(discord, rest))
    await rest("POST", callback(interaction), {"type": 4, "data": {"content": "one"}})
    ack = await task
    original = f"{hook(discord, interaction)}/messages/@original"
    assert (await rest("GET", original)).body["id"] == ack.message
    await rest("PATCH", original, {"content": "two"})
    assert discord.guild.messages(STAFF)[-1].shown == "two"
    assert (await rest("DELETE", original)).status == 204
    assert [one.shown for one in discord.guild.messages(STAFF)] == ["A card"]
    assert discord.violations == []


async def test_an_update_changes_the_message_of_the_button(discord: DiscordServer, rest: Client) -> None:
    message = await card(discord, rest)
    task, interaction = await pressed(discord, message)
    await rest("POST", callback(interaction), {"type": 7, "data": {"content": "Sam has it", "components": []}})
    assert (await task).message == message
    (changed,) = discord.guild.messages(STAFF)
    assert (changed.shown, changed.buttons) == ("Sam has it", [])
    with pytest.raises(ValueError, match="no 'claim' to press"):
        await discord.guild.press(SAM, STAFF, message, "claim")


async def test_a_button_of_a_deleted_message_can_still_be_pressed_by_an_old_client(
    discord: DiscordServer, rest: Client
) -> None:
    message = await card(discord, rest)
    shown = discord.guild.messages(STAFF)[0]
    await rest("DELETE", f"/channels/{STAFF}/messages/{message}")
    task = asyncio.create_task(discord.guild.press_stale(SAM, STAFF, shown, "claim"))
    await asyncio.sleep(0)
    interaction = discord.guild.events.sent[-1].data
    gone = await rest("POST", callback(interaction), {"type": 7, "data": {"content": "x"}})
    assert gone.code == 10008
    await rest("POST", callback(interaction), {"type": 4, "data": {"content": "It is gone", "flags": 64}})
    assert (await task).kind == 4


async def test_callbacks_that_do_not_fit_are_refused(discord: DiscordServer, rest: Client) -> None:
    await rest("PUT", f"/applications/{discord.application_id}/commands", [COMMAND])
    task = asyncio.create_task(discord.guild.slash(ALICE, SUPPORT, "desk", None, {"what": "help"}))
    await asyncio.sleep(0)
    interaction = discord.guild.events.sent[-1].data
    for kind in (1, 6, 7, 8):
        assert (await rest("POST", callback(interaction), {"type": kind, "data": {}})).code == 50035
    modal = {"custom_id": "form", "title": "x" * 46, "components": []}
    assert (await rest("POST", callback(interaction), {"type": 9, "data": modal})).code == 50035
    discord.advance(4)
    assert not (await task).arrived
    assert len(discord.violations) >= 5


async def test_only_the_person_sees_and_presses_an_ephemeral_answer(discord: DiscordServer, rest: Client) -> None:
    task, interaction = await pressed(discord, await card(discord, rest))
    data = {"content": "for you", "flags": 64, "components": [BUTTON]}
    await rest("POST", callback(interaction), {"type": 4, "data": data})
    ack = await task
    assert ack.message is not None
    assert discord.guild.ephemerals[0].ephemeral_for == SAM
    with pytest.raises(ValueError, match="sees no message"):
        await discord.guild.press(DANA, STAFF, ack.message, "claim")
    assert (await rest("GET", f"/channels/{STAFF}/messages/{ack.message}")).code == 10008
    pressing = asyncio.create_task(discord.guild.press(SAM, STAFF, ack.message, "claim"))
    await asyncio.sleep(0)
    second = discord.guild.events.sent[-1].data
    await rest("POST", callback(second), {"type": 7, "data": {"content": "changed"}})
    await pressing
    assert [one.shown for one in discord.guild.ephemerals] == ["changed"]
    assert discord.violations == []


async def test_commands_are_overwritten_together_and_keep_their_ids(discord: DiscordServer, rest: Client) -> None:
    path = f"/applications/{discord.application_id}/commands"
    first = (await rest("PUT", path, [COMMAND, {"name": "Ask", "type": 3}])).body
    second = (await rest("PUT", path, [{**COMMAND, "description": "Another"}])).body
    assert [one["id"] for one in second] == [first[0]["id"]]
    assert [one["name"] for one in (await rest("GET", path)).body] == ["desk"]
    assert discord.violations == []


async def test_a_command_that_is_not_registered_cannot_be_used(discord: DiscordServer) -> None:
    with pytest.raises(ValueError, match="no command 'desk'"):
        await discord.guild.slash(ALICE, SUPPORT, "desk")


async def test_a_command_is_offered_only_where_and_to_whom_it_was_made_for(
    discord: DiscordServer, rest: Client
) -> None:
    guild = discord.guild
    commands = [
        {**COMMAND, "name": "direct", "contexts": [1]},
        {**COMMAND, "name": "staff", "default_member_permissions": str(1 << 34)},
    ]
    await rest("PUT", f"/applications/{discord.application_id}/commands", commands)
    with pytest.raises(ValueError, match="not offered in the server"):
        await guild.slash(ALICE, SUPPORT, "direct")
    with pytest.raises(ValueError, match="not offered to"):
        await guild.slash(ALICE, SUPPORT, "staff")
    asking = [
        asyncio.create_task(guild.slash(ALICE, guild.dm_with(ALICE).id, "direct")),
        asyncio.create_task(guild.slash(SAM, SUPPORT, "staff")),
    ]
    await asyncio.sleep(0)
    told = [event.data for event in guild.events.sent if event.name == "INTERACTION_CREATE"]
    for interaction in told:
        await rest("POST", callback(interaction), {"type": 4, "data": {"content": "here"}})
    assert [(await ack).kind for ack in asking] == [4, 4]
    assert [("user" in one, one["context"]) for one in told] == [(True, 1), (False, 0)]
    assert discord.violations == []


async def test_a_reply_to_an_answer_of_a_command_is_blank_even_with_a_ping(
    discord: DiscordServer, rest: Client
) -> None:
    discord.gateway.enabled_intents = set()
    guild = discord.guild
    plain = (await rest("POST", f"/channels/{STAFF}/messages", {"content": "hello"})).body["id"]
    task, interaction = await pressed(discord, await card(discord, rest))
    await rest("POST", callback(interaction), {"type": 4, "data": {"content": "answer"}})
    answer = (await task).message
    for original in (plain, answer):
        await guild.say(SAM, STAFF, "thanks", reply_to=original)
    contents = [one["content"] for one in (await rest("GET", f"/channels/{STAFF}/messages")).body]
    assert contents[:2] == ["", "thanks"]


# over HTTP


@asynccontextmanager
async def endpoint(discord: DiscordServer, answer: Any, status: int = 200) -> AsyncIterator[list[dict[str, Any]]]:
    """An app that verifies signatures and answers every interaction alike."""
    heard: list[dict[str, Any]] = []
    key = VerifyKey(bytes.fromhex(discord.public_key))

    async def handle(request: web.Request) -> web.Response:
        body = await request.read()
        stamp = request.headers["X-Signature-Timestamp"].encode()
        try:
            key.verify(stamp + body, bytes.fromhex(request.headers["X-Signature-Ed25519"]))
        except BadSignatureError:
            return web.Response(status=401)
        payload = json.loads(body)
        if payload["type"] == 1:
            return web.json_response({"type": 1})
        heard.append(payload)
        return web.json_response(answer) if answer is not None else web.Response(status=status)

    app = web.Application()
    app.router.add_post("/interactions", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        discord.deliver_interactions_to(f"http://127.0.0.1:{runner.addresses[0][1]}/interactions")
        yield heard
    finally:
        await runner.cleanup()


async def test_interactions_can_come_signed_over_http_and_be_answered_in_the_response(
    discord: DiscordServer, rest: Client
) -> None:
    message = await card(discord, rest)
    async with endpoint(discord, {"type": 4, "data": {"content": "yours", "flags": 64}}) as heard:
        ack = await discord.guild.press(SAM, STAFF, message, "claim")
    assert (ack.arrived, ack.kind) == (True, 4)
    assert [one.shown for one in discord.guild.ephemerals] == ["yours"]
    assert heard[0]["data"]["custom_id"] == "claim"
    assert "INTERACTION_CREATE" not in [event.name for event in discord.guild.events.sent]


async def test_an_interaction_over_http_can_be_taken_and_answered_by_rest(discord: DiscordServer, rest: Client) -> None:
    message = await card(discord, rest)
    async with endpoint(discord, None, status=202) as heard:
        pressing = asyncio.create_task(discord.guild.press(SAM, STAFF, message, "claim"))
        await discord.guild.until(lambda: heard)
        assert (await rest("POST", callback(heard[0]), {"type": 6})).status == 204
        assert (await pressing).kind == 6


async def test_the_endpoint_is_checked_with_a_ping_and_a_forged_signature(discord: DiscordServer) -> None:
    async with endpoint(discord, None):
        assert await discord.verify_interactions_url()


async def test_a_wrong_answer_over_http_is_noted(discord: DiscordServer, rest: Client) -> None:
    message = await card(discord, rest)
    async with endpoint(discord, {"type": 4, "data": {"content": "x" * 2001}}):
        pressing = asyncio.create_task(discord.guild.press(SAM, STAFF, message, "claim"))
        await discord.guild.until(lambda: discord.violations)
        discord.advance(4)
        assert not (await pressing).arrived
