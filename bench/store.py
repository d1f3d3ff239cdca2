"""What the store alone allows: turns that do nothing, from `receive` over the claim to the commit."""

import resource
import time

from pydantic import SecretStr

from bench.report import Table
from bench.world import a_store
from frontdesk.adapters.ops.metrics import Metrics
from frontdesk.adapters.redis.config import RedisConfig
from frontdesk.adapters.redis.connection import connect
from frontdesk.adapters.redis.store import RedisStore
from frontdesk.domain.events import MessagePosted
from frontdesk.domain.messages import Message, Thread
from frontdesk.domain.people import Person
from frontdesk.ports.store import Commit

CUSTOMER = Person(platform="slack", community="T1", id="U1")


async def measure(turns: int = 3000, at_once: int = 32) -> Table:
    async with a_store() as url:
        store = RedisStore(await connect(RedisConfig(url=SecretStr(url))), Metrics())
        try:
            cpu, began = _cpu(), time.perf_counter()
            await _turns(store, turns, at_once)
            seconds, used = time.perf_counter() - began, _cpu() - cpu
        finally:
            await store.close()
    return Table(
        f"Turns that do nothing: receive, claim, commit ({turns} turns, {at_once} at once)",
        ["", "turns/s", "turns/CPU s of the desk's side", "CPU ms/turn"],
        [["one process, one Valkey", turns / seconds, turns / used, used / turns * 1000]],
    )


async def _turns(store: RedisStore, turns: int, at_once: int) -> None:
    claims = store.claims("bench", at_once)
    for number in range(min(at_once, turns)):
        await _receive(store, number)
    for number in range(turns):
        claim = await anext(claims)
        await store.commit(claim.lease, Commit(done=tuple(pending.key for pending in claim.pending)))
        if number + at_once < turns:
            await _receive(store, number + at_once)
    await claims.aclose()


async def _receive(store: RedisStore, number: int) -> None:
    home = Thread(platform="slack", community="T1", channel=f"C{number % 64}", root=str(number))
    message = Message(id=str(number), author=CUSTOMER, text="How long does shipping take?", order=number)
    event = MessagePosted(thread=home, ids=(f"e{number}",), order=number, message=message, addressed=True)
    await store.receive(home.conversation, home, event)


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
