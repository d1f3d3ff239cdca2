"""The whole Discord adapter connected to a local Discord, with a receiver that writes down what it gets."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from contracts.discord_interacting import Notes, config
from contracts.slack_desk import Notebook as Log
from contracts.slack_desk import Reception as _Reception
from frontdesk.adapters.discord.app import DiscordApp
from frontdesk.adapters.discord.platform import DiscordChat
from frontdesk.domain.messages import Thread
from frontdesk.domain.people import Person
from frontdesk.sandbox.discord import DiscordServer, Message
from frontdesk.sandbox.discord.example import SUPPORT


class QuickClock:
    """Real time, many times as fast."""

    def __init__(self, speed: float = 20.0) -> None:
        self.speed = speed
        self._began, self._at = time.time(), time.monotonic()

    def now(self) -> float:
        return self._began + self.elapsed()

    def elapsed(self) -> float:
        return (time.monotonic() - self._at) * self.speed

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self.speed)


@dataclass
class Reception(_Reception):
    gone: list[tuple[Person, str]] = field(default_factory=list)

    async def left(self, person: Person, community: str, name: str) -> None:
        self.gone.append((person, name))

    @property
    def texts(self) -> list[str]:
        return [event.message.text for event in self.events if hasattr(event, "message")]


@dataclass
class Pen:
    """One process's way to the notebook; a dead process writes no more."""

    notes: Notes
    dead: bool = False

    async def put(self, name: str, text: str, seconds: float) -> None:
        if not self.dead:
            await self.notes.put(name, text, seconds)

    async def get(self, name: str) -> str | None:
        return await self.notes.get(name)

    async def forget(self, name: str) -> None:
        if not self.dead:
            await self.notes.forget(name)

    async def add(self, name: str, amount: int, seconds: float) -> int:
        return 0 if self.dead else await self.notes.add(name, amount, seconds)


@dataclass
class Desk:
    discord: DiscordServer
    app: DiscordApp
    chat: DiscordChat
    reception: Reception
    pen: Pen
    log: Log

    def thread(self, root: str | None = None, channel: str = SUPPORT, *, direct: bool = False) -> Thread:
        community = "@me" if direct else self.discord.guild_id
        return Thread(platform="discord", community=community, channel=channel, root=root, direct=direct)

    def ours(self, channel: str) -> list[Message]:
        """What the desk wrote there, also under other names."""
        us = self.discord.bot_user_id
        return [one for one in self.discord.guild.messages(channel) if one.author == us or one.webhook]

    async def heard(self, *texts: str, timeout: float = 10.0) -> None:
        """Exactly these, each once, in whatever order."""
        await self.discord.guild.until(lambda: len(self.reception.events) >= len(texts), timeout)
        assert sorted(self.reception.texts) == sorted(texts)

    async def until(self, condition: Any, timeout: float = 10.0) -> Any:
        return await self.discord.guild.until(condition, timeout)

    async def kill(self) -> None:
        """As `kill -9` would: nothing more is stored, written down or said."""
        self.pen.dead = True
        self.reception.gate = asyncio.Event()
        for gateway in self.app.gateways:
            if gateway._socket is not None:
                gateway._socket.socket._response.connection.transport.abort()  # type: ignore[union-attr]
            doomed = [*gateway._tasks, *gateway._lanes._tasks]
            doomed += [gateway._keeper] if gateway._keeper else []
            for task in doomed:
                task.cancel()
            await asyncio.gather(*doomed, return_exceptions=True)
        await self.app.close()


@asynccontextmanager
async def connected(
    discord: DiscordServer,
    *,
    listen: bool = True,
    notes: Notes | None = None,
    clock: Any = None,
    reception: Reception | None = None,
    **changes: Any,
) -> AsyncIterator[Desk]:
    """A desk that speaks, and listens unless told otherwise; nothing it sent may have been wrong."""
    reception, log, pen = reception or Reception(), Log(), Pen(notes or Notes())
    settings = config(discord, **{"channels": (SUPPORT,), **changes})
    app = DiscordApp(settings, reception, pen, clock or QuickClock(), log)
    desk = Desk(discord, app, app.chat, reception, pen, log)
    try:
        await app.connect()
        if listen:
            await app.start()
            await desk.until(lambda: all(gateway.connected for gateway in app.gateways))
        yield desk
    finally:
        if not pen.dead:
            await app.stop()
    assert discord.violations == [], discord.violations
