"""Where conversations live: one mailbox and one transcript each, and a lease that gives one worker the conversation."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from typing import Literal, Protocol

from frontdesk.domain.events import Event
from frontdesk.domain.ids import ConversationId, Platform
from frontdesk.domain.messages import Thread
from frontdesk.domain.transcript import Entry
from frontdesk.domain.turns import TurnTrace
from frontdesk.domain.value import Value

Received = Literal["stored", "duplicate", "unknown", "early"]
"""`unknown`: asked to store only for a conversation that exists, and there is none; `early`: kept in case it begins."""


class Lease(Value):
    """The right to write to one conversation, until it is committed, released or taken over."""

    conversation: ConversationId
    epoch: int
    """The fencing token: grows with every lease, also over a loss of all data."""


class Pending(Value):
    """An event in the mailbox."""

    key: str
    """Names it for `Commit.done`."""
    event: Event


class Claim(Value):
    """A conversation that is due, and everything needed to take its turn."""

    lease: Lease
    thread: Thread
    """The conversation's home."""
    pending: tuple[Pending, ...]
    """In the platform's order."""
    unreadable: tuple[str, ...] = ()
    """Keys of records in the mailbox that could not be read."""
    journal: Mapping[str, str]
    """What an earlier holder of this turn wrote down, by step; empty for a fresh turn."""
    entries: int
    """Length of the transcript."""
    attempts: int
    """How often this work was claimed and not committed before."""
    stolen: bool
    """True when an earlier lease ran out without a commit."""


class TicketIndex(Value):
    """How the ticket of this commit is to be found again."""

    number: int
    open: bool
    summary: str
    """One line for lists."""
    opened_at: float
    conversation: ConversationId | None = None
    customer: str = ""
    """The customer's `Person.key`."""


class Commit(Value):
    """All that one turn changes, written in one atomic step."""

    entries: tuple[Entry, ...] = ()
    done: tuple[str, ...] = ()
    """Keys of the events this turn dealt with."""
    wake_at: float | None = None
    """Seconds since the epoch at which the conversation is due again even if nothing arrives."""
    ticket: TicketIndex | None = None
    trace: TurnTrace | None = None


class Mailbox(Protocol):
    """Events in, turns out. Every method raises Retry when the store cannot be reached."""

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
        """Store the event durably, once.

        `settle`: seconds to wait for more before the conversation is due. `known_only`: store nothing unless the
        conversation exists already; with `early` over 0 the event is kept for so many seconds, and belongs to the
        conversation if that begins by then with an older one. `gather`: when over 0 and the author's last message that
        opened a conversation in this channel is younger than this many seconds and no turn was taken there yet, the
        event goes to that conversation instead.
        """
        ...

    def claims(self, worker: str, most: int) -> AsyncGenerator[Claim, None]:
        """Conversations as they come due, never more than `most` held at once by this iterator's owner.

        A claim counts as held until `commit`, `release` or a `Fenced`.
        """
        ...

    async def look(self, lease: Lease) -> Sequence[Pending]:
        """What is in the mailbox now. Raises Fenced."""
        ...

    async def extend(self, leases: Sequence[Lease]) -> Sequence[Lease]:
        """Keep the leases alive; returns those that are lost."""
        ...

    async def journal(self, lease: Lease, step: str, record: str) -> None:
        """Write down what is about to be done, or what came of it. Raises Fenced."""
        ...

    async def commit(self, lease: Lease, commit: Commit) -> None:
        """Write the turn and give the conversation back. Raises Fenced, and then nothing was changed."""
        ...

    async def release(self, lease: Lease, again_in: float) -> None:
        """Give the conversation back with nothing done; it is due again after so many seconds. Never raises Fenced."""
        ...

    def news(self) -> AsyncIterator[ConversationId]:
        """Conversations that something arrived for while they were held; a hint that may be missed."""
        ...


class Records(Protocol):
    """What is kept beside the mailboxes. Every method raises Retry when the store cannot be reached."""

    async def transcript(self, conversation: ConversationId, after: int = 0) -> Sequence[Entry]:
        """The entries behind the first `after`. Raises Unreadable."""
        ...

    async def traces(self, most: int = 20) -> Sequence[TurnTrace]:
        """The latest turns, newest first."""
        ...

    async def next_ticket_number(self) -> int: ...

    async def open_tickets(self, most: int = 50) -> Sequence[TicketIndex]:
        """Oldest first."""
        ...

    async def link(self, place: Thread, conversation: ConversationId) -> None:
        """Remember that what is written in `place` (a card's thread) belongs to the conversation."""
        ...

    async def linked(self, place: Thread) -> ConversationId | None: ...

    async def home(self, conversation: ConversationId) -> Thread | None:
        """The thread a known conversation lives in."""
        ...

    async def set_aside(self, platform: Platform, payload: str, reason: str) -> None:
        """Keep what could not be understood, for the operator."""
        ...


class Store(Mailbox, Records, Protocol):
    async def ping(self) -> None:
        """Raises Retry when the store cannot take writes."""
        ...

    async def close(self) -> None: ...
