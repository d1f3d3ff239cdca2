"""The desk's memory at its start and for every thousand conversations that are open."""

from bench.report import Table
from bench.throughput import CHANNELS
from bench.visitors import visitors
from bench.world import desk, surroundings


async def measure(conversations: int = 1000, steps: int = 2, at_once: int = 32) -> Table:
    rows: list[list[str | float]] = []
    async with (
        surroundings(CHANNELS) as around,
        desk(around) as child,
        visitors(around.slack, around.channels) as there,
    ):
        rows.append(["at its start", child.megabytes, "-"])
        await there.ask_many(at_once, at_once)
        before = child.megabytes
        rows.append([f"after {at_once} conversations (all is loaded)", before, "-"])
        for step in range(1, steps + 1):
            await there.ask_many(conversations, at_once)
            now = child.megabytes
            rows.append([f"after {step * conversations:,} more", now, (now - before) / conversations * 1000])
            before = now
    return Table("Resident memory", ["", "MB", "MB per 1,000 open"], rows)
