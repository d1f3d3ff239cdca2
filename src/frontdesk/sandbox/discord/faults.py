"""Faults on demand: what a test tells this Discord to do wrong, and to which request or event."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Literal

from frontdesk.sandbox.event_faults import EventFaults

Kind = Literal[
    "rate_limited",
    "banned",
    "server_error",
    "dropped_before_receipt",
    "dropped_after_receipt",
    "slow",
    "api_error",
]
Scope = Literal["user", "shared", "global"]


@dataclass(frozen=True)
class Fault:
    """One wrong answer of the REST API; make it with the functions below."""

    kind: Kind
    seconds: float = 0.0
    status: int = 500
    code: int = 0
    scope: Scope = "user"

    @classmethod
    def rate_limited(cls, retry_after: float = 1, *, scope: Scope = "user") -> "Fault":
        """429 with its headers and body; the request has no effect."""
        return cls("rate_limited", seconds=retry_after, scope=scope)

    @classmethod
    def banned(cls, retry_after: float = 600) -> "Fault":
        """429 from the edge, without `Via` and without JSON: too many invalid requests."""
        return cls("banned", seconds=retry_after)

    @classmethod
    def server_error(cls, status: int = 500) -> "Fault":
        """No effect, and a page instead of JSON."""
        return cls("server_error", status=status)

    @classmethod
    def dropped_before_receipt(cls) -> "Fault":
        """The connection breaks and the request has no effect."""
        return cls("dropped_before_receipt")

    @classmethod
    def dropped_after_receipt(cls) -> "Fault":
        """The request takes effect and the connection breaks before the answer."""
        return cls("dropped_after_receipt")

    @classmethod
    def slow(cls, seconds: float) -> "Fault":
        """The request takes effect at once and the answer comes late."""
        return cls("slow", seconds=seconds)

    @classmethod
    def api_error(cls, status: int, code: int) -> "Fault":
        return cls("api_error", status=status, code=code)


class Faults(EventFaults):
    """What shall go wrong next; everything else goes right."""

    def __init__(self) -> None:
        super().__init__()
        self._planned: defaultdict[tuple[str, str], list[Fault]] = defaultdict(list)

    def on(self, method: str, template: str, *faults: Fault, times: int = 1) -> None:
        """The next requests of this method and path (`*` = any) meet these faults, one after the other."""
        self._planned[method, template] += [*faults] * times

    def clear(self) -> None:
        self._planned.clear()
        self.events(duplicate=0, reorder=0, lose=0, hold=False)

    def take(self, method: str, template: str) -> Fault | None:
        for key in ((method, template), (method, "*"), ("*", template), ("*", "*")):
            if self._planned[key]:
                return self._planned[key].pop(0)
        return None
