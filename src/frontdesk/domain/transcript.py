"""The transcript: an append-only list of typed, versioned entries that a conversation is a fold over."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from frontdesk.domain.ids import TurnId
from frontdesk.domain.knowledge import Citation
from frontdesk.domain.messages import Message, MessageRef
from frontdesk.domain.people import Person
from frontdesk.domain.tickets import Ticket
from frontdesk.domain.turns import Outcome
from frontdesk.domain.value import Value


class _Entry(Value):
    v: Literal[1] = 1
    at: float
    """Seconds since the epoch at which the desk recorded it."""


class CustomerSaid(_Entry):
    kind: Literal["customer_said"] = "customer_said"
    message: Message


class CustomerEdited(_Entry):
    kind: Literal["customer_edited"] = "customer_edited"
    message_id: str
    text: str


class CustomerDeleted(_Entry):
    """The text is gone from the fold too: nothing later quotes what a customer took back."""

    kind: Literal["customer_deleted"] = "customer_deleted"
    message_id: str


class OtherSaid(_Entry):
    """Somebody who is neither this conversation's customer nor speaking for the desk wrote in its thread."""

    kind: Literal["other_said"] = "other_said"
    message: Message


class AssistantSaid(_Entry):
    kind: Literal["assistant_said"] = "assistant_said"
    turn: TurnId
    refs: tuple[MessageRef, ...]
    """Where it stands; more than one when it had to be split."""
    markdown: str
    citations: tuple[Citation, ...] = ()
    answers: tuple[str, ...] = ()
    """Ids of the customer's messages that this reply answers."""
    cut: bool = False
    """True when it was stopped before its end."""


class StaffSaid(_Entry):
    kind: Literal["staff_said"] = "staff_said"
    message: Message
    """As written in the ticket's thread."""
    relayed: str
    """What of it went to the customer."""
    ref: MessageRef | None
    """Where the customer sees it; None when it could not be delivered."""
    more: tuple[MessageRef, ...] = ()
    """The further messages that it took."""


class StaffNoted(_Entry):
    """Written for staff only; never shown to a customer or a model that speaks to one."""

    kind: Literal["staff_noted"] = "staff_noted"
    message: Message


class TicketOpened(_Entry):
    kind: Literal["ticket_opened"] = "ticket_opened"
    ticket: Ticket
    card: MessageRef
    permalink: str | None = None


class TicketClaimed(_Entry):
    kind: Literal["ticket_claimed"] = "ticket_claimed"
    by: Person


class TicketClosed(_Entry):
    kind: Literal["ticket_closed"] = "ticket_closed"
    by: Person
    how: Literal["resolved", "handed_back"]


class TicketReopened(_Entry):
    kind: Literal["ticket_reopened"] = "ticket_reopened"


class MatterStarted(_Entry):
    """What came before is another matter: it is kept, and no longer told to the model."""

    kind: Literal["matter_started"] = "matter_started"


class Rated(_Entry):
    kind: Literal["rated"] = "rated"
    by: Person
    score: Literal["up", "down"]
    message_id: str
    comment: str = ""


class TurnEnded(_Entry):
    """The recorded decision about the events of one turn."""

    kind: Literal["turn_ended"] = "turn_ended"
    turn: TurnId
    outcome: Outcome


Entry = Annotated[
    CustomerSaid
    | CustomerEdited
    | CustomerDeleted
    | OtherSaid
    | AssistantSaid
    | StaffSaid
    | StaffNoted
    | TicketOpened
    | TicketClaimed
    | TicketClosed
    | TicketReopened
    | MatterStarted
    | Rated
    | TurnEnded,
    Field(discriminator="kind"),
]

ENTRY: TypeAdapter[Entry] = TypeAdapter(Entry)
"""Reads an entry from JSON; raises pydantic's ValidationError."""
