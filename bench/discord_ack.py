"""How long whoever presses a button on Discord waits for the acknowledgement, while a thousand replies are written."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from pydantic import SecretStr

from bench.discord_streams import WORD
from bench.report import Table, milliseconds
from bench.world import a_store
from frontdesk.adapters.discord import render
from frontdesk.adapters.discord.api import DiscordApi
from frontdesk.adapters.discord.config import DiscordConfig
from frontdesk.adapters.discord.custom_ids import CustomIds
from frontdesk.adapters.discord.gateway import Gateway
from frontdesk.adapters.discord.interactions import Interactions
from frontdesk.adapters.discord.pacing import Pacing, SharedPace
from frontdesk.adapters.discord.streams import DiscordReplyStream
from frontdesk.adapters.discord.whispers import Whispers
from frontdesk.adapters.ops.clock import SystemClock
from frontdesk.adapters.ops.metrics import Metrics
from frontdesk.adapters.redis.config import RedisConfig
from frontdesk.adapters.redis.connection import Connection, connect
from frontdesk.adapters.redis.notebook import RedisNotebook
from frontdesk.adapters.redis.store import RedisStore
from frontdesk.domain.events import Event
from frontdesk.domain.messages import Reply, Thread
from frontdesk.domain.people import Person
from frontdesk.sandbox.discord import Ack, DiscordServer
from frontdesk.sandbox.discord.example import ALICE, SAM, STAFF, SUPPORT

CLAIM = "discord:1100000000000000100:1100000000000000301:1299999999999999999"


_QUIET = Metrics()


class _Stored:
    """Takes events as the desk does: it is durable once `receive` returns."""

    def __init__(self, store: RedisStore) -> None:
        self._store = store

    async def receive(self, event: Event) -> None:
        await self._store.receive(event.thread.conversation, event.thread, event)

    async def set_aside(self, platform: Any, payload: str, reason: str) -> None:
        await self._store.set_aside(platform, payload, reason)

    async def command(self, name: str, text: str, person: Person, thread: Thread) -> str:
        return "Nobody is waiting."

    async def left(self, person: Person, name: str) -> None:
        return

    async def opened(self, person: Person, thread: Thread) -> Sequence[str]:
        return ()


class _Hearing:
    """What the gateway brings."""

    def __init__(self, interactions: Interactions) -> None:
        self._interactions = interactions

    async def hear(self, event: str, data: Any) -> None:
        await self._interactions.accept(data)

    async def set_aside(self, payload: str, reason: str) -> None:
        raise AssertionError(reason)

    def wants(self, event: str) -> bool:
        return event == "INTERACTION_CREATE"


async def measure(
    seconds: float = 15.0, rate: float = 20.0, scenes: Mapping[str, int] | None = None
) -> Table:  # fmt: skip
    rows: list[list[str | float]] = []
    for scene, streams in (scenes or {"nothing else": 0, "1,000 replies being written": 1000}).items():
        acks = await _presses(streams, seconds, rate)
        times = [ack.seconds for ack in acks if ack.arrived]
        rows.append(
            [scene, milliseconds(times, 0.5), milliseconds(times, 0.99), max(times) * 1000, f"{len(times)}/{len(acks)}"]
        )
    return Table(
        f"Acknowledgement of a press on Discord, stored before ({rate:g}/s for {seconds:g} s)",
        ["beside", "p50 ms", "p99", "max", "acknowledged"],
        rows,
        ["aim: p99 below 300 ms with 1,000 streams", "the local Discord runs in the same process"],
    )


async def _presses(streams: int, seconds: float, rate: float) -> list[Ack]:
    async with a_store() as url, DiscordServer() as discord:
        connection = await connect(RedisConfig(url=SecretStr(url)))
        async with _desk(discord, connection, streams, seconds) as (api, ids):
            row = [{"type": 2, "style": 2, "label": "Claim", "custom_id": ids.button("claim", CLAIM)}]
            body = {"content": "#1", "components": [{"type": 1, "components": row}], "allowed_mentions": {"parse": []}}
            card = await api.call("POST", "/channels/{channel_id}/messages", body=body, channel_id=STAFF)
            began, pressing = time.perf_counter(), []
            for number in range(max(1, round(seconds * rate))):
                await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
                press = discord.guild.press(SAM, STAFF, str(card["id"]), row[0]["custom_id"])
                pressing.append(asyncio.create_task(press))
            return await asyncio.gather(*pressing)


@asynccontextmanager
async def _desk(
    discord: DiscordServer, connection: Connection, streams: int, seconds: float
) -> AsyncIterator[tuple[DiscordApi, CustomIds]]:
    clock, telemetry, ids = SystemClock(), Metrics(), CustomIds(b"bench")
    store, notebook = RedisStore(connection, telemetry), RedisNotebook(connection)
    api = DiscordApi(DiscordConfig(token=SecretStr(discord.token), api_url=discord.api_url), clock, telemetry)
    pace, pacing = SharedPace(notebook, clock), Pacing(clock)
    api.pace = pace
    api.listeners = (pace.answered, pacing.answered)
    await api.identity()
    whispers = Whispers(api, notebook, clock, telemetry)
    interactions = Interactions(api, ids, _Stored(store), whispers, clock, telemetry)
    gateway = Gateway(api, _Hearing(interactions), notebook, clock, telemetry)
    threads = [(await discord.guild.open_thread(ALICE, SUPPORT, "A question")).id for _ in range(streams)]
    await gateway.start()
    writing = [
        asyncio.create_task(_write(discord, api, pacing, ids, thread, seconds, WORD * number / streams))
        for number, thread in enumerate(threads)
    ]
    try:
        yield api, ids
    finally:
        for task in writing:
            task.cancel()
        await asyncio.gather(*writing, return_exceptions=True)
        await gateway.stop()
        await interactions.close()
        await api.close()
        await store.close()


async def _write(
    discord: DiscordServer, api: DiscordApi, pacing: Pacing, ids: CustomIds, thread: str, seconds: float, later: float
) -> None:
    """One reply, for as long as presses are measured; models do not speak in step."""
    tasks: set[asyncio.Task[None]] = set()
    clock, telemetry = SystemClock(), _QUIET

    async def place(_: Thread) -> str:
        return thread

    stream = DiscordReplyStream(
        api, pacing, clock, telemetry,
        Thread(platform="discord", community=discord.guild_id, channel=SUPPORT, root=thread), thread,
        lambda reply: render.messages(reply, ids), place, tasks.add, lambda _: None,
    )  # fmt: skip
    text = ""
    try:
        began = time.perf_counter() + later
        for number in range(round(2 * seconds / WORD)):
            await asyncio.sleep(max(0.0, began + number * WORD - time.perf_counter()))
            text += f"word{number} "
            await stream.append(f"word{number} ")
        await stream.finish(Reply(markdown=text))
    finally:
        stream.abandon()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
