"""What may break off an answer in the making."""

from collections.abc import Sequence
from typing import Literal

from frontdesk.domain.events import ButtonPressed, MessageDeleted, MessageEdited, MessagePosted, StopRequested
from frontdesk.domain.people import Person
from frontdesk.domain.value import Value
from frontdesk.ports.store import Pending


class Interruption(Value):
    kind: Literal["stop", "person", "superseded"]
    why: str


class Interrupted(Exception):
    """The work was ended in favour of what arrived."""

    def __init__(self, by: Interruption) -> None:
        super().__init__(by.why)
        self.by = by


def interruption(
    fresh: Sequence[Pending], answering: Sequence[str], customer: Person | None, *, visible: bool
) -> Interruption | None:
    """What of the newly arrived events ends the answer to the messages `answering`, if anything does.

    Only the customer's own: what others write or press in the thread must not keep the customer waiting.
    Once the customer can see the answer it is finished, and newer words get a turn of their own; before that they
    are taken into this one.
    """
    found: Interruption | None = None
    for event in (p.event for p in fresh):
        match event:
            case StopRequested(by=by) if is_the_one(by, customer):
                return Interruption(kind="stop", why="the customer pressed stop")
            case ButtonPressed(action="ask_person", by=by) if by.is_same(customer):
                found = Interruption(kind="person", why="the customer asked for a person")
            case MessagePosted(message=message) if not visible and message.author.is_same(customer):
                found = found or Interruption(kind="superseded", why="the customer wrote more")
            case MessageEdited(message=message) if not visible and message.id in answering:
                found = found or Interruption(kind="superseded", why="the customer changed the question")
            case MessageDeleted(message_id=message_id) if not visible and message_id in answering:
                found = found or Interruption(kind="superseded", why="the customer deleted the question")
            case _:
                pass
    return found


def is_the_one(by: Person, customer: Person | None) -> bool:
    """Whether the customer pressed stop; platforms do not say there which organisation somebody belongs to."""
    return customer is None or (by.platform, by.id) == (customer.platform, customer.id)
