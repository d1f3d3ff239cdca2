"""Runs the measurements by name, all of them without one."""

import argparse
import asyncio
import inspect
import time
from collections.abc import Callable
from typing import Any

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
from bench.report import machine

MEASUREMENTS: dict[str, Callable[[], Any]] = {
    "ack": ack.measure,
    "answers": answers.measure,
    "throughput": throughput.measure,
    "roundtrips": roundtrips.measure,
    "memory": memory.measure,
    "startup": startup.measure,
    "retrieval": retrieval.measure,
    "store": store.measure,
    "discord-ack": discord_ack.measure,
    "discord-events": discord_events.measure,
    "discord-memory": discord_memory.measure,
    "discord-streams": discord_streams.measure,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*MEASUREMENTS, []], metavar="NAME", help=", ".join(MEASUREMENTS))
    names = parser.parse_args().names or list(MEASUREMENTS)
    print(f"{machine()}\n", flush=True)
    for name in names:
        began = time.perf_counter()
        found = MEASUREMENTS[name]()
        table = asyncio.run(found) if inspect.isawaitable(found) else found
        print(table, flush=True)
        print(f"({name}: {time.perf_counter() - began:.0f} s)\n", flush=True)


if __name__ == "__main__":
    main()
