"""The real discord.py, connected to the local Discord."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import discord
import pytest
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from frontdesk.sandbox.discord import DiscordServer


def led_here(server: DiscordServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """discord.py's fixed addresses lead to this server."""
    monkeypatch.setattr(Route, "BASE", server.api_url)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(server.gateway_url))


@asynccontextmanager
async def connected(server: DiscordServer, client: discord.Client) -> AsyncIterator[discord.Client]:
    """The client is logged in and has seen READY."""
    ready = asyncio.Event()
    before: Any = getattr(client, "on_ready", None)

    async def on_ready() -> None:
        if before is not None:
            await before()
        ready.set()

    client.on_ready = on_ready  # type: ignore[attr-defined]
    running = asyncio.create_task(client.start(server.token))
    try:
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED, timeout=10)
        waiting.cancel()
        if running.done():
            running.result()
        assert ready.is_set(), server.gateway.described()
        yield client
    finally:
        await client.close()
        await asyncio.gather(running, return_exceptions=True)
