"""Calls wait for Discord's limits before Discord has to say so, and the last words of a reply wait for no draft."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from itertools import pairwise
from random import Random

import pytest
from book import Book
from hand_clock import HandClock

from frontdesk.adapters.discord.api import Answered
from frontdesk.adapters.discord.nonces import nonce
from frontdesk.adapters.discord.pacing import EDIT, POST, Pacing, SharedPace, Urgency

WAY = 0.04
"""Seconds to Discord, and back again."""


class Channel:
    """What Discord does about edits in one channel: so many in a window that begins with the first."""

    def __init__(self, clock: HandClock, pacing: Pacing, limit: int = 5, seconds: float = 5.0) -> None:
        self.clock, self.pacing, self.limit, self.seconds = clock, pacing, limit, seconds
        self.edits: list[tuple[float, str]] = []
        self.refused = 0
        self.others = 0
        """Edits that somebody else made in this window."""
        self._ends = 0.0
        self._spent = 0

    async def edit(self, what: str, urgency: Urgency) -> None:
        async with self.pacing.turn(EDIT, "C", urgency):
            await self.clock.sleep(WAY)
            headers, status = self._take(what)
            await self.clock.sleep(WAY)
            self.pacing.answered(Answered(*EDIT, "C", status, headers))

    def _take(self, what: str) -> tuple[dict[str, str], int]:
        if self.clock.time >= self._ends:
            self._ends, self._spent = self.clock.time + self.seconds, self.others
        after = f"{self._ends - self.clock.time:.3f}"
        if self._spent >= self.limit:
            self.refused += 1
            return {"Retry-After": after, "X-RateLimit-Reset-After": after, "X-RateLimit-Remaining": "0"}, 429
        self._spent += 1
        self.edits.append((self.clock.time, what))
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.limit - self._spent),
            "X-RateLimit-Reset-After": after,
            "X-RateLimit-Bucket": "edits",
        }, 200


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def pacing(clock: HandClock) -> Pacing:
    return Pacing(clock)


async def write(channel: Channel, name: str, seconds: float, late: dict[str, float]) -> None:
    """A reply that grows all the time, and its end."""
    clock = channel.clock
    channel.pacing.began("C")
    ends = clock.time + seconds

    async def draft() -> None:
        while True:
            await channel.edit(f"draft {name}", "draft")

    drafting = asyncio.create_task(draft())
    await clock.sleep(seconds)
    drafting.cancel()
    await asyncio.gather(drafting, return_exceptions=True)
    await channel.edit(f"final {name}", "final")
    late[name] = clock.time - ends
    channel.pacing.ended("C")


@pytest.mark.parametrize(
    ("streams", "limit", "seconds", "most"),
    [(1, 5, 5.0, 0.1), (3, 5, 5.0, 5.0), (10, 5, 5.0, 5.3), (8, 5, 5.0, 5.3), (1, 2, 10.0, 0.1), (3, 10, 2.0, 0.2)],
)
async def test_the_last_words_come_in_time_and_nothing_is_refused(
    clock: HandClock, pacing: Pacing, streams: int, limit: int, seconds: float, most: float
) -> None:
    channel = Channel(clock, pacing, limit, seconds)
    late: dict[str, float] = {}
    for lasts in (3.0, 8.0, 12.3, 17.1):
        await clock.run(asyncio.gather(*(write(channel, str(n), lasts, late) for n in range(streams))))
        assert len(late) == streams
        assert max(late.values()) <= most
        await clock.advance(3.7)
    assert channel.refused == 0
    assert Counter(what.split()[0] for _, what in channel.edits)["draft"] >= (6 if streams < 9 else 0)


@pytest.mark.parametrize("seed", range(20))
async def test_nothing_is_refused_whenever_replies_begin_and_end(clock: HandClock, pacing: Pacing, seed: int) -> None:
    random = Random(seed)
    channel = Channel(clock, pacing, random.choice((1, 2, 5, 10)), random.choice((1.0, 5.0, 10.0)))
    channel.limit = max(2, channel.limit)
    late: dict[str, float] = {}

    async def later(name: str) -> None:
        await clock.sleep(random.uniform(0, 20))
        await write(channel, name, random.uniform(0, 10), late)

    await clock.run(asyncio.gather(*(later(str(n)) for n in range(random.randint(1, 8)))))
    assert channel.refused == 0


async def test_a_final_goes_before_all_drafts(clock: HandClock, pacing: Pacing) -> None:
    channel = Channel(clock, pacing)
    for n in range(5):
        await clock.run(channel.edit(f"before {n}", "final"))
    waiting = [asyncio.create_task(channel.edit("draft", "draft")) for _ in range(3)]
    await clock.advance(0.1)
    waiting.append(asyncio.create_task(channel.edit("final", "final")))
    await clock.run(asyncio.gather(*waiting))
    assert [what for _, what in channel.edits[5:]] == ["final", "draft", "draft", "draft"]


async def test_drafts_are_spread_over_the_window(clock: HandClock, pacing: Pacing) -> None:
    channel = Channel(clock, pacing)
    late: dict[str, float] = {}
    await clock.run(write(channel, "one", 20.0, late))
    times = [at for at, what in channel.edits if what.startswith("draft")]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert min(gaps) >= 0.7
    assert max(gaps) < 1.6


async def test_room_that_others_take_is_seen(clock: HandClock, pacing: Pacing) -> None:
    channel = Channel(clock, pacing)
    channel.others = 3
    late: dict[str, float] = {}
    await clock.run(write(channel, "one", 12.0, late))
    assert channel.refused == 0
    assert late["one"] <= 0.1


async def test_before_the_first_answer_one_call_goes_alone(clock: HandClock, pacing: Pacing) -> None:
    channel = Channel(clock, pacing, limit=1)
    both = asyncio.gather(channel.edit("first", "final"), channel.edit("second", "final"))
    await clock.run(both)
    assert channel.refused == 0
    assert channel.edits[1][0] - channel.edits[0][0] >= 5.0


async def test_a_refusal_closes_the_channel_for_as_long_as_it_says(clock: HandClock, pacing: Pacing) -> None:
    began = clock.time
    async with pacing.turn(POST, "C", "final"):
        pacing.answered(Answered(*POST, "C", 429, {"Retry-After": "7"}))
    async with asyncio.timeout(5):
        await clock.run(pacing.turn(POST, "C", "final").__aenter__())
    assert clock.time - began >= 7


async def test_a_refusal_for_one_old_message_closes_nothing(clock: HandClock, pacing: Pacing) -> None:
    left = {"X-RateLimit-Limit": "5", "X-RateLimit-Remaining": "4", "X-RateLimit-Reset-After": "5.0"}
    async with pacing.turn(EDIT, "C", "final"):
        pacing.answered(Answered(*EDIT, "C", 429, {"Retry-After": "3600", **left}))
    began = clock.time
    await clock.run(pacing.turn(EDIT, "C", "final").__aenter__())
    assert clock.time == began


async def test_a_call_that_gets_no_answer_holds_nobody_up(clock: HandClock, pacing: Pacing) -> None:
    with pytest.raises(OSError, match="cut"):
        async with pacing.turn(EDIT, "C", "final"):
            raise OSError("cut")
    began = clock.time
    await clock.run(Channel(clock, pacing).edit("next", "final"))
    assert clock.time - began < 0.2


async def test_who_gives_up_takes_nothing(clock: HandClock, pacing: Pacing) -> None:
    channel = Channel(clock, pacing)
    for _ in range(5):
        await clock.run(channel.edit("x", "final"))
    gone = [asyncio.create_task(channel.edit("gone", "final")) for _ in range(5)]
    await clock.advance(0.1)
    for task in gone:
        task.cancel()
    await asyncio.gather(*gone, return_exceptions=True)
    for _ in range(5):
        await clock.run(channel.edit("y", "final"))
    assert channel.edits[9][0] - channel.edits[5][0] < 1
    await clock.advance(10)
    assert [task for task in asyncio.all_tasks() if task.get_name() == "discord pacing"] == []


async def test_channels_that_are_at_rest_are_forgotten(clock: HandClock, pacing: Pacing) -> None:
    for n in range(2500):
        async with pacing.turn(POST, str(n), "final"):
            pass
        await clock.advance(6)
    assert len(pacing._places) <= 1001


async def go(clock: HandClock, pace: Callable[[], Awaitable[None]], calls: int, times: list[float]) -> None:
    async def one() -> None:
        await pace()
        times.append(clock.time)

    await asyncio.gather(*(one() for _ in range(calls)))


def most_in_a_second(times: list[float]) -> int:
    return max(sum(start <= at < start + 1 for at in times) for start in times)


async def test_all_processes_together_stay_below_fifty_calls_a_second(clock: HandClock) -> None:
    book, times = Book(), list[float]()
    paces = [SharedPace(book, clock) for _ in range(4)]
    began = clock.time
    await clock.run(asyncio.gather(*(go(clock, pace, 100, times) for pace in paces)))
    assert len(times) == 400
    assert most_in_a_second(times) <= 50
    assert clock.time - began < 13
    assert book.trips < 200


async def test_a_call_alone_is_not_held_back_and_takes_one_permit(clock: HandClock) -> None:
    book = Book()
    pace = SharedPace(book, clock)
    for _ in range(20):
        before = clock.time
        await clock.run(pace())
        assert clock.time == before
        await clock.advance(0.9)
    assert sum(book.counts.values()) == 20


async def test_without_the_store_each_process_keeps_the_pace_by_itself(clock: HandClock) -> None:
    book, times = Book(), list[float]()
    book.is_away = True
    await clock.run(go(clock, SharedPace(book, clock), 200, times))
    assert most_in_a_second(times) <= 50


async def test_a_global_refusal_holds_all_calls_back(clock: HandClock) -> None:
    pace = SharedPace(Book(), clock)
    pace.answered(Answered(*POST, "C", 429, {"Retry-After": "3", "X-RateLimit-Scope": "global"}))
    began = clock.time
    await clock.run(pace())
    assert clock.time - began >= 3


def test_nonces_are_short_and_their_own() -> None:
    all_of_them = {nonce(marker, part, again) for marker in ("a", "b") for part in (1, 2, 11) for again in (0, 1)}
    assert len(all_of_them) == 12
    assert max(map(len, all_of_them)) <= 25
    assert nonce("a", 1) == nonce("a", 1)
