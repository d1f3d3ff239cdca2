"""After an outage that no session outlived: what was written meanwhile is read from the channels."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from frontdesk.adapters.discord import snowflakes
from frontdesk.adapters.discord.api import DiscordApi, Refused
from frontdesk.adapters.discord.channels import Channels, Facts
from frontdesk.domain.errors import Retry
from frontdesk.ports.clock import Clock
from frontdesk.ports.notebook import Notebook
from frontdesk.ports.telemetry import Telemetry

FURTHEST = 86_400.0
"""Seconds that are caught up at most; whoever waited longer has gone elsewhere."""
MOST_IN_A_CHANNEL = 300
PAGE = 100
SIDE_BY_SIDE = 4
SAVE_EVERY = 1.0
REMEMBERED = 30 * 86_400.0
MOST_DIRECT = 200

Hear = Callable[[Any], Awaitable[None]]


class CatchUp:
    """Remembers the latest message heard, and brings what came after it."""

    def __init__(
        self, api: DiscordApi, channels: Channels, notebook: Notebook, clock: Clock, telemetry: Telemetry
    ) -> None:
        self._api = api
        self._channels = channels
        self._notebook = notebook
        self._clock = clock
        self._telemetry = telemetry
        self._name = f"discord:heard:{api.identified.application}"
        self._direct_name = f"discord:direct:{api.identified.application}"
        self._heard = 0
        self._saved_at = 0.0
        self._direct: dict[str, None] | None = None
        self._at_start: int | None = None

    async def begin(self) -> None:
        """Before anything is heard. Raises Retry."""
        text = await self._notebook.get(self._name)
        self._at_start = int(text) if text else None
        self._heard = self._at_start or 0

    async def heard(self, message: str, *, direct: str | None) -> None:
        """A message was stored. Raises Retry."""
        if direct is not None:
            await self._remember_direct(direct)
        self._heard = max(self._heard, int(message))
        if self._clock.elapsed() - self._saved_at > SAVE_EVERY:
            await self.save()

    async def save(self) -> None:
        """Raises Retry."""
        self._saved_at = self._clock.elapsed()
        if self._heard:
            await self._notebook.put(self._name, str(self._heard), REMEMBERED)

    def missed_since(self) -> str | None:
        """The last message heard before the session was lost; None when this desk never heard one."""
        if not self._heard:
            return None
        return str(max(self._heard, int(snowflakes.at(self._clock.now() - FURTHEST))))

    async def read(self, since: str, channels: Iterable[Facts], hear: Hear) -> None:
        """Bring what was written in these channels after `since`, oldest first. Raises Retry."""
        room = asyncio.Semaphore(SIDE_BY_SIDE)

        async def one(facts: Facts) -> None:
            async with room:
                await self._channel(facts.id, facts.guild, since, hear)

        wanted = [f for f in channels if f.last_message is not None and int(f.last_message) > int(since)]
        await asyncio.gather(*(one(facts) for facts in wanted))

    async def read_direct(self, since: str, hear: Hear) -> None:
        """The same for direct messages, which no list of channels names. Raises Retry."""
        for channel in list(await self._known_direct()):
            await self._channel(channel, None, since, hear)

    async def _channel(self, channel: str, guild: str | None, since: str, hear: Hear) -> None:
        after, brought = since, 0
        while brought < MOST_IN_A_CHANNEL:
            try:
                page: Any = await self._api.call(
                    "GET",
                    "/channels/{channel_id}/messages",
                    channel_id=channel,
                    query={"after": after, "limit": PAGE},
                )
            except Refused as refused:
                self._telemetry.count("discord_not_caught_up", code=str(refused.code))
                return
            messages = sorted((m for m in page if isinstance(m, dict)), key=lambda m: int(m.get("id") or 0))
            for message in messages:
                await hear({**message, "channel_id": channel, **({"guild_id": guild} if guild else {})})
                after = str(message["id"])
            brought += len(messages)
            self._telemetry.count("discord_caught_up")
            if len(messages) < PAGE:
                return

    async def _remember_direct(self, channel: str) -> None:
        known = await self._known_direct()
        if channel in known:
            return
        known[channel] = None
        while len(known) > MOST_DIRECT:
            known.pop(next(iter(known)))
        await self._notebook.put(self._direct_name, ",".join(known), REMEMBERED)

    async def _known_direct(self) -> dict[str, None]:
        if self._direct is None:
            try:
                text = await self._notebook.get(self._direct_name)
            except Retry:
                return {}
            self._direct = dict.fromkeys((text or "").split(",") if text else [])
        return self._direct
