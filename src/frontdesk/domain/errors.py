"""Errors, named after what happens next.

DeskError
├── Retry            try again later, nothing was done
├── Ambiguous        it may or may not have happened: look before repeating
├── Fenced           somebody else holds the conversation now: stop, write nothing
├── ModelFailed      this model call gave nothing usable: another try, or a person
├── Undeliverable    this place will never take it: tell staff, do not repeat
├── Unreadable       a payload or record that makes no sense: set it aside, go on
└── Misconfigured    the operator must mend something: say what and how, stop
"""

from typing import Literal


class DeskError(Exception):
    """Anything the desk knows how to go on from."""


class Retry(DeskError):
    """Not done, and safe to repeat after `after` seconds; `what` is for logs and holds no message text."""

    def __init__(self, what: str, after: float = 1.0) -> None:
        super().__init__(what)
        self.after = after


class NotYet(Retry):
    """Waits for something that is being done elsewhere right now."""


class Ambiguous(DeskError):
    """Sent, and no word came back: it may have happened."""


class Fenced(DeskError):
    """The lease went to somebody else."""


ModelFault = Literal["busy", "down", "slow", "refused", "garbled", "too_long", "denied"]


class ModelFailed(DeskError):
    """A model call that gave nothing usable.

    `fault` says which: busy (429), down (5xx, no connection), slow (a deadline passed), refused (content filter),
    garbled (broken or cut stream, not a chat completion), too_long (context), denied (401, 402, 403).
    """

    def __init__(self, fault: ModelFault, what: str, after: float | None = None) -> None:
        super().__init__(what)
        self.fault: ModelFault = fault
        self.after = after
        """Seconds the provider asked us to wait, if it said so."""


class Undeliverable(DeskError):
    """The platform refuses for good: no such channel, not a member, blocked, archived."""


class Unreadable(DeskError):
    """Not understood; the reason is for the operator."""


class Misconfigured(DeskError):
    """One line that names the setting and the mend."""
