"""The Slack adapter connected to a local Slack, with a receiver that writes down what it gets."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from frontdesk.adapters.ops.clock import SystemClock
from frontdesk.adapters.slack.app import SlackApp
from frontdesk.adapters.slack.config import SlackConfig
from frontdesk.adapters.slack.platform import SlackChat
from frontdesk.domain.errors import Retry
from frontdesk.domain.events import Event
from frontdesk.domain.messages import Thread
from frontdesk.domain.people import Person
from frontdesk.domain.turns import TurnTrace
from frontdesk.sandbox.slack import SlackServer


class Notebook:
    """Telemetry that a test can read."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def count(self, what: str, **labels: str) -> None:
        self.lines.append(" ".join([what, *labels.values()]))

    def note(self, what: str, **facts: object) -> None:
        self.lines.append(what)

    def trouble(self, what: str, error: BaseException | None = None, **facts: object) -> None:
        self.lines.append(f"{what}: {error!r}")

    def turn_ended(self, trace: TurnTrace) -> None:
        self.lines.append(trace.turn)


@dataclass
class Reception:
    """Remembers everything; `refuse` makes it fail so many times first."""

    events: list[Any] = field(default_factory=list)
    aside: list[tuple[str, str]] = field(default_factory=list)
    commands: list[tuple[str, str, Person, Thread]] = field(default_factory=list)
    seen: list[tuple[Person, Thread]] = field(default_factory=list)
    refuse: int = 0
    refused: int = 0
    begun: int = 0
    gate: asyncio.Event | None = None
    """When set, nothing is stored before it opens."""

    async def receive(self, event: Event) -> None:
        self.begun += 1
        if self.gate is not None:
            await self.gate.wait()
        if self.refuse:
            self.refuse -= 1
            self.refused += 1
            raise Retry("the store is away")
        self.events.append(event)

    async def set_aside(self, platform: str, payload: str, reason: str) -> None:
        self.aside.append((payload, reason))

    async def command(self, name: str, text: str, person: Person, thread: Thread) -> str:
        self.commands.append((name, text, person, thread))
        return "**Nobody** is waiting."

    async def opened(self, person: Person, thread: Thread) -> Sequence[str]:
        self.seen.append((person, thread))
        return ("How do I return an item?",)


@dataclass
class SlackDesk:
    slack: SlackServer
    app: SlackApp
    chat: SlackChat
    reception: Reception
    notebook: Notebook

    def thread(self, channel: str = "CSUPPORT", root: str | None = None) -> Thread:
        return Thread(platform="slack", community="TDESK", channel=channel, root=root, direct=channel.startswith("D"))

    def calls(self, method: str) -> list[dict[str, Any]]:
        return [request.args for request in self.slack.requests if request.method == method]


def config(slack: SlackServer, **changes: Any) -> SlackConfig:
    settings: dict[str, Any] = {
        "bot_token": SecretStr(slack.bot_token),
        "app_token": SecretStr(slack.app_token),
        "api_url": slack.api_url,
        "staff_channel": "CSTAFF",
        "timeout": 3.0,
    }
    return SlackConfig(**settings | changes)


@asynccontextmanager
async def connected(slack: SlackServer, *, listen: bool = True, **changes: Any) -> AsyncIterator[SlackDesk]:
    """A desk that speaks, and listens unless told otherwise; nothing it sent may have been wrong."""
    reception, notebook = Reception(), Notebook()
    app = SlackApp(config(slack, **changes), reception, SystemClock(), notebook)
    try:
        chat = await app.connect()
        if listen:
            await app.start()
            await slack.workspace.until(lambda: app.sockets is None or app.sockets.connected >= 1)
        yield SlackDesk(slack, app, chat, reception, notebook)
    finally:
        await app.stop()
    assert slack.violations == []
