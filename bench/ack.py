"""How long Slack waits for its acknowledgement: ours after the durable write, beside slack-bolt's own floor."""

import asyncio
import os
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from redis.asyncio import Redis

from bench.process import Child, python
from bench.report import Table, milliseconds, quantile
from bench.world import COLLEAGUE, CUSTOMER, Surroundings, desk, slack_environment, surroundings

RATE = 100
CHANNELS = 50
TALK = 10
"""One event in so many is a question; the others are what a colleague of the customer adds to a thread."""
TOGETHER = 50
"""Questions of a burst."""
ALL_WITHIN = 10.0


async def measure(seconds: float = 10.0, rate: int = RATE) -> Table:
    rows: list[list[str | float]] = []
    async with surroundings(CHANNELS) as around:
        answering = f"while it answers {rate // TALK} questions/s"
        for name, fsync, together, listener in (
            ("slack-bolt, a listener that does nothing", "-", 1, _bolt(around)),
            ("frontdesk --role gateway: stored, then acknowledged", "always", 1, desk(around, role="gateway")),
            ("the same", "everysec", 1, desk(around, role="gateway")),
            (f"frontdesk {answering}", "always", 1, desk(around)),
            ("the same", "everysec", 1, desk(around)),
            (f"the same, asked in bursts of {TOGETHER}", "always", TOGETHER, desk(around)),
        ):
            if fsync != "-":
                await _set_fsync(around.store_url, fsync)
            async with listener as child:
                rows.append([name, fsync, *await _row(around, child, seconds, rate, together)])
        disk = _fsyncs(around.folder / "probe")
    return Table(
        f"Acknowledgement, {rate} events/s for {seconds:g} s (aim: p99 < 50 ms)",
        ["", "fsync", "p50 ms", "p99", "max", "CPU ms/event", "acknowledged", "load late p99 ms"],
        rows,
        [f"one fsync on this disk: p50 {milliseconds(disk, 0.5):.1f} ms, p99 {milliseconds(disk, 0.99):.1f} ms"],
    )


async def _row(around: Surroundings, child: Child, seconds: float, rate: int, together: int = 1) -> list[str | float]:
    slack = around.slack
    await slack.workspace.until(lambda: len(slack.sockets.sockets) > 0, timeout=10)
    slack.sockets.ack_seconds.clear()
    cpu, events = child.cpu_seconds, round(seconds * rate)
    late = await _say_at(around, events, rate, together)
    with suppress(TimeoutError):
        async with asyncio.timeout(ALL_WITHIN):
            while len(slack.sockets.ack_seconds) < events:  # noqa: ASYNC110 - nobody rings when an ack came
                await asyncio.sleep(0.05)
    times = slack.sockets.ack_seconds[:events]
    return [
        milliseconds(times, 0.5),
        milliseconds(times, 0.99),
        max(times) * 1000,
        (child.cpu_seconds - cpu) / events * 1000,
        f"{len(times)}/{events}",
        quantile(late, 0.99) * 1000,
    ]


async def _say_at(around: Surroundings, events: int, rate: int, together: int) -> list[float]:
    """Say so much at an even pace, so many questions in a row, whatever comes back; returns how late each was said."""
    loop = asyncio.get_running_loop()
    began, late = loop.time() + 0.1, []
    threads: deque[tuple[str, str]] = deque(maxlen=len(around.channels))
    for number in range(events):
        due = began + number / rate
        await asyncio.sleep(max(0.0, due - loop.time()))
        late.append(loop.time() - due)
        if number % (TALK * together) < together:
            channel = around.channels[number % len(around.channels)]
            said = await around.slack.workspace.say(CUSTOMER, channel, "How long does shipping take?")
            threads.append((channel, said.ts))
        else:
            channel, root = threads[number % len(threads)]
            await around.slack.workspace.say(
                COLLEAGUE, channel, f"I would like to know that too ({number})", thread_ts=root
            )
    return late


@asynccontextmanager
async def _bolt(around: Surroundings) -> AsyncIterator[Child]:
    async with python(["-m", "bench.bolt_listener"], "ready", slack_environment(around.slack)) as child:
        yield child


async def _set_fsync(url: str, how: str) -> None:
    store = Redis.from_url(url)
    await store.config_set("appendfsync", how)
    await store.aclose()


def _fsyncs(probe: Path, times: int = 100) -> list[float]:
    """What the store's disk takes to make a few bytes durable, in seconds."""
    taken = []
    with probe.open("wb") as file:
        for _ in range(times):
            began = time.perf_counter()
            file.write(b"0" * 512)
            file.flush()
            os.fsync(file.fileno())
            taken.append(time.perf_counter() - began)
    return taken
