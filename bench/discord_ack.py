"""How long whoever presses a button on Discord waits for the acknowledgement, while a thousand replies are written."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import aiohttp

from bench.process import Child, python
from bench.report import Table, milliseconds
from bench.world import a_store, discord_environment
from frontdesk.adapters.discord.custom_ids import CustomIds
from frontdesk.domain.messages import Thread
from frontdesk.sandbox.discord import Ack, DiscordServer
from frontdesk.sandbox.discord.example import ALICE, SAM, STAFF, SUPPORT

CLAIM = "discord:1100000000000000100:1100000000000000301:1299999999999999999"
GONE = 10062
"""Discord no longer knows the interaction: the answer came too late."""
CALLBACK = "/interactions/{interaction_id}/{interaction_token}/callback"


async def measure(
    seconds: float = 15.0, rate: float = 20.0, replies: Sequence[int] = (0, 1000), warm_up: float = 3.0
) -> Table:
    rows: list[list[str | float]] = []
    for name, number in (("discord.py, acknowledged unread", None), *((_named(many), many) for many in replies)):
        async with DiscordServer() as discord, _desk(discord, number) as child:
            await asyncio.sleep(warm_up)
            cpu, began = child.cpu_seconds, time.perf_counter()
            acks, behind = await _presses(discord, seconds, rate)
            busy = (child.cpu_seconds - cpu) / (time.perf_counter() - began)
            late = sum(call.status == 404 for call in discord.calls("POST", CALLBACK))
        times = [ack.seconds for ack in acks if ack.arrived]
        rows.append([
            name, milliseconds(times, 0.5), milliseconds(times, 0.99), max(times) * 1000,
            f"{len(times)}/{len(acks)}", late, f"{busy:.0%}", milliseconds(behind, 0.99),
        ])  # fmt: skip
    return Table(
        f"Acknowledgement of a press on Discord, {rate:g}/s for {seconds:g} s",
        ["", "p50 ms", "p99", "max", "acknowledged", f"{GONE}", "CPU of a core", "load late p99 ms"],
        rows,
        ["aim: p99 below 300 ms with 1,000 replies, none too late; the local Discord is another process"],
    )


def _named(replies: int) -> str:
    beside = f"while {replies:,} replies are written" if replies else "nothing else to do"
    return f"stored, then acknowledged, {beside}"


@asynccontextmanager
async def _desk(discord: DiscordServer, replies: int | None) -> AsyncIterator[Child]:
    """The adapter in a process with so many replies; None = discord.py alone."""
    if replies is None:
        async with python(["-m", "bench.discord_listener"], "ready", discord_environment(discord)) as child:
            yield child
        return
    threads = [(await discord.guild.open_thread(ALICE, SUPPORT, "A question")).id for _ in range(replies)]
    written = [Thread(platform="discord", community=discord.guild_id, channel=SUPPORT, root=root) for root in threads]
    arguments = ["-m", "bench.discord_desk", "--stored", "--replies", *(thread.model_dump_json() for thread in written)]
    async with a_store() as url:
        environment = {**discord_environment(discord), "REDIS_URL": url}
        async with python(arguments, "ready", environment) as child:
            yield child


async def _presses(discord: DiscordServer, seconds: float, rate: float) -> tuple[list[Ack], list[float]]:
    """What became of each press, and how late each was made."""
    custom_id = CustomIds(discord.token.encode()).button("claim", CLAIM)
    row = {"type": 1, "components": [{"type": 2, "style": 2, "label": "Claim", "custom_id": custom_id}]}
    card = await _posted(discord, {"content": "#1", "components": [row]})
    began, pressing, late = time.perf_counter(), [], []
    for number in range(max(1, round(seconds * rate))):
        due = began + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        late.append(time.perf_counter() - due)
        pressing.append(asyncio.create_task(discord.guild.press(SAM, STAFF, card, custom_id)))
    return await asyncio.gather(*pressing), late


async def _posted(discord: DiscordServer, body: dict[str, object]) -> str:
    """A message of the app's, by a call like its own."""
    headers = {"Authorization": f"Bot {discord.token}"}
    async with (
        aiohttp.ClientSession(headers=headers, raise_for_status=True) as session,
        session.post(f"{discord.api_url}/channels/{STAFF}/messages", json=body) as answer,
    ):
        return str((await answer.json())["id"])
