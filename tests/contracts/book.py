"""A notebook in memory, which counts how often it was asked."""

import asyncio
from collections import Counter

from frontdesk.domain.errors import Retry


class Book:
    """A notebook all processes share, in memory."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.trips = 0
        self.is_away = False

    async def put(self, name: str, text: str, seconds: float) -> None:
        raise NotImplementedError

    async def get(self, name: str) -> str | None:
        raise NotImplementedError

    async def forget(self, name: str) -> None:
        raise NotImplementedError

    async def add(self, name: str, amount: int, seconds: float) -> int:
        await asyncio.sleep(0)
        if self.is_away:
            raise Retry("the store is away")
        self.trips += 1
        self.counts[name] += amount
        return self.counts[name]
