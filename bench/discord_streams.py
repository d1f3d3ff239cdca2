"""How late a reply's last words come on Discord, whose edits are few: ours beside edits at an even pace."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from discord.http import HTTPClient, Route
from pydantic import SecretStr

from bench.report import Table, quantile
from frontdesk.adapters.discord import render
from frontdesk.adapters.discord.api import DiscordApi
from frontdesk.adapters.discord.config import DiscordConfig
from frontdesk.adapters.discord.custom_ids import CustomIds
from frontdesk.adapters.discord.pacing import EDIT, Pacing
from frontdesk.adapters.discord.streams import DiscordReplyStream
from frontdesk.adapters.ops.clock import SystemClock
from frontdesk.adapters.ops.metrics import Metrics
from frontdesk.domain.messages import Reply, Thread
from frontdesk.sandbox.discord import DiscordServer
from frontdesk.sandbox.discord.example import ALICE, SUPPORT

WORD = 0.05
"""Seconds between two pieces of a reply."""
CADENCE = 1.0
"""Seconds between two edits of somebody who edits at an even pace."""
Scene = tuple[int, int]
SCENES: Mapping[str, Scene] = {
    "1 in one channel": (1, 1),
    "3 in one channel": (3, 1),
    "10 in one channel": (10, 1),
    "10 in ten": (10, 10),
}
"""Streams, and the channels they are in."""

Write = Callable[[str, str, float], Awaitable[float]]
"""Writes one reply into a channel, under a name, for so many seconds; returns how late its end stood there."""


@dataclass
class Found:
    late: list[float]
    edits: float
    """For each reply."""
    refused: int


async def measure(lengths: tuple[float, ...] = (6.3, 8.0, 11.1), scenes: Mapping[str, Scene] = SCENES) -> Table:
    rows: list[list[str | float]] = []
    for how, writing in (("ours", _ours), ("an edit a second, discord.py's own waiting", _naive)):
        for scene, found in (await _scenes(writing, scenes, lengths)).items():
            late = found.late
            rows.append([f"{how}: {scene}", quantile(late, 0.5), max(late), found.edits, found.refused])
    return Table(
        f"Last words of replies that end all at once on Discord ({len(lengths)} rounds; 5 edits in 5 s a channel)",
        ["streams", "late p50 s", "max s", "edits/reply", "429s"],
        rows,
        ["aim: 1 stream within one bucket (5 s), 3 in one channel within 5 s, no 429"],
    )


async def _scenes(
    writing: Callable[[DiscordServer], AsyncIterator[Write]], scenes: Mapping[str, Scene], lengths: tuple[float, ...]
) -> dict[str, Found]:
    """All scenes side by side: each has channels of its own."""
    async with DiscordServer() as server, asynccontextmanager(writing)(server) as write:
        found = [_scene(server, write, streams, channels, lengths) for streams, channels in scenes.values()]
        return dict(zip(scenes, await asyncio.gather(*found), strict=True))


async def _scene(server: DiscordServer, write: Write, streams: int, channels: int, lengths: tuple[float, ...]) -> Found:
    places = [(await server.guild.open_thread(ALICE, SUPPORT, f"{streams} streams")).id for _ in range(channels)]
    late: list[float] = []
    for number, seconds in enumerate(lengths):
        writers = [write(places[n % channels], f"{number}.{n}", seconds) for n in range(streams)]
        late += await asyncio.gather(*writers)
    edits = Counter(request.path.split("/")[-3] for request in server.calls(*EDIT) if request.status == 200)
    refused = sum(request.status == 429 for request in server.requests if any(p in request.path for p in places))
    return Found(late, sum(edits[place] for place in places) / len(late), refused)


async def _ours(server: DiscordServer) -> AsyncIterator[Write]:
    config = DiscordConfig(token=SecretStr(server.token), api_url=server.api_url)
    clock, telemetry, ids = SystemClock(), Metrics(), CustomIds(b"bench")
    api, pacing = DiscordApi(config, clock, telemetry), Pacing(clock)
    api.listeners = (pacing.answered,)
    tasks: set[asyncio.Task[None]] = set()

    async def place(thread: Thread) -> str:
        return str(thread.root)

    async def write(channel: str, name: str, seconds: float) -> float:
        thread = Thread(platform="discord", community=server.guild_id, channel=SUPPORT, root=channel)
        stream = DiscordReplyStream(
            api, pacing, clock, telemetry, thread, f"{channel} {name}",
            lambda reply: render.messages(reply, ids), place, tasks.add, lambda _: None,
        )  # fmt: skip
        text = ""
        async for piece in _pieces(seconds):
            text += piece
            await stream.append(piece)
        began = time.perf_counter()
        await stream.finish(Reply(markdown=f"{text}and that is all."))
        return time.perf_counter() - began

    await api.identity()
    yield write
    await api.close()


async def _naive(server: DiscordServer) -> AsyncIterator[Write]:
    Route.BASE = server.api_url
    http = HTTPClient(asyncio.get_running_loop())
    await http.static_login(server.token)

    async def write(channel: str, name: str, seconds: float) -> float:
        posted = await http.request(
            Route("POST", "/channels/{channel_id}/messages", channel_id=channel), json={"content": "…"}
        )
        route = Route("PATCH", EDIT[1], channel_id=channel, message_id=posted["id"])
        text, edited = "", time.perf_counter()
        editing: asyncio.Task[object] | None = None
        async for piece in _pieces(seconds):
            text += piece
            if time.perf_counter() - edited >= CADENCE and (editing is None or editing.done()):
                edited = time.perf_counter()
                editing = asyncio.create_task(http.request(route, json={"content": text}))
        began = time.perf_counter()
        if editing is not None:
            await editing
        await http.request(route, json={"content": f"{text}and that is all."})
        return time.perf_counter() - began

    yield write
    await http.close()


async def _pieces(seconds: float) -> AsyncIterator[str]:
    """The words of a model, one after the other."""
    began = time.perf_counter()
    for number in range(round(seconds / WORD)):
        await asyncio.sleep(max(0.0, began + number * WORD - time.perf_counter()))
        yield f"word{'.' if number % 12 == 11 else ''}{chr(10) if number % 24 == 23 else ' '}"
