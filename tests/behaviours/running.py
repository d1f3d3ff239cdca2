"""A desk as a process of its own, so that it can be killed, interrupted and read like any other."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import frontdesk

PATIENCE = 15.0


@dataclass
class Running:
    """`frontdesk run`, started by a test."""

    process: asyncio.subprocess.Process
    lines: list[str] = field(default_factory=list)
    """What it wrote on standard error, and on standard output."""
    address: str = ""
    readers: list[asyncio.Task[None]] = field(default_factory=list)

    async def until_said(self, words: str) -> str:
        """The first line that holds these words."""
        async with asyncio.timeout(PATIENCE):
            while True:
                found = next((line for line in self.lines if words in line), None)
                if found is not None:
                    return found
                if self.process.returncode is not None:
                    raise AssertionError("\n".join(self.lines))
                await self.news.wait()
                self.news.clear()

    news: asyncio.Event = field(default_factory=asyncio.Event)

    def kill(self) -> None:
        """Without a chance to say goodbye."""
        self.process.kill()

    def interrupt(self) -> None:
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    async def ended(self) -> int:
        """Its exit code, once it is gone and all it wrote was read."""
        async with asyncio.timeout(PATIENCE):
            code = await self.process.wait()
            await asyncio.gather(*self.readers)
            return code

    async def read(self, stream: asyncio.StreamReader) -> None:
        async for line in stream:
            self.lines.append(line.decode().rstrip())
            self.news.set()
        self.news.set()


@asynccontextmanager
async def running(environment: Mapping[str, str], folder: Path) -> AsyncIterator[Running]:
    """`frontdesk run` with nothing else in its environment; it has ended when this is left."""
    source = str(Path(frontdesk.__file__).parents[1])
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "frontdesk", "run"),
        env={"PATH": os.environ["PATH"], "PYTHONPATH": source, **environment},
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=1 << 20,
    )
    desk = Running(process)
    for stream in (process.stdout, process.stderr):
        assert stream is not None
        desk.readers.append(asyncio.create_task(desk.read(stream)))
    try:
        ready = await desk.until_said("ready: ")
        desk.address = ready.split("ready: ")[1].split("/readyz")[0]
        yield desk
    finally:
        if process.returncode is None:
            process.kill()
        await desk.ended()
