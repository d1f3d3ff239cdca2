"""Waits at every shard for conversations that come due, and claims no more of them than are wanted."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from typing import cast

from frontdesk.adapters.redis import codec, keys
from frontdesk.adapters.redis.connection import Connection
from frontdesk.domain.errors import Retry
from frontdesk.domain.ids import ConversationId
from frontdesk.ports.store import Claim, Lease
from frontdesk.ports.telemetry import Telemetry

_LONGEST_PAUSE = 2.0
_EARLY = 0.002
"""A wait that ends a little early would find nothing due."""


class Watch:
    """One owner's claims: what it holds, and the watchers that bring it more."""

    def __init__(self, connection: Connection, telemetry: Telemetry, worker: str, most: int) -> None:
        self._connection = connection
        self._telemetry = telemetry
        self._worker = worker
        self._most = most
        self._held: dict[ConversationId, Lease] = {}
        self._asked_for = 0
        self._room = asyncio.Event()
        self._room.set()
        self._pauses: dict[int, float] = {}
        """Of the shards that cannot be reached."""
        self._offset = 0.0
        """The server's clock, less ours that never goes back."""
        self._claims: asyncio.Queue[Claim | BaseException] = asyncio.Queue()

    def let_go(self, lease: Lease) -> None:
        """The owner is done with a claim."""
        if self._held.get(lease.conversation) == lease:
            del self._held[lease.conversation]
        self._see_room()

    async def claims(self) -> AsyncGenerator[Claim, None]:
        watchers = [asyncio.create_task(self._watched(shard)) for shard in range(self._connection.config.shards)]
        try:
            while True:
                claim = await self._claims.get()
                if isinstance(claim, BaseException):
                    raise claim
                yield claim
        finally:
            for watcher in watchers:
                watcher.cancel()
            await asyncio.gather(*watchers, return_exceptions=True)
            await self._give_back()

    async def _watched(self, shard: int) -> None:
        while True:
            try:
                await self._watch(shard)
            except Retry as error:
                await self._pause(shard, error)
            except Exception as error:  # noqa: BLE001 - a fault of ours must reach whoever waits for claims
                self._claims.put_nowait(error)
                return

    async def _pause(self, shard: int, error: Retry) -> None:
        if not self._pauses:
            self._telemetry.trouble("store away", error)
        self._pauses[shard] = min(_LONGEST_PAUSE, self._pauses.get(shard, 0.05) * 2)
        await asyncio.sleep(self._pauses[shard])

    def _answered(self, shard: int) -> None:
        if self._pauses.pop(shard, None) and not self._pauses:
            self._telemetry.note("store back")

    async def _watch(self, shard: int) -> None:
        """Claim what is due, then wait for the next."""
        poll = self._connection.config.poll_seconds
        wait = await self._claim(shard)
        while wait > 0:
            began = time.monotonic()
            due = await self._connection.wait_for_bell(shard, max(wait, 0.001))
            if due is None:
                return
            if not self._room.is_set():
                await self._ask(shard, 0)  # rings again, for somebody who has room
                return
            wait = min(wait - (time.monotonic() - began), due / 1000 - self._server_now(), poll)

    async def _claim(self, shard: int) -> float:
        """Claims what there is room for; returns the seconds until the next is due."""
        while (wanted := self._most - len(self._held) - self._asked_for) <= 0:
            await self._room.wait()
        self._asked_for += wanted
        self._see_room()
        asking = asyncio.ensure_future(self._ask(shard, wanted))
        try:
            return await asyncio.shield(asking)
        except asyncio.CancelledError:
            with suppress(Retry):  # the answer may hold claims, and those must not wait for their leases to end
                await asking
            raise

    async def _ask(self, shard: int, wanted: int) -> float:
        config = self._connection.config
        try:
            answer = await self._connection.run(
                "claim", shard, self._worker, wanted, round(config.lease_seconds * 1000)
            )
            self._answered(shard)
            now, next_due, found = cast(tuple[bytes, bytes, Sequence[Sequence[object]]], answer)
            self._offset = float(now) / 1000 - time.monotonic()
            for raw in found:
                self._hand_over(shard, raw)
        finally:
            self._asked_for -= wanted
            self._see_room()
        if not next_due:
            return config.poll_seconds
        return min(config.poll_seconds, float(next_due) / 1000 - self._server_now() + _EARLY)

    def _hand_over(self, shard: int, raw: Sequence[object]) -> None:
        try:
            claim = codec.claim(raw)
        except ValueError as error:  # its lease runs out, and it is tried again: it must not stop the others
            self._telemetry.trouble("conversation unreadable", error, shard=shard)
            return
        self._held[claim.lease.conversation] = claim.lease
        self._claims.put_nowait(claim)

    def _server_now(self) -> float:
        return self._offset + time.monotonic()

    def _see_room(self) -> None:
        if len(self._held) + self._asked_for < self._most:
            self._room.set()
        else:
            self._room.clear()

    async def _give_back(self) -> None:
        """Claims that nobody took are due again at once."""
        waiting = [self._claims.get_nowait() for _ in range(self._claims.qsize())]
        leases = [claim.lease for claim in waiting if isinstance(claim, Claim)]
        await asyncio.gather(
            *(release(self._connection, lease, 0.0, unseen=True) for lease in leases),
            return_exceptions=True,  # a store that is away gives them out again when their leases end
        )


async def release(connection: Connection, lease: Lease, again_in: float, *, unseen: bool = False) -> None:
    shard = keys.shard_of(lease.conversation, connection.config.shards)
    await connection.run("release", shard, lease.conversation, lease.epoch, round(again_in * 1000), 1 if unseen else 0)
