"""Serves the stand-in over the OpenAI-compatible API on this machine, for tests, benchmarks and the demo."""

import asyncio
import json
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any, Self

from aiohttp import web

from frontdesk.sandbox.model import answer, triage
from frontdesk.sandbox.model.faults import (
    REFUSALS,
    REPLY_EDITS,
    STREAM_EDITS,
    Fault,
    Refusal,
    damage_completion,
)
from frontdesk.sandbox.model.prompt import Prompt, read_prompt
from frontdesk.sandbox.model.reply import Reply
from frontdesk.sandbox.model.script import Script
from frontdesk.sandbox.model.wire import (
    STAND_IN,
    Act,
    Frame,
    JsonObject,
    completion_of,
    encode,
    error_body,
    frames_of,
    is_delta,
    usage_of,
)

MODEL_ID = "stand-in"
KEY = "sandbox-model-key"
MAX_BODY = 16 * 1024 * 1024


class ModelServer:
    """A model server that follows rules; `script` says what it does next, `hold` makes its answers wait."""

    def __init__(
        self,
        port: int = 0,
        *,
        api_key: str = KEY,
        delay_first: float = 0.0,
        delay_between: float = 0.0,
        chunk_size: int = 2,
    ) -> None:
        self.port = port
        self.api_key = api_key
        self.delay_first = delay_first
        self.delay_between = delay_between
        self.chunk_size = chunk_size
        """Words in each delta."""
        self.keepalive_interval = 0.05
        self.script = Script()
        self.requests: list[JsonObject] = []
        """The body of every accepted request, oldest first."""
        self.under_way = 0
        self.abandoned = 0
        """How many requests the client left before their end."""
        self.gate = asyncio.Event()
        self.gate.set()
        self._hold_after = 0
        self._closing = asyncio.Event()
        self._changed = asyncio.Event()
        self._open = AsyncExitStack()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=MAX_BODY, middlewares=[self._require_key])
        app.router.add_post("/v1/chat/completions", self._chat_completions)
        app.router.add_get("/v1/models", self._models)
        app.router.add_get("/v1/models/{model:.+}", self._model)
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=1.0)
        await runner.setup()
        self._open.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, "127.0.0.1", self.port, backlog=1024)
        await site.start()
        self.port = runner.addresses[0][1]
        return self

    async def __aexit__(self, *_exc: object) -> None:
        self._closing.set()
        self.gate.set()
        await self._open.aclose()

    def hold(self, after: int = 0) -> None:
        """Make answers wait once they have sent this many deltas, until `release`."""
        self._hold_after = after
        self.gate.clear()

    def hold_later(self, after: int) -> None:
        """Let the answers which are held go on, to be held again at a later delta."""
        self.release()
        self.hold(after)

    def release(self) -> None:
        """Let the answers which are held go on."""
        self.gate.set()

    async def until(self, condition: Callable[[], bool], timeout: float = 15.0) -> None:
        """Wait for something to become true of this server, such as the number of its requests."""
        async with asyncio.timeout(timeout):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    # --- routes ---

    @web.middleware
    async def _require_key(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {self.api_key}":
            wrong = error_body("Incorrect API key provided.", "invalid_request_error", "invalid_api_key")
            return web.json_response(wrong, status=401)
        try:
            response: web.StreamResponse = await handler(request)
        except web.HTTPException as error:
            return web.json_response(error_body(error.reason, "invalid_request_error"), status=error.status)
        return response

    async def _models(self, _request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [_model_card(MODEL_ID)]})

    async def _model(self, request: web.Request) -> web.Response:
        return web.json_response(_model_card(request.match_info["model"]))

    async def _chat_completions(self, request: web.Request) -> web.StreamResponse:
        try:
            body = json.loads(await request.read())
        except ValueError:
            raise web.HTTPBadRequest(reason="The body is not JSON.") from None
        if not isinstance(body, dict) or not isinstance(body.get("messages"), list) or not body.get("model"):
            raise web.HTTPBadRequest(reason="The body needs a model and messages.")
        self.requests.append(body)
        self.under_way += 1
        self._changed.set()
        try:
            return await self._respond(request, body)
        except (asyncio.CancelledError, ConnectionError):
            self.abandoned += 1
            raise
        finally:
            self.under_way -= 1
            self._changed.set()

    # --- one request ---

    async def _respond(self, request: web.Request, body: JsonObject) -> web.StreamResponse:
        prompt = read_prompt(body)
        fault = self.script.take_fault(prompt.task)
        if fault is not None and (refuse := REFUSALS.get(fault.name.partition(":")[0])):
            refusal = refuse(fault, body)
            if refusal is not None:
                return _refused(refusal)
        reply = self.script.take_reply(prompt.task, fault) or _by_rule(prompt)
        if fault is not None and fault.name in REPLY_EDITS:
            reply = REPLY_EDITS[fault.name](reply)
        finish = "tool_calls" if reply.tool_calls else "stop"
        limited = _within_limit(reply, body)
        if limited is not reply:
            reply, finish = limited, "length"
        usage = usage_of(body, reply)
        if body.get("stream"):
            asked = bool((body.get("stream_options") or {}).get("include_usage"))
            frames = frames_of(reply, finish=finish, words_each=self.chunk_size, usage=usage if asked else None)
            if fault is not None and (edit := STREAM_EDITS.get(fault.name)):
                frames = edit(frames, fault.after)
            return await self._stream(request, frames, reply, held=prompt.task == "answer")
        completion = completion_of(reply, finish=finish, usage=usage)
        return await self._complete(request, completion, fault, held=prompt.task == "answer")

    async def _complete(
        self, request: web.Request, completion: JsonObject, fault: Fault | None, *, held: bool
    ) -> web.StreamResponse:
        if held:
            await self.gate.wait()
        await asyncio.sleep(self.delay_first)
        sent = completion if fault is None else damage_completion(fault, completion)
        if isinstance(sent, Act):
            return await self._misbehave(request, web.StreamResponse(), sent)
        if isinstance(sent, bytes):
            return web.Response(body=sent, content_type="application/json")
        return web.json_response(sent)

    async def _stream(
        self, request: web.Request, frames: list[Frame], reply: Reply, *, held: bool
    ) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache"}
        )
        await response.prepare(request)
        between = self.delay_between if reply.delay is None else reply.delay
        ready = bytearray()
        deltas = 0
        for frame in frames:
            wait = 0.0
            if is_delta(frame):
                wait = between if deltas else self.delay_first
            if ready and (wait or isinstance(frame, Act) or not self.gate.is_set()):
                await response.write(bytes(ready))
                ready.clear()
            if held and deltas >= self._hold_after and isinstance(frame, dict):
                await self.gate.wait()
            if wait:
                await asyncio.sleep(wait)
            if isinstance(frame, Act):
                return await self._misbehave(request, response, frame)
            ready += encode(frame)
            deltas += is_delta(frame)
        await response.write(bytes(ready))
        await response.write_eof()
        return response

    async def _misbehave(self, request: web.Request, response: web.StreamResponse, act: Act) -> web.StreamResponse:
        if act is Act.SILENCE:
            await self._closing.wait()
        while act is Act.KEEP_ALIVE and not self._closing.is_set():
            await response.write(b": keep-alive\n\n")
            await asyncio.sleep(self.keepalive_interval)
        if request.transport is not None:
            # Closed rather than aborted: a reset could swallow the data the client has not read yet.
            request.transport.close()
        return response


def _by_rule(prompt: Prompt) -> Reply:
    match prompt.task:
        case "triage":
            return Reply(json.dumps(triage.triage(prompt), ensure_ascii=False))
        case "summary":
            return Reply(json.dumps(answer.summary(prompt), ensure_ascii=False))
        case "answer":
            return answer.answer(prompt)


def _within_limit(reply: Reply, body: JsonObject) -> Reply:
    limit = body.get("max_completion_tokens") or body.get("max_tokens")
    if not isinstance(limit, int) or len(reply.whole) <= limit * 4:
        return reply
    return replace(reply, text=reply.whole[: limit * 4])


def _refused(refusal: Refusal) -> web.Response:
    headers = {} if refusal.retry_after is None else {"Retry-After": refusal.retry_after}
    return web.Response(text=refusal.body, status=refusal.status, content_type=refusal.content_type, headers=headers)


def _model_card(model: str) -> JsonObject:
    return {"id": model, "object": "model", "created": 1_700_000_000, "owned_by": STAND_IN}
