"""One turn in progress: what it knows, what it wrote down, and the effects it makes at most once."""

import asyncio
import hashlib
import json
from collections.abc import Sequence

from frontdesk.domain.conversations import Conversation
from frontdesk.domain.events import Event
from frontdesk.domain.ids import TurnId
from frontdesk.domain.messages import Content, MessageRef, Thread
from frontdesk.domain.transcript import Entry
from frontdesk.domain.turns import Outcome, PassageTrace, StepTrace, ToolTrace, TraceEvent, Triage, TurnTrace
from frontdesk.ports.chat import Chat, Chats
from frontdesk.ports.clock import Clock
from frontdesk.ports.model import Finished, Task
from frontdesk.ports.store import Claim, Commit, Lease, Pending, Store, TicketIndex


class Turn:
    """The state of one turn. Everything it changes is collected here and committed in one step."""

    def __init__(self, claim: Claim, conversation: Conversation, store: Store, chats: Chats, clock: Clock) -> None:
        self.claim = claim
        self.conversation = conversation
        self.store = store
        self.chats = chats
        self.clock = clock
        self.news = asyncio.Event()
        """Set when something arrived for this conversation while the turn runs."""
        self.settled = False
        """True once something is being done that must not be broken off half-way."""
        self.entries: list[Entry] = []
        self.done: list[str] = []
        self.outcome: Outcome | None = None
        self.wake_at: float | None = None
        self.journal: dict[str, str] = dict(claim.journal)
        self.id = self._name()
        self.trace = TraceNotes(clock)

    @property
    def lease(self) -> Lease:
        return self.claim.lease

    @property
    def thread(self) -> Thread:
        return self.conversation.thread

    @property
    def chat(self) -> Chat:
        """The customer's platform."""
        return self.chats.on(self.thread.platform)

    def events(self) -> Sequence[tuple[str, Event]]:
        return [(p.key, p.event) for p in self.claim.pending]

    def now(self) -> float:
        return self.clock.now()

    def record(self, *entries: Entry) -> None:
        """Append to the transcript (at the commit) and see the conversation so at once."""
        self.entries.extend(entries)
        self.conversation = self.conversation.after(entries)

    def handled(self, pending: Sequence[Pending]) -> None:
        self.done.extend(p.key for p in pending if p.key not in self.done)

    def marker(self, step: str) -> str:
        """By which the platform's message of this step is found again: no personal data, stable over a crash."""
        return hashlib.blake2s(f"{self.conversation.id}|{self.id}|{step}".encode(), digest_size=10).hexdigest()

    async def intend(self, step: str) -> str:
        """Write down that `step` is about to happen; returns its marker. Raises Fenced."""
        if step not in self.journal:
            await self._write(step, {"turn": self.id})
        return self.marker(step)

    async def post(self, step: str, chat: Chat, thread: Thread, content: Content) -> tuple[MessageRef, ...]:
        """Post once and whole for this step, also over a crash: looks before it repeats what may have been done."""
        known = self.result(step)
        if known is not None:
            return tuple(MessageRef.model_validate(ref) for ref in known)
        tried_before = step in self.journal
        marker = await self.intend(step)
        there = await self.find(chat, thread, step) if tried_before else ()
        refs = await chat.post(thread, content, marker, there)
        await self.conclude(step, [ref.model_dump(mode="json") for ref in refs])
        return refs

    async def find(self, chat: Chat, thread: Thread, step: str) -> tuple[MessageRef, ...]:
        """What an earlier try of this step left; a platform may take for it what is known to be something else."""
        others = self.conversation.posted | {
            str(ref["id"])
            for name in self.journal
            if name != step
            for ref in self.result(name) or ()
            if isinstance(ref, dict) and "id" in ref
        }
        return tuple(ref for ref in await chat.find(thread, self.marker(step)) if ref.id not in others)

    async def conclude(self, step: str, result: object) -> None:
        """Write down what came of a step. Raises Fenced."""
        await self._write(step, {"turn": self.id, "result": result})

    def result(self, step: str) -> list[object] | None:
        """What an earlier holder of this turn concluded."""
        record = self.journal.get(step)
        found = json.loads(record).get("result") if record else None
        return found if isinstance(found, list) else None

    async def _write(self, step: str, record: dict[str, object]) -> None:
        text = json.dumps(record)
        await self.store.journal(self.lease, step, text)
        self.journal[step] = text

    def _name(self) -> TurnId:
        for record in self.journal.values():
            return TurnId(str(json.loads(record).get("turn")))
        first = self.claim.pending[0].key if self.claim.pending else f"wake:{self.claim.entries}"
        return TurnId(hashlib.blake2s(f"{self.claim.lease.conversation}|{first}".encode(), digest_size=8).hexdigest())

    def commit(self) -> Commit:
        ticket = self.conversation.ticket
        touched = any(entry.kind.startswith("ticket_") for entry in self.entries)
        index = (
            TicketIndex(
                number=ticket.number,
                open=ticket.is_open,
                summary=ticket.wants,
                opened_at=ticket.opened_at,
                conversation=self.conversation.id,
                customer=self.conversation.customer.key if self.conversation.customer else "",
            )
            if ticket and touched
            else None
        )
        return Commit(
            entries=tuple(self.entries), done=tuple(self.done), wake_at=self.wake_at, ticket=index, trace=self.story()
        )

    def story(self) -> TurnTrace | None:
        """The trace; a turn that only recorded something leaves none."""
        if self.outcome is None:
            return None
        return self.trace.told(self.id, self.conversation.id, self.outcome)


class TraceNotes:
    """Collects why a turn does what it does."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._at = clock.now()
        self._began = clock.elapsed()
        self._events: list[TraceEvent] = []
        self.steps: list[StepTrace] = []
        self.tools: list[ToolTrace] = []
        self.passages: tuple[PassageTrace, ...] = ()
        self.triage: Triage | None = None
        self.triage_source: str = ""
        self.rule: str | None = None
        self.query = ""
        self.language = ""
        self.reply = ""

    def happened(self, what: str) -> None:
        self._events.append(TraceEvent(at_ms=round((self._clock.elapsed() - self._began) * 1000), what=what))

    def step(self, task: Task, finished: Finished) -> None:
        self.steps.append(
            StepTrace(
                task=task,
                model=finished.model,
                seconds=round(finished.seconds, 3),
                first_token=finished.first_token,
                input_tokens=finished.input_tokens,
                output_tokens=finished.output_tokens,
                finish="tool_calls" if finished.calls else "stop",
                tools=tuple(call.name for call in finished.calls),
            )
        )

    def told(self, turn: str, conversation: str, outcome: Outcome) -> TurnTrace:
        return TurnTrace.model_validate(
            {
                "turn": turn,
                "conversation": conversation,
                "at": self._at,
                "outcome": outcome.kind,
                "why": getattr(outcome, "why", ""),
                "seconds": round(self._clock.elapsed() - self._began, 3),
                "language": self.language,
                "triage": self.triage,
                "triage_source": self.triage_source,
                "rule": self.rule,
                "query": self.query[:500],
                "passages": self.passages,
                "steps": tuple(self.steps),
                "tools": tuple(self.tools),
                "events": tuple(self._events),
                "reply": self.reply[:300],
            }
        )
