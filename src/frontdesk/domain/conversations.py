"""A conversation: one customer's matter, folded from its transcript."""

from collections.abc import Iterable
from typing import Literal, assert_never

from frontdesk.domain.ids import ConversationId
from frontdesk.domain.knowledge import Citation
from frontdesk.domain.messages import Attachment, Message, MessageRef, Thread
from frontdesk.domain.people import Person
from frontdesk.domain.tickets import Ticket
from frontdesk.domain.transcript import (
    AssistantSaid,
    CustomerDeleted,
    CustomerEdited,
    CustomerSaid,
    Entry,
    MatterStarted,
    OtherSaid,
    Rated,
    StaffNoted,
    StaffSaid,
    TicketClaimed,
    TicketClosed,
    TicketOpened,
    TicketReopened,
    TurnEnded,
)
from frontdesk.domain.value import Value

Holder = Literal["assistant", "staff"]
"""Who must speak next; exactly one."""

Speaker = Literal["customer", "assistant", "staff", "other"]


class Spoken(Value):
    """One thing somebody said, as later turns see it."""

    speaker: Speaker
    id: str
    """The platform's message id; of a reply in several parts, the first."""
    text: str
    at: float
    author: Person | None = None
    answers: tuple[str, ...] = ()
    """For a reply: the customer's messages it answers."""
    citations: tuple[Citation, ...] = ()
    ref: MessageRef | None = None
    source: str | None = None
    """For words of staff: the message in the ticket's thread that they were relayed from."""
    attachments: tuple[Attachment, ...] = ()
    more: tuple[MessageRef, ...] = ()
    """For words of staff and replies: the further messages that they took."""
    with_files: bool = False
    """For words of staff: files came with them."""

    @property
    def told(self) -> str:
        """The words, and the names of the files that came with them."""
        names = " ".join(f"[attached: {a.name}]" for a in self.attachments)
        return f"{self.text}\n{names}".strip() if names else self.text


class Conversation(Value):
    """Everything a turn needs to know about what came before it."""

    id: ConversationId
    thread: Thread
    customer: Person | None = None
    """Who asked; the first person who wrote to the desk in this thread."""
    holder: Holder = "assistant"
    spoken: tuple[Spoken, ...] = ()
    matter_from: int = 0
    """Index into `spoken` where the present matter begins."""
    ticket: Ticket | None = None
    """The open ticket, or the last one closed."""
    card: MessageRef | None = None
    permalink: str | None = None
    closed_at: float | None = None
    """When the last ticket was closed, while it stays closed."""
    rated: tuple[Rated, ...] = ()
    """What the customer says of the replies now; the last word about each."""
    entries: int = 0
    """How many transcript entries this fold has seen."""

    @property
    def present(self) -> tuple[Spoken, ...]:
        """What was said in the present matter."""
        return self.spoken[self.matter_from :]

    @property
    def relayed(self) -> tuple[Spoken, ...]:
        """What staff said to the customer."""
        return tuple(s for s in self.spoken if s.speaker == "staff")

    @property
    def posted(self) -> frozenset[str]:
        """Ids of what the desk has posted here, as far as it is recorded."""
        spoken = [s for s in self.spoken if s.ref is not None]
        return frozenset(ref.id for s in spoken for ref in (s.ref, *s.more) if ref is not None)

    def reply_to(self, message_id: str) -> Spoken | None:
        """The assistant's reply that answered this message of the customer."""
        return next((s for s in self.spoken if s.speaker == "assistant" and message_id in s.answers), None)

    def said(self, message_id: str) -> Spoken | None:
        return next((s for s in self.spoken if s.id == message_id), None)

    def rating_of(self, message_id: str) -> Rated | None:
        return next((rated for rated in self.rated if rated.message_id == message_id), None)

    def after(self, entries: Iterable[Entry]) -> "Conversation":
        """This conversation once `entries` have been appended to its transcript."""
        state = self
        for entry in entries:
            state = _apply(state, entry)
        return state


def _apply(state: Conversation, entry: Entry) -> Conversation:
    changes = _changes(state, entry)
    changes["entries"] = state.entries + 1
    return state.model_copy(update=changes)


def _changes(state: Conversation, entry: Entry) -> dict[str, object]:  # noqa: C901 - one branch per entry
    match entry:
        case CustomerSaid(message=message):
            waiting = state.ticket and state.ticket.is_open and state.ticket.waiting_since is None
            return {
                "customer": state.customer or message.author,
                "spoken": _with_message(state, _spoken("customer", message, entry.at)),
                **({"ticket": _ticket(state, waiting_since=entry.at)} if waiting else {}),
            }
        case CustomerEdited(message_id=message_id, text=text):
            return {"spoken": tuple(_with_text(s, text) if s.id == message_id else s for s in state.spoken)}
        case CustomerDeleted(message_id=message_id):
            return {"spoken": tuple(_taken_back(s) if s.id == message_id else s for s in state.spoken)}
        case OtherSaid(message=message):
            return {"spoken": (*state.spoken, _spoken("other", message, entry.at))}
        case AssistantSaid():
            said = Spoken(
                speaker="assistant",
                id=entry.refs[0].id if entry.refs else "",
                text=entry.markdown,
                at=entry.at,
                answers=entry.answers,
                citations=entry.citations,
                ref=entry.refs[0] if entry.refs else None,
                more=tuple(entry.refs[1:]),
            )
            return {"spoken": (*state.spoken, said)}
        case StaffSaid(message=message, relayed=relayed, ref=ref, more=more):
            if ref is None:  # the customer never saw it, and still waits
                return {}
            said = Spoken(
                speaker="staff",
                id=ref.id,
                text=relayed,
                at=entry.at,
                author=message.author,
                ref=ref,
                source=message.id,
                more=more,
                with_files=bool(message.attachments),
            )
            return {"spoken": (*state.spoken, said), "ticket": _ticket(state, waiting_since=None)}
        case Rated(message_id=message_id):
            return {"rated": (*(r for r in state.rated if r.message_id != message_id), entry)}
        case StaffNoted() | TurnEnded():
            return {}
        case TicketOpened(ticket=ticket, card=card, permalink=permalink):
            return {
                "ticket": ticket,
                "card": card,
                "permalink": permalink,
                "holder": "staff",
                "closed_at": None,
            }
        case TicketClaimed(by=by):
            return {"ticket": _ticket(state, status="claimed", assignee=by)}
        case TicketClosed(by=by, how=how):
            closed = _ticket(state, status="resolved", closed_by=by, closed_how=how, waiting_since=None)
            return {"ticket": closed, "holder": "assistant", "closed_at": entry.at}
        case TicketReopened():
            status = "claimed" if state.ticket and state.ticket.assignee else "queued"
            reopened = _ticket(state, status=status, closed_by=None, closed_how="", waiting_since=entry.at)
            return {"ticket": reopened, "holder": "staff", "closed_at": None}
        case MatterStarted():
            return {"matter_from": len(state.spoken), "closed_at": None}
        case _:
            assert_never(entry)


def _spoken(speaker: Speaker, message: Message, at: float) -> Spoken:
    return Spoken(
        speaker=speaker,
        id=message.id,
        text=message.text,
        at=at,
        author=message.author,
        attachments=message.attachments,
    )


def _with_message(state: Conversation, message: Spoken) -> tuple[Spoken, ...]:
    """A message recorded again takes its own place, so that the present matter begins where it began."""
    if any(s.speaker == "customer" and s.id == message.id for s in state.spoken):
        return tuple(message if s.speaker == "customer" and s.id == message.id else s for s in state.spoken)
    return (*state.spoken, message)


def _with_text(spoken: Spoken, text: str) -> Spoken:
    return spoken.model_copy(update={"text": text})


def _taken_back(spoken: Spoken) -> Spoken:
    return spoken.model_copy(update={"text": "", "attachments": ()})


def _ticket(state: Conversation, **changes: object) -> Ticket | None:
    return state.ticket.model_copy(update=changes) if state.ticket else None
