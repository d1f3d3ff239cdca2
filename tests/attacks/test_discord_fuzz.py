"""Every kind of event from Discord, each field dropped or of another type: the next message is heard."""

import asyncio
import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import aiohttp

from contracts.discord_desk import QuickClock, Reception, connected
from contracts.discord_interacting import Notes, config
from contracts.slack_desk import Notebook as Log
from frontdesk.adapters.discord import render
from frontdesk.adapters.discord.api import DiscordApi, Identity, Refused
from frontdesk.adapters.discord.catchup import CatchUp
from frontdesk.adapters.discord.channels import Channels
from frontdesk.adapters.discord.commands import commands
from frontdesk.adapters.discord.custom_ids import CustomIds
from frontdesk.adapters.discord.intake import WANTED, Intake
from frontdesk.adapters.discord.interactions import Interactions
from frontdesk.adapters.discord.places import Places
from frontdesk.adapters.discord.whispers import Whispers
from frontdesk.domain.messages import Button, Reply
from frontdesk.sandbox.discord import DiscordServer
from frontdesk.sandbox.discord.example import ALICE, BOB, CAROL, HELP, SAM, SUPPORT

CASES, OVER_SOCKETS = 10_000, 300
IDS = CustomIds(b"secret")
DROPPED = object()
ODD: tuple[Any, ...] = (
    DROPPED, None, "", "x", "\ud800", "9" * 40, 0, -1, 1.5, True, 10**40, float("nan"), [], {}, [None], [[]], {"x": 1},
)  # fmt: skip


async def every_event() -> dict[str, list[Any]]:
    """What Discord tells of a busy day, by the event's name."""
    async with DiscordServer() as discord, aiohttp.ClientSession() as http:
        guild = discord.guild
        auth = {"Authorization": f"Bot {discord.token}"}
        buttons = (Button(action="ask_person", label="A person", value="discord:x"),)
        payload = render.messages(Reply(markdown="Yes.", buttons=buttons, rateable=True), IDS)[0]
        async with http.post(f"{discord.api_url}/channels/{SUPPORT}/messages", json=payload, headers=auth) as answer:
            card = guild.message(SUPPORT, (await answer.json())["id"])
        url = f"{discord.api_url}/applications/{discord.application_id}/commands"
        async with http.put(url, json=list(commands()), headers=auth) as answer:
            assert answer.status == 200, await answer.text()
        assert card is not None
        asked = await guild.say(
            ALICE, SUPPORT, f"<@{discord.bot_user_id}> and <@{BOB}>?", files=[("a.txt", b"x", "text/plain")]
        )
        thread = await guild.open_thread(ALICE, SUPPORT, "thread", on=asked.id)
        reply = await guild.say(BOB, thread.id, "a reply")
        await guild.say(BOB, SUPPORT, "to you", reply_to=card.id)
        await guild.edit(BOB, thread.id, reply.id, "changed")
        await guild.delete(BOB, thread.id, reply.id)
        gone = [await guild.say(ALICE, SUPPORT, text) for text in "ab"]
        await guild.purge(SAM, SUPPORT, *[one.id for one in gone])
        post = await guild.create_post(CAROL, HELP, "Title", "text")
        await guild.archive(post.id)
        await guild.say_dm(ALICE, "hi")
        presses = [guild.press(ALICE, SUPPORT, card.id, custom) for _, custom in card.buttons]
        presses += [
            guild.slash(SAM, SUPPORT, "desk", "queue"),
            guild.menu(ALICE, SUPPORT, asked.id, "Ask the desk"),
        ]
        pressing = [asyncio.ensure_future(press) for press in presses]
        told = guild.events.sent
        await guild.until(lambda: sum(event.name == "INTERACTION_CREATE" for event in told) >= len(pressing))
        for one in pressing:
            one.cancel()
        await asyncio.gather(*pressing, return_exceptions=True)
        await guild.delete_channel(thread.id)
        await guild.leave(ALICE)
        found: dict[str, list[Any]] = {}
        for event in told:
            found.setdefault(event.name, []).append(event.data)
        found["READY"] = [{**guild.wire.ready(), "session_id": "s", "guilds": [{"id": guild.id, "unavailable": True}]}]
        found["GUILD_CREATE"] = [guild.wire.guild_create()]
        found["THREAD_LIST_SYNC"] = [{"guild_id": guild.id, "threads": found["THREAD_CREATE"], "members": []}]
        role = {"id": "5", "name": "frontdesk", "tags": {"bot_id": discord.bot_user_id}}
        found["GUILD_ROLE_CREATE"] = found["GUILD_ROLE_UPDATE"] = [{"guild_id": guild.id, "role": role}]
        for alike in ("CHANNEL_CREATE", "CHANNEL_UPDATE", "CHANNEL_DELETE"):
            found.setdefault(alike, [found["GUILD_CREATE"][0]["channels"][0]])
        return found


def paths(data: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every field, however deep."""
    yield before
    fields = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for name, value in fields:
        yield from paths(value, (*before, name))


def changed(data: Any, path: tuple[Any, ...], odd: Any) -> Any:
    if not path:
        return None if odd is DROPPED else odd
    whole = copy.deepcopy(data)
    place = whole
    for name in path[:-1]:
        place = place[name]
    if odd is DROPPED:
        del place[path[-1]]
    else:
        place[path[-1]] = odd
    return whole


def cases(events: dict[str, list[Any]], most: int) -> list[tuple[str, Any]]:
    """Every event the desk listens to gets its share; every field of a small one is dropped."""
    dice = random.Random(20_26)
    drawn: list[tuple[str, Any]] = []
    share = most // len(events) + 1
    for name, told in sorted(events.items()):
        possible = [(data, path, odd) for data in told for path in paths(data) for odd in ODD]
        chosen = dice.sample(possible, min(share, len(possible)))
        drawn += [(name, changed(*one)) for one in chosen]
    while len(drawn) < most:
        name = dice.choice(sorted(events))
        data = dice.choice(events[name])
        twice = changed(data, dice.choice(list(paths(data))), dice.choice(ODD))
        drawn.append((name, changed(twice, dice.choice(list(paths(twice))), dice.choice(ODD))))
    dice.shuffle(drawn)
    return drawn


class NoDiscord(DiscordApi):
    """Says no to everything, at once."""

    async def identity(self) -> Identity:
        self._identity = Identity(user="1100000000000000002", application="1100000000000000001")
        return self._identity

    async def call(self, method: str, path: str, **arguments: Any) -> Any:
        raise Refused(f"{method} {path}", 404, 10003)

    async def answer_interaction(self, interaction: str, token: str, body: dict[str, Any], within: float) -> Any:
        return {}


async def intake() -> tuple[Intake, Reception, Log]:
    async with DiscordServer() as discord:
        settings = config(discord)
    clock, notes, log, reception = QuickClock(), Notes(), Log(), Reception()
    api = NoDiscord(settings, clock, log)
    await api.identity()
    channels = Channels(api)
    places = Places(api, channels, notes, clock, log)
    interactions = Interactions(api, IDS, reception, Whispers(api, notes, clock, log), clock, log)
    catch_up = CatchUp(api, notes, clock, log)
    return Intake(api, reception, channels, places, catch_up, interactions, clock, log), reception, log


async def test_ten_thousand_payloads_that_are_not_as_documented_end_nothing() -> None:
    events = await every_event()
    assert set(events) >= WANTED, WANTED - set(events)
    hearing, reception, log = await intake()
    for number, (event, data) in enumerate(cases(events, CASES)):
        await hearing.hear(event, data)
        if number % 500 == 0:
            text = f"real {number}"
            real = next(data for data in events["MESSAGE_CREATE"] if data["content"] == "hi")
            await hearing.hear("MESSAGE_CREATE", {**real, "id": str(10**18 + number), "content": text})
            assert reception.events[-1].message.text == text
    assert [line for line in log.lines if line.startswith("discord in")] == []
    assert len(reception.aside) > 1000


async def test_hundreds_of_them_over_a_real_connection_do_not_end_it() -> None:
    events = await every_event()
    async with DiscordServer() as discord:
        discord.enforce_limits = False
        async with connected(discord) as desk:
            for event, data in cases(events, OVER_SOCKETS):
                if "\\ud800" not in json.dumps(data):  # no frame can hold that
                    discord.gateway.inject(event, data)
            await discord.guild.say(ALICE, SUPPORT, "still there?")
            await desk.until(lambda: "still there?" in desk.reception.texts, 20)
            discord.gateway.cut()
            await discord.gateway.until(lambda: not discord.gateway.connections)
            await discord.guild.say(ALICE, SUPPORT, "and after a cut?")
            await desk.until(lambda: "and after a cut?" in desk.reception.texts, 20)
            assert not [line for line in desk.log.lines if line.startswith("discord in")]
            discord.violations.clear()  # of whom a made-up payload spoke, there is nobody to ask about
