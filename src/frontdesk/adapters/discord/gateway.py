"""Discord's gateway under a supervisor of our own: survives bad payloads, lost connections and restarts.

The SDK's socket speaks the protocol; its parsers never see a payload. A sequence number counts as handled once its
event is stored, and the session is written down, so that another process can resume where this one stopped.
"""

import asyncio
import random
from typing import Any, Protocol

import aiohttp
import discord
import yarl
from discord.gateway import ReconnectWebSocket
from pydantic import ValidationError

from frontdesk.adapters.discord.api import DiscordApi
from frontdesk.adapters.discord.budget import IdentifyBudget
from frontdesk.adapters.discord.lanes import Lanes
from frontdesk.adapters.discord.socket import GatewaySocket
from frontdesk.domain.errors import DeskError, Misconfigured, Retry
from frontdesk.domain.value import Value
from frontdesk.ports.clock import Clock
from frontdesk.ports.notebook import Notebook
from frontdesk.ports.telemetry import Telemetry

RESUMABLE = 4000
"""Closing with this code leaves the session as it is; 1000 and 1001 would end it."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0
STEADY = 20.0
"""Seconds after which a connection was a good one, and the next pause is short again."""
PATIENCE = 20.0
"""Seconds for a connection to be greeted."""
MOST_UNGREETED = 10
"""Connections in a row that came to nothing, after which the session is given up."""
KEEP_SESSION = 7 * 86_400.0
SAVE_EVERY = 0.5
STORED_WITHIN = 10.0
"""Seconds for what was heard to be stored when we stop."""

_FATAL = {
    4004: "DISCORD_TOKEN is not accepted by Discord: copy the token again from the Bot page of the app",
    4010: "[discord] shards and shard_ids do not fit together: every shard_id must be below shards",
    4011: "Discord wants more shards for so many servers: raise `shards` under [discord]",
    4012: "Discord no longer speaks this version of its gateway: update frontdesk",
    4013: "Discord does not know what the desk wants to hear: update frontdesk",
    4014: "the Message Content intent is off: switch it on on the app's Bot page, "
    "or set message_content = false under [discord] in frontdesk.toml",
}


class Hearing(Protocol):
    """Who takes what the gateway brings."""

    async def hear(self, event: str, data: Any) -> None:
        """Store it durably. Raises Retry, and it is brought again."""
        ...

    async def set_aside(self, payload: str, reason: str) -> None:
        """Keep what could not be read. Raises Retry."""
        ...

    def wants(self, event: str) -> bool: ...


class Session(Value):
    """Where a connection stood."""

    id: str
    sequence: int
    """The last event that was stored, and all before it."""
    address: str
    """Where the session is resumed."""


class Gateway:
    """One shard's connection, kept open."""

    def __init__(
        self,
        api: DiscordApi,
        hearing: Hearing,
        notebook: Notebook,
        clock: Clock,
        telemetry: Telemetry,
        *,
        shard: int = 0,
        budget: IdentifyBudget | None = None,
    ) -> None:
        self._api = api
        self._hearing = hearing
        self._notebook = notebook
        self._clock = clock
        self._telemetry = telemetry
        self._shard = shard
        self._budget = budget or IdentifyBudget(api, notebook, clock, telemetry)
        self._lanes = Lanes(clock, telemetry)
        self._name = f"discord:session:{api.identified.application}:{shard}/{api.config.shards}"
        self._recalled = False
        self._session: Session | None = None
        self._saved: Session | None = None
        self._socket: GatewaySocket | None = None
        self._greeted = asyncio.Event()
        self._tries = self._ungreeted = 0
        """Since the last greeting: to connect at all, and connections that came to nothing."""
        self._tasks: set[asyncio.Task[Any]] = set()
        self._keeper: asyncio.Task[None] | None = None
        self._stopping = False
        self.waiting_for: str | None = None
        """Why there is no connection on purpose."""

    @property
    def connected(self) -> bool:
        return self._socket is not None and self._greeted.is_set() and self._socket.open

    async def start(self) -> None:
        """Open the connection. Raises Misconfigured; other trouble is tried again for ever."""
        if self._stopping:
            return
        self._keeper = asyncio.create_task(self._keep(), name=f"discord gateway {self._shard}")
        self._keeper.add_done_callback(self._given_up)
        self._spawn(self._save_now_and_then())
        greeted = asyncio.create_task(self._greeted.wait())
        try:
            await asyncio.wait({self._keeper, greeted}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        finally:
            greeted.cancel()
        if self._keeper.done() and not self._keeper.cancelled():
            self._keeper.result()

    async def stop(self) -> None:
        """Hear nothing more, store what was heard, and leave the session as it can be resumed."""
        self._stopping = True
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        await self._leave()
        await self._lanes.close(STORED_WITHIN)
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._save()

    # what the socket tells

    @property
    def handled(self) -> int:
        return self._lanes.stored

    def opened(self, socket: GatewaySocket) -> None:
        self._socket = socket
        self._ungreeted += 1

    def brought(self, sequence: int | None, event: str, data: Any) -> None:
        if event in ("READY", "RESUMED"):
            self._greet(event)
        if event == "RESUMED" or not self._hearing.wants(event):
            if sequence is not None:
                self._lanes.skip(sequence)
            return
        self._lanes.take(_lane(event, data), sequence, event, lambda: self._hearing.hear(event, data))
        if self._lanes.full and self._socket is not None and self._greeted.is_set():
            self._telemetry.note("discord brings more than can be stored; the connection pauses")
            self._greeted.clear()
            self._spawn(self._socket.close(RESUMABLE))

    def unreadable(self, text: str, reason: str) -> None:
        self._telemetry.count("discord_unreadable")
        self._lanes.take("unreadable", None, "set aside", lambda: self._hearing.set_aside(text, reason))

    def _greet(self, event: str) -> None:
        socket = self._socket
        if socket is None or socket.session_id is None:
            return
        self._telemetry.count("discord_connected", how=event.lower())
        if event == "READY":
            self._session = Session(id=socket.session_id, sequence=0, address=str(socket.gateway))
        self._tries = self._ungreeted = 0
        self._greeted.set()

    # keeping it open

    async def _keep(self) -> None:
        pause = FIRST_PAUSE
        while not self._stopping:
            began = self._clock.elapsed()
            await self._one_connection()
            if self._stopping:
                return
            pause = FIRST_PAUSE if self._clock.elapsed() - began > STEADY else pause
            self._telemetry.count("discord_reconnecting")
            await self._clock.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - spreads connections
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _one_connection(self) -> None:
        """From the first try to open it to its end. Raises Misconfigured."""
        try:
            await self._connect()
            await self._listen()
        except ReconnectWebSocket as reconnect:
            if not reconnect.resume:
                self._lose_session()
        except discord.ConnectionClosed as closed:
            if closed.code in _FATAL:
                raise Misconfigured(_FATAL[closed.code]) from closed
        except Misconfigured:
            raise
        except (DeskError, aiohttp.ClientError, discord.DiscordException, TimeoutError, OSError) as error:
            self._telemetry.trouble("discord gateway", error)
        except Exception as error:  # noqa: BLE001 - whatever a frame does to the SDK, the desk must hear again
            self._telemetry.trouble("discord gateway", error)
        finally:
            await self._leave()
        if self._ungreeted >= MOST_UNGREETED:
            self._ungreeted = 0
            self._lose_session()

    async def _connect(self) -> None:
        await self._lanes.half_empty()
        if not self._recalled:
            self._session = self._saved = await self._remembered()
            self._recalled = True
        session = self._session
        if session is None:
            address = await self._budget.spend(self._wait_for)
        elif self._tries % 2:
            address = await self._budget.address()  # in case the session's own is no good
        else:
            address = yarl.URL(session.address)
        self._lanes.begin(session.sequence if session else 0)
        self._tries += 1
        client = self._api.client
        client._connection.shard_count = self._api.config.shards  # noqa: SLF001 - told to Discord with the shard's id
        shard = self._shard if self._api.config.shards > 1 else None
        async with asyncio.timeout(PATIENCE):
            await GatewaySocket.to(self, client, address, shard, session.id if session else None)

    async def _listen(self) -> None:
        socket = self._socket
        assert socket is not None
        async with asyncio.timeout(PATIENCE):
            while not self._greeted.is_set() and not self._stopping:
                await socket.poll_event()
        while not self._stopping:  # a client may lose a cancellation that comes in the moment it succeeds
            await socket.poll_event()

    async def _leave(self) -> None:
        self._note_sequence()
        self._greeted.clear()
        socket, self._socket = self._socket, None
        if socket is not None:
            await socket.close(RESUMABLE)

    def _lose_session(self) -> None:
        if self._session is not None:
            self._telemetry.note("discord session is lost; what was missed is read from the channels")
        self._session = None

    def _wait_for(self, why: str | None) -> None:
        self.waiting_for = why

    def _given_up(self, keeper: asyncio.Task[None]) -> None:
        if keeper.cancelled() or (error := keeper.exception()) is None:
            return
        self.waiting_for = str(error)
        self._telemetry.trouble("discord gateway", error)

    # what outlives the process

    async def _remembered(self) -> Session | None:
        """Raises Retry."""
        text = await self._notebook.get(self._name)
        try:
            return Session.model_validate_json(text) if text else None
        except ValidationError as error:
            self._telemetry.trouble("discord session not read", error)
            return None

    async def _save_now_and_then(self) -> None:
        while True:
            await self._clock.sleep(SAVE_EVERY)
            await self._save()

    async def _save(self) -> None:
        self._note_sequence()
        session = self._session
        if session == self._saved or not self._recalled:
            return
        try:
            if session is None:
                await self._notebook.forget(self._name)
            elif session.sequence:
                await self._notebook.put(self._name, session.model_dump_json(), KEEP_SESSION)
        except Retry:
            return
        self._saved = session

    def _note_sequence(self) -> None:
        """How far the session is."""
        if self._session is not None and self._lanes.stored != self._session.sequence:
            self._session = self._session.model_copy(update={"sequence": self._lanes.stored})

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _lane(event: str, data: Any) -> str:
    """Events of one channel keep their order; an interaction waits for nothing."""
    if not isinstance(data, dict) or event in ("READY", "GUILD_CREATE"):
        return "servers"
    if event == "INTERACTION_CREATE":
        return f"interaction:{data.get('id')}"
    return str(data.get("channel_id") or data.get("id") or event)
