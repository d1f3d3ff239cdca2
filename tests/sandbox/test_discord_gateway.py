"""The local Discord's gateway over a real WebSocket, and the real discord.py on it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import discord
import pytest
import yarl
from aiohttp import web
from discord.gateway import DiscordWebSocket
from discord.http import Route

from frontdesk.sandbox.discord.app import App
from frontdesk.sandbox.discord.clock import Clock
from frontdesk.sandbox.discord.gateway import Gateway
from frontdesk.sandbox.discord.intents import INTENTS

GUILD = "1200000000000000000"
ALICE = {"id": "1300000000000000001", "username": "alice", "discriminator": "0", "avatar": None}
MESSAGES = INTENTS["GUILDS"] | INTENTS["GUILD_MESSAGES"] | INTENTS["DIRECT_MESSAGES"] | INTENTS["MESSAGE_CONTENT"]


def message(number: int, text: str, **more: Any) -> dict[str, Any]:
    return {
        "id": str(1400000000000000000 + number),
        "channel_id": "1210000000000000001",
        "guild_id": GUILD,
        "author": ALICE,
        "content": text,
        "timestamp": "2026-01-01T00:00:00+00:00",
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": False,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "embeds": [],
        "pinned": False,
        "type": 0,
        **more,
    }


def answer(body: Any) -> web.Response:
    """Without a charset, which discord.py would not take for JSON."""
    return web.Response(body=json.dumps(body).encode(), headers={"Content-Type": "application/json"})


class Served:
    """A gateway on a port, with just enough of REST that discord.py can log in."""

    def __init__(self) -> None:
        self.app = App()
        self.clock = Clock()
        self.gateway = Gateway(self.app, self.clock, self.ready, self.guild)
        self._told = 0

    def user(self) -> dict[str, Any]:
        return {
            "id": self.app.bot_user_id,
            "username": "frontdesk",
            "discriminator": "0",
            "avatar": None,
            "bot": True,
        }

    def ready(self) -> dict[str, Any]:
        return {"user": self.user(), "application": {"id": self.app.application_id, "flags": 0}}

    def guild(self) -> dict[str, Any]:
        members = [{"user": user, "roles": [], "joined_at": None, "flags": 0} for user in (self.user(), ALICE)]
        everyone = {"id": GUILD, "name": "@everyone", "permissions": "0", "position": 0, "color": 0, "hoist": False}
        channel = {"id": "1210000000000000001", "type": 0, "name": "support", "position": 0}
        return {
            "id": GUILD,
            "name": "Example Shop",
            "owner_id": ALICE["id"],
            "member_count": 2,
            "members": members,
            "roles": [{**everyone, "managed": False, "mentionable": False}],
            "channels": [{**channel, "permission_overwrites": [], "nsfw": False}],
            "threads": [],
        }

    def say(self, text: str, **more: Any) -> None:
        self._told += 1
        self.gateway.dispatch("MESSAGE_CREATE", message(self._told, text, **more), intent="GUILD_MESSAGES")

    async def me(self, _: web.Request) -> web.Response:
        return answer(self.user())

    async def application(self, _: web.Request) -> web.Response:
        owner = {**ALICE, "flags": 0}
        known = {"id": self.app.application_id, "name": "frontdesk", "description": "", "icon": None, "owner": owner}
        return answer({**known, "bot_public": False, "bot_require_code_grant": False, "verify_key": ""})


@asynccontextmanager
async def serving() -> AsyncIterator[Served]:
    served = Served()
    server = web.Application()
    server.router.add_get("/gateway", served.gateway.handle)
    server.router.add_get("/api/v10/users/@me", served.me)
    server.router.add_get("/api/v10/oauth2/applications/@me", served.application)
    runner = web.AppRunner(server, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    served.app.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield served
    finally:
        await served.gateway.close()
        await runner.cleanup()


@pytest.fixture
async def here() -> AsyncIterator[Served]:
    async with serving() as served:
        yield served


class Wire:
    """A bare gateway client, without any SDK."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse, token: str) -> None:
        self.ws = ws
        self.token = token

    async def frame(self, *, within: float = 2.0) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(await self.ws.receive_str(timeout=within))
        return found

    async def event(self, name: str) -> Any:
        async with asyncio.timeout(2):
            while (found := await self.frame())["t"] != name:
                pass
        return found["d"]

    async def send(self, operation: int, data: Any) -> None:
        await self.ws.send_json({"op": operation, "d": data})

    async def identify(self, intents: int = MESSAGES, **more: Any) -> Any:
        await self.ask_in(intents, **more)
        return await self.event("READY")

    async def ask_in(self, intents: int = MESSAGES, **more: Any) -> None:
        properties = {"os": "linux", "browser": "test", "device": "test"}
        await self.send(2, {"token": self.token, "properties": properties, "intents": intents, **more})

    async def resume(self, session: str, sequence: int) -> None:
        await self.send(6, {"token": self.token, "session_id": session, "seq": sequence})

    async def closed_with(self) -> int | None:
        async with asyncio.timeout(2):
            while (await self.ws.receive()).type not in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED):
                pass
        return self.ws.close_code


class Wires:
    """Opens bare connections to one gateway."""

    def __init__(self, here: Served, http: aiohttp.ClientSession) -> None:
        self._here = here
        self._http = http

    async def __call__(self, query: str = "v=10&encoding=json") -> Wire:
        return Wire(await self._http.ws_connect(f"{self._here.app.gateway_url}?{query}"), self._here.app.token)


@pytest.fixture
async def connect(here: Served) -> AsyncIterator[Wires]:
    here.gateway.enforce_concurrency = False
    async with aiohttp.ClientSession() as http:
        yield Wires(here, http)


async def test_hello_then_ready_then_the_guild(here: Served, connect: Wires) -> None:
    wire = await connect()
    hello = await wire.frame()
    assert (hello["op"], hello["d"]) == (10, {"heartbeat_interval": 41250})
    ready = await wire.identify()
    assert ready["resume_gateway_url"] == here.app.gateway_url
    assert ready["guilds"] == [{"id": GUILD, "unavailable": True}]
    guild = await wire.event("GUILD_CREATE")
    assert [member["user"]["username"] for member in guild["members"]] == ["frontdesk"]


async def test_a_heartbeat_is_acknowledged(here: Served, connect: Wires) -> None:
    wire = await connect()
    await wire.frame()
    await wire.send(1, None)
    assert (await wire.frame())["op"] == 11


async def test_the_server_may_ask_for_a_heartbeat(here: Served, connect: Wires) -> None:
    wire = await connect()
    await wire.identify()
    await wire.event("GUILD_CREATE")
    here.gateway.ask_for_heartbeat()
    assert (await wire.frame())["op"] == 1


async def test_resume_replays_what_was_missed_and_costs_no_identify(here: Served, connect: Wires) -> None:
    first = await connect()
    ready = await first.identify()
    here.say("one")
    assert (await first.event("MESSAGE_CREATE"))["content"] == "one"
    here.gateway.cut()
    await here.gateway.until(lambda: not here.gateway.connections)
    here.say("two")
    here.say("three")
    second = await connect()
    await second.frame()
    await second.resume(ready["session_id"], 3)
    assert [(await second.frame())["d"]["content"] for _ in range(2)] == ["two", "three"]
    assert (await second.frame())["t"] == "RESUMED"
    assert len(here.gateway.identifies) == 1


async def test_a_session_expires(here: Served, connect: Wires) -> None:
    first = await connect()
    ready = await first.identify()
    here.gateway.cut()
    await here.gateway.until(lambda: not here.gateway.connections)
    here.clock.advance(181)
    second = await connect()
    await second.frame()
    await second.resume(ready["session_id"], 1)
    answer = await second.frame()
    assert (answer["op"], answer["d"]) == (9, False)


@asynccontextmanager
async def discordpy(here: Served, monkeypatch: pytest.MonkeyPatch, **more: Any) -> AsyncIterator[discord.Client]:
    """The real client, connected; nothing of it is patched but the two addresses."""
    monkeypatch.setattr(Route, "BASE", here.app.api_url)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(here.app.gateway_url))
    intents = discord.Intents.default()
    intents.message_content = True
    client = discord.Client(**{"intents": intents, **more})
    async with client:
        await client.login(here.app.token)
        running = asyncio.create_task(client.connect())
        yield client
        await client.close()
        await asyncio.wait_for(running, 5)


async def test_discordpy_connects_and_resumes(here: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    async with discordpy(here, monkeypatch) as client:
        heard: list[str] = []

        @client.event
        async def on_message(message: discord.Message) -> None:
            heard.append(message.content)
            here.gateway._note_change()

        await asyncio.wait_for(client.wait_until_ready(), 5)
        assert [guild.name for guild in client.guilds] == ["Example Shop"]
        here.say("one")
        await here.gateway.until(lambda: heard == ["one"])
        here.gateway.cut()
        await here.gateway.until(lambda: not here.gateway.connections)
        here.say("two")
        await here.gateway.until(lambda: heard == ["one", "two"])
        here.gateway.reconnect()
        await here.gateway.until(lambda: len(here.gateway.resumes) == 2)
        here.say("three")
        await here.gateway.until(lambda: heard == ["one", "two", "three"])
    assert len(here.gateway.identifies) == 1
