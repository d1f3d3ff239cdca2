"""Discord's gateway under a supervisor of our own: survives bad payloads, lost connections and restarts.

The SDK's socket speaks the protocol; its parsers never see a payload. A sequence number counts as handled once its
event is stored, and the session is written down, so that another process can resume where this one stopped.
"""

import asyncio
import json
import random
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp
import discord
import yarl
from discord.gateway import DiscordWebSocket, ReconnectWebSocket
from pydantic import ValidationError

from frontdesk.adapters.discord.api import DiscordApi
from frontdesk.domain.errors import DeskError, Misconfigured, Retry
from frontdesk.domain.value import Value
from frontdesk.ports.clock import Clock
from frontdesk.ports.notebook import Notebook
from frontdesk.ports.telemetry import Telemetry

RESUMABLE = 4000
"""Closing with this code leaves the session as it is; 1000 and 1001 would end it."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0
PATIENCE = 20.0
"""Seconds for a connection to be greeted."""
MOST_UNHANDLED = 5_000
"""Events that wait to be stored; beyond, the connection is given up until they are, and Discord keeps the rest."""
KEEP_SESSION = 7 * 86_400.0
SAVE_EVERY = 0.5
DAY = 86_400.0
SHARDS_APART = 5.0
"""Seconds between two shards that identify."""

_FATAL = {
    4004: "DISCORD_TOKEN is not accepted by Discord: copy the token again from the Bot page of the app",
    4010: "[discord] shards and shard_ids do not fit together: every shard_id must be below shards",
    4011: "Discord wants more shards for so many servers: raise `shards` under [discord]",
    4012: "Discord no longer speaks this version of its gateway: update frontdesk",
    4013: "Discord does not know what the desk wants to hear: update frontdesk",
    4014: "the Message Content intent is not switched on: switch it on on the app's Bot page, "
    "or set message_content = false under [discord]",
}
_UNREADABLE = (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError)


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


@dataclass(eq=False)
class _Brought:
    """One event of a connection."""

    sequence: int
    stored: bool = False


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
        identifying: asyncio.Lock | None = None,
    ) -> None:
        self._api = api
        self._hearing = hearing
        self._notebook = notebook
        self._clock = clock
        self._telemetry = telemetry
        self._shard = shard
        self._identifying = identifying or asyncio.Lock()
        self._name = f"discord:session:{api.identified.application}:{shard}/{api.config.shards}"
        self._session: Session | None = None
        self._saved: Session | None = None
        self._wire: _Wire | None = None
        self._greeted = asyncio.Event()
        self._brought: deque[_Brought] = deque()
        self._lanes: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._keeper: asyncio.Task[None] | None = None
        self._stopping = False
        self.waiting_for: str | None = None
        """Why there is no connection on purpose."""

    @property
    def connected(self) -> bool:
        return self._wire is not None and self._greeted.is_set() and self._wire.open

    async def start(self) -> None:
        """Open the connection. Raises Misconfigured; other trouble is tried again for ever."""
        self._keeper = asyncio.create_task(self._keep(), name=f"discord gateway {self._shard}")
        saver = asyncio.create_task(self._save_now_and_then(), name="discord session")
        self._tasks.add(saver)
        greeted = asyncio.create_task(self._greeted.wait())
        try:
            await asyncio.wait({self._keeper, greeted}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        finally:
            greeted.cancel()
        if self._keeper.done():
            await self._keeper

    async def stop(self) -> None:
        """Hear nothing more, store what was heard, and leave the session as it can be resumed."""
        self._stopping = True
        if self._wire is not None:
            await self._wire.close(RESUMABLE)
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        waiting = [*self._lanes.values()]
        if waiting:
            await asyncio.wait(waiting, timeout=10.0)
        for task in [*self._tasks, *self._lanes.values()]:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._lanes.values(), return_exceptions=True)
        await self._save()

    def brought(self, sequence: int | None, event: str, data: Any) -> None:
        """An event came in."""
        if event in ("READY", "RESUMED"):
            self._greet(event)
        one = _Brought(sequence or 0)
        if sequence is not None:
            self._brought.append(one)
        if event == "RESUMED" or not self._hearing.wants(event):
            self._done(one)
            return
        self._in_lane(_lane(event, data), event, lambda: self._hearing.hear(event, data), one)
        if len(self._brought) > MOST_UNHANDLED and self._wire is not None:
            self._telemetry.note("discord brings more than can be stored; the connection pauses")
            self._spawn(self._wire.close(RESUMABLE))

    def unreadable(self, text: str, reason: str) -> None:
        """A payload broke the SDK."""
        self._telemetry.count("discord_unreadable")
        self._in_lane("unreadable", "set aside", lambda: self._hearing.set_aside(text, reason), _Brought(0))

    def _greet(self, event: str) -> None:
        wire = self._wire
        if wire is None or wire.session_id is None:
            return
        self._telemetry.count("discord_connected", how=event.lower())
        if event == "READY":
            self._session = Session(id=wire.session_id, sequence=0, address=str(wire.gateway))
        self._greeted.set()

    def _in_lane(self, lane: str, event: str, work: Callable[[], Awaitable[None]], one: _Brought) -> None:
        """In order within a lane, side by side otherwise."""
        before = self._lanes.get(lane)

        async def in_turn() -> None:
            if before is not None:
                await asyncio.wait({before})
            await self._until_stored(event, work)
            self._done(one)

        task = asyncio.create_task(in_turn())
        self._lanes[lane] = task

        def forget(done: asyncio.Task[None]) -> None:
            if self._lanes.get(lane) is done:
                del self._lanes[lane]

        task.add_done_callback(forget)

    async def _until_stored(self, event: str, work: Callable[[], Awaitable[None]]) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                await work()
            except Retry as retry:
                self._telemetry.count("discord_not_stored", event=event)
                wait = max(pause, min(retry.after, LONGEST_PAUSE))
            except DeskError as error:
                self._telemetry.trouble("discord intake", error, event=event)
                return
            except Exception as error:  # noqa: BLE001 - whatever one event does, the next one must be heard
                self._telemetry.trouble("discord intake", error, event=event)
                return
            else:
                return
            await self._clock.sleep(wait)
            pause = min(pause * 2, 10.0)

    def _done(self, one: _Brought) -> None:
        one.stored = True
        while self._brought and self._brought[0].stored:
            sequence = self._brought.popleft().sequence
            if self._session is not None:
                self._session = self._session.model_copy(update={"sequence": sequence})

    async def _keep(self) -> None:
        self._session = self._saved = await self._remembered()
        pause = FIRST_PAUSE
        while not self._stopping:
            try:
                await self._connect()
                await self._listen()
            except ReconnectWebSocket as reconnect:
                self._forget_unless(resumable=reconnect.resume)
            except discord.ConnectionClosed as closed:
                if closed.code in _FATAL:
                    raise Misconfigured(_FATAL[closed.code]) from closed
                self._forget_unless(resumable=closed.code not in (1000, 1001, 4007, 4009))
            except Misconfigured:
                raise
            except (DeskError, aiohttp.ClientError, discord.DiscordException, TimeoutError, OSError) as error:
                self._telemetry.trouble("discord gateway", error)
            except Exception as error:  # noqa: BLE001 - whatever a frame does to the SDK, the desk must hear again
                self._telemetry.trouble("discord gateway", error)
            if self._greeted.is_set():
                pause = FIRST_PAUSE
            await self._leave()
            if not self._stopping:
                self._telemetry.count("discord_reconnecting")
                await self._clock.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - spreads connections
                pause = min(pause * 2, LONGEST_PAUSE)

    def _forget_unless(self, *, resumable: bool) -> None:
        if not resumable:
            self._telemetry.note("discord session is lost; what was missed is read from the channels")
            self._session = None

    async def _leave(self) -> None:
        self._greeted.clear()
        wire, self._wire = self._wire, None
        if wire is not None and wire.open:
            await wire.close(RESUMABLE)

    async def _connect(self) -> None:
        while len(self._brought) > MOST_UNHANDLED // 2 and self._lanes:
            await asyncio.wait([*self._lanes.values()], return_when=asyncio.FIRST_COMPLETED)
        session = self._session
        if session is not None:
            await self._open(yarl.URL(session.address), session)
            return
        address = await self._may_identify()
        async with self._identifying:
            await self._open(address, None)
            if self._api.config.shards > 1:
                await self._clock.sleep(SHARDS_APART)

    async def _open(self, address: yarl.URL, session: Session | None) -> None:
        self._brought.clear()
        client = self._api.client
        client._connection.shard_count = self._api.config.shards  # noqa: SLF001 - told to Discord with the shard's id
        shard = self._shard if self._api.config.shards > 1 else None
        async with asyncio.timeout(PATIENCE):
            self._wire = await _Wire.opened(self, client, address, shard, session)

    async def _listen(self) -> None:
        wire = self._wire
        assert wire is not None
        async with asyncio.timeout(PATIENCE):
            while not self._greeted.is_set():
                await wire.poll_event()
        while True:
            await wire.poll_event()

    async def _may_identify(self) -> yarl.URL:
        """Where to identify, as soon as that may be done again; a crash loop must not use up the day's budget."""
        name = f"discord:identified:{self._api.identified.application}"
        while True:
            info = await self._api.call("GET", "/gateway/bot")
            limit = info.get("session_start_limit") or {}
            times = json.loads(await self._notebook.get(name) or "[]")
            now = self._clock.now()
            wait = pause_before_identify(times, now)
            if int(limit.get("remaining", 1)) <= 0:
                wait = max(wait, float(limit.get("reset_after", 60_000)) / 1000)
            if wait <= 0:
                times = [at for at in times if at > now - DAY]
                await self._notebook.put(name, json.dumps([*times, now]), DAY)
                self.waiting_for = None
                return yarl.URL(str(info["url"]))
            self.waiting_for = "connected too often today; waiting before the next try"
            self._telemetry.trouble("discord was connected too often today; waiting", seconds=round(wait))
            await self._clock.sleep(min(wait, 60.0))

    async def _remembered(self) -> Session | None:
        try:
            text = await self._notebook.get(self._name)
            return Session.model_validate_json(text) if text else None
        except (Retry, ValidationError) as error:
            self._telemetry.trouble("discord session not read", error)
            return None

    async def _save_now_and_then(self) -> None:
        while True:
            await self._clock.sleep(SAVE_EVERY)
            await self._save()

    async def _save(self) -> None:
        session = self._session
        if session == self._saved:
            return
        try:
            if session is None:
                await self._notebook.forget(self._name)
            elif session.sequence:
                await self._notebook.put(self._name, session.model_dump_json(), KEEP_SESSION)
        except Retry:
            return
        self._saved = session

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _Wire(DiscordWebSocket):
    """The SDK's socket, which hands every event to the supervisor and dies of none."""

    supervisor: Gateway
    text: str = ""

    @classmethod
    async def opened(
        cls, supervisor: Gateway, client: discord.Client, address: yarl.URL, shard: int | None, session: Session | None
    ) -> "_Wire":
        class Supervised(_Wire):
            """Events come before `from_client` returns: whose they are must be known by then."""

        Supervised.supervisor = supervisor
        return await Supervised.from_client(
            client,
            gateway=address,
            shard_id=shard,
            session=session.id if session else None,
            sequence=session.sequence if session else None,
            resume=session is not None,
        )

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, *, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(socket, loop=loop)
        self.supervisor._wire = self  # noqa: SLF001 - the two are one thing
        self._tap = _Tap(self)

    def log_receive(self, text: Any, /) -> None:
        self.text = text if isinstance(text, str) else bytes(text).decode(errors="replace")

    async def received_message(self, msg: Any, /) -> None:
        self._discord_parsers = self._tap  # in place of the SDK's own, which trip over shapes they do not expect
        try:
            await super().received_message(msg)
        except _UNREADABLE as error:
            self.supervisor.unreadable(self.text, f"the SDK: {type(error).__name__}")


class _Tap(dict[str, Any]):
    """The SDK looks up a parser by the event's name; whatever the name, it is given us."""

    def __init__(self, wire: _Wire) -> None:
        super().__init__()
        self._wire = wire

    def __missing__(self, event: str) -> Callable[[Any], None]:
        return lambda data: self._wire.supervisor.brought(self._wire.sequence, event, data)


def pause_before_identify(times: list[float], now: float) -> float:
    """Seconds to wait, given when we identified before.

    A few at once are free, some may come each minute; after forty in a day one in half an hour remains, which keeps a
    crash loop of a whole day below a hundred of the thousand that Discord grants.
    """
    recent = [at for at in times if now - DAY < at <= now]
    apart = 0.0 if len(recent) < 10 else 60.0 if len(recent) < 40 else 1800.0
    return max(0.0, max(recent, default=-DAY) + apart - now) if apart else 0.0


def _lane(event: str, data: Any) -> str:
    """Events of one channel keep their order; an interaction waits for nothing."""
    if not isinstance(data, dict):
        return event
    if event == "INTERACTION_CREATE":
        return f"interaction:{data.get('id')}"
    return str(data.get("channel_id") or data.get("id") or event)
