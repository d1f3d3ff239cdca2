"""The desk, told in one file.

platform payload -> adapter -> EVENT
  -> receive     admit: for us? whose conversation? then store it durably; only then may the platform be told
  -> [store]     one mailbox per conversation; bursts gather into one TURN; a lease gives one worker the conversation
  -> take_turn   note what happened, in the platform's order, and route by holder
       [staff]      carry the words to the other side
       [assistant]  rules -> triage -> evidence -> answer -> guards -> deliver
  -> OUTCOME     answered | asked_back | handed_off | relayed | superseded | kept_silent | failed
  -> commit      transcript, ticket, trace and the conversation given back: one atomic step
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Literal, assert_never

from frontdesk.core.allowance import Allowance
from frontdesk.core.assistant import Assistant, Burst
from frontdesk.core.configuration import DeskConfig
from frontdesk.core.handoff import Handoff
from frontdesk.core.intake import Ignored, admit
from frontdesk.core.interruption import Interrupted, is_the_one
from frontdesk.core.phrases import Phrases, phrases_for
from frontdesk.core.relay import Crossing
from frontdesk.core.reminders import Reminders, next_reminder
from frontdesk.core.rules import says_nothing_new
from frontdesk.core.triage import unjudged
from frontdesk.core.turn import Turn
from frontdesk.domain.conversations import Conversation, Spoken
from frontdesk.domain.errors import NotYet, Retry, Undeliverable, Unreadable
from frontdesk.domain.events import (
    ButtonPressed,
    CustomerLeft,
    Event,
    MessageDeleted,
    MessageEdited,
    MessagePosted,
    StopRequested,
)
from frontdesk.domain.ids import ConversationId
from frontdesk.domain.messages import Message, Reply
from frontdesk.domain.people import Person
from frontdesk.domain.transcript import (
    AssistantSaid,
    CustomerDeleted,
    CustomerEdited,
    CustomerSaid,
    MatterStarted,
    OtherSaid,
    Rated,
    TurnEnded,
)
from frontdesk.domain.turns import AskedBack, Failed, KeptSilent, Superseded
from frontdesk.ports.chat import Chats
from frontdesk.ports.clock import Clock
from frontdesk.ports.library import Library
from frontdesk.ports.model import Model
from frontdesk.ports.store import Claim, Pending, Store
from frontdesk.ports.telemetry import Telemetry

_REMEMBERED = 5_000
_MOST_TICKETS = 1_000
_DAY = 86_400.0
_GIVE_UP_AFTER = 7
"""Tries; about a minute, which most trouble of a platform does not last."""
_EARLY = 600.0
"""Seconds that an event waits for one it overtook: platforms bring again, after minutes, what they think was missed."""
_GIVE_UP_ON_STAFF_AFTER = 10
"""Tries; about four minutes."""


class Desk:
    """Takes events in and takes turns; knows no platform, no database and no model by name."""

    def __init__(
        self,
        config: DeskConfig,
        store: Store,
        chats: Chats,
        model: Model,
        library: Library,
        clock: Clock,
        telemetry: Telemetry,
        language_of: Callable[[str], str],
    ) -> None:
        self.config = config
        self._store = store
        self._chats = chats
        self._clock = clock
        self._telemetry = telemetry
        self._handoff = Handoff(config, model, telemetry)
        self._reminders = Reminders(config.remind_minutes, telemetry)
        self._crossing = Crossing(config, self._handoff, telemetry)
        self._assistant = Assistant(
            config, model, library, self._handoff, telemetry, language_of, Allowance(config.questions_per_hour, clock)
        )
        self._known: OrderedDict[ConversationId, Conversation] = OrderedDict()
        self._running: dict[ConversationId, Turn] = {}

    async def receive(self, event: Event) -> None:
        """Take an event in. Once this returns, the event survives anything. Raises Retry when it was not stored."""
        admitted = await admit(event, self.config.speaking, self._store)
        if isinstance(admitted, Ignored):
            self._telemetry.count("ignored", why=admitted.why)
            return
        received = await self._store.receive(
            admitted.conversation,
            admitted.home,
            event,
            settle=0.0 if admitted.urgent else self.config.settle,
            known_only=admitted.known_only,
            early=_EARLY if admitted.early else 0.0,
            gather=self.config.gather if admitted.opens else 0.0,
        )
        self._telemetry.count("received", kind=event.kind, how=received)

    async def left(self, who: Person, community: str, name: str) -> None:
        """Somebody left a server: staff who have an open ticket of theirs should know. Raises Retry."""
        for ticket in await self._store.open_tickets(_MOST_TICKETS):
            home = (
                await self._store.home(ticket.conversation)
                if ticket.customer == who.key and ticket.conversation
                else None
            )
            if home is not None and not home.direct and home.community == community:
                order = int(self._clock.now() * 1_000_000)
                await self.receive(CustomerLeft(thread=home, ids=(f"{name}:{ticket.number}",), order=order, who=who))

    def notify(self, conversation: ConversationId) -> None:
        """Something arrived for a conversation; wake its turn if it is running here."""
        turn = self._running.get(conversation)
        if turn is not None:
            turn.news.set()

    async def take_turn(self, claim: Claim) -> None:
        """Deal with everything pending in a conversation and commit it.

        Raises Retry or Fenced, and then nothing was committed.
        """
        while True:
            turn = Turn(claim, await self._conversation(claim), self._store, self._chats, self._clock)
            self._running[claim.lease.conversation] = turn
            try:
                await self._deal(turn)
            except Interrupted as interrupted:
                claim = await self._taken_in(turn, interrupted)
                continue
            finally:
                if self._running.get(claim.lease.conversation) is turn:
                    del self._running[claim.lease.conversation]
            await self._commit(turn)
            return

    async def _deal(self, turn: Turn) -> None:
        turn.handled(turn.claim.pending)
        turn.done.extend(turn.claim.unreadable)
        if turn.thread.channel_key == self.config.speaking.staff_channel:
            await self._place(turn)
            return
        if turn.claim.unreadable or (turn.claim.pending and turn.claim.attempts >= _GIVE_UP_AFTER):
            await self._give_to_staff(turn)
            return
        burst: list[MessagePosted] = []
        early: list[Event] = []
        for _, event in turn.events():
            if burst and turn.conversation.ticket is None and self._is_from_staff(event):
                early.append(event)  # an earlier try of this turn has put the card up; this one makes it a ticket
            else:
                await self._note(turn, event, burst)
        if not turn.claim.pending:
            await self._reminders.remind(turn)
        await self._answer(turn, burst)
        for event in early:
            await self._note(turn, event, burst)

    async def _place(self, turn: Turn) -> None:
        """Words that staff wrote at a card before the store knew it go to the ticket's conversation; others nowhere."""
        conversation = await self._store.linked(turn.thread)
        home = await self._store.home(conversation) if conversation else None
        if conversation is None or home is None:
            if turn.claim.attempts < 6:
                raise NotYet("no ticket hangs on this thread", after=0.5 * 2.0**turn.claim.attempts)
            self._telemetry.count("ignored", why="not at a ticket's card")
            return
        for _, event in turn.events():
            moved = event.model_copy(update={"ids": tuple(f"{name}:placed" for name in event.ids)})
            await self._store.receive(conversation, home, moved, known_only=True)

    async def _note(self, turn: Turn, event: Event, burst: list[MessagePosted]) -> None:
        """Deal with one event, in the platform's order; what the assistant is to answer is put into `burst`."""
        if self._is_from_staff(event):
            await self._note_from_staff(turn, event)
            return
        match event:
            case MessagePosted(readable=False):
                await self._unreadable(turn, event)
            case MessagePosted():
                await self._customer_wrote(turn, event, burst)
            case MessageEdited():
                await self._customer_edited(turn, event, burst)
            case MessageDeleted():
                await self._customer_deleted(turn, event, burst)
            case ButtonPressed(action="ask_person"):
                await self._person_wanted(turn, event, burst)
            case ButtonPressed(action="rate_up" | "rate_down"):
                await self._rated(turn, event)
            case ButtonPressed():
                await self._handoff.pressed(turn, event)
                turn.outcome = turn.outcome or KeptSilent(why=f"staff pressed {event.action}")
            case StopRequested() if not is_the_one(event.by, turn.conversation.customer):
                turn.outcome = turn.outcome or KeptSilent(why="stopped by somebody else")
            case CustomerLeft():
                await self._crossing.left(turn, event)
            case StopRequested():
                burst.clear()
                turn.outcome = KeptSilent(why="stopped by the customer")
            case _:
                assert_never(event)

    async def _note_from_staff(self, turn: Turn, event: Event) -> None:
        match event:
            case MessagePosted(readable=False):
                await self._crossing.unreadable(turn, event)
            case MessagePosted():
                await self._crossing.to_customer(turn, event)
            case MessageEdited():
                await self._crossing.staff_edited(turn, event)
            case MessageDeleted():
                await self._crossing.staff_deleted(turn, event)
            case ButtonPressed():
                await self._handoff.pressed(turn, event)
                turn.outcome = turn.outcome or KeptSilent(why=f"staff pressed {event.action}")
            case StopRequested() | CustomerLeft():
                turn.outcome = turn.outcome or KeptSilent(why="nothing of staff's to stop or to leave")
            case _:
                assert_never(event)

    async def _customer_wrote(self, turn: Turn, event: MessagePosted, burst: list[MessagePosted]) -> None:
        message, conversation = event.message, turn.conversation
        somebody_else = conversation.customer is not None and not message.author.is_same(conversation.customer)
        if somebody_else and (not event.addressed or conversation.holder == "staff"):
            turn.record(OtherSaid(at=turn.now(), message=message))
            turn.outcome = turn.outcome or KeptSilent(why="people are talking to each other")
            return
        self._begin_matter(turn)
        known = turn.conversation.said(message.id)
        if known is not None and (known.text, known.attachments) == (message.text, message.attachments):
            turn.outcome = turn.outcome or KeptSilent(why="told again of a message that was dealt with")
            return
        turn.record(CustomerSaid(at=turn.now(), message=message))
        if turn.conversation.holder == "staff":
            await self._crossing.to_staff(turn, message)
        else:
            burst[:] = [earlier for earlier in burst if earlier.message.id != message.id]
            burst.append(event)

    async def _unreadable(self, turn: Turn, event: MessagePosted) -> None:
        """Words that the platform keeps from us: whoever wrote them hears how to be heard, customers once."""
        turn.outcome = turn.outcome or KeptSilent(why="the platform keeps the words of this message")
        conversation = turn.conversation
        if conversation.customer is not None and not event.message.author.is_same(conversation.customer):
            return
        words = self._wording(turn).unreadable
        said = [spoken.text for spoken in conversation.present if spoken.speaker == "assistant"]
        if said and said[-1] == words:
            return
        refs = await turn.post(f"unreadable:{event.message.id}", turn.chat, turn.thread, Reply(markdown=words))
        turn.record(AssistantSaid(at=turn.now(), turn=turn.id, refs=refs, markdown=words))

    def _begin_matter(self, turn: Turn) -> None:
        """A message long after a ticket was closed is about something new."""
        closed = turn.conversation.closed_at
        if closed is not None and turn.now() - closed > self.config.reopen_days * _DAY:
            turn.record(MatterStarted(at=turn.now()))

    async def _customer_edited(self, turn: Turn, event: MessageEdited, burst: list[MessagePosted]) -> None:
        conversation, message = turn.conversation, event.message
        before = conversation.said(message.id)
        if before is None or not message.author.is_same(conversation.customer):
            turn.outcome = turn.outcome or KeptSilent(why="an edit of something the desk never took up")
            return
        if conversation.holder == "staff":
            await self._crossing.edited(turn, event)
            return
        turn.record(CustomerEdited(at=turn.now(), message_id=message.id, text=message.text))
        for index, posted in enumerate(burst):
            if posted.message.id == message.id:
                changed = posted.message.model_copy(update={"text": message.text})
                burst[index] = posted.model_copy(update={"message": changed})
                return
        if conversation.reply_to(message.id) is None or _same_words(before.text, message.text):
            turn.outcome = turn.outcome or KeptSilent(why="an edit that no answer depended on")
            return
        burst.append(
            MessagePosted(thread=event.thread, ids=event.ids, order=event.order, message=message, addressed=True)
        )

    async def _customer_deleted(self, turn: Turn, event: MessageDeleted, burst: list[MessagePosted]) -> None:
        conversation = turn.conversation
        burst[:] = [posted for posted in burst if posted.message.id != event.message_id]
        if conversation.said(event.message_id) is None:
            turn.outcome = turn.outcome or KeptSilent(why="a deletion of something the desk never took up")
            return
        if conversation.holder == "staff":
            await self._crossing.deleted(turn, event)
            return
        reply = conversation.reply_to(event.message_id)
        turn.record(CustomerDeleted(at=turn.now(), message_id=event.message_id))
        if reply is None or not reply.citations:
            turn.outcome = turn.outcome or KeptSilent(why="the customer deleted a message")
            return
        words = phrases_for(self._assistant.language_of(reply.text), self.config.phrases).question_deleted
        refs = await turn.post(f"deleted:{event.message_id}", turn.chat, turn.thread, Reply(markdown=words))
        turn.record(AssistantSaid(at=turn.now(), turn=turn.id, refs=refs, markdown=words))
        turn.outcome = AskedBack(why="the question that was answered is gone")

    async def _person_wanted(self, turn: Turn, event: ButtonPressed, burst: list[MessagePosted]) -> None:
        conversation = turn.conversation
        wording = self._wording(turn)
        if not event.by.is_same(conversation.customer):
            await _hint(turn, event, wording.not_yours)
            turn.outcome = turn.outcome or KeptSilent(why="somebody else's button")
            return
        if conversation.holder == "staff" and conversation.ticket:
            await _hint(turn, event, wording.already_with_staff.format(number=conversation.ticket.number))
            turn.outcome = turn.outcome or KeptSilent(why="staff have it already")
            return
        asked = _customers_words(turn)
        language = self._language(turn)
        messages = [posted.message for posted in burst] or [_as_message(s, event) for s in asked[-1:]]
        burst.clear()
        triage = unjudged("the customer asked for a person", language).model_copy(update={"category": "person"})
        await self._handoff.open(turn, triage, "The customer asked for a person", messages)

    async def _rated(self, turn: Turn, event: ButtonPressed) -> None:
        wording = self._wording(turn)
        if not event.by.is_same(turn.conversation.customer):
            await _hint(turn, event, wording.not_yours)
            turn.outcome = turn.outcome or KeptSilent(why="somebody else's button")
            return
        score: Literal["up", "down"] = "up" if event.action == "rate_up" else "down"
        before = turn.conversation.rating_of(event.message_id)
        is_news = before is None or before.score != score
        if is_news or event.comment:
            comment = event.comment[:1000]
            turn.record(Rated(at=turn.now(), by=event.by, score=score, message_id=event.message_id, comment=comment))
        if is_news:
            self._telemetry.count("rated", score=score)
        await _hint(turn, event, wording.rated)
        turn.outcome = turn.outcome or KeptSilent(why="a rating")

    def _language(self, turn: Turn) -> str:
        """What the customer writes in; the default while nothing was written."""
        return self._assistant.language_of(" ".join(s.text for s in _customers_words(turn)))

    def _wording(self, turn: Turn) -> Phrases:
        return phrases_for(self._language(turn), self.config.phrases, self.config.default_language)

    async def _answer(self, turn: Turn, posted: list[MessagePosted]) -> None:
        """The assistant's part, when the conversation is its to answer."""
        if not posted or turn.conversation.holder != "assistant":
            return
        messages = tuple(p.message for p in posted)
        ids = {m.id for m in messages}
        before = [s for s in turn.conversation.present if s.id not in ids]
        edited = any(turn.conversation.reply_to(m.id) for m in messages)
        burst = Burst(messages=messages, addressed=any(p.addressed for p in posted), edited=edited)
        if _is_resolved(turn):
            if says_nothing_new(burst.text, _names_of_staff(turn)):
                turn.outcome = KeptSilent(why="thanks, and nothing else")
            else:
                await self._handoff.reopen(turn, messages)
            return
        await self._assistant.take(turn, burst, before)

    async def _give_to_staff(self, turn: Turn) -> None:
        """What cannot be processed is shown to people, with the reason."""
        events = [event for _, event in turn.events()]
        await self._from_staff(turn, [event for event in events if self._is_from_staff(event)])
        messages = [e.message for e in events if isinstance(e, MessagePosted) and not self._is_from_staff(e)]
        if not messages and not turn.claim.unreadable and turn.outcome is not None:
            return
        why = "A stored record could not be read" if turn.claim.unreadable else "Processing failed again and again"
        self._telemetry.trouble("a conversation is given to staff", None, why=why)
        for message in messages:
            turn.record(CustomerSaid(at=turn.now(), message=message))
        if turn.conversation.holder == "staff":
            turn.outcome = turn.outcome or Failed(why=why)
            for message in messages:
                await self._crossing.to_staff(turn, message)
            return
        triage = unjudged(why, self.config.default_language)
        await self._handoff.open(turn, triage, why, messages, summarise=False)

    async def _from_staff(self, turn: Turn, events: Sequence[Event]) -> None:
        """What staff did is never taken for a customer's words; it is tried for longer, then given up aloud."""
        for event in events:
            if turn.claim.attempts < _GIVE_UP_ON_STAFF_AFTER:
                await self._note(turn, event, [])
                continue
            words = "⚠️ Something here was not carried out: it failed again and again. Please do it once more."
            await self._handoff.line(turn, f"not done:{event.ids[0]}", words)
            turn.outcome = Failed(why="what staff did failed again and again")

    def _is_from_staff(self, event: Event) -> bool:
        return event.thread.channel_key == self.config.speaking.staff_channel

    async def _taken_in(self, turn: Turn, interrupted: Interrupted) -> Claim:
        """The same turn again, with what arrived meanwhile; the journal goes with it."""
        pending: tuple[Pending, ...] = tuple(await self._store.look(turn.lease))
        superseded = Superseded(why=interrupted.by.why)
        self._telemetry.count("superseded", why=superseded.why)
        return turn.claim.model_copy(update={"pending": pending, "journal": dict(turn.journal)})

    async def _commit(self, turn: Turn) -> None:
        if turn.outcome is not None:
            turn.record(TurnEnded(at=turn.now(), turn=turn.id, outcome=turn.outcome))
        turn.wake_at = next_reminder(turn.conversation.ticket, self.config.remind_minutes, turn.now())
        await self._store.commit(turn.lease, turn.commit())
        self._remember(turn.conversation)
        story = turn.story()
        if story is not None:
            self._telemetry.turn_ended(story)

    async def _conversation(self, claim: Claim) -> Conversation:
        """The fold over the transcript; of a conversation seen before, only what is new is read."""
        known = self._known.get(claim.lease.conversation)
        if known is None or known.entries > claim.entries:
            known = Conversation(id=claim.lease.conversation, thread=claim.thread)
        if known.entries == claim.entries:
            return known
        try:
            return known.after(await self._store.transcript(claim.lease.conversation, known.entries))
        except Unreadable as error:
            self._telemetry.trouble("a transcript could not be read whole", error)
            if claim.attempts < _GIVE_UP_AFTER:
                raise
            return known.model_copy(update={"entries": claim.entries})

    def _remember(self, conversation: Conversation) -> None:
        self._known[conversation.id] = conversation
        self._known.move_to_end(conversation.id)
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)


def _is_resolved(turn: Turn) -> bool:
    ticket = turn.conversation.ticket
    return ticket is not None and ticket.closed_how == "resolved" and turn.conversation.closed_at is not None


def _customers_words(turn: Turn) -> list[Spoken]:
    return [s for s in turn.conversation.present if s.speaker == "customer" and s.told]


def _names_of_staff(turn: Turn) -> list[str]:
    """Whom the customer may thank by name."""
    ticket = turn.conversation.ticket
    people = [s.author for s in turn.conversation.relayed] + ([ticket.assignee, ticket.closed_by] if ticket else [])
    return [person.name for person in people if person]


async def _hint(turn: Turn, event: ButtonPressed, words: str) -> None:
    """A private line to whoever pressed; losing it changes nothing."""
    try:
        await turn.chats.on(event.thread.platform).whisper(event.thread, event.by, words)
    except (Retry, Undeliverable):
        return


def _same_words(before: str, after: str) -> bool:
    return "".join(filter(str.isalnum, before.casefold())) == "".join(filter(str.isalnum, after.casefold()))


def _as_message(said: Spoken, event: ButtonPressed) -> Message:
    return Message(id=said.id, author=event.by, text=said.text, attachments=said.attachments, order=event.order)
