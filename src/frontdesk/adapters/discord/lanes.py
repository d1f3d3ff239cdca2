"""Has what a connection brings stored, lane by lane, and knows up to where everything is."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from frontdesk.domain.errors import DeskError, Retry
from frontdesk.ports.clock import Clock
from frontdesk.ports.telemetry import Telemetry

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0
MOST_WAITING = 5_000
"""Events that may wait to be stored; beyond, a connection is better given up until they are."""

Work = Callable[[], Awaitable[None]]


@dataclass(eq=False)
class _Brought:
    """One event of a connection."""

    sequence: int
    event: str
    work: Work
    stored: bool = False


class Lanes:
    """In order within a lane, side by side otherwise."""

    def __init__(self, clock: Clock, telemetry: Telemetry) -> None:
        self._clock = clock
        self._telemetry = telemetry
        self._brought: deque[_Brought] = deque()
        self._waiting: dict[str, deque[_Brought]] = {}
        """What each lane has yet to begin with; a lane that has nothing left is closed."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._moved = asyncio.Event()
        self.stored = 0
        """The number of the last event that is stored, and all before it."""

    @property
    def full(self) -> bool:
        return len(self._brought) > MOST_WAITING

    def begin(self, after: int) -> None:
        """A connection starts, and brings what comes after this number; what still waits from before is stored too."""
        self._brought.clear()
        self.stored = after

    def skip(self, sequence: int) -> None:
        """An event that nobody wants."""
        self._brought.append(_Brought(sequence, "", _nothing))
        self._done(self._brought[-1])

    def take(self, lane: str, sequence: int | None, event: str, work: Work) -> None:
        """Have it stored after everything before it in its lane; None = it has no number."""
        one = _Brought(sequence or 0, event, work)
        if sequence is not None:
            self._brought.append(one)
        waiting = self._waiting.get(lane)
        if waiting is not None:
            waiting.append(one)
            return
        self._waiting[lane] = deque([one])
        task = asyncio.create_task(self._in_turn(lane))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def half_empty(self) -> None:
        """Until there is room again."""
        while len(self._brought) > MOST_WAITING // 2 and self._waiting:
            self._moved.clear()
            await self._moved.wait()

    async def close(self, patience: float) -> None:
        """Let what waits be stored within this time; the rest comes again, because it was not counted."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=patience)
        left = list(self._tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _in_turn(self, lane: str) -> None:
        """All that waits in one lane, and what comes meanwhile."""
        waiting = self._waiting[lane]
        try:
            while waiting:
                one = waiting.popleft()
                await self._until_stored(one.event, one.work)
                self._done(one)
        finally:
            del self._waiting[lane]
            self._moved.set()

    def _done(self, one: _Brought) -> None:
        one.stored = True
        while self._brought and self._brought[0].stored:
            self.stored = self._brought.popleft().sequence
        self._moved.set()

    async def _until_stored(self, event: str, work: Work) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                await work()
            except Retry as retry:
                self._telemetry.count("discord_not_stored", event=event)
                wait = max(pause, min(retry.after, LONGEST_PAUSE))
            except DeskError as error:
                self._telemetry.trouble("discord intake", error, event=event)
                return
            except Exception as error:  # noqa: BLE001 - whatever one event does, the next one must be heard
                self._telemetry.trouble("discord intake", error, event=event)
                return
            else:
                return
            await self._clock.sleep(wait)
            pause = min(pause * 2, LONGEST_PAUSE)


async def _nothing() -> None:
    return
