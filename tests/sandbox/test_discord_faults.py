"""Faults on demand: the local Discord goes wrong exactly as it was told."""

import aiohttp
import pytest
from discord_client import Client

from frontdesk.sandbox.discord import DiscordServer, Fault
from frontdesk.sandbox.discord.example import ALICE, BOB, HELP, SUPPORT

POST = ("POST", "/channels/{channel_id}/messages")
HERE = f"/channels/{SUPPORT}/messages"


async def test_a_rate_limit_has_its_headers_and_no_effect(discord: DiscordServer, rest: Client) -> None:
    discord.faults.on(*POST, Fault.rate_limited(5))
    reply = await rest("POST", HERE, {"content": "hello"})
    assert (reply.status, reply.body["retry_after"], reply.headers["Retry-After"]) == (429, 5, "5")
    assert "Via" in reply.headers
    assert reply.headers["X-RateLimit-Scope"] == "user"
    assert discord.guild.messages(SUPPORT) == []
    assert (await rest("POST", HERE, {"content": "hello"})).status == 200
    assert discord.invalid_requests == 1
    assert discord.violations == []


async def test_a_shared_limit_does_not_count_as_invalid(discord: DiscordServer, rest: Client) -> None:
    discord.faults.on(*POST, Fault.rate_limited(5, scope="shared"))
    assert (await rest("POST", HERE, {"content": "hello"})).headers["X-RateLimit-Scope"] == "shared"
    assert discord.invalid_requests == 0


async def test_a_ban_comes_from_the_edge_without_via(discord: DiscordServer, rest: Client) -> None:
    discord.faults.on(*POST, Fault.banned())
    reply = await rest("POST", HERE, {"content": "hello"})
    assert reply.status == 429
    assert "Via" not in reply.headers


async def test_a_server_error_has_no_effect_and_no_json(discord: DiscordServer, rest: Client) -> None:
    discord.faults.on(*POST, Fault.server_error(502), times=2)
    assert [(await rest("POST", HERE, {"content": "x"})).status for _ in range(3)] == [502, 502, 200]
    assert [one.status for one in discord.calls(*POST)] == [502, 502, 200]


async def test_a_connection_breaks_before_or_after_the_effect(discord: DiscordServer, rest: Client) -> None:
    discord.faults.on(*POST, Fault.dropped_before_receipt(), Fault.dropped_after_receipt())
    for text in ("lost", "heard"):
        with pytest.raises(aiohttp.ClientError):
            await rest("POST", HERE, {"content": text})
    assert [one.shown for one in discord.guild.messages(SUPPORT)] == ["heard"]


async def test_any_error_can_be_asked_for(discord: DiscordServer, rest: Client) -> None:
    discord.faults.on("*", "*", Fault.api_error(403, 50013))
    reply = await rest("GET", "/users/@me")
    assert (reply.status, reply.code, reply.body["message"]) == (403, 50013, "Missing Permissions")


async def test_an_answer_can_be_slow_though_the_effect_is_not(discord: DiscordServer, rest: Client) -> None:
    discord.faults.on(*POST, Fault.slow(0.2))
    loop_time = discord.clock.now()
    await rest("POST", HERE, {"content": "hello"})
    message = discord.guild.messages(SUPPORT)[0]
    assert discord.clock.now() - loop_time >= 0.2
    assert message.at < loop_time + 0.2


async def test_events_are_doubled_lost_held_and_reordered(discord: DiscordServer) -> None:
    told: list[str] = []
    events = discord.guild.events
    # The last step before the gateway, so that no socket is needed here.
    events.dispatch = lambda event: told.append(event.data.get("content", event.name))  # type: ignore[method-assign]
    discord.faults.events(duplicate=1)
    await discord.guild.say(ALICE, SUPPORT, "twice")
    discord.faults.events(lose=1)
    await discord.guild.say(ALICE, SUPPORT, "lost")
    discord.faults.events(reorder=2)
    await discord.guild.say(ALICE, SUPPORT, "second")
    await discord.guild.say(ALICE, SUPPORT, "first")
    discord.faults.events(hold=True)
    await discord.guild.say(ALICE, SUPPORT, "held")
    assert told == ["twice", "twice", "first", "second"]
    discord.faults.events(hold=False)
    assert told[-1] == "held"


async def test_a_post_can_come_after_its_first_message(discord: DiscordServer) -> None:
    told: list[str] = []
    events = discord.guild.events
    events.dispatch = lambda event: told.append(event.name)  # type: ignore[method-assign]
    discord.faults.events(reorder=2)
    await discord.guild.create_post(ALICE, HELP, "It is dark", "My lamp does not shine")
    assert told == ["MESSAGE_CREATE", "THREAD_CREATE"]
    thread = await discord.guild.open_thread(ALICE, SUPPORT, "why")
    told.clear()
    discord.faults.events(reorder=2)
    await discord.guild.say(BOB, thread.id, "one")
    await discord.guild.say(ALICE, thread.id, "two")
    assert told == ["THREAD_MEMBERS_UPDATE", "MESSAGE_CREATE", "MESSAGE_CREATE"]
