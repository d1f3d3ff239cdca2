"""Each measurement once at a tiny size, so that it cannot rot; nothing here looks at the figures."""

import sys

import pytest
from bench.report import Table, machine

from bench import (
    ack,
    answers,
    discord_ack,
    discord_events,
    discord_memory,
    discord_streams,
    memory,
    retrieval,
    roundtrips,
    startup,
    store,
    throughput,
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the measurements read Linux's /proc")


def rows(table: Table) -> int:
    assert all(len(row) == len(table.columns) for row in table.rows)
    assert table.title in str(table)
    return len(table.rows)


async def test_acknowledgements_are_measured_beside_the_floor_of_slack_bolt() -> None:
    assert rows(await ack.measure(seconds=0.2, rate=50)) == 6


async def test_the_way_from_event_to_answer_is_measured() -> None:
    assert rows(await answers.measure(questions=1)) == 2


async def test_turns_per_second_are_measured() -> None:
    assert rows(await throughput.measure(at_once=(2,), turns=4, warm_up=1)) == 1


async def test_what_a_turn_asks_of_the_store_is_measured() -> None:
    assert rows(await roundtrips.measure(lengths=(1, 4), turns=1, quiet=0.2)) == 2


async def test_memory_is_measured() -> None:
    assert rows(await memory.measure(conversations=4, steps=1, at_once=2)) == 3


async def test_the_start_is_measured() -> None:
    assert rows(await startup.measure(times=1)) == 4


def test_retrieval_is_measured() -> None:
    assert rows(retrieval.measure(sizes=(50,), questions=3)) == 1


async def test_the_store_alone_is_measured() -> None:
    assert rows(await store.measure(turns=10, at_once=4)) == 1


async def test_the_last_words_on_discord_are_measured() -> None:
    assert rows(await discord_streams.measure(lengths=(0.2,), scenes={"2 in one channel": (2, 1)})) == 2


async def test_acknowledgements_on_discord_are_measured_beside_replies() -> None:
    assert rows(await discord_ack.measure(seconds=0.3, replies=(3,), warm_up=0.1)) == 2


async def test_events_on_discord_are_measured_beside_discord_py() -> None:
    assert rows(await discord_events.measure(events=8, rounds=1)) == 4


async def test_memory_on_discord_is_measured() -> None:
    assert rows(await discord_memory.measure(conversations=4, steps=1, at_once=2)) == 3


def test_the_machine_is_named() -> None:
    assert "Python 3" in machine()
