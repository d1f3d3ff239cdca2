"""What every store promises; nothing here knows how one is made."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import cast

import pytest

from contracts.redis_servers import PATIENCE, Notebook, OpenStore
from frontdesk.domain.errors import Fenced
from frontdesk.domain.events import MessageDeleted, MessagePosted
from frontdesk.domain.ids import ConversationId
from frontdesk.domain.messages import Message, Thread
from frontdesk.domain.people import Person
from frontdesk.domain.transcript import CustomerSaid, MatterStarted
from frontdesk.domain.turns import TurnTrace
from frontdesk.ports.store import Claim, Commit, Lease, Store, TicketIndex

ANN = Person(platform="slack", community="T1", id="U1")
BOB = Person(platform="slack", community="T1", id="U2")
GATHER = 5.0


def thread(root: str | None = "100.0", channel: str = "C1") -> Thread:
    return Thread(platform="slack", community="T1", channel=channel, root=root)


def posted(
    ts: float, place: Thread | None = None, *, ids: tuple[str, ...] = (), by: Person = ANN, complete: bool = True,
    text: str = "",
) -> MessagePosted:  # fmt: skip
    order = round(ts * 1_000_000)
    message = Message(id=f"{ts}", author=by, text=text or f"at {ts}", order=order)
    return MessagePosted(
        thread=place or thread(),
        ids=ids or (f"msg:{ts}",),
        order=order,
        message=message,
        addressed=True,
        complete=complete,
    )


def opener(ts: float, by: Person = ANN) -> MessagePosted:
    """A message outside any thread: the platform calls it a new thread."""
    return posted(ts, thread(root=f"{ts}"), by=by)


def said(event: MessagePosted) -> CustomerSaid:
    return CustomerSaid(at=1.0, message=event.message)


def claims(store: Store, worker: str = "w1", most: int = 1) -> "aclosing[AsyncGenerator[Claim, None]]":
    return aclosing(cast(AsyncGenerator[Claim, None], store.claims(worker, most)))


async def claimed(store: Store, worker: str = "w1") -> Claim:
    """The next claim; its lease goes on after the iterator is closed."""
    async with asyncio.timeout(PATIENCE), claims(store, worker) as coming:
        return await anext(coming)


async def nothing_due(store: Store) -> bool:
    """Two conversations are due: one that this function makes, and none before it."""
    marker = thread("9999.0")
    await receive(store, posted(9999, marker))
    claim = await claimed(store, "checker")
    await store.commit(claim.lease, Commit(done=keys(claim)))
    return claim.lease.conversation == marker.conversation


async def receive(store: Store, *events: MessagePosted, settle: float = 0.0, gather: float = 0.0) -> None:
    for event in events:
        await store.receive(event.thread.conversation, event.thread, event, settle=settle, gather=gather)


def keys(claim: Claim) -> tuple[str, ...]:
    return tuple(pending.key for pending in claim.pending)


def texts(claim: Claim) -> list[str]:
    return [pending.event.message.text for pending in claim.pending if isinstance(pending.event, MessagePosted)]


async def done(store: Store, claim: Claim) -> None:
    await store.commit(claim.lease, Commit(done=keys(claim)))


@pytest.fixture
async def store(open_store: OpenStore) -> Store:
    """Leases that no test waits out by accident."""
    return await open_store(lease_seconds=30.0)


@pytest.fixture
async def hasty(open_store: OpenStore) -> Store:
    """Leases that run out at once."""
    return await open_store(lease_seconds=0.05)


# The mailbox


async def test_events_are_claimed_in_the_platforms_order_whatever_order_they_came_in(store: Store) -> None:
    await receive(store, posted(103), posted(101), posted(102))
    claim = await claimed(store)
    assert texts(claim) == ["at 101", "at 102", "at 103"]
    assert (claim.entries, claim.attempts, claim.stolen, dict(claim.journal)) == (0, 0, False, {})
    assert claim.thread == thread()


async def test_a_redelivered_event_is_counted_once(store: Store) -> None:
    home = thread()
    answers = [await store.receive(home.conversation, home, posted(101)) for _ in range(3)]
    assert answers == ["stored", "duplicate", "duplicate"]
    assert len((await claimed(store)).pending) == 1


async def test_an_event_redelivered_after_its_turn_is_still_known(store: Store) -> None:
    await receive(store, posted(101))
    await done(store, await claimed(store))
    assert await store.receive(thread().conversation, thread(), posted(101)) == "duplicate"
    assert await nothing_due(store)


async def test_two_events_that_share_one_name_are_one_fact(store: Store) -> None:
    home = thread()
    message, mention = posted(101, ids=("msg:101", "Ev1")), posted(101, ids=("msg:101", "Ev2"))
    again = posted(101, ids=("Ev2",))
    answers = [await store.receive(home.conversation, home, event) for event in (message, mention, again)]
    assert answers == ["stored", "duplicate", "duplicate"]


async def test_the_same_name_in_another_channel_is_another_fact(store: Store) -> None:
    here, there = thread(), thread(channel="C2")
    assert await store.receive(here.conversation, here, posted(101, here)) == "stored"
    assert await store.receive(there.conversation, there, posted(101, there)) == "stored"


async def test_the_complete_message_takes_the_place_of_its_notice(store: Store) -> None:
    await receive(store, posted(101, complete=False, text="notice"), posted(102), posted(101, text="with files"))
    assert texts(await claimed(store)) == ["with files", "at 102"]
    assert await store.receive(thread().conversation, thread(), posted(101)) == "duplicate"
    assert await store.receive(thread().conversation, thread(), posted(101, complete=False)) == "duplicate"


async def test_the_complete_message_is_told_even_when_its_notice_was_dealt_with(store: Store) -> None:
    await receive(store, posted(101, complete=False))
    await done(store, await claimed(store))
    assert await store.receive(thread().conversation, thread(), posted(101, text="with files")) == "stored"
    assert texts(await claimed(store)) == ["with files"]


async def test_a_commit_about_a_notice_leaves_the_complete_message_that_came_meanwhile(store: Store) -> None:
    await receive(store, posted(101, complete=False, text="notice"))
    claim = await claimed(store)
    await receive(store, posted(101, text="with files"))
    await done(store, claim)
    assert texts(await claimed(store)) == ["with files"]


async def test_known_only_stores_nothing_for_a_stranger(store: Store) -> None:
    home = thread()
    assert await store.receive(home.conversation, home, posted(101), known_only=True) == "unknown"
    assert await store.home(home.conversation) is None
    assert await store.receive(home.conversation, home, posted(101)) == "stored"
    assert await store.receive(home.conversation, home, posted(102), known_only=True) == "stored"
    assert await store.home(home.conversation) == home


async def test_what_overtook_the_message_that_begins_its_conversation_is_part_of_it(store: Store) -> None:
    home = thread()
    assert await store.receive(home.conversation, home, posted(102), known_only=True, early=60) == "early"
    assert await store.receive(home.conversation, home, posted(102), known_only=True, early=60) == "duplicate"
    assert await store.home(home.conversation) is None
    await receive(store, posted(101))
    claim = await claimed(store)
    assert [pending.event.order for pending in claim.pending] == [posted(101).order, posted(102).order]


async def test_what_was_written_before_a_conversation_begins_is_not_part_of_it(store: Store) -> None:
    home = thread()
    assert await store.receive(home.conversation, home, posted(101), known_only=True, early=60) == "early"
    await store.receive(home.conversation, home, posted(102))
    claim = await claimed(store)
    assert [pending.event.order for pending in claim.pending] == [posted(102).order]


async def test_events_that_are_no_messages_are_kept_too(store: Store) -> None:
    home = thread()
    gone = MessageDeleted(thread=home, ids=("del:101",), order=101_000_000, message_id="101")
    await store.receive(home.conversation, home, gone)
    assert [pending.event for pending in (await claimed(store)).pending] == [gone]


# Waiting for more


async def test_a_burst_is_waited_for(store: Store) -> None:
    began = time.monotonic()
    await receive(store, posted(101), settle=0.1)
    await receive(store, posted(102), settle=0.3)
    claim = await claimed(store)
    assert texts(claim) == ["at 101", "at 102"]
    assert time.monotonic() - began >= 0.29


async def test_a_burst_is_not_waited_for_without_end(open_store: OpenStore) -> None:
    store = await open_store(lease_seconds=30.0, most_settle_seconds=0.2)
    await receive(store, posted(101), settle=0.1)
    await receive(store, posted(102), settle=60.0)
    assert texts(await claimed(store)) == ["at 101", "at 102"]


async def test_a_burst_that_begins_during_a_turn_is_waited_for_too(store: Store) -> None:
    await receive(store, posted(101))
    claim = await claimed(store)
    await receive(store, posted(103), settle=0.5)
    await store.commit(claim.lease, Commit(done=keys(claim)))
    assert await nothing_due(store)
    await receive(store, posted(102), settle=0.1)
    assert texts(await claimed(store)) == ["at 102", "at 103"]


async def test_something_urgent_during_a_turn_is_due_at_its_end(store: Store) -> None:
    await receive(store, posted(101))
    claim = await claimed(store)
    await receive(store, posted(102))
    await receive(store, posted(103), settle=60.0)
    await store.commit(claim.lease, Commit(done=keys(claim)))
    assert texts(await claimed(store)) == ["at 102", "at 103"]


async def test_something_urgent_ends_the_wait(store: Store) -> None:
    await receive(store, posted(101), settle=60.0)
    await receive(store, posted(102))
    assert texts(await claimed(store)) == ["at 101", "at 102"]


async def test_a_burst_outside_threads_is_one_conversation(store: Store) -> None:
    first, second = opener(101), opener(102)
    await receive(store, first, second, gather=GATHER)
    claim = await claimed(store)
    assert (claim.thread, texts(claim)) == (first.thread, ["at 101", "at 102"])
    assert await store.linked(second.thread) == first.thread.conversation
    await done(store, claim)
    assert await nothing_due(store)


async def test_a_burst_that_comes_in_the_wrong_order_is_one_conversation(store: Store) -> None:
    await receive(store, opener(102), opener(101), gather=GATHER)
    assert texts(await claimed(store)) == ["at 101", "at 102"]


async def test_a_gathered_message_is_known_again(store: Store) -> None:
    await receive(store, opener(101), opener(102), gather=GATHER)
    second = opener(102)
    again = await store.receive(second.thread.conversation, second.thread, second, gather=GATHER)
    assert again == "duplicate"


async def test_what_is_written_below_a_gathered_message_goes_where_it_went(store: Store) -> None:
    await receive(store, opener(101), opener(102), gather=GATHER)
    below = posted(103, thread("102"))
    assert await store.receive(below.thread.conversation, below.thread, below, known_only=True) == "stored"
    assert texts(await claimed(store)) == ["at 101", "at 102", "at 103"]


@pytest.mark.parametrize("later", [opener(107), opener(102, by=BOB)], ids=["too late", "somebody else"])
async def test_not_everything_is_gathered(store: Store, later: MessagePosted) -> None:
    await receive(store, opener(101), later, gather=GATHER)
    homes = {(await claimed(store)).thread, (await claimed(store)).thread}
    assert homes == {thread("101"), later.thread}


# Leases


async def test_one_worker_holds_a_conversation_and_every_event_is_told_once(store: Store) -> None:
    threads = [thread(f"{root}.0", channel=f"C{root % 7}") for root in range(30)]
    told: dict[ConversationId, list[str]] = defaultdict(list)
    held: set[ConversationId] = set()
    finished = asyncio.Event()

    async def work(worker: str) -> None:
        async with claims(store, worker, 4) as coming, asyncio.TaskGroup() as turns:
            async for claim in coming:
                turns.create_task(turn(claim))

    async def turn(claim: Claim) -> None:
        conversation = claim.lease.conversation
        assert conversation not in held
        held.add(conversation)
        await store.journal(claim.lease, "step", "record")
        told[conversation] += texts(claim)
        held.remove(conversation)
        await done(store, claim)
        if sum(len(each) for each in told.values()) == len(threads) * 4:
            finished.set()

    async with asyncio.timeout(PATIENCE * 2):
        workers = [asyncio.create_task(work(f"w{number}")) for number in range(3)]
        for ts in (201, 202, 203, 204):
            await asyncio.gather(*(receive(store, posted(ts, place, ids=(f"{ts}:{place.root}",))) for place in threads))
        await finished.wait()
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
    assert {tuple(each) for each in told.values()} == {("at 201", "at 202", "at 203", "at 204")}


async def test_a_worker_that_is_gone_loses_its_conversation(hasty: Store) -> None:
    await receive(hasty, posted(101))
    first = await claimed(hasty, "w1")
    await hasty.journal(first.lease, "post", "intent")
    second = await claimed(hasty, "w2")
    assert (second.stolen, second.attempts, dict(second.journal)) == (True, 1, {"post": "intent"})
    assert second.lease.epoch > first.lease.epoch
    assert texts(second) == ["at 101"]


async def test_a_lease_that_was_taken_over_writes_nothing(open_store: OpenStore) -> None:
    hasty, store = await open_store(lease_seconds=0.05), await open_store(lease_seconds=30.0)
    event = posted(101)
    await receive(store, event)
    stale = (await claimed(hasty, "w1")).lease
    present = await claimed(store, "w2")
    with pytest.raises(Fenced):
        await hasty.commit(stale, Commit(entries=(said(event),), done=keys(present), wake_at=1.0))
    with pytest.raises(Fenced):
        await hasty.journal(stale, "post", "intent")
    with pytest.raises(Fenced):
        await hasty.look(stale)
    await hasty.release(stale, 0.0)
    assert await hasty.extend([stale, present.lease]) == [stale]
    assert await store.transcript(stale.conversation) == ()
    assert len(await store.look(present.lease)) == 1
    await store.commit(present.lease, Commit(entries=(said(event),), done=keys(present)))
    assert await store.transcript(stale.conversation) == (said(event),)
    assert await nothing_due(store)


async def test_an_extended_lease_is_not_taken_over(open_store: OpenStore) -> None:
    store = await open_store(lease_seconds=0.3)
    await receive(store, posted(101))
    claim = await claimed(store)

    async with claims(store, "w2") as coming:
        thief = asyncio.ensure_future(anext(coming))
        until = time.monotonic() + 0.7
        while time.monotonic() < until:
            assert await store.extend([claim.lease]) == []
        assert not thief.done()
        await done(store, claim)
        thief.cancel()
        await asyncio.gather(thief, return_exceptions=True)


async def test_a_lease_that_ran_out_is_still_good_while_nobody_wanted_it(hasty: Store) -> None:
    event = posted(101)
    await receive(hasty, event)
    claim = await claimed(hasty)
    ended = time.monotonic() + 0.1
    while time.monotonic() < ended:
        await hasty.ping()
    await hasty.commit(claim.lease, Commit(entries=(said(event),), done=keys(claim)))
    assert await hasty.transcript(thread().conversation) == (said(event),)


async def test_a_conversation_given_back_is_claimed_again_and_remembers_it(store: Store) -> None:
    await receive(store, posted(101))
    first = await claimed(store)
    await store.journal(first.lease, "post", "intent")
    await store.release(first.lease, 0.0)
    second = await claimed(store)
    assert (second.attempts, second.stolen, dict(second.journal)) == (1, False, {"post": "intent"})
    await done(store, second)
    await receive(store, posted(102))
    third = await claimed(store)
    assert (third.attempts, third.stolen, dict(third.journal)) == (0, False, {})


async def test_a_conversation_given_back_waits_unless_something_arrives(store: Store) -> None:
    await receive(store, posted(101))
    await store.release((await claimed(store)).lease, 60.0)
    assert await nothing_due(store)
    await receive(store, posted(102))
    assert texts(await claimed(store)) == ["at 101", "at 102"]


async def test_no_more_is_claimed_than_is_wanted(store: Store) -> None:
    await receive(store, *(posted(101, thread(f"{root}.0", channel=f"C{root}")) for root in range(6)))
    async with asyncio.timeout(PATIENCE), claims(store, most=2) as coming:
        first, _ = await anext(coming), await anext(coming)
        third = asyncio.ensure_future(anext(coming))
        async with claims(store, "somebody else", most=4) as theirs:
            assert len({(await anext(theirs)).lease.conversation for _ in range(4)}) == 4
        assert not third.done()
        await receive(store, posted(101, thread("7.0", channel="C7")))
        await done(store, first)
        assert (await third).lease.conversation == thread("7.0", channel="C7").conversation


async def test_a_closed_iterator_gives_back_what_nobody_took(store: Store) -> None:
    await receive(store, *(posted(101, thread(f"{root}.0", channel=f"C{root}")) for root in range(6)))
    async with asyncio.timeout(PATIENCE), claims(store, most=6) as coming:
        taken = await anext(coming)
    rest = [await claimed(store, "w2") for _ in range(5)]
    assert {claim.attempts for claim in rest} == {0}
    assert not any(claim.stolen for claim in rest)
    assert taken.lease.conversation not in {claim.lease.conversation for claim in rest}


async def test_a_closed_iterator_claims_nothing_more(store: Store) -> None:
    async with claims(store, "w1", most=5):
        pass
    coming = cast(AsyncGenerator[Claim, None], store.claims("w1", 5))
    waiting = asyncio.ensure_future(anext(coming))
    await store.ping()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await receive(store, posted(101))
    claim = await claimed(store, "w2")
    assert (claim.attempts, claim.stolen) == (0, False)


# Turns


async def test_a_commit_writes_the_turn_and_leaves_nothing_due(store: Store) -> None:
    event = posted(101)
    await receive(store, event)
    claim = await claimed(store)
    await store.commit(claim.lease, Commit(entries=(said(event),), done=keys(claim)))
    assert await store.transcript(thread().conversation) == (said(event),)
    assert await nothing_due(store)
    with pytest.raises(Fenced):
        await store.look(claim.lease)


async def test_what_a_turn_did_not_deal_with_is_due_at_once(store: Store) -> None:
    await receive(store, posted(101))
    claim = await claimed(store)
    await receive(store, posted(102))
    assert [pending.event.ids for pending in await store.look(claim.lease)] == [("msg:101",), ("msg:102",)]
    await store.commit(claim.lease, Commit(done=keys(claim), wake_at=time.time() + 60))
    assert texts(await claimed(store)) == ["at 102"]


async def test_a_commit_can_be_repeated_when_its_answer_was_lost(store: Store) -> None:
    event = posted(101)
    await receive(store, event)
    claim = await claimed(store)
    commit = Commit(entries=(said(event),), done=keys(claim))
    await store.commit(claim.lease, commit)
    await store.commit(claim.lease, commit)
    await receive(store, posted(102))
    await done(store, await claimed(store))
    await store.commit(claim.lease, commit)
    assert await store.transcript(thread().conversation) == (said(event),)


async def test_a_conversation_wakes_although_nothing_arrived(store: Store) -> None:
    await receive(store, posted(101))
    claim = await claimed(store)
    wake_at = time.time() + 0.1
    await store.commit(claim.lease, Commit(done=keys(claim), wake_at=wake_at))
    woken = await claimed(store)
    assert (woken.pending, woken.attempts, woken.stolen) == ((), 0, False)
    assert time.time() >= wake_at - 0.005
    await store.commit(woken.lease, Commit())
    assert await nothing_due(store)


async def test_a_message_does_not_wait_for_the_wake(store: Store) -> None:
    await receive(store, posted(101))
    claim = await claimed(store)
    await store.commit(claim.lease, Commit(done=keys(claim), wake_at=time.time() + 60))
    await receive(store, posted(102))
    assert texts(await claimed(store)) == ["at 102"]


async def test_there_is_news_of_what_arrives_for_a_held_conversation(store: Store) -> None:
    await receive(store, posted(101))
    claim = await claimed(store)
    async with asyncio.timeout(PATIENCE), aclosing(cast(AsyncGenerator[ConversationId, None], store.news())) as news:
        heard = asyncio.ensure_future(anext(news))
        ts = 102
        while not heard.done():  # a hint may be missed while nobody listens yet
            await receive(store, posted(ts))
            ts += 1
        assert heard.result() == claim.lease.conversation


# Records


async def test_a_transcript_is_read_from_where_the_reader_is(store: Store) -> None:
    events = [posted(101), posted(102), posted(103)]
    for event in events:
        await receive(store, event)
        claim = await claimed(store)
        await store.commit(claim.lease, Commit(entries=(said(event), MatterStarted(at=1.0)), done=keys(claim)))
    assert len(await store.transcript(thread().conversation)) == 6
    assert await store.transcript(thread().conversation, 4) == (said(events[2]), MatterStarted(at=1.0))
    assert await store.transcript(thread().conversation, 6) == ()
    await receive(store, posted(104))
    assert (await claimed(store)).entries == 6


async def test_open_tickets_are_listed_oldest_first(store: Store) -> None:
    assert [await store.next_ticket_number() for _ in range(3)] == [1, 2, 3]
    leases: dict[int, Lease] = {}

    async def ticket(number: int, *, is_open: bool) -> None:
        place = thread(f"{number}.0", channel=f"C{number}")
        await receive(store, posted(100 + number + (0 if is_open else 50), place))
        claim = await claimed(store)
        leases[number] = claim.lease
        index = TicketIndex(number=number, open=is_open, summary=f"ticket {number}", opened_at=1000.0 - number)
        await store.commit(claim.lease, Commit(done=keys(claim), ticket=index))

    for number in (1, 2, 3):
        await ticket(number, is_open=True)
    assert [found.number for found in await store.open_tickets()] == [3, 2, 1]
    assert [found.number for found in await store.open_tickets(most=1)] == [3]
    await ticket(2, is_open=False)
    assert [found.summary for found in await store.open_tickets()] == ["ticket 3", "ticket 1"]


async def test_traces_are_read_newest_first(store: Store) -> None:
    for at in (3, 1, 2):
        place = thread(f"{at}.0", channel=f"C{at}")
        await receive(store, posted(100 + at, place))
        claim = await claimed(store)
        trace = TurnTrace(turn=f"t{at}", conversation=place.conversation, at=at, outcome="answered", seconds=0.1)
        await store.commit(claim.lease, Commit(done=keys(claim), trace=trace))
    assert [trace.turn for trace in await store.traces()] == ["t3", "t2", "t1"]
    assert [trace.turn for trace in await store.traces(most=2)] == ["t3", "t2"]


async def test_a_place_is_linked_to_a_conversation_elsewhere(store: Store) -> None:
    card = thread("500.0", channel="STAFF")
    assert await store.linked(card) is None
    await store.link(card, thread().conversation)
    assert await store.linked(card) == thread().conversation


async def test_a_store_that_works_answers(store: Store, notebook: Notebook) -> None:
    await store.ping()
    await store.set_aside("slack", "{broken", "not JSON")
    assert notebook.lines == []
