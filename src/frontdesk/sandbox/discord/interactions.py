"""Interactions from the act to the app's answer: their clocks, their states and the way they travel."""

import asyncio
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from frontdesk.sandbox.discord.app import App
from frontdesk.sandbox.discord.clock import Clock
from frontdesk.sandbox.discord.events import Event, Events
from frontdesk.sandbox.discord.values import Json

ACK_SECONDS = 3.0
TOKEN_SECONDS = 15 * 60.0

PING, COMMAND, COMPONENT, AUTOCOMPLETE, SUBMIT = 1, 2, 3, 4, 5


@dataclass(frozen=True)
class Ack:
    """What became of an interaction, as the person saw it."""

    arrived: bool
    kind: int | None = None
    """The type of the callback: 4 a message, 5 and 6 later, 7 an update, 8 choices, 9 a modal."""
    data: Json = field(default_factory=dict)
    seconds: float = 0.0
    """How long the app took."""
    message: str | None = None
    """The message that the answer made or changed."""
    modal: str | None = None
    reason: str = ""
    interaction: str = ""

    @property
    def choices(self) -> list[Any]:
        """The values that an autocomplete offered."""
        return [one["value"] for one in self.data.get("choices", ())]


@dataclass
class Interaction:
    """One interaction; changes while it is answered."""

    id: str
    token: str
    type: int
    user: str
    channel: str
    at: float
    data: Json
    source: str | None = None
    """The message that carries the component."""
    command: str = ""
    root: str | None = None
    """The interaction behind the message or the modal."""
    ack: Ack | None = None
    original: str | None = None
    """The message that answers it, once there is one."""
    ephemeral: bool = False
    """What was promised is for the person alone."""
    answered: asyncio.Event = field(default_factory=asyncio.Event)

    def metadata(self, user: Json) -> Json:
        """What messages that answer it say about it."""
        whole: Json = {
            "id": self.id,
            "type": self.type,
            "user": user,
            "authorizing_integration_owners": {"0": "0"},
        }
        if self.type == COMMAND:
            whole |= {"name": self.command, "command_type": self.data.get("type", 1)}
        if self.type == COMPONENT:
            whole["interacted_message_id"] = self.source
        if self.type == SUBMIT:
            opened: Json = {"id": self.root or self.id, "type": COMPONENT if self.source else COMMAND, "user": user}
            opened["authorizing_integration_owners"] = {"0": "0"}
            if self.source:
                opened["interacted_message_id"] = self.source
            whole["triggering_interaction_metadata"] = opened
        return whole


Outcome = tuple[int, Any]


class Delivery:
    """Brings interactions to the app: over the gateway, or signed to an address of its own."""

    def __init__(self, app: App, clock: Clock, events: Events) -> None:
        self._app = app
        self._clock = clock
        self._events = events
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.url: str | None = None
        self.on_answer: Callable[[Interaction, Json], None] = lambda interaction, body: None
        """What an answer in the HTTP response does."""
        self.http_outcomes: list[Outcome] = []
        """(status, body) of each delivery over HTTP."""

    def send(self, interaction: Interaction, payload: Json) -> None:
        if self.url is None:
            self._events.tell(Event("INTERACTION_CREATE", payload))
            return
        task = asyncio.create_task(self._send_over_http(interaction, payload))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send_over_http(self, interaction: Interaction, payload: Json) -> None:
        try:
            status, body = await self.post(json.dumps(payload).encode())
        except aiohttp.ClientError as error:
            self.http_outcomes.append((0, str(error)))
            return
        self.http_outcomes.append((status, body))
        if status == 200 and isinstance(body, dict):
            self.on_answer(interaction, body)

    async def verify(self) -> bool:
        """What Discord does when the address is saved: a PING, and one with a wrong signature."""
        ping = json.dumps({"id": "1", "application_id": self._app.application_id, "type": PING, "version": 1}).encode()
        status, body = await self.post(ping)
        refused, _ = await self.post(ping, forged=True)
        return status == 200 and body == {"type": 1} and refused == 401

    async def post(self, body: bytes, *, forged: bool = False) -> Outcome:
        """(status, answer) of one signed request."""
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        moment = str(int(self._clock.now()))
        signature = self._app.signing_key.sign(moment.encode() + (b"forged" if forged else body)).signature.hex()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Discord-Interactions/1.0 (+https://discord.com)",
            "X-Signature-Ed25519": signature,
            "X-Signature-Timestamp": moment,
        }
        async with self._session.post(self.url or "", data=body, headers=headers) as response:
            text = await response.text()
            return response.status, json.loads(text) if response.content_type == "application/json" and text else text

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()


class Interactions:
    """Every interaction there was, by its token."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_token: dict[str, Interaction] = {}
        self.ack_seconds = ACK_SECONDS
        self.token_seconds = TOKEN_SECONDS

    def new(self, interaction_id: str, kind: int, user: str, channel: str, data: Json, **more: Any) -> Interaction:
        token = secrets.token_urlsafe(120)
        made = Interaction(interaction_id, token, kind, user, channel, self._clock.now(), data, **more)
        self._by_token[token] = made
        return made

    def find(self, token: str) -> Interaction | None:
        return self._by_token.get(token)

    def all(self) -> list[Interaction]:
        return list(self._by_token.values())

    def too_late(self, interaction: Interaction) -> bool:
        """Three seconds passed without an answer: Discord knows it no more."""
        return interaction.ack is None and self._clock.now() - interaction.at > self.ack_seconds

    def over(self, interaction: Interaction) -> bool:
        return self._clock.now() - interaction.at > self.token_seconds

    async def outcome(self, interaction: Interaction) -> Ack:
        """The app's answer, or that there was none in time."""
        answered = asyncio.ensure_future(interaction.answered.wait())
        too_late = asyncio.create_task(self._reach(interaction.at + self.ack_seconds))
        try:
            await asyncio.wait({answered, too_late}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            answered.cancel()
            too_late.cancel()
        return interaction.ack or Ack(arrived=False, reason="timeout", interaction=interaction.id)

    async def _reach(self, moment: float) -> None:
        """Wait for a moment of the clock; a mere duration would begin anew with every move of it."""
        while (left := moment - self._clock.now()) > 0:
            await self._clock.sleep(left)
