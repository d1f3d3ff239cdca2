"""Whatever nobody paces waits below Discord's limits too; all processes share one pace through the store."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis_servers import OpenConnection
from test_discord_streams import Desk, connected

from frontdesk.adapters.discord.pacing import SharedPace
from frontdesk.adapters.ops.clock import SystemClock
from frontdesk.adapters.redis.notebook import RedisNotebook
from frontdesk.sandbox.discord import DiscordServer, Fault
from frontdesk.sandbox.discord.example import SUPPORT

TYPING = ("POST", "/channels/{channel_id}/typing")


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with DiscordServer() as discord, connected(discord) as desk:
        discord.limits.set(*TYPING, 5, 1.0)
        yield desk


async def type_at_once(desk: Desk, times: int) -> list[float]:
    """When each call was over, in seconds from now."""
    began = desk.clock.elapsed()

    async def one() -> float:
        await desk.api.call(*TYPING, channel_id=SUPPORT)
        return desk.clock.elapsed() - began

    return sorted(await asyncio.gather(*(one() for _ in range(times))))


async def test_calls_that_nothing_paces_wait_for_their_window_and_no_longer(desk: Desk) -> None:
    for _ in range(2):
        times = await type_at_once(desk, 12)
        assert times[11] < 3.5
    assert desk.discord.limits.refusals == []


async def test_the_call_that_spends_the_last_of_a_limit_does_not_wait(desk: Desk) -> None:
    assert (await type_at_once(desk, 5))[-1] < 0.8


async def test_a_first_call_without_an_answer_holds_nobody_up(desk: Desk) -> None:
    desk.discord.faults.on(*TYPING, Fault.dropped_before_receipt())
    with pytest.raises(Exception, match="no answer"):
        await desk.api.call(*TYPING, channel_id=SUPPORT, once=True)
    assert (await type_at_once(desk, 3))[-1] < 0.8


async def test_processes_share_the_calls_of_a_second_through_the_store(open_connection: OpenConnection) -> None:
    clock, times = SystemClock(), list[float]()

    async def process() -> None:
        pace = SharedPace(RedisNotebook(await open_connection()), clock)

        async def one() -> None:
            await pace()
            times.append(clock.elapsed())

        await asyncio.gather(*(one() for _ in range(40)))

    await asyncio.gather(*(process() for _ in range(3)))
    assert len(times) == 120
    assert max(times) - min(times) >= 2.0
    assert max(_within_a_second(times, start) for start in times) <= 52  # a slow machine may delay a few by a slot


def _within_a_second(times: list[float], start: float) -> int:
    return sum(start <= at < start + 1 for at in times)
