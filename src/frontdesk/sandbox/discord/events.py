"""Hands each fact to the gateway, through the faults that a test asked for."""

from dataclasses import dataclass

from frontdesk.sandbox.discord.faults import Faults
from frontdesk.sandbox.discord.gateway import Gateway
from frontdesk.sandbox.discord.values import Json

ASIDE = ("THREAD_MEMBERS_UPDATE", "TYPING_START")
"""These come along with what people do; faults that count events pass them by."""


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

    def __init__(self, gateway: Gateway, faults: Faults) -> None:
        self._gateway = gateway
        self._faults = faults
        self._gathered: list[Event] = []
        self._held: list[Event] = []
        self.sent: list[Event] = []
        """Every event that happened, once each, whatever the faults made of it."""
        faults.on_release = self._release

    def tell(self, event: Event) -> None:
        self.sent.append(event)
        if event.name in ASIDE:
            self.dispatch(event)
            return
        if self._faults.take_loss():
            return
        if self._faults.holding:
            self._held.append(event)
            return
        if self._faults.reorder > 0:
            self._gather(event)
            return
        self.dispatch(event)
        if self._faults.take_duplicate():
            self.dispatch(event)

    def dispatch(self, event: Event) -> None:
        """Straight to the gateway; also for a test that wants one event once more."""
        self._gateway.dispatch(event.name, event.data, intent=event.intent, author_exempt=event.exempt)

    def _gather(self, event: Event) -> None:
        self._gathered.append(event)
        if len(self._gathered) < self._faults.reorder:
            return
        self._faults.reorder, gathered, self._gathered = 0, self._gathered, []
        for late in reversed(gathered):
            self.dispatch(late)

    def _release(self) -> None:
        kept, self._held, self._gathered = self._held + self._gathered, [], []
        for event in kept:
            self.dispatch(event)
