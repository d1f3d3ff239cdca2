"""How often the desk may identify: Discord resets the token of an app that does so a thousand times in a day."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import yarl

from frontdesk.adapters.discord.api import DiscordApi, Json
from frontdesk.ports.clock import Clock
from frontdesk.ports.notebook import Notebook
from frontdesk.ports.telemetry import Telemetry

DAY = 86_400.0
APART = 5.0
"""Seconds between any two, as Discord asks."""
AT_ONCE, IN_A_ROW = 10, 40
"""So many in a day are free, and so many may come one a minute."""
SLOWLY = 1_800.0
RESERVE = 100
"""Of the day's budget, that are not spent quickly."""
LONGEST_NAP = 60.0


class IdentifyBudget:
    """Written down, so that a crash loop cannot use it up; shared by all shards of the process."""

    def __init__(self, api: DiscordApi, notebook: Notebook, clock: Clock, telemetry: Telemetry) -> None:
        self._api = api
        self._notebook = notebook
        self._clock = clock
        self._telemetry = telemetry
        self._name = f"discord:identified:{api.identified.application}"
        self._turn = asyncio.Lock()

    async def spend(self, waiting: Callable[[str | None], None]) -> yarl.URL:
        """One, as soon as there is one: where to connect. Tells why it waits. Raises Retry or Refused."""
        async with self._turn:
            while True:
                told = await self._told()
                wait = await self._spent_or_wait(told.get("session_start_limit") or {})
                if not wait:
                    waiting(None)
                    return yarl.URL(str(told["url"]))
                if wait > APART:
                    waiting("connected too often today; waiting before the next try")
                    self._telemetry.trouble("discord was connected too often today; waiting", seconds=round(wait))
                await self._clock.sleep(min(wait, LONGEST_NAP))

    async def address(self) -> yarl.URL:
        """Where to connect, other than where a session says. Raises Retry or Refused."""
        return yarl.URL(str((await self._told())["url"]))

    async def _told(self) -> Json:
        told: Any = await self._api.call("GET", "/gateway/bot")
        return told if isinstance(told, dict) else {}

    async def _spent_or_wait(self, limit: Json) -> float:
        """Seconds to wait; 0.0 when one was spent. Raises Retry."""
        left = int(limit.get("remaining", RESERVE + 1))
        now = self._clock.now()
        times = [at for at in json.loads(await self._notebook.get(self._name) or "[]") if at > now - DAY]
        wait = pause_before_identify(times, now, shards=self._api.config.shards, left=left)
        if left <= 0:
            wait = max(wait, float(limit.get("reset_after", 60_000)) / 1000)
        if wait <= 0:
            await self._notebook.put(self._name, json.dumps([*times, now]), DAY)
        return wait


def pause_before_identify(times: list[float], now: float, *, shards: int = 1, left: int = 1000) -> float:
    """Seconds to wait, given when we identified before and how many Discord says are left.

    After forty of a shard in a day one in half an hour remains, which keeps a crash loop of a whole day below a
    hundred of the thousand that Discord grants.
    """
    recent = [at for at in times if now - DAY < at <= now]
    if not recent:
        return 0.0
    apart = APART if len(recent) < AT_ONCE * shards else 60.0 if len(recent) < IN_A_ROW * shards else SLOWLY
    if left <= RESERVE:
        apart = SLOWLY
    return max(0.0, max(recent) + apart - now)
