"""Faults on demand: what a test tells this Slack to do wrong, and to which call or event."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Literal

from frontdesk.sandbox.event_faults import EventFaults

Kind = Literal[
    "rate_limited",
    "server_error",
    "dropped_before_receipt",
    "dropped_after_receipt",
    "slow",
    "late",
    "api_error",
    "html",
]


@dataclass(frozen=True)
class Fault:
    """One wrong answer of the Web API; make it with the functions below."""

    kind: Kind
    seconds: float = 0.0
    status: int = 500
    error: str = ""

    @classmethod
    def rate_limited(cls, retry_after: float = 1) -> "Fault":
        """429 with Retry-After; the call has no effect."""
        return cls("rate_limited", seconds=retry_after)

    @classmethod
    def server_error(cls, status: int = 500) -> "Fault":
        return cls("server_error", status=status)

    @classmethod
    def dropped_before_receipt(cls) -> "Fault":
        """The connection breaks and the call has no effect."""
        return cls("dropped_before_receipt")

    @classmethod
    def dropped_after_receipt(cls) -> "Fault":
        """The call takes effect and the connection breaks before the answer."""
        return cls("dropped_after_receipt")

    @classmethod
    def slow(cls, seconds: float) -> "Fault":
        """The call takes effect at once and the answer comes late."""
        return cls("slow", seconds=seconds)

    @classmethod
    def late(cls, seconds: float) -> "Fault":
        """The message is posted, but replies and history do not show it for a while."""
        return cls("late", seconds=seconds)

    @classmethod
    def api_error(cls, error: str) -> "Fault":
        return cls("api_error", error=error)

    @classmethod
    def html(cls) -> "Fault":
        """A proxy's page instead of JSON, with status 200."""
        return cls("html")


class Faults(EventFaults):
    """What shall go wrong next; everything else goes right."""

    def __init__(self) -> None:
        super().__init__()
        self._planned: defaultdict[str, list[Fault]] = defaultdict(list)
        self.unheard_acks = 0

    def on(self, method: str, *faults: Fault, times: int = 1) -> None:
        """The next calls of `method` (`*` = of any method) meet these faults, one after the other."""
        self._planned[method] += [*faults] * times

    def clear(self) -> None:
        self._planned.clear()
        self.events(duplicate=0, reorder=0, redeliver=0, lose=0, hold=False)

    def take(self, method: str) -> Fault | None:
        for name in (method, "*"):
            if self._planned[name]:
                return self._planned[name].pop(0)
        return None

    def events(
        self,
        *,
        duplicate: int | None = None,
        reorder: int | None = None,
        lose: int | None = None,
        hold: bool | None = None,
        redeliver: int | None = None,
    ) -> None:
        """As everywhere, and `redeliver`: the acknowledgement is not heard."""
        self.unheard_acks = self.unheard_acks if redeliver is None else redeliver
        super().events(duplicate=duplicate, reorder=reorder, lose=lose, hold=hold)

    def take_unheard_ack(self) -> bool:
        self.unheard_acks, hit = max(0, self.unheard_acks - 1), self.unheard_acks > 0
        return hit
