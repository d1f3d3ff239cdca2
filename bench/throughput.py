"""Turns per second and the desk's CPU time per turn, with so many conversations at once."""

import time

from bench.report import Table, milliseconds
from bench.visitors import visitors
from bench.world import desk, surroundings

WARM_UP = 80
"""Turns after which Slack's budget for streams is spent, so that every later answer is one post."""
CHANNELS = 1024


async def measure(at_once: tuple[int, ...] = (1, 32, 256), turns: int = 300, warm_up: int = WARM_UP) -> Table:
    rows: list[list[str | float]] = []
    for several in at_once:
        async with (
            surroundings(CHANNELS) as around,
            desk(around, turns_at_once=max(at_once)) as child,
            visitors(around.slack, around.channels) as there,
        ):
            await there.ask_many(warm_up, at_once=min(several, 32))
            cpu, began, calls = child.cpu_seconds, time.perf_counter(), len(around.slack.requests)
            visits = await there.ask_many(turns, several)
            seconds, used = time.perf_counter() - began, child.cpu_seconds - cpu
            finals = [visit.to_final for visit in visits]
            rows.append(
                [
                    str(several),
                    turns / seconds,
                    used / turns * 1000,
                    turns / used,
                    milliseconds(finals, 0.5),
                    milliseconds(finals, 0.99),
                    (len(around.slack.requests) - calls) / turns,
                ]
            )
    return Table(
        f"Turns with so many conversations at once ({turns} turns, settle = 0)",
        ["at once", "turns/s", "CPU ms/turn", "turns/CPU s", "answer p50 ms", "p99", "Slack calls/turn"],
        rows,
    )
