"""What the store on Redis promises beyond the contract: broken records, other servers, a server that goes away."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from contracts.redis_servers import PATIENCE, Notebook, OpenConnection, OpenStore, free_port, redis_on
from contracts.test_store import claimed, claims, done, keys, opener, posted, receive, said, texts, thread
from frontdesk.adapters.redis.config import RedisConfig
from frontdesk.adapters.redis.connection import connect
from frontdesk.adapters.redis.keys import of_conversation, of_shard, shard_of
from frontdesk.adapters.redis.shelf import RedisShelf
from frontdesk.adapters.redis.store import RedisStore
from frontdesk.domain.errors import Misconfigured, Retry, Unreadable
from frontdesk.domain.turns import TurnTrace
from frontdesk.ports.store import Commit, Store, TicketIndex

SHARDS = 4
HERE = thread().conversation
SHARD = shard_of(HERE, SHARDS)


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
async def store(open_store: OpenStore) -> Store:
    return await open_store(lease_seconds=30.0, shards=SHARDS)


# Records that are broken


@pytest.mark.parametrize("junk", [b"\xff\xfe{", b"", b"[]", b'{"kind":"message_posted"}'])
async def test_an_event_that_cannot_be_read_never_stops_the_others(store: Store, redis: Redis, junk: bytes) -> None:
    await receive(store, posted(101), posted(102))
    await redis.hset(of_conversation(SHARD, "payloads", HERE), "msg:101", junk)
    claim = await claimed(store)
    assert (claim.unreadable, texts(claim)) == (("msg:101",), ["at 102"])
    await store.commit(claim.lease, Commit(done=(*claim.unreadable, *keys(claim))))
    assert await redis.zcard(of_conversation(SHARD, "mailbox", HERE)) == 0


async def test_an_event_whose_payload_is_gone_is_set_apart(store: Store, redis: Redis) -> None:
    await receive(store, posted(101))
    await redis.delete(of_conversation(SHARD, "payloads", HERE))
    assert (await claimed(store)).unreadable == ("msg:101",)


async def test_a_home_that_cannot_be_read_is_told_from_the_conversations_name(store: Store, redis: Redis) -> None:
    await receive(store, posted(101))
    await redis.hset(of_conversation(SHARD, "header", HERE), "home", "junk")
    assert (await claimed(store)).thread == thread()
    assert await store.home(HERE) == thread()


async def test_a_conversation_that_makes_no_sense_never_stops_the_others(
    store: Store, redis: Redis, notebook: Notebook
) -> None:
    await redis.hset(of_conversation(SHARD, "header", "junk"), "home", "junk")
    await redis.zadd(of_shard(SHARD, "due"), {"junk": 1})
    await receive(store, posted(101))
    assert (await claimed(store)).lease.conversation == HERE
    assert notebook.lines == ["conversation unreadable"]


async def test_a_due_conversation_that_has_expired_is_forgotten(store: Store, redis: Redis) -> None:
    await redis.zadd(of_shard(SHARD, "due"), {"slack:T1:C1:gone": 1})
    await receive(store, posted(101))
    assert (await claimed(store)).lease.conversation == HERE
    assert await redis.zscore(of_shard(SHARD, "due"), "slack:T1:C1:gone") is None


async def test_a_broken_transcript_says_where(store: Store, redis: Redis) -> None:
    await receive(store, posted(101))
    claim = await claimed(store)
    await store.commit(claim.lease, Commit(entries=(said(posted(101)),), done=keys(claim)))
    await redis.rpush(of_conversation(SHARD, "transcript", HERE), '{"kind":"secret words"}')
    with pytest.raises(Unreadable, match="entry 1 of slack:T1:C1:100") as caught:
        await store.transcript(HERE)
    assert "secret" not in str(caught.value)


# What is left behind


async def _a_bit_of_everything(store: RedisStore, shelf: RedisShelf) -> None:
    await receive(store, opener(101), opener(102), gather=5.0)
    claim = await claimed(store)
    await receive(store, posted(103, thread("101")))
    await store.journal(claim.lease, "post", "intent")
    trace = TurnTrace(turn="t1", conversation=HERE, at=1.0, outcome="answered", seconds=0.1)
    ticket = TicketIndex(number=await store.next_ticket_number(), open=True, summary="one", opened_at=1.0)
    await store.commit(claim.lease, Commit(entries=(said(posted(101)),), done=keys(claim), ticket=ticket, trace=trace))
    claim = await claimed(store)
    await store.journal(claim.lease, "post", "intent")
    await store.commit(claim.lease, Commit(done=keys(claim), wake_at=time.time() + 3600))
    await receive(store, posted(104, thread("101")))
    await store.release((await claimed(store)).lease, 60.0)
    await store.link(thread("500.0", channel="STAFF"), HERE)
    await store.set_aside("slack", "{", "not JSON")
    await store.ping()
    await shelf.replace("v1", [])
    await shelf.replace("v2", [])


async def test_every_key_goes_away_by_itself_except_those_on_the_list(
    open_connection: OpenConnection, redis: Redis, notebook: Notebook
) -> None:
    connection = await open_connection(lease_seconds=30.0)
    await _a_bit_of_everything(RedisStore(connection, notebook), RedisShelf(connection))
    permanent = re.compile(r"fd:(setup|ticket-number|\{library\}:(current|edition:v2)|\{\d+\}:due)")
    names = [name.decode() async for name in redis.scan_iter()]
    lasting = [name for name in names if await redis.ttl(name) == -1]
    assert [name for name in lasting if not permanent.fullmatch(name)] == []
    assert len(names) > 15
    assert all(name.startswith("fd:") for name in names)


async def test_a_finished_conversation_keeps_no_mailbox_and_no_journal(store: Store, redis: Redis) -> None:
    await receive(store, posted(101))
    claim = await claimed(store)
    await store.journal(claim.lease, "post", "intent")
    await store.commit(claim.lease, Commit(entries=(said(posted(101)),), done=keys(claim)))
    left = {name.decode().split(":")[2] async for name in redis.scan_iter("fd:{*")}
    assert left <= {"h", "t", "seen", "bell"}


# Servers


async def test_scripts_are_sent_again_to_a_server_that_forgot_them(store: Store, redis: Redis) -> None:
    await receive(store, posted(101))
    await redis.script_flush()
    await done(store, await claimed(store))
    await redis.script_flush()
    await receive(store, posted(102))
    assert texts(await claimed(store)) == ["at 102"]


async def test_no_epoch_comes_twice_even_when_all_data_was_lost(store: Store, redis: Redis) -> None:
    await receive(store, posted(101))
    before = await claimed(store)
    await redis.flushdb()
    await receive(store, posted(101))
    assert (await claimed(store)).lease.epoch > before.lease.epoch


async def test_a_plain_turn_takes_five_round_trips(store: Store, redis: Redis) -> None:
    async with claims(store) as coming:
        waiting = asyncio.ensure_future(anext(coming))
        await receive(store, posted(100))
        await done(store, await waiting)
        before = await _scripts_run(redis)
        waiting = asyncio.ensure_future(anext(coming))
        await receive(store, posted(101))
        claim = await waiting
        await store.journal(claim.lease, "post", "intent")
        await done(store, claim)
        assert await _scripts_run(redis) - before <= 4 + SHARDS * 2  # receive, claim, journal, commit, and idle polls


async def _scripts_run(redis: Redis) -> int:
    stats = await redis.info("commandstats")
    return int(stats["cmdstat_evalsha"]["calls"])


async def test_no_cancellation_is_lost_at_any_moment(open_connection: OpenConnection) -> None:
    connection = await open_connection()
    for moment in range(40):
        waiting = asyncio.ensure_future(connection.wait_for_bell(0, 60.0))
        for _ in range(moment):
            await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(waiting, PATIENCE)


async def test_a_server_that_takes_no_writes_says_retry(store: Store, redis: Redis) -> None:
    held = (await redis.config_get("maxmemory"))["maxmemory"] or "0"
    await redis.config_set("maxmemory", 1)
    try:
        with pytest.raises(Retry, match="full"):
            await store.ping()
        with pytest.raises(Retry, match="full"):
            await receive(store, posted(101))
        with pytest.raises(Retry, match="full"):
            await store.next_ticket_number()
    finally:
        await redis.config_set("maxmemory", held)
    assert await store.receive(HERE, thread(), posted(101)) == "stored"


async def test_two_hundred_at_once_are_no_trouble(open_store: OpenStore) -> None:
    store = await open_store(lease_seconds=30.0, most_connections=4)
    places = [thread(f"{number}.0", channel=f"C{number}") for number in range(200)]
    await asyncio.gather(*(receive(store, posted(101, place)) for place in places))
    assert len({(await claimed(store)).lease.conversation for _ in range(5)}) == 5


async def test_a_database_keeps_its_number_of_shards(open_connection: OpenConnection) -> None:
    await open_connection(shards=2)
    with pytest.raises(Misconfigured, match="set up with 2 shards, not 3"):
        await open_connection(shards=3)


async def test_a_store_goes_on_after_its_server_was_away(
    open_connection: OpenConnection, tmp_path: Path, notebook: Notebook
) -> None:
    port = free_port()
    durable = ("--appendonly", "yes", "--appendfsync", "always")
    with redis_on(port, tmp_path, *durable):
        connection = await open_connection(url=f"redis://127.0.0.1:{port}")
        store = RedisStore(connection, notebook)
        async with asyncio.timeout(PATIENCE), claims(store, most=5) as coming:
            waiting = asyncio.ensure_future(anext(coming))
            await receive(store, posted(101))
            first = await waiting
            waiting = asyncio.ensure_future(anext(coming))
            await receive(store, posted(102, thread("200.0")))
            second = await waiting
    async with asyncio.timeout(PATIENCE * 2), claims(store, most=5) as coming:
        waiting = asyncio.ensure_future(anext(coming))
        while "store away" not in notebook.lines:
            with pytest.raises(Retry, match="cannot be reached"):
                await store.commit(first.lease, Commit(done=keys(first)))
        with redis_on(port, tmp_path, *durable):
            await _until_it_answers(store)
            await store.commit(first.lease, Commit(done=keys(first)))
            await store.release(second.lease, 0.0)
            assert (await waiting).lease.conversation == second.lease.conversation
            while "store back" not in notebook.lines:
                await store.ping()


async def _until_it_answers(store: Store) -> None:
    while True:
        try:
            return await store.ping()
        except Retry:
            continue


async def test_a_wrong_password_is_one_clear_line(tmp_path: Path) -> None:
    port = free_port()
    with redis_on(port, tmp_path, "--requirepass", "secret"):
        for url in (f"redis://127.0.0.1:{port}", f"redis://:guess@127.0.0.1:{port}"):
            with pytest.raises(Misconfigured, match="REDIS_URL: the store refuses the password") as caught:
                await connect(RedisConfig.model_validate({"url": url}))
            assert "guess" not in str(caught.value)
        right = await connect(RedisConfig.model_validate({"url": f"redis://:secret@127.0.0.1:{port}"}))
        await right.close()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://127.0.0.1", "must begin with redis://"),
        ("127.0.0.1:6379", "must begin with redis://"),
        ("redis://127.0.0.1:port", "cannot be read"),
        ("redis://127.0.0.1:6379/0?nonsense=1", "cannot be read"),
        ("redis://127.0.0.1:1", "is it running"),
        ("unix:///nowhere/store.sock", "is it running"),
    ],
)
async def test_a_wrong_url_is_one_clear_line(url: str, says: str) -> None:
    with pytest.raises(Misconfigured, match="REDIS_URL") as caught:
        await connect(RedisConfig.model_validate({"url": url}))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_a_server_that_may_lose_conversations_is_doubted(tmp_path: Path) -> None:
    port = free_port()
    with redis_on(port, tmp_path, "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"):
        connection = await connect(RedisConfig.model_validate({"url": f"redis://127.0.0.1:{port}"}))
        keeps_nothing, drops = await connection.doubts()
        assert "append-only" in keeps_nothing
        assert "noeviction" in drops
        await connection.close()


async def test_a_read_only_replica_is_refused(tmp_path: Path) -> None:
    port = free_port()
    with (
        redis_on(port, tmp_path, "--replicaof", "127.0.0.1 1"),
        pytest.raises(Misconfigured, match="read-only replica"),
    ):
        await connect(RedisConfig.model_validate({"url": f"redis://127.0.0.1:{port}"}))
