"""Shows that the desk is writing, for as long as it is."""

import asyncio

from frontdesk.adapters.discord.api import DiscordApi
from frontdesk.domain.errors import DeskError
from frontdesk.domain.messages import Thread
from frontdesk.ports.clock import Clock
from frontdesk.ports.telemetry import Telemetry

EVERY = 8.0
"""Seconds; Discord shows it for ten."""
LONGEST = 120.0


class Typing:
    """One task for each thread in which the desk is writing."""

    def __init__(self, api: DiscordApi, clock: Clock, telemetry: Telemetry) -> None:
        self._api = api
        self._clock = clock
        self._telemetry = telemetry
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def start(self, thread: Thread, channel: str) -> None:
        if thread.conversation not in self._tasks:
            task = asyncio.create_task(self._show(channel), name=f"discord typing {channel}")
            self._tasks[thread.conversation] = task
            task.add_done_callback(lambda _: self._forget(thread.conversation, task))

    def stop(self, thread: Thread) -> None:
        task = self._tasks.pop(thread.conversation, None)
        if task is not None:
            task.cancel()

    async def close(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _forget(self, conversation: str, task: asyncio.Task[None]) -> None:
        if self._tasks.get(conversation) is task:
            del self._tasks[conversation]

    async def _show(self, channel: str) -> None:
        until = self._clock.elapsed() + LONGEST
        try:
            while self._clock.elapsed() < until:
                await self._api.call("POST", "/channels/{channel_id}/typing", channel_id=channel, within=3.0)
                await self._clock.sleep(EVERY)
        except DeskError as error:
            self._telemetry.count("discord_courtesy_failed", kind=type(error).__name__)
