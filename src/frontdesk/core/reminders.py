"""No ticket is forgotten: staff are reminded of a customer who waits, at growing intervals, until somebody answers."""

import math

from frontdesk.core.turn import Turn
from frontdesk.domain.errors import Undeliverable
from frontdesk.domain.messages import Line
from frontdesk.domain.tickets import Ticket
from frontdesk.ports.telemetry import Telemetry

_MOST = 12
"""Doublings; after that a forgotten ticket is left to the queue."""


def next_reminder(ticket: Ticket | None, minutes: float, now: float) -> float | None:
    """When staff are to be reminded next, in seconds since the epoch; None when nobody waits."""
    if ticket is None or not ticket.is_open or ticket.waiting_since is None or minutes <= 0:
        return None
    moments = (ticket.waiting_since + minutes * 60 * 2**n for n in range(_MOST))
    return next((moment for moment in moments if moment > now), None)


class Reminders:
    """Posts to the staff channel itself, where it is seen, and not only in the ticket's thread."""

    def __init__(self, minutes: float, telemetry: Telemetry) -> None:
        self._minutes = minutes
        self._telemetry = telemetry

    async def remind(self, turn: Turn) -> None:
        """Tell staff if the customer has waited long enough. Raises Retry or Fenced."""
        ticket, card = turn.conversation.ticket, turn.conversation.card
        if ticket is None or card is None or ticket.waiting_since is None or not ticket.is_open:
            return
        waited = turn.now() - ticket.waiting_since
        if waited < self._minutes * 60:
            return
        staff = turn.chats.on(card.thread.platform)
        link = await staff.permalink(card)
        name = f"[Ticket #{ticket.number}]({link})" if link else f"Ticket #{ticket.number}"
        owner = f"{ticket.assignee.name} has it" if ticket.assignee else "nobody has claimed it"
        words = f"{name} has been waiting for an answer for {_span(waited)}; {owner}."
        channel = card.thread.model_copy(update={"root": None})
        try:
            nth = int(math.log2(waited / (self._minutes * 60)))  # the same for a try that comes a little later
            await turn.post(f"reminder:{nth}", staff, channel, Line(markdown=words))
        except Undeliverable as error:
            self._telemetry.trouble("staff could not be reminded", error)


def _span(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 120:
        return f"{minutes} minutes"
    hours = round(minutes / 60)
    return f"{hours} hours" if hours < 48 else f"{round(hours / 24)} days"
