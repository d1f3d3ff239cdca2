"""Decides when a call may go to Discord: no limit is ever hit, and a reply's last words wait for no draft."""

import asyncio
import math
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Literal

from frontdesk.adapters.discord.api import Answered
from frontdesk.adapters.discord.buckets import ASSUMED_LIMIT, Bucket
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


class Place:
    """One channel: a queue for each route, and the replies that are being written there."""

    def __init__(self, clock: Clock, names: dict[Route, str]) -> None:
        self.writers = 0
        """Each will need a final."""
        self._clock = clock
        self._names = names
        """Discord's names for the routes' buckets, as any channel has shown them."""
        self._queues: dict[Route, Queue] = {}

    @property
    def is_idle(self) -> bool:
        return not self.writers and all(queue.is_idle for queue in self._queues.values())

    def queue(self, route: Route) -> "Queue":
        if route not in self._queues:
            self._queues[route] = Queue(self, self._clock, self._bucket_of(self._names.get(route)) or Bucket())
        return self._queues[route]

    def answered(self, answered: Answered) -> None:
        queue = self._queues.get((answered.method, answered.template))
        if queue is None:
            return
        name = answered.headers.get("X-RateLimit-Bucket")
        if name and name != queue.bucket.name:
            self._names[answered.method, answered.template] = name
            queue.bucket = self._bucket_of(name) or queue.bucket
        queue.bucket.learn(self._clock.elapsed(), answered.headers, answered.status)
        self.wake()

    def wake(self) -> None:
        """Something changed: routes may share a bucket."""
        for queue in self._queues.values():
            queue.changed.set()

    def kept(self, bucket: Bucket) -> int:
        """Calls in a window that drafts leave to finals: room for half of those that will come, at least for one.

        Some are left to drafts, or nothing would be seen growing, except where so many write that each would be seen
        to grow once a minute.
        """
        is_of_edits = EDIT in self._queues and self._queues[EDIT].bucket is bucket
        finals = (self.writers + 1) // 2 if is_of_edits else 1
        is_crowded = finals >= max(ASSUMED_LIMIT, bucket.limit)
        return bucket.limit if is_crowded else min(max(1, finals), bucket.limit - 1)

    def _bucket_of(self, name: str | None) -> Bucket | None:
        buckets = (queue.bucket for queue in self._queues.values())
        return next((bucket for bucket in buckets if name and bucket.name == name), None)


class Queue:
    """Who waits for one route in one channel. Finals go first; drafts leave room for the finals that will come."""

    def __init__(self, place: Place, clock: Clock, bucket: Bucket) -> None:
        self.bucket = bucket
        self.changed = asyncio.Event()
        self._place = place
        self._clock = clock
        self._finals: deque[asyncio.Future[Bucket]] = deque()
        self._drafts: deque[asyncio.Future[Bucket]] = deque()
        self._drafted = -math.inf
        """When the last draft went."""
        self._serving: asyncio.Task[None] | None = None

    @property
    def is_idle(self) -> bool:
        self.bucket.left(self._clock.elapsed())
        return self.bucket.is_idle and self._serving is None

    @asynccontextmanager
    async def turn(self, urgency: Urgency) -> AsyncIterator[None]:
        """Wait for the right to make one call, and make it inside."""
        bucket = await self._admitted(self._finals if urgency == "final" else self._drafts)
        try:
            yield
        finally:
            bucket.landed()
            self._place.wake()

    async def _admitted(self, waiting: deque[asyncio.Future[Bucket]]) -> Bucket:
        admission: asyncio.Future[Bucket] = asyncio.get_running_loop().create_future()
        waiting.append(admission)
        self.changed.set()
        if self._serving is None:
            self._serving = asyncio.create_task(self._serve(), name="discord pacing")
        try:
            return await admission
        except asyncio.CancelledError:
            if admission.done() and not admission.cancelled():
                admission.result().landed()  # admitted in the very moment in which it was given up
            self._place.wake()
            raise

    async def _serve(self) -> None:
        """Admit one after the other, for as long as somebody waits."""
        try:
            while self._tidied():
                self.changed.clear()
                pause = self._pause()
                if pause > 0:
                    await self._resting(pause)
                    continue
                now = self._clock.elapsed()
                if not self._finals:
                    self._drafted = now
                self.bucket.take(now)
                (self._finals or self._drafts).popleft().set_result(self.bucket)
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
        return max(self.bucket.wait(now, self._place.kept(self.bucket)), self._drafted + self._interval(now) - now)

    def _interval(self, now: float) -> float:
        """Seconds between two drafts that spread what is left over the rest of the window."""
        if self is not self._place.queue(EDIT) or self._drafted == -math.inf:
            return 0.0
        ends = self.bucket.ends_in(now)
        if ends == math.inf:
            return SOONEST
        spare = max(0, self.bucket.left(now) - self._place.kept(self.bucket))
        return max(SOONEST, (now + ends - self._drafted) / (spare + 1))

    async def _resting(self, seconds: float) -> None:
        """Until something changed, at most so long."""
        waits: set[asyncio.Task[Any]] = {asyncio.create_task(self.changed.wait())}
        if seconds != math.inf:
            waits.add(asyncio.create_task(self._clock.sleep(seconds)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()


class Pacing:
    """All that is said in Discord's channels, each channel in its own turn. One for each token and process."""

    def __init__(self, clock: Clock, shared: "SharedPace | None" = None) -> None:
        self._clock = clock
        self._shared = shared
        self._places: dict[str, Place] = {}
        self._names: dict[Route, str] = {}

    @property
    def is_crowded(self) -> bool:
        """Calls wait for the limit that all channels share: no time for drafts."""
        return self._shared is not None and self._shared.waiting > 0

    def turn(self, route: Route, channel: str, urgency: Urgency) -> AbstractAsyncContextManager[None]:
        """Wait for the right to call the route once, and call it inside."""
        return self._place(channel).queue(route).turn(urgency)

    def began(self, channel: str) -> None:
        """A reply is being written there."""
        self._place(channel).writers += 1

    def ended(self, channel: str) -> None:
        """It has its end, or nobody will write one."""
        place = self._place(channel)
        place.writers -= 1
        place.wake()

    def answered(self, answered: Answered) -> None:
        """Told of every answer of the API."""
        if answered.major in self._places:
            self._places[answered.major].answered(answered)

    def _place(self, channel: str) -> Place:
        if channel not in self._places:
            if len(self._places) >= MOST_IDLE:
                self._places = {name: place for name, place in self._places.items() if not place.is_idle}
            self._places[channel] = Place(self._clock, self._names)
        return self._places[channel]


class SharedPace:
    """Keeps all processes together under the calls a second that one token has; set as the API's `pace`."""

    def __init__(self, notebook: Notebook, clock: Clock) -> None:
        self._notebook = notebook
        self._clock = clock
        self.waiting = 0
        """Calls that wait for their right now."""
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
        self.waiting += 1
        try:
            async with self._in_turn:
                while not await self._admitted():
                    pass
        finally:
            self.waiting -= 1

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
        wanted = min(SHARE, max(self.waiting, self._used_before - self._used, 1))
        try:
            taken = await self._notebook.add(f"discord calls {self._slot}", wanted, SLOT_KNOWN_FOR)
        except Retry:
            # Without the store nobody knows of the others; they have no work without it either.
            taken, wanted = SHARE, SHARE
        self._permits = min(wanted, max(0, SHARE - (taken - wanted)))
        self._is_spent = taken >= SHARE
