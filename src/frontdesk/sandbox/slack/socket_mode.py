"""Socket Mode: tickets, several sockets at once, one receiver for each envelope, refresh and cut."""

import asyncio
import json
import secrets
import time
import uuid
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp import WSMsgType, web

from frontdesk.sandbox.slack.app import App
from frontdesk.sandbox.slack.clock import Clock
from frontdesk.sandbox.slack.values import Json

TICKET_SECONDS = 30.0
MOST_SOCKETS = 10
REFRESH_GRACE = 10.0
PING_SECONDS = 5.0


@dataclass(frozen=True)
class Ack:
    """The app's answer to one delivery; `arrived` is false when none came in time."""

    arrived: bool
    payload: Any = None
    reason: str = ""
    """Why it counts as not delivered, in the words of a retry."""
    no_retry: bool = False


@dataclass(eq=False)
class Socket:
    number: int
    wire: web.WebSocketResponse
    transport: asyncio.Transport | None
    leaving: bool = False
    delivered: list[str] = field(default_factory=list)
    """Ids of the envelopes that were sent here."""


class SocketMode:
    """The sockets of one app."""

    def __init__(self, app: App, clock: Clock) -> None:
        self._app = app
        self._clock = clock
        self._tickets: dict[str, float] = {}
        self._waiting: dict[str, tuple[Socket, asyncio.Future[Ack]]] = {}
        self._ready = asyncio.Event()
        self._moving = asyncio.Event()
        self._moving.set()
        self._turn = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._opened = 0
        self.sockets: list[Socket] = []
        self.rejected_tickets = 0
        self.reject_next = 0
        self.accept_acks_on_any_socket = True
        self.approximate_connection_time = 18060
        self.acks: list[tuple[int, str]] = []
        """Every acknowledgement: number of the socket it came on, envelope id."""
        self.ack_seconds: list[float] = []
        """How long each acknowledgement took that came in time."""
        self.strange_frames: list[str] = []

    def open_ticket(self) -> str:
        """A URL for one connection, to be used soon."""
        ticket = secrets.token_urlsafe(12)
        self._tickets[ticket] = self._clock.now() + TICKET_SECONDS
        return f"{self._app.base_url.replace('http', 'ws', 1)}/link/?ticket={ticket}&app_id={self._app.app_id}"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        good_until = self._tickets.pop(request.query.get("ticket", ""), 0.0)
        if self.reject_next > 0 or good_until < self._clock.now():
            self.reject_next = max(0, self.reject_next - 1)
            self.rejected_tickets += 1
            return web.Response(status=408, text="ticket expired or already used")
        wire = web.WebSocketResponse(autoping=False, max_msg_size=1 << 22)
        await wire.prepare(request)
        self._opened += 1
        socket = Socket(self._opened, wire, request.transport)
        if len(self.sockets) >= MOST_SOCKETS:
            await wire.send_json({"type": "disconnect", "reason": "too_many_websockets", "debug_info": {}})
            await wire.close()
            return wire
        self.sockets.append(socket)
        pinging = asyncio.create_task(self._ping(socket))
        try:
            await self._greet(socket)
            self._look_who_is_ready()
            await self._listen(socket)
        finally:
            pinging.cancel()
            self.sockets.remove(socket)
            self._look_who_is_ready()
        return wire

    async def _greet(self, socket: Socket) -> None:
        await socket.wire.send_json(
            {
                "type": "hello",
                "num_connections": len(self.sockets),
                "connection_info": {"app_id": self._app.app_id},
                "debug_info": {
                    "host": f"applink-{socket.number}",
                    "build_number": 1,
                    "approximate_connection_time": self.approximate_connection_time,
                },
            }
        )

    async def _ping(self, socket: Socket) -> None:
        while not socket.wire.closed:
            await asyncio.sleep(PING_SECONDS)
            await self._moving.wait()
            with suppress(ConnectionError, RuntimeError):
                await socket.wire.ping(b"Ping from the sandbox")

    async def _listen(self, socket: Socket) -> None:
        while not socket.wire.closed:
            frame = await socket.wire.receive()
            await self._moving.wait()
            if frame.type is WSMsgType.PING:
                with suppress(ConnectionError):
                    await socket.wire.pong(frame.data)
            elif frame.type is WSMsgType.TEXT:
                self._hear(socket, frame.data)
            elif frame.type in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR):
                return

    def _hear(self, socket: Socket, text: str) -> None:
        try:
            frame = json.loads(text)
            envelope_id = frame["envelope_id"]
        except (ValueError, TypeError, KeyError):
            self.strange_frames.append(text)
            return
        self.acks.append((socket.number, envelope_id))
        sender, answer = self._waiting.get(envelope_id, (None, None))
        if answer is None or answer.done():
            return
        if sender is socket or self.accept_acks_on_any_socket:
            answer.set_result(Ack(arrived=True, payload=frame.get("payload")))

    def _look_who_is_ready(self) -> None:
        if any(not socket.leaving for socket in self.sockets):
            self._ready.set()
        else:
            self._ready.clear()

    async def deliver(
        self,
        kind: str,
        payload: Json,
        *,
        answerable: bool,
        attempt: int,
        reason: str,
        timeout: float,
        deaf: bool = False,
    ) -> Ack:
        """Send one envelope to exactly one socket and wait for its acknowledgement."""
        envelope: Json = {
            "envelope_id": str(uuid.uuid4()),
            "type": kind,
            "payload": payload,
            "accepts_response_payload": answerable,
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": attempt, "retry_reason": reason}
        began = time.perf_counter()
        try:
            ack = await self._clock.within(timeout, self._send_and_wait(envelope, deaf=deaf))
        except TimeoutError:
            return Ack(arrived=False, reason="timeout")
        finally:
            self._waiting.pop(envelope["envelope_id"], None)
        self.ack_seconds.append(time.perf_counter() - began)
        return ack

    async def _send_and_wait(self, envelope: Json, *, deaf: bool) -> Ack:
        answer: asyncio.Future[Ack] = asyncio.get_running_loop().create_future()
        while True:
            await self._ready.wait()
            await self._moving.wait()
            socket = self._next()
            if socket is None:
                continue
            if not deaf:
                self._waiting[envelope["envelope_id"]] = (socket, answer)
            try:
                await socket.wire.send_json(envelope)
            except (ConnectionError, RuntimeError):
                socket.leaving = True
                self._look_who_is_ready()
                continue
            socket.delivered.append(envelope["envelope_id"])
            return await answer

    def _next(self) -> Socket | None:
        ready = [socket for socket in self.sockets if not socket.leaving]
        if not ready:
            return None
        self._turn += 1
        return ready[self._turn % len(ready)]

    async def refresh(
        self, reason: Literal["warning", "refresh_requested", "link_disabled"] = "refresh_requested"
    ) -> None:
        """Ask every socket to go, as Slack does every few hours; those that stay are closed after a while."""
        for socket in list(self.sockets):
            socket.leaving = reason != "warning"
            with suppress(ConnectionError, RuntimeError):
                await socket.wire.send_json(
                    {
                        "type": "disconnect",
                        "reason": reason,
                        "debug_info": {"host": f"applink-{socket.number}"},
                    }
                )
        self._look_who_is_ready()
        if reason != "warning":
            self._spawn(self._close_leaving(list(self.sockets)))

    async def _close_leaving(self, asked: list[Socket]) -> None:
        await self._clock.sleep(REFRESH_GRACE)
        for socket in asked:
            await self._close_one(socket)

    async def _close_one(self, socket: Socket) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(socket.wire.close(), 0.5)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def cut(self) -> None:
        """Break every connection without a word."""
        for socket in list(self.sockets):
            socket.leaving = True
            if socket.transport is not None:
                socket.transport.abort()
        self._look_who_is_ready()

    def freeze(self) -> None:
        """Half-open: connections stay up and nothing moves on them."""
        self._moving.clear()

    def thaw(self) -> None:
        self._moving.set()

    async def close(self) -> None:
        self._moving.set()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(self._close_one(socket) for socket in self.sockets))
