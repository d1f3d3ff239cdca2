"""The store on Redis or Valkey: each transition one script, each turn five round trips."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence
from typing import cast

from frontdesk.adapters.redis import codec, keys, watch
from frontdesk.adapters.redis.connection import Connection, Word, read
from frontdesk.domain.errors import Fenced, Retry
from frontdesk.domain.events import Event
from frontdesk.domain.ids import ConversationId, Platform
from frontdesk.domain.messages import Thread
from frontdesk.domain.transcript import Entry
from frontdesk.domain.turns import TurnTrace
from frontdesk.ports.store import Claim, Commit, Lease, Pending, Received, TicketIndex
from frontdesk.ports.telemetry import Telemetry

_MOST_TRACES = 50
_MOST_ASIDE = 200
_MOST_ASIDE_CHARACTERS = 20_000
_ASIDE_SECONDS = 14 * 86400
_PAUSE = 0.5


class RedisStore:
    """Implements `frontdesk.ports.store.Store`."""

    def __init__(self, connection: Connection, telemetry: Telemetry) -> None:
        self._connection = connection
        self._telemetry = telemetry
        config = connection.config
        self._shards = config.shards
        self._retention = round(config.retention_days * 86400)
        self._seen = round(config.seen_hours * 3600)
        self._lease_ms = round(config.lease_seconds * 1000)
        self._most_settle_ms = round(config.most_settle_seconds * 1000)
        self._watches: list[watch.Watch] = []

    async def receive(
        self,
        conversation: ConversationId,
        home: Thread,
        event: Event,
        *,
        settle: float = 0.0,
        known_only: bool = False,
        early: float = 0.0,
        gather: float = 0.0,
    ) -> Received:
        answer = await self._connection.run(
            "receive",
            self._shard(conversation),
            conversation,
            codec.packed(home),
            keys.channel_of(event.thread.conversation),
            event.order,
            codec.packed(event),
            1 if codec.is_complete(event) else 0,
            1 if known_only else 0,
            round(early),
            round(gather * 1_000_000),
            codec.author_of(event),
            round(settle * 1000),
            self._most_settle_ms,
            self._retention,
            self._seen,
            *event.ids,
        )
        return cast(Received, codec.text(answer))

    async def claims(self, worker: str, most: int) -> AsyncGenerator[Claim, None]:
        watching = watch.Watch(self._connection, self._telemetry, worker, most)
        self._watches.append(watching)
        claims = watching.claims()
        try:
            async for claim in claims:
                yield claim
        finally:
            await claims.aclose()
            self._watches.remove(watching)

    async def look(self, lease: Lease) -> Sequence[Pending]:
        flat = await self._connection.run("look", self._shard(lease.conversation), lease.conversation, lease.epoch)
        if flat is None:
            raise self._fenced(lease)
        events, _ = codec.pending(cast(Sequence[object], flat))
        return events

    async def extend(self, leases: Sequence[Lease]) -> Sequence[Lease]:
        by_shard: dict[int, list[Lease]] = defaultdict(list)
        for lease in leases:
            by_shard[self._shard(lease.conversation)].append(lease)
        lost = await asyncio.gather(*(self._extend(shard, some) for shard, some in by_shard.items()))
        return [lease for some in lost for lease in some]

    async def _extend(self, shard: int, leases: Sequence[Lease]) -> Sequence[Lease]:
        words = [word for lease in leases for word in (lease.conversation, lease.epoch)]
        places = await self._connection.run("extend", shard, self._lease_ms, *words)
        lost = [leases[place] for place in cast(Sequence[int], places)]
        for lease in lost:
            self._let_go(lease)
        return lost

    async def journal(self, lease: Lease, step: str, record: str) -> None:
        written = await self._connection.run(
            "journal",
            self._shard(lease.conversation),
            lease.conversation,
            lease.epoch,
            step,
            record,
            self._retention,
        )
        if not written:
            raise self._fenced(lease)

    async def commit(self, lease: Lease, commit: Commit) -> None:
        ticket = commit.ticket
        written = await self._connection.run(
            "commit",
            self._shard(lease.conversation),
            lease.conversation,
            lease.epoch,
            self._retention,
            "" if commit.wake_at is None else round(commit.wake_at * 1000),
            ticket.number if ticket else "",
            codec.packed(ticket) if ticket and ticket.open else "",
            codec.packed(commit.trace) if commit.trace else "",
            _MOST_TRACES,
            len(commit.done),
            *commit.done,
            *(codec.packed(entry) for entry in commit.entries),
        )
        if not written:
            raise self._fenced(lease)
        self._let_go(lease)

    async def release(self, lease: Lease, again_in: float) -> None:
        await watch.release(self._connection, lease, again_in)
        self._let_go(lease)

    async def news(self) -> AsyncGenerator[ConversationId, None]:
        channels = [keys.of_shard(shard, "news") for shard in range(self._shards)]
        away = False
        while True:
            try:
                async with self._connection.listening(channels) as subscription:
                    away = False
                    while True:
                        heard = await read(subscription, self._connection.config.poll_seconds)
                        if heard is not None:
                            yield ConversationId(heard)
            except Retry as error:
                if not away:
                    self._telemetry.trouble("store away", error, of="news")
                away = True
                await asyncio.sleep(_PAUSE)

    async def transcript(self, conversation: ConversationId, after: int = 0) -> Sequence[Entry]:
        name = keys.of_conversation(self._shard(conversation), "transcript", conversation)
        raws = await self._connection.do("LRANGE", name, after, -1)
        return codec.entries(conversation, cast(Sequence[object], raws), after)

    async def traces(self, most: int = 20) -> Sequence[TurnTrace]:
        if most <= 0:
            return []
        raws = await self._of_every_shard("LRANGE", "traces", 0, most - 1)
        return sorted(codec.readable(TurnTrace, raws), key=lambda trace: trace.at, reverse=True)[:most]

    async def next_ticket_number(self) -> int:
        return cast(int, await self._connection.do("INCR", keys.TICKET_NUMBER))

    async def open_tickets(self, most: int = 50) -> Sequence[TicketIndex]:
        raws = await self._of_every_shard("HVALS", "tickets")
        return sorted(codec.readable(TicketIndex, raws), key=lambda ticket: (ticket.opened_at, ticket.number))[:most]

    async def link(self, place: Thread, conversation: ConversationId) -> None:
        await self._connection.do("SET", self._link(place), conversation, "EX", self._retention)

    async def linked(self, place: Thread) -> ConversationId | None:
        found = await self._connection.do("GETEX", self._link(place), "EX", self._retention)
        return None if found is None else ConversationId(codec.text(found))

    async def home(self, conversation: ConversationId) -> Thread | None:
        name = keys.of_conversation(self._shard(conversation), "header", conversation)
        found = await self._connection.do("HGET", name, "home")
        return None if found is None else codec.home(found, conversation)

    async def set_aside(self, platform: Platform, payload: str, reason: str) -> None:
        name = keys.aside(platform)
        payload = payload[:_MOST_ASIDE_CHARACTERS]
        await self._connection.do_all(
            [
                ("LPUSH", name, codec.packed(codec.Aside(at=time.time(), reason=reason, payload=payload))),
                ("LTRIM", name, 0, _MOST_ASIDE - 1),
                ("EXPIRE", name, _ASIDE_SECONDS),
            ]
        )

    async def ping(self) -> None:
        await self._connection.do("SET", keys.PROBE, 1, "EX", 60)

    async def close(self) -> None:
        await self._connection.close()

    async def _of_every_shard(self, command: str, kind: keys.OfShard, *words: Word) -> list[object]:
        answers = await asyncio.gather(
            *(self._connection.do(command, keys.of_shard(shard, kind), *words) for shard in range(self._shards))
        )
        return [raw for answer in answers for raw in cast(Sequence[object], answer)]

    def _shard(self, conversation: ConversationId) -> int:
        return keys.shard_of(conversation, self._shards)

    def _link(self, place: Thread) -> str:
        name = keys.place(place)
        return keys.of_conversation(self._shard(name), "link", name)

    def _fenced(self, lease: Lease) -> Fenced:
        self._let_go(lease)
        return Fenced(f"the lease {lease.epoch} of {lease.conversation} is gone")

    def _let_go(self, lease: Lease) -> None:
        for watching in self._watches:
            watching.let_go(lease)
