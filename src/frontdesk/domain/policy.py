"""Hard rules that stand in front of the model, and the limits of a turn."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from frontdesk.domain.turns import Category, Priority
from frontdesk.domain.value import Value


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"`{pattern}` is not a regular expression: {error}") from None
    return pattern


Pattern = Annotated[str, AfterValidator(_compiles)]
"""A regular expression that was found to be one."""


class Rule(Value):
    """When one of the patterns is found in what the customer wrote, a person takes over; no model is asked."""

    name: str
    """Shown to staff: `refund`, `legal`, …"""
    category: Category
    """What kind of matter the ticket is."""
    priority: Priority = "normal"
    """How urgent the ticket is."""
    patterns: tuple[Pattern, ...]
    """Regular expressions, matched without regard to case, accents and line ends."""


class Limits(Value):
    """What one turn may take."""

    steps: int = Field(default=4, ge=1, le=20)
    """Model calls of the answer loop."""
    seconds: float = Field(default=90.0, gt=0)
    """Seconds the whole turn may take; then a person takes over."""
    first_token: float = Field(default=20.0, gt=0)
    """Seconds a model call may take to say anything."""
    between_tokens: float = Field(default=15.0, gt=0)
    """Seconds a model call may pause."""
    step_seconds: float = Field(default=60.0, gt=0)
    """Seconds one model call may take."""
    output_tokens: int = Field(default=1200, ge=64)
    """Tokens one model call may write."""


class Speaking(Value):
    """Where the assistant speaks without being addressed."""

    channels: tuple[str, ...] = ()
    """`slack:C0123`, or `*` for every channel the desk is in."""
    staff_channel: str | None = None
    """`slack:C0123`; nothing there is ever taken for a customer's message."""

    def serves(self, channel_key: str) -> bool:
        return channel_key != self.staff_channel and ("*" in self.channels or channel_key in self.channels)


Grounding = Literal["strict", "relaxed"]
