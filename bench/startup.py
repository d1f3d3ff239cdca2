"""From the start of the process to a desk that hears its customers."""

import statistics

from bench.process import python
from bench.report import Table
from bench.world import desk, surroundings


async def measure(times: int = 5) -> Table:
    rows: list[list[str | float]] = []
    async with surroundings() as around:
        for name, own_store in (("with a store of its own", True), ("with a given store", False)):
            starts, used = [], []
            for _ in range(times):
                async with desk(around, own_store=own_store) as child:
                    starts.append(child.start_seconds)
                    used.append(child.cpu_seconds)
            rows.append([name, statistics.median(starts), max(starts), statistics.median(used)])
    imports, bare = [], []
    for _ in range(times):
        async with python(["-c", "import frontdesk.cli; print('ready', flush=True); input()"], "ready") as child:
            imports.append(child.start_seconds)
        async with python(["-c", "print('ready', flush=True); input()"], "ready") as child:
            bare.append(child.start_seconds)
    rows.append(["of that: Python and the imports", statistics.median(imports), max(imports), "-"])
    rows.append(["of that: Python alone", statistics.median(bare), max(bare), "-"])
    return Table(f"Process start to connected (aim: < 1.5 s), {times} starts each", ["", "p50 s", "max", "CPU s"], rows)
