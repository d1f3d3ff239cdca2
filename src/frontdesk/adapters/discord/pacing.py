"""Decides when a call may go to Discord: no limit is ever hit, and a reply's last words wait for no draft."""

import asyncio
import math
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Literal

from frontdesk.adapters.discord.api import Answered
from frontdesk.adapters.discord.buckets import Bucket
from frontdesk.domain.errors import Retry
from frontdesk.ports.clock import Clock
from frontdesk.ports.notebook import Notebook

Urgency = Literal["final", "draft"]
"""A draft may be replaced by a newer one any time; a final is what will stand."""

SOONEST = 0.7
"""Seconds between two drafts in one channel when there is room to spare."""
MOST_IDLE = 1_000
"""Channels that are remembered without anybody waiting there."""

Route = tuple[str, str]
POST: Route = ("POST", "/channels/{channel_id}/messages")
EDIT: Route = ("PATCH", "/channels/{channel_id}/messages/{message_id}")
DELETE: Route = ("DELETE", "/channels/{channel_id}/messages/{message_id}")

SLOT = 0.25
"""Seconds of one share of the limit that all calls have together."""
SHARE = 10
"""Calls in one slot: any second touches five slots at most, and Discord allows 50 calls a second."""
SLOT_KNOWN_FOR = 5.0


class Queue:
    """Who waits for one route in one channel. Finals go first; drafts leave room for the finals that will come."""

    def __init__(self, clock: Clock) -> None:
        self.bucket = Bucket()
        self.writers = 0
        """Replies that are being written here: each will need a final."""
        self._clock = clock
        self._finals: deque[asyncio.Future[None]] = deque()
        self._drafts: deque[asyncio.Future[None]] = deque()
        self._drafted: float | None = None
        """When the last draft went."""
        self._changed = asyncio.Event()
        self._serving: asyncio.Task[None] | None = None

    @property
    def is_idle(self) -> bool:
        self.bucket.left(self._clock.elapsed())
        return self.bucket.is_idle and self._serving is None and not self.writers

    @property
    def kept(self) -> int:
        """Calls that drafts leave to finals; never all of them, or nothing would be seen growing."""
        return min(max(1, (self.writers + 1) // 2), self.bucket.limit - 1)

    @asynccontextmanager
    async def turn(self, urgency: Urgency) -> AsyncIterator[None]:
        """Wait for the right to make one call, and make it inside."""
        await self._admitted(self._finals if urgency == "final" else self._drafts)
        try:
            yield
        finally:
            self.bucket.landed()
            self._changed.set()

    def answered(self, answered: Answered) -> None:
        self.bucket.learn(self._clock.elapsed(), answered.headers, answered.status)
        self._changed.set()

    async def _admitted(self, waiting: deque[asyncio.Future[None]]) -> None:
        place = asyncio.get_running_loop().create_future()
        waiting.append(place)
        self._changed.set()
        if self._serving is None:
            self._serving = asyncio.create_task(self._serve(), name="discord pacing")
        try:
            await place
        except asyncio.CancelledError:
            self._changed.set()
            if place.done() and not place.cancelled():
                self.bucket.landed()  # admitted in the very moment in which it was given up
            raise

    async def _serve(self) -> None:
        """Admit one after the other, for as long as somebody waits."""
        try:
            while self._tidied():
                self._changed.clear()
                pause = self._pause()
                if pause > 0:
                    await self._resting(pause)
                    continue
                now = self._clock.elapsed()
                if not self._finals:
                    self._drafted = now
                self.bucket.take(now)
                (self._finals or self._drafts).popleft().set_result(None)
        finally:
            self._serving = None

    def _tidied(self) -> bool:
        """Without those who gave up; false when nobody is left."""
        for waiting in (self._finals, self._drafts):
            while waiting and waiting[0].done():
                waiting.popleft()
        return bool(self._finals or self._drafts)

    def _pause(self) -> float:
        """Seconds until the next one may be admitted."""
        now = self._clock.elapsed()
        if self._finals:
            return self.bucket.wait(now)
        pause = self.bucket.wait(now, self.kept)
        if pause > 0 or self._drafted is None:
            return pause
        return max(0.0, self._drafted + self._interval(now) - now)

    def _interval(self, now: float) -> float:
        """Seconds between two drafts that spread what is left over the rest of the window."""
        assert self._drafted is not None
        ends = self.bucket.ends_in(now)
        if ends == math.inf:
            return SOONEST
        spare = self.bucket.left(now) - self.kept
        return max(SOONEST, (now + ends - self._drafted) / (spare + 1))

    async def _resting(self, seconds: float) -> None:
        """Until something changed, at most so long."""
        waits: set[asyncio.Task[Any]] = {asyncio.create_task(self._changed.wait())}
        if seconds != math.inf:
            waits.add(asyncio.create_task(self._clock.sleep(seconds)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()


class Pacing:
    """All that is said in Discord's channels, each channel in its own turn. One for each token and process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._queues: dict[str, dict[Route, Queue]] = {}

    def turn(self, route: Route, channel: str, urgency: Urgency) -> AbstractAsyncContextManager[None]:
        """Wait for the right to call the route once, and call it inside."""
        return self._queue(route, channel).turn(urgency)

    def began(self, channel: str) -> None:
        """A reply is being written there."""
        self._queue(EDIT, channel).writers += 1

    def ended(self, channel: str) -> None:
        """It has its end, or nobody will write one."""
        self._queue(EDIT, channel).writers -= 1

    def answered(self, answered: Answered) -> None:
        """Told of every answer of the API."""
        queues = self._queues.get(answered.major, {})
        name = answered.headers.get("X-RateLimit-Bucket")
        for route, queue in queues.items():
            if route == (answered.method, answered.template) or (name and queue.bucket.name == name):
                queue.answered(answered)

    def _queue(self, route: Route, channel: str) -> Queue:
        if channel not in self._queues:
            self._forget()
        queues = self._queues.setdefault(channel, {})
        if route not in queues:
            queues[route] = Queue(self._clock)
        return queues[route]

    def _forget(self) -> None:
        if len(self._queues) < MOST_IDLE:
            return
        idle = [name for name, queues in self._queues.items() if all(queue.is_idle for queue in queues.values())]
        for name in idle:
            del self._queues[name]


class SharedPace:
    """Keeps all processes together under the calls a second that one token has; set as the API's `pace`."""

    def __init__(self, notebook: Notebook, clock: Clock) -> None:
        self._notebook = notebook
        self._clock = clock
        self._waiting = 0
        self._in_turn = asyncio.Lock()
        self._slot = -1
        self._permits = 0
        """Left of those taken for the slot."""
        self._used = self._used_before = 0
        """In this slot and in the one before it."""
        self._is_spent = False
        """The slot has nothing left for anybody."""
        self._closed_until = 0.0

    async def __call__(self) -> None:
        """Wait for the right to make one call."""
        self._waiting += 1
        try:
            async with self._in_turn:
                while not await self._admitted():
                    pass
        finally:
            self._waiting -= 1

    def answered(self, answered: Answered) -> None:
        """Told of every answer of the API: a global refusal holds all calls back."""
        if answered.status == 429 and answered.headers.get("X-RateLimit-Scope") == "global":
            after = float(answered.headers.get("Retry-After", 1.0))
            self._closed_until = max(self._closed_until, self._clock.elapsed() + after)

    async def _admitted(self) -> bool:
        if (closed := self._closed_until - self._clock.elapsed()) > 0:
            await self._clock.sleep(closed)
        slot = int(self._clock.now() / SLOT)
        if slot != self._slot:
            self._used_before = self._used if slot == self._slot + 1 else 0
            self._slot, self._used, self._permits, self._is_spent = slot, 0, 0, False
        if not self._permits and not self._is_spent:
            await self._fetch()
        if self._permits:
            self._permits -= 1
            self._used += 1
            return True
        if self._is_spent:
            await self._clock.sleep((self._slot + 1) * SLOT - self._clock.now() + 0.001)
        return False

    async def _fetch(self) -> None:
        """Take as many permits as are wanted now, or were in the slot before: one round trip for all of them."""
        wanted = min(SHARE, max(self._waiting, self._used_before - self._used, 1))
        try:
            taken = await self._notebook.add(f"discord calls {self._slot}", wanted, SLOT_KNOWN_FOR)
        except Retry:
            # Without the store nobody knows of the others; they have no work without it either.
            taken, wanted = SHARE, SHARE
        self._permits = min(wanted, max(0, SHARE - (taken - wanted)))
        self._is_spent = taken >= SHARE
