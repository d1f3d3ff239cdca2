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


def discordpy_client(here: Served, monkeypatch: pytest.MonkeyPatch, **more: Any) -> discord.Client:
    """The real client; nothing of it is patched but the two addresses."""
    monkeypatch.setattr(Route, "BASE", here.app.api_url)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(here.app.gateway_url))
    intents = discord.Intents.default()
    intents.message_content = True
    return discord.Client(**{"intents": intents, **more})


@asynccontextmanager
async def discordpy(here: Served, monkeypatch: pytest.MonkeyPatch, **more: Any) -> AsyncIterator[discord.Client]:
    """The real client, connected."""
    async with discordpy_client(here, monkeypatch, **more) as client:
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


# what closes a connection


async def refused(wire: Wire) -> int | None:
    await wire.frame()
    return await wire.closed_with()


async def test_a_wrong_or_a_revoked_token_closes_with_4004(here: Served, connect: Wires) -> None:
    wire = await connect()
    await wire.ask_in(token="wrong")
    assert await refused(wire) == 4004
    here.app.revoked = True
    wire = await connect()
    await wire.ask_in()
    assert await refused(wire) == 4004
    assert here.gateway.identifies == []


async def test_an_intent_that_is_not_switched_on_closes_with_4014(here: Served, connect: Wires) -> None:
    here.gateway.enabled_intents = {"GUILD_MEMBERS"}
    wire = await connect()
    await wire.ask_in(MESSAGES)
    assert await refused(wire) == 4014
    wire = await connect()
    assert (await wire.identify(MESSAGES & ~INTENTS["MESSAGE_CONTENT"]))["v"] == 10


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("not json", 4002),
        ("[]", 4002),
        (json.dumps({"op": 1, "d": "x" * 5000}), 4002),
        (json.dumps({"op": 99, "d": {}}), 4001),
        (json.dumps({"op": 3, "d": {}}), 4003),
        (json.dumps({"op": 2, "d": {"token": "sandbox.discord.token", "intents": 1 << 40}}), 4013),
        (json.dumps({"op": 2, "d": {"token": "sandbox.discord.token", "intents": 1, "shard": [2, 2]}}), 4010),
    ],
)
async def test_nonsense_closes_with_its_code(here: Served, connect: Wires, frame: str, code: int) -> None:
    wire = await connect()
    await wire.ws.send_str(frame)
    assert await refused(wire) == code
    assert here.gateway.closes == [code]


async def test_an_old_version_closes_with_4012(connect: Wires) -> None:
    assert await (await connect("v=6")).closed_with() == 4012


async def test_a_bot_that_is_too_large_for_one_shard_closes_with_4011(here: Served, connect: Wires) -> None:
    here.gateway.shards_needed = 2
    wire = await connect()
    await wire.ask_in()
    assert await refused(wire) == 4011


async def test_a_second_identify_closes_with_4005(connect: Wires) -> None:
    wire = await connect()
    await wire.identify()
    await wire.ask_in()
    assert await wire.closed_with() == 4005


async def test_too_many_frames_close_with_4008(connect: Wires) -> None:
    wire = await connect()
    for _ in range(121):
        await wire.send(1, None)
    assert await wire.closed_with() == 4008


async def test_without_heartbeats_the_session_times_out_with_4009(here: Served, connect: Wires) -> None:
    here.gateway.heartbeat_seconds = 0.1
    wire = await connect()
    ready = await wire.identify()
    assert await wire.closed_with() == 4009
    wire = await connect()
    await wire.resume(ready["session_id"], 1)
    await wire.frame()
    assert (await wire.frame())["op"] == 9


# the budget of IDENTIFYs


async def test_the_budget_is_told_and_counted(here: Served, connect: Wires) -> None:
    limit = here.gateway.info()["session_start_limit"]
    assert limit == {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1}
    await (await connect()).identify()
    limit = here.gateway.info()["session_start_limit"]
    assert limit["remaining"] == 999
    assert 86_000_000 < limit["reset_after"] <= 86_400_000
    here.clock.advance(86_401)
    assert here.gateway.info()["session_start_limit"]["remaining"] == 1000


async def test_beyond_the_budget_the_token_is_reset(here: Served, connect: Wires) -> None:
    here.gateway.identifies_a_day = 1
    first = await connect()
    await first.identify()
    second = await connect()
    await second.ask_in()
    assert await refused(second) == 4004
    assert await first.closed_with() == 4004
    assert here.app.revoked


async def test_two_identifies_within_five_seconds_are_one_too_many(here: Served, connect: Wires) -> None:
    here.gateway.enforce_concurrency = True
    await (await connect()).identify()
    wire = await connect()
    await wire.frame()
    await wire.ask_in()
    answer = await wire.frame()
    assert (answer["op"], answer["d"]) == (9, False)
    here.clock.advance(5.1)
    await wire.identify()


async def test_max_concurrency_lets_shards_in_side_by_side(here: Served, connect: Wires) -> None:
    here.gateway.enforce_concurrency = True
    here.gateway.max_concurrency = 2
    assert (await (await connect()).identify(shard=[0, 2]))["shard"] == [0, 2]
    assert (await (await connect()).identify(shard=[1, 2]))["shard"] == [1, 2]


async def test_each_shard_hears_its_own_guilds_and_the_first_hears_direct_messages(
    here: Served, connect: Wires
) -> None:
    here.gateway.max_concurrency = 2
    mine = (int(GUILD) >> 22) % 2
    guilds: dict[int, list[Any]] = {}
    for number in (0, 1):
        wire = await connect()
        guilds[number] = (await wire.identify(shard=[number, 2]))["guilds"]
    assert [bool(guilds[mine]), bool(guilds[1 - mine])] == [True, False]
    here.say("in the guild")
    here.gateway.dispatch("MESSAGE_CREATE", dm("to you"), intent="DIRECT_MESSAGES")
    told = {session.shard[0]: [json.loads(text)["t"] for _, text in session.kept] for session in here.gateway.sessions}
    assert told[mine].count("MESSAGE_CREATE") == 1 + (mine == 0)
    assert told[1 - mine].count("MESSAGE_CREATE") == (mine == 1)


@pytest.mark.parametrize(("guild_id", "shard"), [(1 << 22, 1), (1 << 21, 0), (1 << 23, 0), (3 << 22, 1)])
async def test_a_guild_belongs_to_the_shard_of_its_id(here: Served, connect: Wires, guild_id: int, shard: int) -> None:
    here.gateway.max_concurrency = 2
    for number in (0, 1):
        await (await connect()).identify(shard=[number, 2])
    here.gateway.dispatch("GUILD_UPDATE", {"id": str(guild_id)}, intent="GUILDS")
    here.gateway.dispatch("CHANNEL_CREATE", {"id": "1", "guild_id": str(guild_id)}, intent="GUILDS")
    told = [json.loads(text)["t"] for _, text in here.gateway.sessions[shard].kept]
    assert told[-2:] == ["GUILD_UPDATE", "CHANNEL_CREATE"]
    other = [json.loads(text)["t"] for _, text in here.gateway.sessions[1 - shard].kept]
    assert "CHANNEL_CREATE" not in other
    assert "GUILD_UPDATE" not in other


# RESUME


async def test_a_resume_beyond_what_was_sent_closes_with_4007(connect: Wires) -> None:
    ready = await (await connect()).identify()
    wire = await connect()
    await wire.resume(ready["session_id"], 99)
    assert await refused(wire) == 4007


async def test_a_resume_takes_the_session_from_its_old_connection(here: Served, connect: Wires) -> None:
    old = await connect()
    ready = await old.identify()
    new = await connect()
    await new.frame()
    await new.resume(ready["session_id"], 2)
    assert (await new.frame())["t"] == "RESUMED"
    assert await old.closed_with() == 4009
    here.say("to the new one")
    assert (await new.event("MESSAGE_CREATE"))["content"] == "to the new one"
    here.gateway.cut()


async def test_what_is_kept_for_resume_has_an_end(here: Served, connect: Wires) -> None:
    wire = await connect()
    ready = await wire.identify()
    here.gateway.cut()
    await here.gateway.until(lambda: not here.gateway.connections)
    for number in range(10_001):
        here.say(str(number))
    wire = await connect()
    await wire.frame()
    await wire.resume(ready["session_id"], 2)
    answer = await wire.frame()
    assert (answer["op"], answer["d"]) == (9, False)


@pytest.mark.parametrize(("code", "comes_back"), [(1000, False), (1001, False), (4000, True), (4900, True)])
async def test_the_apps_close_code_decides_whether_the_session_lives(
    here: Served, connect: Wires, code: int, comes_back: bool
) -> None:
    wire = await connect()
    ready = await wire.identify()
    await wire.event("GUILD_CREATE")
    await wire.ws.close(code=code)
    await here.gateway.until(lambda: not here.gateway.connections)
    assert here.gateway.left == [code]
    wire = await connect()
    await wire.frame()
    await wire.resume(ready["session_id"], 2)
    assert (await wire.frame())["t"] == ("RESUMED" if comes_back else None)


async def test_invalid_session_comes_in_both_kinds(here: Served, connect: Wires) -> None:
    wire = await connect()
    ready = await wire.identify()
    await wire.event("GUILD_CREATE")
    here.gateway.invalidate(resumable=True)
    assert (await wire.frame())["d"] is True
    await wire.ws.close(code=4000)
    wire = await connect()
    await wire.frame()
    await wire.resume(ready["session_id"], 2)
    assert (await wire.frame())["t"] == "RESUMED"
    here.gateway.invalidate(resumable=False)
    assert (await wire.frame())["d"] is False
    await wire.ws.close(code=4000)
    wire = await connect()
    await wire.frame()
    await wire.resume(ready["session_id"], 3)
    assert (await wire.frame())["op"] == 9


# intents


def dm(text: str, **more: Any) -> dict[str, Any]:
    return {field: value for field, value in message(77, text, **more).items() if field != "guild_id"}


async def test_facts_come_only_to_who_asked_for_them(here: Served, connect: Wires) -> None:
    guild_only, dm_only = await connect(), await connect()
    await guild_only.identify(INTENTS["GUILD_MESSAGES"] | INTENTS["MESSAGE_CONTENT"])
    await dm_only.identify(INTENTS["DIRECT_MESSAGES"])
    here.say("one")
    here.gateway.dispatch("MESSAGE_CREATE", dm("two"), intent="DIRECT_MESSAGES")
    here.gateway.dispatch("INTERACTION_CREATE", {"id": "1"}, intent="")
    for wire, expected in ((guild_only, "one"), (dm_only, "two")):
        frames = [await wire.frame(), await wire.frame()]
        assert [frame["t"] for frame in frames] == ["MESSAGE_CREATE", "INTERACTION_CREATE"]
        assert frames[0]["d"]["content"] == expected


ME = App().bot_user_id
PING = [{"id": ME, "username": "frontdesk"}]
RICH = {"embeds": [{"title": "t"}], "attachments": [{"id": "1"}], "components": [{"type": 1}], "poll": {}}
HIS = {"id": "1", "content": "mine", "author": {"id": ME}, "mentions": [], "embeds": [], "attachments": []}


@pytest.mark.parametrize(
    ("why", "fact", "readable"),
    [
        ("an ordinary message", message(1, "secret", **RICH), False),
        ("the app's own", message(1, "secret", **RICH, author={"id": ME}), True),
        ("a mention", message(1, f"secret <@{ME}>", **{**RICH, "mentions": PING}), True),
        ("a direct message", dm("secret", **RICH), True),
        ("a reply with ping", message(1, "secret", **{**RICH, "mentions": PING}, referenced_message=HIS), True),
        ("a reply without", message(1, "secret", **RICH, referenced_message=HIS), False),
        (
            "a reply with ping to an interaction's answer",
            message(1, "s", **{**RICH, "mentions": PING}, referenced_message={**HIS, "interaction_metadata": {}}),
            False,
        ),
    ],
)
async def test_without_message_content_only_some_messages_are_readable(
    here: Served, connect: Wires, why: str, fact: dict[str, Any], readable: bool
) -> None:
    blind, seeing = await connect(), await connect()
    await blind.identify(MESSAGES & ~INTENTS["MESSAGE_CONTENT"])
    await seeing.identify(MESSAGES)
    intent = "GUILD_MESSAGES" if "guild_id" in fact else "DIRECT_MESSAGES"
    here.gateway.dispatch("MESSAGE_CREATE", fact, intent=intent)
    seen = await blind.event("MESSAGE_CREATE")
    assert await seeing.event("MESSAGE_CREATE") == fact
    assert bool(seen["content"]) is readable, why
    for field in ("embeds", "attachments", "components"):
        assert bool(seen[field]) is readable, why
    assert ("poll" in seen) is readable
    if "referenced_message" in fact:
        assert seen["referenced_message"] == fact["referenced_message"]


async def test_what_a_message_answers_or_forwards_is_blanked_too(here: Served, connect: Wires) -> None:
    wire = await connect()
    await wire.identify(MESSAGES & ~INTENTS["MESSAGE_CONTENT"])
    bobs = {"id": "1", "content": "bob's secret", "author": {"id": "2"}, "mentions": []}
    here.say("hi", referenced_message=bobs, message_snapshots=[{"message": {"content": "secret", "type": 0}}])
    seen = await wire.event("MESSAGE_CREATE")
    assert seen["referenced_message"] == {**bobs, "content": ""}
    assert seen["message_snapshots"][0]["message"]["content"] == ""
    here.say(f"<@{ME}>", mentions=PING, referenced_message=bobs)
    seen = await wire.event("MESSAGE_CREATE")
    assert (seen["content"], seen["referenced_message"]["content"]) == (f"<@{ME}>", "")


async def test_members_are_asked_for_by_id_or_by_name(here: Served, connect: Wires) -> None:
    wire = await connect()
    await wire.identify()
    await wire.send(8, {"guild_id": GUILD, "user_ids": [ALICE["id"], "9"], "limit": 0, "nonce": "n"})
    chunk = await wire.event("GUILD_MEMBERS_CHUNK")
    assert ([each["user"]["username"] for each in chunk["members"]], chunk["not_found"]) == (["alice"], ["9"])
    assert chunk["nonce"] == "n"
    await wire.send(8, {"guild_id": GUILD, "query": "", "limit": 0})
    assert await wire.closed_with() == 4014


# what goes wrong on demand


async def test_a_frozen_gateway_neither_sends_nor_answers(here: Served, connect: Wires) -> None:
    wire = await connect()
    await wire.identify()
    await wire.event("GUILD_CREATE")
    here.gateway.freeze()
    here.say("later")
    await wire.send(1, 2)
    with pytest.raises(TimeoutError):
        await wire.frame(within=0.2)
    here.gateway.thaw()
    assert (await wire.event("MESSAGE_CREATE"))["content"] == "later"
    assert (await wire.frame())["op"] == 11


async def test_raw_frames_go_as_they_are_and_injected_ones_are_repeated(here: Served, connect: Wires) -> None:
    wire = await connect()
    ready = await wire.identify()
    await wire.event("GUILD_CREATE")
    here.gateway.send_raw('{"op": 0, "t": "MESSAGE_CREATE", "d": {}}')
    assert await wire.frame() == {"op": 0, "t": "MESSAGE_CREATE", "d": {}}
    here.gateway.send_raw("not json at all")
    assert await wire.ws.receive_str() == "not json at all"
    here.gateway.inject("MESSAGE_CREATE", None)
    assert await wire.frame() == {"op": 0, "t": "MESSAGE_CREATE", "s": 3, "d": None}
    await wire.ws.close(code=4000)
    wire = await connect()
    await wire.frame()
    await wire.resume(ready["session_id"], 2)
    assert (await wire.frame())["d"] is None


async def test_discordpy_survives_what_it_should(here: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Op 9 d:true, a close with 4000 and a gateway that froze once: RESUME each time, no new IDENTIFY."""
    async with discordpy(here, monkeypatch) as client:
        await asyncio.wait_for(client.wait_until_ready(), 5)
        for number, act in enumerate(
            (
                lambda: here.gateway.invalidate(resumable=True),
                lambda: here.gateway.close_with(4000),
                lambda: here.gateway.close_with(1000),
            )
        ):
            act()
            await here.gateway.until(lambda wanted=number + 1: len(here.gateway.resumes) == wanted)  # type: ignore[misc]
    assert len(here.gateway.identifies) == 1


async def test_discordpy_without_message_content_reads_what_mentions_it(
    here: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.gateway.enabled_intents = set()
    async with discordpy(here, monkeypatch, intents=discord.Intents.default()) as client:
        heard: list[str] = []

        @client.event
        async def on_message(message: discord.Message) -> None:
            heard.append(message.content)
            here.gateway._note_change()

        await asyncio.wait_for(client.wait_until_ready(), 5)
        here.say("secret")
        here.say(f"<@{ME}> help", mentions=[here.user()])
        await here.gateway.until(lambda: heard == ["", f"<@{ME}> help"])


async def test_discordpy_asks_for_the_members_it_was_not_told(here: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    intents = discord.Intents.default()
    intents.members = True
    async with discordpy(here, monkeypatch, intents=intents) as client:
        await asyncio.wait_for(client.wait_until_ready(), 5)
        assert [member.name for member in client.guilds[0].members] == ["frontdesk", "alice"]
        assert client.guilds[0].chunked


async def test_discordpy_is_told_that_its_intents_are_not_switched_on(
    here: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.gateway.enabled_intents = set()
    async with discordpy_client(here, monkeypatch) as client:
        with pytest.raises(discord.PrivilegedIntentsRequired):
            await asyncio.wait_for(client.start(here.app.token), 5)
