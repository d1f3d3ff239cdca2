"""The composition root: settings -> adapters -> desk; what starts first stops last."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Literal, Protocol

from aiohttp import web

from frontdesk.adapters.library.ingest import Progress, ingest, usable
from frontdesk.adapters.library.language import language_of
from frontdesk.adapters.library.search import LibrarySearch
from frontdesk.adapters.openai.deferred import DeferredModel
from frontdesk.adapters.ops.clock import SystemClock
from frontdesk.adapters.ops.health import Check, Handler, HttpServer
from frontdesk.adapters.ops.metrics import Metrics
from frontdesk.adapters.redis.connection import connect
from frontdesk.adapters.redis.notebook import RedisNotebook
from frontdesk.adapters.redis.shelf import RedisShelf
from frontdesk.adapters.redis.store import RedisStore
from frontdesk.adapters.slack.app import SlackApp
from frontdesk.core.commands import Commands
from frontdesk.core.desk import Desk
from frontdesk.core.worker import Worker
from frontdesk.domain.errors import DeskError, Misconfigured, Undeliverable
from frontdesk.domain.events import Event
from frontdesk.domain.ids import Platform
from frontdesk.domain.knowledge import IngestReport
from frontdesk.domain.messages import Attachment, Thread
from frontdesk.domain.people import Person
from frontdesk.domain.turns import TurnTrace
from frontdesk.ports.chat import Chat
from frontdesk.ports.store import Store
from frontdesk.settings import Settings

Role = Literal["all", "gateway", "worker"]
"""A gateway holds the platforms' connections, a worker takes turns; `all` is both in one process."""


class SwitchedOn:
    """The platforms that are switched on."""

    def __init__(self) -> None:
        self._chats: dict[Platform, Chat] = {}

    def add(self, chat: Chat) -> None:
        self._chats[chat.platform] = chat

    def on(self, platform: Platform) -> Chat:
        chat = self._chats.get(platform)
        if chat is None:
            raise Undeliverable(f"{platform} is switched off")
        return chat

    def all(self) -> Sequence[Chat]:
        return tuple(self._chats.values())

    async def fetch(self, attachment: Attachment) -> bytes:
        """The bytes of a file, from the platform that has them. Raises Retry or Undeliverable."""
        return await self.on(attachment.platform).fetch(attachment)


class Reception:
    """What a platform's app hands over: events to the desk, questions to whoever answers them."""

    def __init__(self, desk: Desk, commands: Commands, store: Store) -> None:
        self._desk = desk
        self._commands = commands
        self._store = store

    async def receive(self, event: Event) -> None:
        await self._desk.receive(event)

    async def set_aside(self, platform: Platform, payload: str, reason: str) -> None:
        await self._store.set_aside(platform, payload, reason)

    async def command(self, name: str, text: str, person: Person, thread: Thread) -> str:
        return await self._commands.answer(text, person, thread)

    async def left(self, person: Person, community: str, name: str) -> None:
        await self._desk.left(person, community, name)

    async def opened(self, person: Person, thread: Thread) -> Sequence[str]:
        return self._desk.config.suggestions


class Program:
    """A running desk."""

    def __init__(
        self,
        desk: Desk,
        worker: Worker | None,
        store: Store,
        http: HttpServer,
        metrics: Metrics,
        drain_seconds: float,
        prepare: Callable[[], Awaitable[None]],
    ) -> None:
        self.desk = desk
        self.store = store
        self.turn_ended = metrics.turn_bell
        self._worker = worker
        self._http = http
        self._drain_seconds = drain_seconds
        self._prepare = prepare
        self._stopping = asyncio.Event()

    @property
    def address(self) -> str:
        """Where health, metrics and platforms' calls are served."""
        return self._http.address

    async def latest_traces(self, most: int = 20) -> Sequence[TurnTrace]:
        return await self.store.traces(most)

    def is_idle(self) -> bool:
        return self._worker is None or self._worker.in_hand == 0

    def stop(self) -> None:
        """Take nothing new and finish what is in hand."""
        self._stopping.set()

    async def until_stopped(self) -> None:
        await self._stopping.wait()

    async def work(self) -> None:
        """Take turns until `stop`; then finish those in hand, for a while."""
        if self._worker is None:
            await self._stopping.wait()
            return
        running = asyncio.create_task(self._take_turns(self._worker), name="worker")
        stopping = asyncio.create_task(self._stopping.wait(), name="stopping")
        try:
            await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
            self._worker.drain()
            done, _ = await asyncio.wait({running}, timeout=self._drain_seconds)
            if not done:
                await self._worker.abandon()
            await running
        finally:
            stopping.cancel()
            if not running.done():  # told to end at once: what is in hand is given back while the store is still there
                await self._worker.abandon()
                running.cancel()
                await asyncio.wait({running})

    async def _take_turns(self, worker: Worker) -> None:
        """First load what the first turn would load on the loop, where events that arrive would wait for it too."""
        await self._prepare()
        await worker.run()


@asynccontextmanager
async def running_desk(
    settings: Settings,
    role: Role = "all",
    *,
    show_traces: bool = False,
    said: Callable[[str], None] = lambda _: None,
    prepared: Callable[[], None] = lambda: None,
) -> AsyncIterator[Program]:
    """Start everything, in order; on leaving, stop everything in the opposite order.

    `prepared` is called once everything is loaded, a moment after the desk listens.
    Raises Misconfigured with one line when something the operator must mend is in the way.
    """
    clock, metrics = SystemClock(), Metrics()
    async with AsyncExitStack() as stack:
        connection = await connect(settings.store)
        stack.push_async_callback(connection.close)
        store = RedisStore(connection, metrics)
        shelf = RedisShelf(connection)
        model = DeferredModel(settings.model)
        stack.push_async_callback(model.close)
        chats = SwitchedOn()
        library = LibrarySearch(shelf)
        desk = Desk(settings.desk, store, chats, model, library, clock, metrics, language_of)
        reception = Reception(desk, Commands(store, chats, clock), store)
        apps: dict[Platform, PlatformApp] = {}
        for platform, app in _apps(settings, reception, RedisNotebook(connection), clock, metrics, chats):
            stack.push_async_callback(app.close)
            chats.add(await app.connect())
            apps[platform] = app
        if settings.knowledge is not None:
            for line in _told(await ingest(settings.knowledge, shelf)):
                said(line)
        worker = _worker(settings, desk, store, clock, metrics) if role != "gateway" else None
        http = _http(settings, metrics, store, apps, role, show_traces=show_traces)
        await http.start()
        stack.push_async_callback(http.stop)

        async def prepare() -> None:
            await library.prepare()  # one after the other: two threads that import would hold the loop up twice as long
            await model.prepare()
            prepared()

        program = Program(desk, worker, store, http, metrics, settings.worker.drain_seconds, prepare)
        try:
            async with asyncio.TaskGroup() as group:
                if role != "worker":
                    await asyncio.gather(*(app.start() for app in apps.values()))
                working = group.create_task(program.work(), name="work")
                try:
                    yield program
                finally:
                    await asyncio.gather(*(app.stop_intake() for app in apps.values()))
                    program.stop()
                    await working
        except BaseExceptionGroup as group:
            raise _first(group) from None


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """What went wrong first; the rest of a group only followed from it."""
    first = group.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


async def ingest_articles(settings: Settings, progress: Progress | None = None) -> IngestReport:
    """Read the articles into the store. Raises Misconfigured."""
    if settings.knowledge is None:
        raise Misconfigured("FRONTDESK_KNOWLEDGE is not set: name the folder or file of articles")
    connection = await connect(settings.store, join=True)
    try:
        return await ingest(settings.knowledge, RedisShelf(connection), progress=progress)
    finally:
        await connection.close()


async def check(settings: Settings) -> AsyncIterator[tuple[str, str | None]]:
    """Try everything the desk needs: (what, why it does not work or None), one at a time."""
    yield "configuration", _not_enough(settings)
    try:
        connection = await connect(settings.store, join=True)
    except Misconfigured as error:
        yield "store", str(error)
        if settings.knowledge is not None:
            yield "articles", await _no_articles(settings.knowledge)
    else:
        try:
            yield "store", None
            for doubt in await connection.doubts():
                yield "store durability", doubt
            if settings.knowledge is not None:
                yield "articles", await _no_articles(settings.knowledge)
            else:
                yield "articles", await _nothing_ingested(RedisShelf(connection))
        except DeskError as error:
            yield "store", str(error)
        finally:
            await connection.close()
    async for line in _check_slack(settings):
        yield line
    async for line in _check_discord(settings):
        yield line
    model = DeferredModel(settings.model)
    try:
        for route in await (await model.made()).check():
            tasks = ", ".join(route.tasks)
            yield f"model for {tasks}", None if route.ok else route.line.removeprefix(f"{tasks}: ")
    finally:
        await model.close()


def _not_enough(settings: Settings) -> str | None:
    try:
        require_platform(settings)
    except Misconfigured as error:
        return str(error)
    return None


async def _no_articles(place: Path) -> str | None:
    try:
        await usable(place)
    except Misconfigured as error:
        return str(error)
    return None


async def _nothing_ingested(shelf: RedisShelf) -> str | None:
    if await shelf.version() is None:
        return "no articles: set FRONTDESK_KNOWLEDGE or run `frontdesk ingest`"
    return None


async def _check_slack(settings: Settings) -> AsyncIterator[tuple[str, str | None]]:
    if settings.slack is None:
        return
    app = SlackApp(settings.slack, None, SystemClock(), Metrics())
    try:
        for line in await app.check():
            yield line
    finally:
        await app.close()


async def _check_discord(settings: Settings) -> AsyncIterator[tuple[str, str | None]]:
    if settings.discord is None:
        return
    from frontdesk.adapters.discord.suitability import suitability  # noqa: PLC0415 - costs only who uses it

    for line in await suitability(settings.discord, SystemClock(), Metrics()):
        yield line


class PlatformApp(Protocol):
    """What every platform's app can do."""

    async def connect(self) -> Chat:
        """Raises Misconfigured."""
        ...

    async def start(self) -> None:
        """Listen. Raises Misconfigured."""
        ...

    async def stop_intake(self) -> None: ...

    async def close(self) -> None: ...

    async def ready(self) -> str | None:
        """Why the platform cannot reach us; None when it can."""
        ...

    async def http_handler(self, request: web.Request) -> web.Response: ...


def _apps(
    settings: Settings,
    reception: Reception,
    notebook: RedisNotebook,
    clock: SystemClock,
    metrics: Metrics,
    chats: SwitchedOn,
) -> Iterator[tuple[Platform, PlatformApp]]:
    if settings.slack is not None:
        yield "slack", SlackApp(settings.slack, reception, clock, metrics, chats.fetch)
    if settings.discord is not None:
        from frontdesk.adapters.discord.app import DiscordApp  # noqa: PLC0415 - its SDK costs only who uses it

        yield "discord", DiscordApp(settings.discord, reception, notebook, clock, metrics, chats.fetch)


def _worker(settings: Settings, desk: Desk, store: RedisStore, clock: SystemClock, metrics: Metrics) -> Worker:
    worker = Worker(
        f"{os.uname().nodename}-{os.getpid()}",
        desk,
        store,
        clock,
        metrics,
        lease=settings.store.lease_seconds,
        most=settings.worker.turns_at_once,
    )
    metrics.watch_turns(lambda: worker.in_hand)
    return worker


def _http(
    settings: Settings,
    metrics: Metrics,
    store: Store,
    apps: Mapping[Platform, PlatformApp],
    role: Role,
    *,
    show_traces: bool,
) -> HttpServer:
    async def reachable() -> str | None:
        try:
            await store.ping()
        except DeskError as error:
            return str(error)
        return None

    checks: dict[str, Check] = {"store": reachable}
    routes: dict[str, Handler] = {}
    for platform, app in apps.items() if role != "worker" else ():
        checks[platform] = app.ready
        if platform == "discord":
            routes["/discord/interactions"] = app.http_handler
        elif settings.slack is not None and settings.slack.signing_secret is not None:
            routes["/slack/events"] = app.http_handler
    return HttpServer(settings.http, metrics, checks, routes, traces=store.traces if show_traces else None)


def require_platform(settings: Settings) -> None:
    """Raises Misconfigured when there is nobody to serve or nobody to hand over to."""
    if settings.slack is None and settings.discord is None:
        raise Misconfigured(
            "SLACK_BOT_TOKEN is not set, nor is DISCORD_TOKEN: no platform is switched on (try `frontdesk demo` first)"
        )
    staff = settings.desk.speaking.staff_channel
    if staff is None:
        raise Misconfigured(
            "FRONTDESK_STAFF_CHANNEL is not set: name the private staff channel, such as slack:C0123 or discord:1234"
        )
    named = [("FRONTDESK_STAFF_CHANNEL", staff)]
    named += [("FRONTDESK_CHANNELS", channel) for channel in settings.desk.speaking.channels]
    for setting, channel in named:
        for platform, token, switched_on in (
            ("slack", "SLACK_BOT_TOKEN", settings.slack is not None),
            ("discord", "DISCORD_TOKEN", settings.discord is not None),
        ):
            if channel.startswith(f"{platform}:") and not switched_on:
                raise Misconfigured(
                    f"{setting} names {channel}, but {token} is not set: set it, or name channels "
                    "of the platform that is on"
                )


def _told(report: IngestReport) -> Iterator[str]:
    counts: Mapping[str, int] = {
        "added": len(report.added),
        "changed": len(report.changed),
        "removed": len(report.removed),
        "unchanged": report.unchanged,
        "skipped": len(report.skipped),
    }
    yield "articles: " + ", ".join(f"{number} {what}" for what, number in counts.items() if number)
    for name, why in report.skipped:
        yield f"skipped {name}: {why}"
