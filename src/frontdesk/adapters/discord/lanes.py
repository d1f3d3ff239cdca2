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
    stored: bool = False


class Lanes:
    """In order within a lane, side by side otherwise."""

    def __init__(self, clock: Clock, telemetry: Telemetry) -> None:
        self._clock = clock
        self._telemetry = telemetry
        self._brought: deque[_Brought] = deque()
        self._last: dict[str, asyncio.Task[None]] = {}
        """The end of every lane."""
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
        self._done(self._counted(sequence))

    def take(self, lane: str, sequence: int | None, event: str, work: Work) -> None:
        """Have it stored after everything before it in its lane; None = it has no number."""
        one = self._counted(sequence) if sequence is not None else _Brought(0)
        before = self._last.get(lane)
        task = asyncio.create_task(self._in_turn(before, event, work, one))
        self._last[lane] = task
        task.add_done_callback(lambda done: self._forget(lane, done))

    async def half_empty(self) -> None:
        """Until there is room again."""
        while len(self._brought) > MOST_WAITING // 2 and self._last:
            await asyncio.wait([*self._last.values()], return_when=asyncio.FIRST_COMPLETED)

    async def close(self, patience: float) -> None:
        """Let what waits be stored within this time; the rest comes again, because it was not counted."""
        if self._last:
            await asyncio.wait([*self._last.values()], timeout=patience)
        left = [*self._last.values()]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _counted(self, sequence: int) -> _Brought:
        one = _Brought(sequence)
        self._brought.append(one)
        return one

    def _done(self, one: _Brought) -> None:
        one.stored = True
        while self._brought and self._brought[0].stored:
            self.stored = self._brought.popleft().sequence

    def _forget(self, lane: str, done: asyncio.Task[None]) -> None:
        if self._last.get(lane) is done:
            del self._last[lane]

    async def _in_turn(self, before: asyncio.Task[None] | None, event: str, work: Work, one: _Brought) -> None:
        if before is not None:
            await asyncio.wait({before})
        await self._until_stored(event, work)
        self._done(one)

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
