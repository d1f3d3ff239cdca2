"""Discord's interactions connected to a local Discord, with a receiver that writes down what it gets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from pydantic import SecretStr

from contracts.slack_desk import Notebook as Log
from contracts.slack_desk import Reception
from frontdesk.adapters.discord.api import DiscordApi
from frontdesk.adapters.discord.commands import commands
from frontdesk.adapters.discord.config import DiscordConfig
from frontdesk.adapters.discord.custom_ids import CustomIds
from frontdesk.adapters.discord.gateway import Gateway
from frontdesk.adapters.discord.http import PATH, HttpInteractions
from frontdesk.adapters.discord.interactions import Interactions
from frontdesk.adapters.discord.register import register
from frontdesk.adapters.discord.webhooks import Webhooks
from frontdesk.adapters.discord.whispers import Whispers
from frontdesk.adapters.ops.clock import SystemClock
from frontdesk.domain.errors import Retry
from frontdesk.sandbox.discord import DiscordServer
from frontdesk.sandbox.discord.example import STAFF


@dataclass
class Notes:
    """A notebook in memory, which can be away."""

    kept: dict[str, str] = field(default_factory=dict)
    away: bool = False

    async def put(self, name: str, text: str, seconds: float) -> None:
        self._reach()
        self.kept[name] = text

    async def get(self, name: str) -> str | None:
        self._reach()
        return self.kept.get(name)

    async def forget(self, name: str) -> None:
        self._reach()
        self.kept.pop(name, None)

    async def add(self, name: str, amount: int, seconds: float) -> int:
        self._reach()
        self.kept[name] = str(int(self.kept.get(name, "0")) + amount)
        return int(self.kept[name])

    def _reach(self) -> None:
        if self.away:
            raise Retry("the notebook is away")


@dataclass
class Desk:
    """What a test holds in its hands; also who hears what the gateway brings."""

    discord: DiscordServer
    api: DiscordApi
    ids: CustomIds
    reception: Reception
    notes: Notes
    log: Log
    whispers: Whispers
    webhooks: Webhooks
    interactions: Interactions
    brought_twice: bool = False
    """An interaction comes again, so that Discord has to refuse the second acknowledgement."""

    async def hear(self, event: str, data: Any) -> None:
        await self.interactions.accept(data)

    async def set_aside(self, payload: str, reason: str) -> None:
        await self.reception.set_aside("discord", payload, reason)

    def wants(self, event: str) -> bool:
        return event == "INTERACTION_CREATE"

    async def post(self, channel: str, text: str = "A card", *buttons: str) -> str:
        """A message of the desk with buttons of these names; gives its id."""
        row = [{"type": 2, "style": 2, "label": f"B{n}", "custom_id": one} for n, one in enumerate(buttons)]
        components = [{"type": 1, "components": row}] if row else []
        body = {"content": text, "components": components, "allowed_mentions": {"parse": []}}
        told = await self.api.call("POST", "/channels/{channel_id}/messages", body=body, channel_id=channel)
        return str(told["id"])

    def private_words(self, person: str) -> list[str]:
        """What this person was told alone, as it reads now."""
        return [message.shown for message in self.discord.guild.ephemerals if message.ephemeral_for == person]


def config(discord: DiscordServer, **changes: Any) -> DiscordConfig:
    return DiscordConfig(
        **{
            "token": SecretStr(discord.token),
            "api_url": discord.api_url,
            "staff_channel": STAFF,
            "timeout": 3.0,
            **changes,
        }
    )


@asynccontextmanager
async def interacting(discord: DiscordServer, *, notes: Notes | None = None, **changes: Any) -> AsyncIterator[Desk]:
    """A desk that is told of interactions; nothing it sent may have been wrong."""
    reception, log, clock = Reception(), Log(), SystemClock()
    notes = notes or Notes()
    api = DiscordApi(config(discord, **changes), clock, log)
    await api.identity()
    whispers = Whispers(api, notes, clock, log)
    ids = CustomIds(b"secret")
    interactions = Interactions(api, ids, reception, whispers, clock, log)
    desk = Desk(
        discord, api, ids, reception, notes, log, whispers, Webhooks(api, notes, clock, log), interactions
    )  # fmt: skip
    await register(api, notes, log, commands())
    gateway = Gateway(api, desk, notes, clock, log)
    try:
        await gateway.start()
        yield desk
    finally:
        await gateway.stop()
        await interactions.close()
        await api.close()
    violations = [each for each in discord.violations if "40060" not in each or not desk.brought_twice]
    assert violations == []


@asynccontextmanager
async def over_http(desk: Desk) -> AsyncIterator[str]:
    """The endpoint for HTTP interactions, and Discord told of it."""
    endpoint = HttpInteractions(
        desk.interactions, lambda: desk.api.identified.public_key, SystemClock(), desk.log
    )  # fmt: skip
    server = web.Application()
    server.router.add_post(PATH, endpoint.handle)
    runner = web.AppRunner(server, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}{PATH}"
        desk.discord.deliver_interactions_to(url)
        yield url
    finally:
        desk.discord.deliver_interactions_to(None)
        await runner.cleanup()


async def until(condition: Any, timeout: float = 5.0) -> None:
    """A bounded wait on a condition that no feed tells of."""
    async with asyncio.timeout(timeout):
        while not condition():  # noqa: ASYNC110 - what it waits for has no bell
            await asyncio.sleep(0.01)


def payloads(discord: DiscordServer) -> list[dict[str, Any]]:
    """Every interaction that Discord told of."""
    return [event.data for event in discord.guild.events.sent if event.name == "INTERACTION_CREATE"]
