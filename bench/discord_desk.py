"""The desk's side of Discord, as much of it as a measurement asks for; run as a process of its own."""

import argparse
import asyncio
import os
import random
import sys
import time
from collections.abc import Sequence

from pydantic import SecretStr

from bench.discord_streams import WORD
from frontdesk.adapters.discord.app import DiscordApp
from frontdesk.adapters.discord.config import DiscordConfig
from frontdesk.adapters.discord.platform import DiscordChat
from frontdesk.adapters.ops.clock import SystemClock
from frontdesk.adapters.ops.metrics import Metrics
from frontdesk.adapters.redis.config import RedisConfig
from frontdesk.adapters.redis.connection import connect
from frontdesk.adapters.redis.notebook import RedisNotebook
from frontdesk.adapters.redis.store import RedisStore
from frontdesk.domain.events import Event
from frontdesk.domain.ids import Platform
from frontdesk.domain.messages import Reply, Thread
from frontdesk.domain.people import Person

REPLY = 60.0
"""Seconds that a model speaks."""


class AtOnce:
    """A receiver that does nothing, and is done."""

    async def receive(self, event: Event) -> None:
        return

    async def set_aside(self, platform: Platform, payload: str, reason: str) -> None:
        raise AssertionError(reason)

    async def command(self, name: str, text: str, person: Person, thread: Thread) -> str:
        return ""

    async def left(self, person: Person, name: str) -> None:
        return

    async def opened(self, person: Person, thread: Thread) -> Sequence[str]:
        return ()


class Stored(AtOnce):
    """One that returns once it is durable, whatever the event is about."""

    def __init__(self, store: RedisStore) -> None:
        self._store = store

    async def receive(self, event: Event) -> None:
        await self._store.receive(event.thread.conversation, event.thread, event)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stored", action="store_true", help="put what comes into the store")
    parser.add_argument("--replies", type=Thread.model_validate_json, nargs="*", default=(), help="threads to write in")
    asked = parser.parse_args()
    connection = await connect(RedisConfig(url=SecretStr(os.environ["REDIS_URL"])))
    clock, metrics = SystemClock(), Metrics()
    store, notebook = RedisStore(connection, metrics), RedisNotebook(connection)
    config = DiscordConfig(
        token=SecretStr(os.environ["DISCORD_TOKEN"]), api_url=os.environ["DISCORD_API_URL"], channels=("*",)
    )
    app = DiscordApp(config, Stored(store) if asked.stored else AtOnce(), notebook, clock, metrics)
    chat = await app.connect()
    await app.start()
    async with asyncio.TaskGroup() as writing:
        for thread in asked.replies:
            writing.create_task(_replies(chat, thread))
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


async def _replies(chat: DiscordChat, thread: Thread) -> None:
    """One reply after the other; models do not speak in step, and the first was begun a while ago."""
    somebody = Person(platform="discord", community="discord", id="1")
    number, seconds = 0, random.uniform(0, REPLY)
    while True:
        stream = chat.stream(thread, somebody, f"{thread.root}:{number}")
        began, text = time.perf_counter() + random.uniform(0, WORD), ""
        for word in range(round(seconds / WORD)):
            await asyncio.sleep(max(0.0, began + word * WORD - time.perf_counter()))
            text += f"word{word} "
            await stream.append(f"word{word} ")
        await stream.finish(Reply(markdown=f"{text}and that is all."))
        number, seconds = number + 1, REPLY


if __name__ == "__main__":
    asyncio.run(main())
