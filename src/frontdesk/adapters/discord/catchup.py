"""After an outage that no session outlived: what was written meanwhile is read from the channels."""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from frontdesk.adapters.discord import snowflakes
from frontdesk.adapters.discord.api import DiscordApi, Refused
from frontdesk.adapters.discord.channels import Facts
from frontdesk.ports.clock import Clock
from frontdesk.ports.notebook import Notebook
from frontdesk.ports.telemetry import Telemetry

DIRECT = "@me"
FURTHEST = 86_400.0
"""Seconds that are caught up at most; whoever waited longer has gone elsewhere."""
OVERLAP = 120.0
"""Seconds before the last message heard that are read as well: channels are not heard in order of each other."""
MOST_IN_A_CHANNEL = 300
PAGE = 100
SIDE_BY_SIDE = 4
SAVE_EVERY = 1.0
REMEMBERED = 30 * 86_400.0
MOST_DIRECT = 200
MOST_RECENT = 5_000

Hear = Callable[[Any], Awaitable[None]]


class CatchUp:
    """Of one shard: remembers the latest message heard, and what a lost session did not bring.

    What is to be read is written down before the new session counts as begun, and crossed out when it was read, so
    that a crash in between loses nothing.
    """

    def __init__(self, api: DiscordApi, notebook: Notebook, clock: Clock, telemetry: Telemetry, shard: int = 0) -> None:
        self._api = api
        self._notebook = notebook
        self._clock = clock
        self._telemetry = telemetry
        whose = f"{api.identified.application}:{shard}/{api.config.shards}"
        self._heard_name = f"discord:heard:{whose}"
        self._missed_name = f"discord:missed:{whose}"
        self._direct_name = f"discord:direct:{whose}"
        self._heard = 0
        self._saved_at = 0.0
        self._recent: OrderedDict[str, None] = OrderedDict()
        """Messages that this process has heard: reading brings them again."""
        self._direct: dict[str, None] = {}
        self._missed: dict[str, str] = {}
        """Servers that are to be read, and from which message on."""
        self._recalled = False

    async def heard(self, message: str, *, direct: str | None) -> None:
        """A message was stored. Raises Retry."""
        await self._recall()
        if direct is not None and direct not in self._direct:
            await self._remember_direct(direct)
        self._recent[message] = None
        while len(self._recent) > MOST_RECENT:
            self._recent.popitem(last=False)
        self._heard = max(self._heard, int(message))
        if self._clock.elapsed() - self._saved_at > SAVE_EVERY:
            await self.save()

    async def save(self) -> None:
        """Raises Retry."""
        if self._heard:
            self._saved_at = self._clock.elapsed()  # before it is done: others need not write the same meanwhile
            await self._notebook.put(self._heard_name, str(self._heard), REMEMBERED)

    async def lost(self, servers: Iterable[str]) -> None:
        """A new session began: what the last one did not bring is to be read. Raises Retry.

        The very first one misses nothing; from then on something could be.
        """
        await self._recall()
        if not self._heard:
            self._heard = int(snowflakes.at(self._clock.now()))
            await self.save()
            return
        earliest = int(snowflakes.at(self._clock.now() - FURTHEST))
        since = max(int(snowflakes.at(snowflakes.seconds(str(self._heard)) - OVERLAP)), earliest)
        self._missed = {server: str(since) for server in servers} | self._missed
        await self._save_missed()

    async def misses(self, server: str) -> bool:
        """Whether there is something to read. Raises Retry."""
        await self._recall()
        return server in self._missed

    async def read(self, server: str, channels: Iterable[Facts], hear: Hear) -> None:
        """Bring what was missed in these channels, the first ones first, oldest first. Raises Retry."""
        await self._recall()
        since = self._missed.get(server)
        if since is not None:
            wanted = [facts for facts in channels if _latest(facts) > int(since)]
            await self._all([(facts.id, server) for facts in wanted], since, hear)
            await self._cross_out(server)

    async def read_direct(self, hear: Hear) -> None:
        """The same for direct messages, which no list of channels names. Raises Retry."""
        await self._recall()
        since = self._missed.get(DIRECT)
        if since is not None:
            await self._all([(channel, None) for channel in self._direct], since, hear)
            await self._cross_out(DIRECT)

    async def _all(self, channels: list[tuple[str, str | None]], since: str, hear: Hear) -> None:
        room = asyncio.Semaphore(SIDE_BY_SIDE)

        async def one(channel: str, server: str | None) -> None:
            async with room:
                await self._channel(channel, server, since, hear)

        for outcome in await asyncio.gather(*(one(*each) for each in channels), return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome

    async def _channel(self, channel: str, server: str | None, since: str, hear: Hear) -> None:
        after = since
        for _ in range(MOST_IN_A_CHANNEL // PAGE):
            try:
                page: Any = await self._api.call(
                    "GET", "/channels/{channel_id}/messages", channel_id=channel, query={"after": after, "limit": PAGE}
                )
            except Refused as refused:
                self._telemetry.count("discord_not_caught_up", code=str(refused.code))
                return
            self._telemetry.count("discord_caught_up")
            messages = sorted((m for m in page if isinstance(m, dict)), key=lambda m: int(m.get("id") or 0))
            for message in messages:
                after = str(message["id"])
                if after not in self._recent:
                    await hear({**message, "channel_id": channel, **({"guild_id": server} if server else {})})
            if len(messages) < PAGE:
                return
        self._telemetry.note("discord: more was missed in a channel than is read", channel=channel)

    async def _cross_out(self, server: str) -> None:
        self._missed.pop(server, None)
        await self._save_missed()

    async def _save_missed(self) -> None:
        await self._notebook.put(self._missed_name, json.dumps(self._missed), REMEMBERED)

    async def _remember_direct(self, channel: str) -> None:
        known = {**self._direct, channel: None}
        while len(known) > MOST_DIRECT:
            known.pop(next(iter(known)))
        await self._notebook.put(self._direct_name, ",".join(known), REMEMBERED)
        self._direct = known

    async def _recall(self) -> None:
        """What an earlier process wrote down. Raises Retry."""
        if self._recalled:
            return
        heard = await self._notebook.get(self._heard_name)
        missed = await self._notebook.get(self._missed_name)
        direct = await self._notebook.get(self._direct_name)
        self._heard = max(self._heard, int(heard) if heard else 0)
        self._missed = {**(json.loads(missed) if missed else {}), **self._missed}
        self._direct = dict.fromkeys(direct.split(",")) if direct else {}
        self._recalled = True


def _latest(facts: Facts) -> int:
    """When something was written there last; a post's first message may not count as its last."""
    return max(int(facts.last_message or 0), int(facts.id) if facts.is_thread else 0)
