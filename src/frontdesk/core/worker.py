"""A worker: takes turns of conversations as they come due, keeps their leases, and stops without losing any."""

import asyncio
import contextlib

from frontdesk.core.desk import Desk
from frontdesk.domain.errors import DeskError, Fenced, NotYet, Retry
from frontdesk.domain.ids import ConversationId
from frontdesk.ports.clock import Clock
from frontdesk.ports.store import Claim, Mailbox
from frontdesk.ports.telemetry import Telemetry

_LONGEST_WAIT = 60.0
_LONGEST_GOODBYE = 3.0
"""Seconds an abandoned turn may take to give its conversation back; its lease would end by itself."""


class Worker:
    """Runs up to `most` turns at once."""

    def __init__(
        self, name: str, desk: Desk, mailbox: Mailbox, clock: Clock, telemetry: Telemetry, *, lease: float, most: int
    ) -> None:
        self._name = name
        self._desk = desk
        self._mailbox = mailbox
        self._clock = clock
        self._telemetry = telemetry
        self._lease = lease
        self._most = most
        self._turns: dict[ConversationId, tuple[Claim, asyncio.Task[None]]] = {}
        self._draining = asyncio.Event()

    async def run(self) -> None:
        """Take turns until `drain` is called and the last one has ended."""
        async with asyncio.TaskGroup() as group:
            news = group.create_task(self._listen(), name="news")
            beat = group.create_task(self._beat(), name="leases")
            claims = group.create_task(self._claim(), name="claims")
            await self._draining.wait()
            claims.cancel()
            while self._turns:
                await asyncio.wait([task for _, task in self._turns.values()])
            news.cancel()
            beat.cancel()

    def drain(self) -> None:
        """Take no more conversations; those in hand are finished."""
        self._draining.set()

    async def abandon(self) -> None:
        """End the turns in hand now; their conversations are due again at once."""
        turns = [task for _, task in self._turns.values()]
        for task in turns:
            task.cancel()
        if turns:
            await asyncio.wait(turns, timeout=_LONGEST_GOODBYE)

    @property
    def in_hand(self) -> int:
        return len(self._turns)

    async def _claim(self) -> None:
        async with contextlib.aclosing(self._mailbox.claims(self._name, self._most)) as claims:
            async for claim in claims:
                before = self._turns.get(claim.lease.conversation)
                if before is not None:  # its lease ended unnoticed, and came back to us
                    before[1].cancel()
                task = asyncio.create_task(self._turn(claim), name=f"turn {claim.lease.conversation}")
                self._turns[claim.lease.conversation] = (claim, task)

    async def _turn(self, claim: Claim) -> None:
        again = min(_LONGEST_WAIT, 0.5 * 2.0**claim.attempts)
        try:
            await self._desk.take_turn(claim)
        except Fenced:
            self._telemetry.count("fenced")
        except NotYet as error:
            await self._give_back(claim, error.after)
        except Retry as error:
            self._telemetry.trouble("a turn has to be taken again", error, after=max(error.after, again))
            await self._give_back(claim, max(error.after, again))
        except DeskError as error:
            self._telemetry.trouble("a turn failed", error)
            await self._give_back(claim, again)
        except asyncio.CancelledError:
            await self._give_back(claim, 0.0)
            raise
        except Exception as error:  # noqa: BLE001 - the boundary of a turn: one conversation's bug must not stop the others
            self._telemetry.trouble("a bug ended a turn", error)
            await self._give_back(claim, again)
        finally:
            held = self._turns.get(claim.lease.conversation)
            if held is not None and held[0] is claim:
                del self._turns[claim.lease.conversation]

    async def _give_back(self, claim: Claim, again_in: float) -> None:
        try:
            await self._mailbox.release(claim.lease, again_in)
        except Retry as error:  # the lease ends by itself, and then the conversation is due
            self._telemetry.trouble("a conversation could not be given back", error)

    async def _beat(self) -> None:
        while True:
            await self._clock.sleep(self._lease / 3)
            held = [claim.lease for claim, _ in self._turns.values()]
            if not held:
                continue
            try:
                lost = await self._mailbox.extend(held)
            except Retry as error:
                self._telemetry.trouble("leases could not be extended", error)
                continue
            for lease in lost:
                entry = self._turns.get(lease.conversation)
                if entry is not None and entry[0].lease == lease:
                    self._telemetry.count("lease_lost")
                    entry[1].cancel()
            for conversation in self._turns:
                self._desk.notify(conversation)

    async def _listen(self) -> None:
        async for conversation in self._mailbox.news():
            self._desk.notify(conversation)
