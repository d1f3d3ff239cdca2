"""How long Slack waits for its acknowledgement: ours comes after the durable write, slack-bolt's own before any work."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bench.process import Child, python
from bench.report import Table, milliseconds, quantile
from bench.world import CUSTOMER, Surroundings, desk, surroundings

RATE = 100
CONVERSATIONS = 50
"""Threads in which people talk; the desk records every word of it, and answers when it is its turn."""


async def measure(seconds: float = 10.0, rate: int = RATE) -> Table:
    rows: list[list[str | float]] = []
    async with surroundings(CONVERSATIONS) as around:
        listeners = {
            "slack-bolt, a listener that does nothing": _bolt(around),
            "frontdesk --role gateway: stored, then acknowledged": desk(around, role="gateway"),
            "frontdesk: the same while it answers them all": desk(around),
        }
        for name, listener in listeners.items():
            async with listener as child:
                rows.append([name, *await _row(around, child, seconds, rate)])
    return Table(
        f"Acknowledgement, {rate} events/s for {seconds:g} s (aim: p99 < 50 ms)",
        ["", "p50 ms", "p99", "max", "CPU ms/event", "acknowledged", "loop of the load p99 ms"],
        rows,
    )


async def _row(around: Surroundings, child: Child, seconds: float, rate: int) -> list[str | float]:
    slack = around.slack
    await slack.workspace.until(lambda: len(slack.sockets.sockets) > 0, timeout=10)
    slack.sockets.ack_seconds.clear()
    cpu, events = child.cpu_seconds, round(seconds * rate)
    late = await _say_at(around, events, rate)
    await slack.workspace.until(lambda: len(slack.sockets.ack_seconds) >= events, timeout=30)
    times = slack.sockets.ack_seconds[:events]
    return [
        milliseconds(times, 0.5),
        milliseconds(times, 0.99),
        max(times) * 1000,
        (child.cpu_seconds - cpu) / events * 1000,
        f"{len(times)}/{events}",
        quantile(late, 0.99) * 1000,
    ]


async def _say_at(around: Surroundings, events: int, rate: int) -> list[float]:
    """Say so much at an even pace, whatever comes back; returns how late each was said, in seconds."""
    loop = asyncio.get_running_loop()
    began, late = loop.time() + 0.1, []
    roots: dict[str, str] = {}
    for number in range(events):
        due = began + number / rate
        await asyncio.sleep(max(0.0, due - loop.time()))
        late.append(loop.time() - due)
        channel = around.channels[number % len(around.channels)]
        said = await around.slack.workspace.say(
            CUSTOMER, channel, f"And how long does shipping take? ({number})", thread_ts=roots.get(channel)
        )
        roots.setdefault(channel, said.ts)
    return late


@asynccontextmanager
async def _bolt(around: Surroundings) -> AsyncIterator[Child]:
    slack = around.slack
    environment = {
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": slack.api_url,
    }
    async with python(["-m", "bench.bolt_listener"], "ready", environment) as child:
        yield child
