"""A process that is measured from outside: what it printed, its CPU time, its memory (Linux's /proc)."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

STARTS_WITHIN = 30.0
STOPS_WITHIN = 20.0


class Child:
    """A Python process of ours that said that it is ready."""

    def __init__(self, process: asyncio.subprocess.Process, said: str, seconds: float) -> None:
        self._process = process
        self.said = said
        """The line by which it told."""
        self.start_seconds = seconds
        """From its start until that line."""

    @property
    def cpu_seconds(self) -> float:
        """User and system time so far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def megabytes(self) -> float:
        """Resident memory."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024


@asynccontextmanager
async def python(
    arguments: Sequence[str], ready: str, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Child]:
    """Run `python …` until the block ends; it is ready once it prints a line that begins with `ready`."""
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        env={**_surroundings(), **(environment or {})},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    draining: asyncio.Task[None] | None = None
    try:
        line = await asyncio.wait_for(_line(process.stdout, ready), STARTS_WITHIN)
        child = Child(process, line, time.perf_counter() - began)
        draining = asyncio.create_task(_drain(process.stdout))
        yield child
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOPS_WITHIN)
        except TimeoutError:
            process.kill()
            await process.wait()
        if draining is not None:
            await draining


async def _line(stream: asyncio.StreamReader, start: str) -> str:
    heard: list[str] = []
    async for raw in stream:
        line = raw.decode(errors="replace").strip()
        if line.startswith(start):
            return line
        heard.append(line)
    raise RuntimeError("\n".join(["it ended before it was ready:", *heard[-20:]]))


async def _drain(stream: asyncio.StreamReader) -> None:
    while await stream.read(1 << 16):
        pass


def _surroundings() -> dict[str, str]:
    """Ours, without what would steer a desk, or keep Python from its compiled files."""
    steering = ("FRONTDESK_", "SLACK_", "DISCORD_", "OPENAI_", "REDIS_", "PYTHONDONTWRITEBYTECODE")
    return {name: value for name, value in os.environ.items() if not name.startswith(steering)}
