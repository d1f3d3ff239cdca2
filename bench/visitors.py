"""Customers who ask, and what they see when: the load of every measurement of whole turns."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from bench.world import CUSTOMER
from frontdesk.sandbox import SlackServer

ANSWERED_WITHIN = 20.0
QUESTIONS = (
    "How long does shipping take?",
    "How can I return a bag that I do not like?",
    "Which payment methods do you accept?",
    "How do I clean my bag?",
)
"""Each is answered from an article of the example shop."""


@dataclass
class Visit:
    """One question and its answer; times are of the monotonic clock."""

    channel: str
    root: str
    asked: float
    first: float | None = None
    """When the first words of the answer were visible."""
    final: asyncio.Future[float] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    """When the whole answer stood there."""

    @property
    def to_first(self) -> float:
        return (self.first or self.final.result()) - self.asked

    @property
    def to_final(self) -> float:
        return self.final.result() - self.asked


class Visitors:
    """Asks in channel after channel, and watches every thread."""

    def __init__(self, slack: SlackServer, channels: Sequence[str]) -> None:
        self._slack = slack
        self._channels = channels
        self._next = count()
        self._visits: dict[tuple[str, str], Visit] = {}

    async def ask(self, root: str | None = None, channel: str | None = None) -> Visit:
        """Ask one question, in a new thread or in `root`, and wait for the answer."""
        number = next(self._next)
        channel = channel or self._channels[number % len(self._channels)]
        asked = time.perf_counter()
        question = QUESTIONS[number % len(QUESTIONS)]
        message = await self._slack.workspace.say(CUSTOMER, channel, question, thread_ts=root)
        visit = self._visits[channel, message.root] = Visit(channel, message.root, asked)
        try:
            await asyncio.wait_for(visit.final, ANSWERED_WITHIN)
        except TimeoutError:
            thread = [message.shown for message in self._slack.workspace.thread(channel, message.root)]
            raise RuntimeError(f"no answer within {ANSWERED_WITHIN:g} s: {thread}") from None
        return visit

    async def ask_many(self, questions: int, at_once: int) -> list[Visit]:
        """So many questions, never more than `at_once` of them open."""
        left = count()
        visits: list[Visit] = []

        async def visitor() -> None:
            while next(left) < questions:
                visits.append(await self.ask())

        async with asyncio.TaskGroup() as group:
            for _ in range(min(at_once, questions)):
                group.create_task(visitor())
        return visits

    async def watch(self, changes: AsyncIterator[Any]) -> None:
        async for change in changes:
            if change["kind"] not in ("message", "changed") or not change.get("bot_id"):
                continue
            visit = self._visits.get((change["channel"], change.get("thread_ts") or change["ts"]))
            if visit is None or visit.final.done():
                continue
            now = time.perf_counter()
            visit.first = visit.first or now
            if len(change["blocks"]) > 1 and change["streaming"] != "streaming":
                visit.final.set_result(now)


@asynccontextmanager
async def visitors(slack: SlackServer, channels: Sequence[str]) -> AsyncIterator[Visitors]:
    there = Visitors(slack, channels)
    watching = asyncio.create_task(there.watch(slack.workspace.changes()))
    try:
        yield there
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
