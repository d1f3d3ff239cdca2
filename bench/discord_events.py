"""What a message on Discord costs until it is stored, beside discord.py's own floor on the same frames."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from itertools import count
from typing import Any

from bench.process import Child, python
from bench.report import Table
from bench.world import Surroundings, desk, discord_environment, surroundings
from frontdesk.sandbox.discord.example import ALICE, BOB, CAROL, NAMES
from frontdesk.sandbox.discord.gateway import HELLO
from frontdesk.sandbox.discord.payloads import pings
from frontdesk.sandbox.discord.values import Message

CHANNELS = 50
HEARTBEAT = 0.02
"""Seconds between two heartbeats: each tells which event was the last that is done."""
DONE_WITHIN = 60.0
CUSTOMERS = (ALICE, BOB, CAROL)
TEXTS = (
    "How long does shipping take?",
    "I ordered a **blue** bag on Monday, but the mail says _grey_. Can I still change it before it is sent?",
    "That is what I see when I pay:\n```\nerror 402: card refused\n```\nand my bank says that all is well.",
    "<@1100000000000000202> had the same last week, I think. https://shop.example/orders/1042 is the order.",
)


async def measure(events: int = 4000, rounds: int = 5) -> Table:
    rows: list[list[str | float]] = []
    floor = 0.0
    for name, listener in _listeners().items():
        async with surroundings(CHANNELS, platform="discord") as around, listener(around) as child:
            rate, cpu = await _taken(around, child, events, rounds)
        floor = floor or cpu
        rows.append([name, rate, cpu * 1_000_000, cpu / floor if floor else "-"])
    return Table(
        f"Messages on Discord's gateway, {rounds} times {events:,} at once",
        ["", "events/s", "CPU us/event", "x discord.py"],
        rows,
        ["aim: the adapter alone at most 2 x; the local Discord and the store are processes of their own"],
    )


def _listeners() -> dict[str, Callable[[Surroundings], AbstractAsyncContextManager[Child]]]:
    return {
        "discord.py, on_message does nothing": _discord_py,
        "our adapter, the receiver does nothing": _adapter,
        "our adapter, each stored durably": lambda around: _adapter(around, "--stored"),
        "frontdesk --role gateway: judged, then stored durably": lambda around: desk(around, role="gateway"),
    }


def _discord_py(around: Surroundings) -> AbstractAsyncContextManager[Child]:
    return python(["-m", "bench.discord_listener"], "ready", discord_environment(around.discord))


@asynccontextmanager
async def _adapter(around: Surroundings, *arguments: str) -> AsyncIterator[Child]:
    environment = {**discord_environment(around.discord), "REDIS_URL": around.store_url}
    async with python(["-m", "bench.discord_desk", *arguments], "ready", environment) as child:
        yield child


async def _taken(around: Surroundings, child: Child, events: int, rounds: int) -> tuple[float, float]:
    """Events a second, and seconds of CPU for each; the first round only warms up."""
    said = _said(around)
    hello = {"op": HELLO, "d": {"heartbeat_interval": HEARTBEAT * 1000}, "s": None, "t": None}
    around.discord.gateway.send_raw(hello)  # from now on it tells often how far it is
    await _round(around, said, events // 4)
    cpu, seconds = child.cpu_seconds, 0.0
    for _ in range(rounds):
        seconds += await _round(around, said, events)
    return rounds * events / seconds, (child.cpu_seconds - cpu) / (rounds * events)


async def _round(around: Surroundings, said: Iterator[Any], events: int) -> float:
    """How long it takes until all are done."""
    gateway = around.discord.gateway
    for _ in range(events):
        gateway.inject("MESSAGE_CREATE", next(said))
    (session,) = (session for session in gateway.sessions if session.connected)
    began = time.perf_counter()
    async with asyncio.timeout(DONE_WITHIN):
        while (session.acknowledged or 0) < session.sequence:
            around.discord.clock.advance(1.0)  # so many heartbeats in a minute are too many
            await asyncio.sleep(HEARTBEAT / 2)
    return time.perf_counter() - began


def _said(around: Surroundings) -> Iterator[Any]:
    """Questions of customers, one channel after the other, as the gateway tells of them."""
    guild, channels = around.discord.guild, around.channels
    for number in count():
        text, author = TEXTS[number % len(TEXTS)], CUSTOMERS[number % len(CUSTOMERS)]
        channel = channels[number % len(channels)]
        message = Message(guild.snowflakes.next(), channel, author, NAMES[author][0], text)
        yield guild.wire.message(replace(message, pings=pings(guild, message)), in_event=True)
