"""Keeps the Socket Mode connections alive, because the SDK's own client can go deaf for good."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from slack_bolt.response import BoltResponse

from frontdesk.adapters.slack.api import Refused, SlackApi
from frontdesk.domain.errors import DeskError, Misconfigured, Retry
from frontdesk.ports.clock import Clock
from frontdesk.ports.telemetry import Telemetry

PING_AFTER = 5.0
"""Seconds of silence after which we ask whether anybody is there."""
DEAD_AFTER = 15.0
DRAIN_SECONDS = 10.0
MOST_IN_FLIGHT = 256
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 20.0

Accept = Callable[[Any, dict[str, Any]], Awaitable[BoltResponse]]
"""Takes a payload and its headers."""


class _Link:
    """One connection."""

    def __init__(self, wire: aiohttp.ClientWebSocketResponse, now: float) -> None:
        self.wire = wire
        self.last_frame = now
        self.greeted = asyncio.Event()
        self.leaving = asyncio.Event()
        """Set when a replacement is wanted."""
        self.in_flight: set[asyncio.Task[None]] = set()


class Sockets:
    """So many connections at all times; each envelope is acknowledged on the connection that brought it."""

    def __init__(self, api: SlackApi, accept: Accept, clock: Clock, telemetry: Telemetry) -> None:
        self._api = api
        self._accept = accept
        self._clock = clock
        self._telemetry = telemetry
        self._links: set[_Link] = set()
        self._keepers: list[asyncio.Task[None]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(MOST_IN_FLIGHT)
        self._stopping = False
        self.ping_after = PING_AFTER
        self.dead_after = DEAD_AFTER

    @property
    def connected(self) -> int:
        """Connections on which Slack has said hello and that are to stay."""
        return sum(link.greeted.is_set() and not link.leaving.is_set() for link in self._links)

    @property
    def last_frame_age(self) -> float | None:
        """Seconds since anything came from Slack; None without a connection."""
        if not self._links:
            return None
        return self._clock.elapsed() - max(link.last_frame for link in self._links)

    async def start(self) -> None:
        """Open the connections. Raises Misconfigured for a wrong token; other trouble is tried again for ever."""
        first: _Link | None = None
        try:
            first = await self._open(await first_ticket(self._api))
        except Misconfigured:
            raise
        except (DeskError, aiohttp.ClientError, TimeoutError, OSError) as error:
            self._telemetry.trouble("slack socket", error)
        self._keepers = [
            asyncio.create_task(self._keep(first if number == 0 else None), name=f"slack socket {number}")
            for number in range(self._api.config.sockets)
        ]

    async def stop(self) -> None:
        """Hear nothing more, acknowledge what is finished, close."""
        self._stopping = True
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        await asyncio.gather(*(self._drain(link) for link in list(self._links)), return_exceptions=True)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _keep(self, link: _Link | None) -> None:
        """One place, always taken: the replacement is there before the old connection goes."""
        old: _Link | None = None
        while not self._stopping:
            link = link or await self._open_at_last()
            if self._stopping:  # a client may lose a cancellation that comes in the moment it succeeds
                return
            if old is not None:
                self._spawn(self._drain(old))
            await link.leaving.wait()
            self._telemetry.count("slack_socket_replaced")
            old, link = link, None

    async def _open_at_last(self) -> _Link:
        pause = FIRST_PAUSE
        while True:
            try:
                return await self._open()
            except (DeskError, aiohttp.ClientError, TimeoutError, OSError) as error:
                if self._stopping:
                    raise
                self._telemetry.trouble("slack socket", error)
                wait = max(pause, error.after if isinstance(error, Retry) else 0.0)
            await self._clock.sleep(wait * random.uniform(0.5, 1.5))  # noqa: S311 - spreads retries, guards nothing
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _open(self, url: str = "") -> _Link:
        """With an address of its own: an address is good for one try only."""
        url = url or await _ticket(self._api)
        wire = await self._api.session.ws_connect(
            url, autoping=False, proxy=_proxy_for(url), max_msg_size=0, timeout=aiohttp.ClientWSTimeout(ws_close=2.0)
        )
        link = _Link(wire, self._clock.elapsed())
        self._links.add(link)
        self._spawn(self._listen(link))
        try:
            async with asyncio.timeout(self._api.config.timeout):
                await link.greeted.wait()
        except TimeoutError:
            link.leaving.set()
            await wire.close()
            raise
        if link.leaving.is_set():
            await wire.close()
            raise Retry("the connection went before it was greeted")
        return link

    async def _listen(self, link: _Link) -> None:
        try:
            while not link.wire.closed:
                try:
                    frame = await link.wire.receive(timeout=self.ping_after)
                except TimeoutError:
                    if self._clock.elapsed() - link.last_frame > self.dead_after:
                        self._telemetry.note("slack socket fell silent")
                        return
                    await link.wire.ping()
                    continue
                link.last_frame = self._clock.elapsed()
                if frame.type is aiohttp.WSMsgType.PING:
                    await link.wire.pong(frame.data)
                elif frame.type is aiohttp.WSMsgType.TEXT:
                    await self._hear(link, frame.data)
                elif frame.type is not aiohttp.WSMsgType.PONG:
                    return
        except (aiohttp.ClientError, OSError):
            self._telemetry.note("slack socket broke")
        finally:
            link.leaving.set()
            link.greeted.set()
            self._links.discard(link)
            await link.wire.close()

    async def _hear(self, link: _Link, text: str) -> None:
        try:
            frame = json.loads(text)
            kind = frame["type"]
        except (ValueError, KeyError, TypeError):
            self._telemetry.count("slack_unreadable")
            return
        if kind == "hello":
            link.greeted.set()
        elif kind == "disconnect":
            link.leaving.set()
        elif isinstance(frame.get("envelope_id"), str):
            await self._room.acquire()
            task = asyncio.create_task(self._take(link, frame))
            link.in_flight.add(task)
            task.add_done_callback(link.in_flight.discard)

    async def _take(self, link: _Link, frame: dict[str, Any]) -> None:
        try:
            response = await self._accept(frame.get("payload"), _headers(frame))
            if response.status == 200:
                await link.wire.send_json(_acknowledgement(frame, response))
        except (aiohttp.ClientError, OSError, RuntimeError):
            # The connection went; Slack brings the envelope again and it is known by its id.
            self._telemetry.count("slack_ack_lost")
        finally:
            self._room.release()

    async def _drain(self, link: _Link) -> None:
        """Let what came on this connection be acknowledged on it."""
        if link.in_flight:
            await asyncio.wait(link.in_flight, timeout=DRAIN_SECONDS)
        await link.wire.close()

    def _spawn(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _proxy_for(url: str) -> str | None:
    """The proxy that also takes the API calls: nobody sets one for `wss` alone."""
    host = urlsplit(url).hostname or ""
    return None if proxy_bypass(host) else getproxies().get("https" if url.startswith("wss") else "http")


async def first_ticket(api: SlackApi) -> str:
    """An address to connect to. Raises Misconfigured for a wrong token, or Retry."""
    try:
        return await _ticket(api)
    except Refused as refused:
        raise Misconfigured(
            f"SLACK_APP_TOKEN is not accepted by Slack ({refused.error}): "
            "make an App-Level Token with the scope connections:write, and turn Socket Mode on"
        ) from refused


async def _ticket(api: SlackApi) -> str:
    answer = await api.call("apps.connections.open")
    return str(answer.get("url", ""))


def _headers(frame: dict[str, Any]) -> dict[str, Any]:
    """What HTTP mode would say of a redelivery."""
    headers: dict[str, Any] = {}
    if frame.get("retry_attempt") is not None:
        headers["x-slack-retry-num"] = [str(frame["retry_attempt"])]
    if frame.get("retry_reason"):
        headers["x-slack-retry-reason"] = [str(frame["retry_reason"])]
    return headers


def _acknowledgement(frame: dict[str, Any], response: BoltResponse) -> dict[str, Any]:
    ack: dict[str, Any] = {"envelope_id": frame["envelope_id"]}
    if response.body and frame.get("accepts_response_payload"):
        try:
            ack["payload"] = json.loads(response.body)
        except ValueError:
            ack["payload"] = {"text": response.body}
    return ack
