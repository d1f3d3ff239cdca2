"""A model server that answers each request with the next act of a script, byte for byte."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, Self

from aiohttp import web

Act = Callable[[web.Request, dict[str, Any]], Awaitable[web.StreamResponse]]


class FaultyModel:
    """Plays one act per request and the last one for ever; a list of names or of finished acts."""

    def __init__(self, *acts: Act) -> None:
        self.acts = list(acts)
        self.bodies: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.hung_up = asyncio.Event()
        """Set when a client went away while an act was still going on."""
        self.released = asyncio.Event()
        self._server: web.AppRunner | None = None
        self.base_url = ""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._answer)
        self._server = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await self._server.setup()
        site = web.TCPSite(self._server, "127.0.0.1", 0)
        await site.start()
        port = self._server.addresses[0][1]
        self.base_url = f"http://127.0.0.1:{port}/v1"
        return self

    async def __aexit__(self, *_: object) -> None:
        self.released.set()
        assert self._server
        await self._server.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.bodies.append(body)
        self.keys.append(request.headers.get("Authorization", ""))
        act = self.acts.pop(0) if len(self.acts) > 1 else self.acts[0]
        try:
            return await act(request, {"body": body, "released": self.released})
        except (asyncio.CancelledError, ConnectionError):
            self.hung_up.set()
            raise


# --- what a stream is made of ---


def chunk(delta: object = None, finish: str | None = None, **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": {} if delta is None else delta, "finish_reason": finish}
    return {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m-1", "choices": [choice]} | more


def text(*pieces: str) -> list[dict[str, Any]]:
    return [chunk({"content": piece}) for piece in pieces]


def tool(name: str | None, arguments: object, *, index: int | None = 0, call_id: str | None = "c1") -> dict[str, Any]:
    call: dict[str, Any] = {"type": "function", "function": {"arguments": arguments}}
    if name is not None:
        call["function"]["name"] = name
    if index is not None:
        call["index"] = index
    if call_id is not None:
        call["id"] = call_id
    return chunk({"tool_calls": [call]})


STOP = chunk({}, "stop")
TOOLS = chunk({}, "tool_calls")
DONE = b"data: [DONE]\n\n"
USAGE = {"id": "x", "object": "chat.completion.chunk", "model": "m-1", "choices": [],
         "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}}  # fmt: skip

HANG = object()
"""Say nothing more until the client goes away."""
CUT = object()
"""Break the connection off."""
KEEP_ALIVE = object()
"""Comments for ever."""
EMPTY_DELTAS = object()
"""Deltas with nothing in them for ever."""


# --- acts ---


def stream(*frames: object, done: bool = True) -> Act:
    async def act(request: web.Request, facts: dict[str, Any]) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for frame in (*frames, DONE) if done else frames:
            if frame is HANG:
                await facts["released"].wait()
            elif frame is CUT:
                assert request.transport
                request.transport.abort()
                return response
            elif frame is KEEP_ALIVE or frame is EMPTY_DELTAS:
                line = b": still here\n\n" if frame is KEEP_ALIVE else _line(chunk({"content": ""}))
                while not facts["released"].is_set():
                    await response.write(line)
                    await _moment(facts["released"])
            else:
                await response.write(frame if isinstance(frame, bytes) else _line(frame))
        return response

    return act


def refuse(status: int, message: str = "no", *, headers: dict[str, str] | None = None, **error: Any) -> Act:
    async def act(_request: web.Request, _facts: dict[str, Any]) -> web.StreamResponse:
        return web.json_response({"error": {"message": message, **error}}, status=status, headers=headers)

    return act


def document(body: str | bytes, content_type: str = "application/json", status: int = 200) -> Act:
    async def act(_request: web.Request, _facts: dict[str, Any]) -> web.StreamResponse:
        raw = body.encode() if isinstance(body, str) else body
        return web.Response(body=raw, content_type=content_type, status=status)

    return act


def completion(content: object, finish: str = "stop", **message: Any) -> Act:
    choice = {"index": 0, "message": {"role": "assistant", "content": content, **message}, "finish_reason": finish}
    return document(json.dumps({"id": "x", "object": "chat.completion", "model": "m-1", "choices": [choice]}))


def unless(wrong: Callable[[dict[str, Any]], str | None], then: Act, status: int = 400, **error: Any) -> Act:
    """Refuses every request that `wrong` finds fault with, in the words that it gives."""

    async def act(request: web.Request, facts: dict[str, Any]) -> web.StreamResponse:
        complaint = wrong(facts["body"])
        return await (refuse(status, complaint, **error) if complaint else then)(request, facts)

    return act


async def cut_before_answering(request: web.Request, _facts: dict[str, Any]) -> web.StreamResponse:
    assert request.transport
    request.transport.abort()
    return web.Response()


async def never_answer(_request: web.Request, facts: dict[str, Any]) -> web.StreamResponse:
    await facts["released"].wait()
    return web.Response()


def _line(frame: object) -> bytes:
    return b"data: " + json.dumps(frame).encode() + b"\n\n"


async def _moment(released: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(0.02):
            await released.wait()
    except TimeoutError:
        pass
