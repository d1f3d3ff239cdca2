"""What every store promises; nothing here knows how one is made."""

import asyncio
from contextlib import aclosing

import pytest

from contracts.conftest import Notebook
from frontdesk.adapters.redis.connection import Connection
from frontdesk.adapters.redis.store import RedisStore
from frontdesk.domain.errors import Fenced
from frontdesk.domain.events import MessagePosted
from frontdesk.domain.messages import Message, Thread
from frontdesk.domain.people import Person
from frontdesk.domain.transcript import CustomerSaid
from frontdesk.ports.store import Claim, Commit, Store

PATIENCE = 5.0
ANN = Person(platform="slack", community="T1", id="U1")
BOB = Person(platform="slack", community="T1", id="U2")


def thread(root: str | None = "100.0", channel: str = "C1") -> Thread:
    return Thread(platform="slack", community="T1", channel=channel, root=root)


def posted(
    ts: float, place: Thread | None = None, *, ids: tuple[str, ...] = (), by: Person = ANN, complete: bool = True,
    text: str = "",
) -> MessagePosted:  # fmt: skip
    place = place or thread()
    order = round(ts * 1_000_000)
    message = Message(id=f"{ts}", author=by, text=text or f"at {ts}", order=order)
    return MessagePosted(
        thread=place, ids=ids or (f"msg:{ts}",), order=order, message=message, addressed=True, complete=complete
    )


def said(event: MessagePosted) -> CustomerSaid:
    return CustomerSaid(at=1.0, message=event.message)


@pytest.fixture
def store(connection: Connection, notebook: Notebook) -> Store:
    return RedisStore(connection, notebook)


async def claimed(store: Store, worker: str = "w1") -> Claim:
    """The next claim; its lease goes on after the iterator is closed."""
    async with asyncio.timeout(PATIENCE), aclosing(store.claims(worker, 1)) as claims:  # type: ignore[type-var]
        return await anext(claims)


async def receive(store: Store, *events: MessagePosted, place: Thread | None = None, settle: float = 0.0) -> None:
    home = place or thread()
    for event in events:
        await store.receive(home.conversation, home, event, settle=settle)


async def test_events_are_claimed_in_the_platforms_order_whatever_order_they_came_in(store: Store) -> None:
    await receive(store, posted(103), posted(101), posted(102))
    claim = await claimed(store)
    assert [pending.event.ids[0] for pending in claim.pending] == ["msg:101", "msg:102", "msg:103"]
    assert (claim.entries, claim.attempts, claim.stolen, dict(claim.journal)) == (0, 0, False, {})
    assert claim.thread == thread()


async def test_a_redelivered_event_is_counted_once(store: Store) -> None:
    home = thread()
    answers = [await store.receive(home.conversation, home, posted(101)) for _ in range(3)]
    assert answers == ["stored", "duplicate", "duplicate"]
    assert len((await claimed(store)).pending) == 1


async def test_a_commit_writes_the_turn_and_leaves_nothing_due(store: Store) -> None:
    event = posted(101)
    await receive(store, event)
    claim = await claimed(store)
    await store.commit(claim.lease, Commit(entries=(said(event),), done=(claim.pending[0].key,)))
    assert list(await store.transcript(thread().conversation)) == [said(event)]
    with pytest.raises(Fenced):
        await store.look(claim.lease)
