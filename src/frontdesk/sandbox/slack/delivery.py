"""Brings events and interactions to the app over a socket or as signed HTTP, again until acknowledged."""

import asyncio
import hashlib
import hmac
import json
import uuid
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import aiohttp

from frontdesk.sandbox.slack.app import App
from frontdesk.sandbox.slack.clock import Clock
from frontdesk.sandbox.slack.faults import Faults
from frontdesk.sandbox.slack.socket_mode import Ack, SocketMode
from frontdesk.sandbox.slack.values import Json

ACK_SECONDS = 3.0


class Delivery:
    """The way from a person's act to the app."""

    def __init__(self, app: App, clock: Clock, sockets: SocketMode, faults: Faults) -> None:
        self._app = app
        self._clock = clock
        self._sockets = sockets
        self._faults = faults
        self._tasks: set[asyncio.Task[None]] = set()
        self._gathered: list[Json] = []
        self._held: list[Json] = []
        self._session: aiohttp.ClientSession | None = None
        self.url: str | None = None
        faults.on_release = self._release
        self.ack_seconds = ACK_SECONDS
        self.retry_delays: tuple[float, ...] = (0.0, 60.0, 300.0)
        """How long Slack waits before each redelivery of an event."""
        self.sent: list[Json] = []
        """Every event that was handed out, once each."""
        self.unacknowledged: list[Json] = []
        """Events given up after the last redelivery."""

    def event(self, event: Json, *, subscription: str, ext_shared: bool = False) -> Json | None:
        """Send one event on its way; nothing happens when the app does not hear of such events."""
        if not self._app.hears(subscription):
            return None
        payload: Json = {
            "token": "deprecated",
            "team_id": self._app.team_id,
            "context_team_id": self._app.team_id,
            "context_enterprise_id": None,
            "api_app_id": self._app.app_id,
            "event": event,
            "type": "event_callback",
            "event_id": f"Ev{uuid.uuid4().hex[:10].upper()}",
            "event_time": int(self._clock.now()),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": self._app.team_id,
                    "user_id": self._app.bot_user_id,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": ext_shared,
            "event_context": f"4-{uuid.uuid4().hex}",
        }
        self.sent.append(payload)
        self._start(payload)
        return payload

    def _start(self, payload: Json) -> None:
        if self._faults.take_loss():
            return
        if self._faults.holding:
            self._held.append(payload)
            return
        if self._faults.reorder > 0:
            self._gathered.append(payload)
            if len(self._gathered) < self._faults.reorder:
                return
            self._faults.reorder, gathered, self._gathered = 0, self._gathered, []
            for late in reversed(gathered):
                self._spawn(self._deliver(late))
            return
        self._spawn(self._deliver(payload))

    def _release(self) -> None:
        kept, self._held, self._gathered = self._held + self._gathered, [], []
        for payload in kept:
            self._spawn(self._deliver(payload))

    def redeliver(self, payload: Json) -> None:
        """Deliver a sent event once more, as Slack does without a visible cause."""
        self._spawn(self._deliver(payload, first_attempt=1))

    async def _deliver(self, payload: Json, *, first_attempt: int = 0) -> None:
        if first_attempt == 0 and self._faults.take_duplicate():
            self._spawn(self._deliver(payload, first_attempt=1))
        reason = "timeout" if first_attempt else ""
        for attempt, pause in enumerate((0.0, *self.retry_delays)):
            if attempt < first_attempt:
                continue
            if attempt > first_attempt:
                await self._clock.sleep(pause)
            ack = await self._attempt(payload, attempt, reason)
            if ack.arrived or ack.no_retry:
                return
            reason = ack.reason
        self.unacknowledged.append(payload)

    async def _attempt(self, payload: Json, attempt: int, reason: str) -> Ack:
        deaf = self._faults.take_unheard_ack()
        if self.url is None:
            return await self._sockets.deliver(
                "events_api",
                payload,
                answerable=False,
                attempt=attempt,
                reason=reason,
                timeout=self.ack_seconds,
                deaf=deaf,
            )
        headers = {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": f"http_{reason}"} if attempt else {}
        ack = await self._post(json.dumps(payload).encode(), "application/json", headers)
        return Ack(arrived=False, reason="timeout") if deaf else ack

    async def interaction(self, kind: str, payload: Json) -> Ack:
        """Deliver a click, a form or a command once; the app has three seconds to answer."""
        if self.url is None:
            return await self._sockets.deliver(
                kind, payload, answerable=True, attempt=0, reason="", timeout=self.ack_seconds
            )
        form = payload if kind == "slash_commands" else {"payload": json.dumps(payload)}
        return await self._post(urlencode(form).encode(), "application/x-www-form-urlencoded", {})

    async def verify_url(self) -> bool:
        """The challenge Slack sends when an address for events is saved."""
        challenge = uuid.uuid4().hex
        body = {"token": "deprecated", "type": "url_verification", "challenge": challenge}
        ack = await self._post(json.dumps(body).encode(), "application/json", {})
        answer = ack.payload.get("challenge") if isinstance(ack.payload, dict) else ack.payload
        return ack.arrived and answer == challenge

    async def _post(self, body: bytes, content_type: str, headers: dict[str, str]) -> Ack:
        if self.url is None:
            return Ack(arrived=False, reason="connection_failed")
        if self._session is None:
            self._session = aiohttp.ClientSession()
        stamp = str(int(self._clock.now()))
        signature = sign(self._app.signing_secret, stamp, body)
        headers = {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (sandbox)",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": signature,
            **headers,
        }
        try:
            return await self._clock.within(self.ack_seconds, self._exchange(self._session, body, headers))
        except TimeoutError:
            return Ack(arrived=False, reason="timeout")
        except aiohttp.ClientError:
            return Ack(arrived=False, reason="connection_failed")

    async def _exchange(self, session: aiohttp.ClientSession, body: bytes, headers: dict[str, str]) -> Ack:
        async with session.post(self.url or "", data=body, headers=headers) as response:
            text = await response.text()
            no_retry = response.headers.get("X-Slack-No-Retry") == "1"
            if response.status != 200:
                return Ack(arrived=False, reason="error", no_retry=no_retry)
            payload: Any = text or None
            with suppress(ValueError):
                payload = json.loads(text)
            return Ack(arrived=True, payload=payload)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()


def sign(secret: str, stamp: str, body: bytes) -> str:
    """Slack's signature, version 0."""
    return "v0=" + hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
