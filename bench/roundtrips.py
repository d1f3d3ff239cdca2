"""What one turn asks of the store, however long its conversation is: round trips, commands in scripts, bytes."""

import asyncio
import time
from collections import Counter

from pydantic import SecretStr
from redis.asyncio import Redis

from bench.report import Table
from bench.visitors import Visitors, visitors
from bench.world import CUSTOMER, Surroundings, desk, surroundings
from frontdesk.adapters.ops.metrics import Metrics
from frontdesk.adapters.redis.config import RedisConfig
from frontdesk.adapters.redis.connection import connect
from frontdesk.adapters.redis.store import RedisStore
from frontdesk.domain.events import MessagePosted
from frontdesk.domain.ids import TurnId
from frontdesk.domain.messages import Message, MessageRef, Thread
from frontdesk.domain.people import Person
from frontdesk.domain.transcript import AssistantSaid, CustomerSaid, Entry
from frontdesk.ports.store import Commit
from frontdesk.sandbox.slack import Message as SlackMessage

SETTLES = 0.2
"""Seconds after which a turn whose answer is visible has been committed."""
QUIET = 3.0
"""Seconds over which the traffic of a desk with nothing to do is measured, to be taken off."""


async def measure(lengths: tuple[int, ...] = (1, 10, 100, 1000), turns: int = 5, quiet: float = QUIET) -> Table:
    rows: list[list[str | float]] = []
    async with surroundings(channels=len(lengths)) as around:
        roots = [await _talk(around, channel, length) for channel, length in zip(around.channels, lengths, strict=True)]
        async with desk(around), visitors(around.slack, around.channels) as there:
            store = Redis.from_url(around.store_url)
            for channel, root, length in zip(around.channels, roots, lengths, strict=True):
                before = await _traffic(store)
                await there.ask(root, channel)
                first = sum(await _traffic(store)) - sum(before)
                idle = await _idle(store, quiet)
                before, began = await _traffic(store), time.perf_counter()
                for _ in range(turns):
                    await there.ask(root, channel)
                await asyncio.sleep(SETTLES)
                seconds = time.perf_counter() - began
                after = await _traffic(store)
                into, out = (
                    (now - then - rest * seconds) / turns for now, then, rest in zip(after, before, idle, strict=True)
                )
                sent, inside = await _commands(around.store_url, there, root, channel, turns, quiet)
                rows.append([f"{length:,}", sent.total() / turns, inside.total() / turns, into, out, float(first)])
            names = ", ".join(f"{name} {count / turns:.1f}" for name, count in sent.most_common())
            await store.aclose()
    return Table(
        f"The store's share of one turn, by transcript length ({turns} turns each, the desk knows the conversation)",
        ["entries", "round trips", "inside scripts", "bytes in", "bytes out", "bytes, first turn of a process"],
        rows,
        [f"round trips of a turn: {names}"],
    )


async def _talk(around: Surroundings, channel: str, length: int) -> str:
    """A conversation that has so many entries already; returns its thread."""
    slack = around.slack
    root = slack.workspace.put(SlackMessage(slack.workspace.next_ts(), channel, user=CUSTOMER, team=slack.team_id))
    customer = Person(platform="slack", community=slack.team_id, id=CUSTOMER)
    home = Thread(platform="slack", community=slack.team_id, channel=channel, root=root.ts)
    order = int(float(root.ts) * 1_000_000)
    message = Message(id=root.ts, author=customer, text="How long does shipping take?", order=order)
    store = RedisStore(await connect(RedisConfig(url=SecretStr(around.store_url))), Metrics())
    try:
        event = MessagePosted(thread=home, ids=(f"e:{root.ts}",), order=order, message=message, addressed=True)
        await store.receive(home.conversation, home, event)
        claims = store.claims("bench", 1)
        claim = await anext(claims)
        said = [_entry(home, message.model_copy(update={"id": f"{root.ts}{n}"}), n) for n in range(length)]
        await store.commit(claim.lease, Commit(entries=tuple(said), done=(claim.pending[0].key,)))
        await claims.aclose()
    finally:
        await store.close()
    return root.ts


def _entry(home: Thread, message: Message, number: int) -> Entry:
    if number % 2 == 0:
        return CustomerSaid(at=0.0, message=message)
    ref = MessageRef(thread=home, id=f"{message.id}a")
    return AssistantSaid(at=0.0, turn=TurnId(f"t{number}"), refs=(ref,), markdown="It takes two to three days. [1]")


async def _traffic(store: Redis) -> tuple[int, int]:
    """Bytes that went into the store and out of it so far."""
    stats = await store.info("stats")
    return stats["total_net_input_bytes"], stats["total_net_output_bytes"]


async def _idle(store: Redis, quiet: float) -> tuple[float, float]:
    """Bytes per second of a desk that waits."""
    before = await _traffic(store)
    await asyncio.sleep(quiet)
    into, out = (now - then for now, then in zip(await _traffic(store), before, strict=True))
    return into / quiet, out / quiet


async def _commands(
    url: str, there: Visitors, root: str, channel: str, turns: int, quiet: float
) -> tuple[Counter[str], Counter[str]]:
    """What MONITOR saw during so many turns: what the desk sent, and what ran inside its scripts."""
    sent: Counter[str] = Counter()
    inside: Counter[str] = Counter()
    store = Redis.from_url(url)
    async with store.monitor() as monitor:

        async def listen() -> None:
            async for seen in monitor.listen():
                name = str(seen["command"]).split(" ", 1)[0].lower()
                (inside if seen["client_type"] == "lua" else sent)[name] += 1

        listening = asyncio.create_task(listen())
        await asyncio.sleep(quiet)
        idle_sent, idle_inside, began = Counter(sent), Counter(inside), time.perf_counter()
        for _ in range(turns):
            await there.ask(root, channel)
        await asyncio.sleep(SETTLES)
        waits = 1 + (time.perf_counter() - began) / quiet
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
    await store.aclose()
    return _without(sent, idle_sent, waits), _without(inside, idle_inside, waits)


def _without(seen: Counter[str], idle: Counter[str], times: float) -> Counter[str]:
    """What was seen, less what a desk that waits does anyway."""
    return Counter({name: round(count - idle[name] * times) for name, count in seen.items()})
