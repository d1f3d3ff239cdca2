"""Hands each fact to the gateway and remembers it."""

from dataclasses import dataclass

from frontdesk.sandbox.discord.gateway import Gateway
from frontdesk.sandbox.discord.values import Json


@dataclass(frozen=True)
class Event:
    name: str
    data: Json
    intent: str = ""
    """The intent that lets a session hear of it; empty: every session does."""
    exempt: bool = False
    """Its content is shown even without the Message Content intent."""


class Events:
    """The way from an act to the gateway."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self.sent: list[Event] = []
        """Every event that happened, once each, whatever the gateway's faults made of it."""

    def tell(self, event: Event) -> None:
        self.sent.append(event)
        self.dispatch(event)

    def dispatch(self, event: Event) -> None:
        """Straight to the gateway; also for a test that wants one event once more."""
        self._gateway.dispatch(event.name, event.data, intent=event.intent, author_exempt=event.exempt)
