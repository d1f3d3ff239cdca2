"""A clock that tests can move forward, so that five minutes cost nothing."""

import asyncio
import time
from collections.abc import Awaitable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


class Clock:
    """Real time plus whatever was added by `advance`."""

    def __init__(self) -> None:
        self._added = 0.0
        self._moved = asyncio.Event()

    def now(self) -> float:
        return time.time() + self._added

    def advance(self, seconds: float) -> None:
        self._added += seconds
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    async def sleep(self, seconds: float) -> None:
        until = self.now() + seconds
        while (left := until - self.now()) > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._moved.wait(), left)

    async def within(self, seconds: float, awaitable: Awaitable[T]) -> T:
        """What the awaitable gives, or TimeoutError once this clock has passed `seconds`."""
        work = asyncio.ensure_future(awaitable)
        timer = asyncio.create_task(self.sleep(seconds))
        try:
            await asyncio.wait({work, timer}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return work.result()
            raise TimeoutError
        finally:
            timer.cancel()
            work.cancel()
