"""The staff-side work item that a handoff opens, and the card that shows it."""

from typing import Literal

from frontdesk.domain.people import Person
from frontdesk.domain.turns import Category, Priority, Sentiment
from frontdesk.domain.value import Value

TicketStatus = Literal["queued", "claimed", "resolved"]


class Ticket(Value):
    """At most one is open per conversation; all its changes are entries of the transcript."""

    number: int
    status: TicketStatus = "queued"
    why: str
    """Why the assistant stepped back, one line."""
    wants: str
    """What the customer wants, one line."""
    tried: tuple[str, ...] = ()
    """What the assistant found or did, one line each."""
    category: Category = "other"
    tier: Literal[1, 2, 3] = 3
    priority: Priority = "normal"
    sentiment: Sentiment = "neutral"
    confidence: float = 0.0
    language: str = "en"
    """The customer's language, ISO 639-1."""
    opened_at: float
    """Seconds since the epoch."""
    waiting_since: float | None = None
    """When the customer's oldest unanswered message came; None while staff have answered."""
    assignee: Person | None = None
    closed_by: Person | None = None
    closed_how: Literal["resolved", "handed_back", ""] = ""

    @property
    def is_open(self) -> bool:
        return self.status != "resolved"


class Card(Value):
    """A ticket as staff see it; one message, edited as the ticket changes."""

    kind: Literal["card"] = "card"
    ticket: Ticket
    customer: Person
    conversation: str
    """The conversation's id, carried by the card's buttons."""
    permalink: str | None = None
    """Where the customer's thread is."""
