"""The feed of a local platform: tells of every change, and wakes whoever waits for one."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import suppress
from typing import Any

Json = dict[str, Any]

RECHECK_SECONDS = 0.1


class Feed(ABC):
    """Every change as it happens, for the state of a platform to inherit."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[Json]] = set()
        self._changed = asyncio.Event()

    @abstractmethod
    def dump(self) -> str:
        """Everything as text, for people who read a failed test."""

    def publish(self, change: Callable[[], Json]) -> None:
        """Tell everybody who follows; `change` is worked out only when somebody does."""
        if self._queues:
            told = change()
            for queue in self._queues:
                queue.put_nowait(dict(told))
        self.wake()

    def wake(self) -> None:
        """Let everybody who waits look again."""
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def changes(self) -> AsyncIterator[Json]:
        """Every change from now on."""
        queue: asyncio.Queue[Json] = asyncio.Queue()
        self._queues.add(queue)
        return self._follow(queue)

    async def _follow(self, queue: asyncio.Queue[Json]) -> AsyncGenerator[Json, None]:
        try:
            while True:
                yield await queue.get()
        finally:
            self._queues.discard(queue)

    async def until(self, condition: Callable[[], Any], timeout: float = 15.0) -> Any:
        """Wait until the condition is true and give back what it gave; TimeoutError shows what there is."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        while not (value := condition()):
            left = deadline - loop.time()
            if left <= 0:
                raise TimeoutError(f"not within {timeout} s; it looks like this:\n{self.dump()}")
            with suppress(TimeoutError):
                # Woken by every change here; the short bound is for conditions that look at something else.
                await asyncio.wait_for(self._changed.wait(), min(left, RECHECK_SECONDS))
        return value
