"""The SDK's wait for a rate limit, for calls that nothing else paces: as long as needed, and never refused."""

import asyncio
from typing import Any

import aiohttp
import discord
from discord.http import Ratelimit

ROUNDING = 0.02
"""Seconds that a window is believed to last longer than Discord says."""


class Limit(Ratelimit):
    """A bucket of the SDK's with three differences.

    The call that spent the last of it does not wait for the next window before it returns; who came before the first
    answer waits for that and not for 30 seconds; and an answer's count is taken less the calls still on their way.
    """

    async def acquire(self) -> None:
        self._last_request = self._loop.time()
        while not self._has_room():
            seconds = None if self.expires is None else max(0.0, self.expires - self._loop.time())
            if seconds is not None and self._max_ratelimit_timeout and seconds > self._max_ratelimit_timeout:
                raise discord.RateLimited(seconds)
            waiting: asyncio.Future[Any] = self._loop.create_future()
            self._pending_requests.append(waiting)
            try:
                await asyncio.wait([waiting], timeout=seconds)
            finally:
                waiting.cancel()
        self.remaining -= 1
        self.outgoing += 1

    async def __aexit__(self, *_: object) -> None:
        self.outgoing -= 1
        if self.expires is None:
            self.remaining = self.limit - self.outgoing  # an answer that told of no limit
        self._wake(len(self._pending_requests))

    def update(self, response: aiohttp.ClientResponse, *, use_clock: bool = False) -> None:
        was_told, own = self.dirty, self.remaining
        super().update(response, use_clock=use_clock)
        told = int(response.headers.get("X-RateLimit-Remaining", 0))
        self.remaining = min(own, told) if was_told else told - max(0, self.outgoing - 1)
        if self.expires is not None:
            self.expires += ROUNDING

    def _has_room(self) -> bool:
        if self.is_expired():
            self.reset()  # type: ignore[no-untyped-call]
        return self.remaining > 0
