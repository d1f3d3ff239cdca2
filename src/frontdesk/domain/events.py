"""Typed facts that arrive at the desk, one closed union."""

from typing import Annotated, Literal

from pydantic import Field

from frontdesk.domain.messages import Action, Message, Thread
from frontdesk.domain.people import Person
from frontdesk.domain.value import Value


class _Event(Value):
    thread: Thread
    """Where it happened."""
    ids: tuple[str, ...] = Field(min_length=1)
    """Every name the platform has for this fact; two events that share one are the same fact."""
    order: int
    """The platform's order: microseconds since the epoch."""


class MessagePosted(_Event):
    """Somebody wrote something the desk can see."""

    kind: Literal["message_posted"] = "message_posted"
    message: Message
    addressed: bool
    """True when the assistant was mentioned."""
    complete: bool = True
    """False for a notice of a message that may lack its files; the complete one takes its place."""
    readable: bool = True
    """False when the platform tells us of a message and keeps its words from us."""


class MessageEdited(_Event):
    kind: Literal["message_edited"] = "message_edited"
    message: Message


class MessageDeleted(_Event):
    kind: Literal["message_deleted"] = "message_deleted"
    message_id: str


class ButtonPressed(_Event):
    """A button, or the form behind it."""

    kind: Literal["button_pressed"] = "button_pressed"
    action: Action
    value: str
    """What the button carried; comes back through the platform, so never trusted."""
    by: Person
    message_id: str
    """The message that the button stands below."""
    comment: str = ""
    """What the form asked for, if there was one."""


class StopRequested(_Event):
    """The customer pressed the platform's own stop button."""

    kind: Literal["stop_requested"] = "stop_requested"
    by: Person


class CustomerLeft(_Event):
    """The customer left the server that the conversation is in."""

    kind: Literal["customer_left"] = "customer_left"
    who: Person


Event = Annotated[
    MessagePosted | MessageEdited | MessageDeleted | ButtonPressed | StopRequested | CustomerLeft,
    Field(discriminator="kind"),
]
