"""Time that moves only when a test lets it."""

import asyncio
import heapq
from collections.abc import Awaitable
from itertools import count
from typing import TypeVar

T = TypeVar("T")


class HandClock:
    def __init__(self) -> None:
        self.time = 1_700_000_000.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = count()

    def now(self) -> float:
        return self.time

    def elapsed(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        waking: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.time + max(0.0, seconds), next(self._numbers), waking))
        await waking

    async def advance(self, seconds: float) -> None:
        """Let so much time pass; whoever sleeps wakes in order."""
        until = self.time + seconds
        await self._settle()
        while self._sleepers and self._sleepers[0][0] <= until:
            self._wake()
            await self._settle()
        self.time = until

    async def run(self, work: Awaitable[T]) -> T:
        """Let as much time pass as the work takes."""
        task = asyncio.ensure_future(work)
        await self._settle()
        while not task.done():
            assert self._sleepers, "everybody waits and nobody sleeps"
            self._wake()
            await self._settle()
        return task.result()

    def _wake(self) -> None:
        at, _, sleeper = heapq.heappop(self._sleepers)
        if not sleeper.done():
            self.time = max(self.time, at)
            sleeper.set_result(None)

    async def _settle(self) -> None:
        """Let everybody go on until they wait again."""
        for _ in range(60):
            await asyncio.sleep(0)
