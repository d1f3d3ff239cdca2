"""Intake: which facts concern the desk, and whose conversation they belong to."""

from typing import Literal, assert_never

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
from frontdesk.domain.messages import Thread
from frontdesk.domain.policy import Speaking
from frontdesk.domain.value import Value
from frontdesk.ports.store import Records


class Ignored(Value):
    """Not for the desk; counted by its reason."""

    kind: Literal["ignored"] = "ignored"
    why: str


class Admitted(Value):
    """To be stored in this conversation's mailbox."""

    kind: Literal["admitted"] = "admitted"
    conversation: ConversationId
    home: Thread
    urgent: bool = False
    """True when nobody should wait for the rest of a burst."""
    known_only: bool = False
    """True when it only matters to a conversation that exists."""
    early: bool = False
    """True when the conversation it belongs to may be on its way still."""
    opens: bool = False
    """True for a loose message, which may belong to what its author began a moment ago."""


async def admit(event: Event, speaking: Speaking, records: Records) -> Admitted | Ignored:
    """Decide what an event is to the desk. Raises Retry."""
    if event.thread.channel_key == speaking.staff_channel:
        return await _from_staff(event, records)
    thread = event.thread
    match event:
        case MessagePosted():
            return _from_customer(event, speaking)
        case MessageEdited() | MessageDeleted():
            early = thread.direct or speaking.serves(thread.channel_key)
            return Admitted(conversation=thread.conversation, home=thread, known_only=True, early=early)
        case ButtonPressed() | StopRequested() | CustomerLeft():
            return Admitted(conversation=thread.conversation, home=thread, known_only=True, urgent=True)
        case _:
            assert_never(event)


def _from_customer(event: MessagePosted, speaking: Speaking) -> Admitted | Ignored:
    thread = event.thread
    starts_thread = thread.root is None or thread.root == event.message.id
    unasked = thread.direct or event.addressed or (starts_thread and speaking.serves(thread.channel_key))
    if not unasked and starts_thread:
        return Ignored(why="a channel that is not served, and the assistant was not addressed")
    return Admitted(
        conversation=thread.conversation,
        home=thread,
        known_only=not unasked,
        early=speaking.serves(thread.channel_key),
        opens=starts_thread and not event.addressed,
    )


async def _from_staff(event: Event, records: Records) -> Admitted | Ignored:
    """Only what is written or pressed at a card.

    Whose card it is says the store. A button pressed before the store knows the card is routed by what it carries;
    the turn acts only if the card is that conversation's own.
    """
    conversation = await records.linked(event.thread)
    if conversation is None and isinstance(event, ButtonPressed):
        conversation = ConversationId(event.value)
    if conversation is None and isinstance(event, MessagePosted) and event.thread.root not in (None, event.message.id):
        return Admitted(conversation=event.thread.conversation, home=event.thread, urgent=True)
    home = await records.home(conversation) if conversation else None
    if conversation is None or home is None:
        return Ignored(why="not at a ticket's card")
    return Admitted(conversation=conversation, home=home, urgent=True, known_only=True)
