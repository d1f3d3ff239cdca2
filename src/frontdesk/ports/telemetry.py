"""What the desk tells the operator while it works: counts and one line each, never words of a message."""

from typing import Protocol

from frontdesk.domain.turns import TurnTrace


class Telemetry(Protocol):
    def count(self, what: str, **labels: str) -> None:
        """One more of something; `what` and the labels are from a small fixed set."""
        ...

    def note(self, what: str, **facts: object) -> None:
        """A line in the log."""
        ...

    def trouble(self, what: str, error: BaseException | None = None, **facts: object) -> None:
        """A line in the log that somebody should read; the error's kind is kept, its text may hold data and is not."""
        ...

    def turn_ended(self, trace: TurnTrace) -> None: ...
