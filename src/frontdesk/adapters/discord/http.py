"""Interactions that Discord brings over HTTP, each proven to come from Discord."""

import asyncio
import json
from collections.abc import Callable

from aiohttp import web
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from frontdesk.adapters.discord.interactions import Interactions
from frontdesk.ports.clock import Clock
from frontdesk.ports.telemetry import Telemetry

PATH = "/discord/interactions"
MOST_BYTES = 1 << 20
STALE = 300.0
"""Seconds that a request may be old, or our clock wrong."""
_READ_WITHIN = 3.0
_KEY, _SIGNATURE = 32, 64


class HttpInteractions:
    """`POST /discord/interactions`, in front of the same router as the gateway."""

    def __init__(
        self, interactions: Interactions, public_key: Callable[[], str], clock: Clock, telemetry: Telemetry
    ) -> None:
        """`public_key`: the application's, as the developer portal shows it."""
        self._interactions = interactions
        self._public_key = public_key
        self._clock = clock
        self._telemetry = telemetry

    async def handle(self, request: web.Request) -> web.Response:
        if (request.content_length or 0) > MOST_BYTES:
            return web.Response(status=413)
        try:
            async with asyncio.timeout(_READ_WITHIN):
                body = await _read(request)
        except TimeoutError:
            return web.Response(status=408)
        if body is None:
            return web.Response(status=413)
        if not self._is_discords(request, body):
            self._telemetry.count("discord_signature_refused")
            return web.Response(status=401, text="invalid request signature")
        try:
            payload = json.loads(body)
        except (ValueError, RecursionError):
            return web.Response(status=400, text="not an interaction of Discord's")
        if not isinstance(payload, dict) or not isinstance(payload.get("type"), int):
            return web.Response(status=400, text="not an interaction of Discord's")
        answer = await self._interactions.answer(payload)
        return web.Response(status=202) if answer is None else web.json_response(answer)

    def _is_discords(self, request: web.Request, body: bytes) -> bool:
        stamp = request.headers.get("X-Signature-Timestamp", "")
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
            return False
        if abs(self._clock.now() - int(stamp)) > STALE:
            return False
        try:
            key = bytes.fromhex(self._public_key())
            signature = bytes.fromhex(request.headers.get("X-Signature-Ed25519", ""))
            if len(key) != _KEY or len(signature) != _SIGNATURE:
                return False
            VerifyKey(key).verify(stamp.encode() + body, signature)
        except (ValueError, BadSignatureError):
            return False
        return True


async def _read(request: web.Request) -> bytes | None:
    """The body; None when it is longer than any interaction."""
    body = bytearray()
    async for chunk in request.content.iter_chunked(65_536):
        body += chunk
        if len(body) > MOST_BYTES:
            return None
    return bytes(body)
